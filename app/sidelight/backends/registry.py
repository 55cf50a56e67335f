"""The one table of providers. Nothing of a provider is imported until one is built, httpx least of all.

To add a provider: one file in `providers/`, one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from sidelight.backends.base import Backend, KeyFor
from sidelight.settings import BackendSetting

if TYPE_CHECKING:
    from sidelight.net.client import Http

__all__ = ["ROWS", "Row", "build", "default_settings", "row"]

_PROVIDERS = "sidelight.backends.providers"


@dataclass(frozen=True, slots=True)
class Row:
    """A provider: where its class is, where it is served unless a setting says otherwise, and what it asks for.

    `key_env` are names of environment variables people keep its key in. An empty `base_url` is for the person to type.
    """

    provider: str
    title: str
    dotted: str
    base_url: str
    key_env: tuple[str, ...] = ()
    needs_key: bool = False
    local: bool = False


ROWS: tuple[Row, ...] = (
    Row(
        "deepseek",
        "DeepSeek",
        f"{_PROVIDERS}.deepseek:DeepSeek",
        "https://api.deepseek.com",
        key_env=("DEEPSEEK_API_KEY",),
        needs_key=True,
    ),
    Row("llamacpp", "llama.cpp", f"{_PROVIDERS}.llamacpp:LlamaCpp", "http://localhost:8080", local=True),
    Row("openai-compatible", "OpenAI-compatible", f"{_PROVIDERS}.openai_compatible:OpenAICompatible", ""),
)


def row(provider: str) -> Row:
    """The row of a provider. Raises KeyError for a name that is not in the table."""
    found = next((r for r in ROWS if r.provider == provider), None)
    if found is None:
        raise KeyError(provider)
    return found


def build(setting: BackendSetting, http: Http, key_for: KeyFor) -> Backend:
    """The backend a setting describes; imports its provider now. Raises KeyError for an unknown provider."""
    found = row(setting.provider)
    module, _, name = found.dotted.partition(":")
    filled = msgspec.structs.replace(
        setting, base_url=setting.base_url or found.base_url, title=setting.title or found.title
    )
    backend: Backend = getattr(import_module(module), name)(filled, http, key_for)
    return backend


def default_settings() -> tuple[BackendSetting, ...]:
    """A setting for each provider that needs nothing typed in, with the provider's name as its id."""
    return tuple(BackendSetting(r.provider, r.provider, r.title, r.base_url) for r in ROWS if r.base_url)
