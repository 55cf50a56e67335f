"""The table of providers, and what building a backend gives."""

from __future__ import annotations

import pytest
from tests.faults.client import no_key, opened

from sidelight.backends.base import Backend
from sidelight.backends.chat_completions import api_base
from sidelight.backends.registry import ROWS, build, default_settings, row
from sidelight.settings import BackendSetting


@pytest.mark.parametrize("provider", [r.provider for r in ROWS])
async def test_every_row_builds(provider: str) -> None:
    async with opened() as http:
        built: Backend = build(
            BackendSetting("mine", provider, base_url="http://127.0.0.1:9/v1/"), http, no_key
        )
    about = built.about
    assert (about.id, about.provider, about.origin) == ("mine", provider, "http://127.0.0.1:9")
    assert about.title == row(provider).title
    assert about.needs_key == row(provider).needs_key
    assert about.local


async def test_a_setting_fills_in_from_its_row() -> None:
    async with opened() as http:
        built = [build(setting, http, no_key).about for setting in default_settings()]
    assert [a.id for a in built] == [r.provider for r in ROWS if r.base_url]
    told = {a.id: (a.title, a.origin, a.local) for a in built}
    assert told["deepseek"] == ("DeepSeek", "https://api.deepseek.com", False)
    assert told["llamacpp"] == ("llama.cpp", "http://localhost:8080", True)
    assert all((a.local, a.local) == (row(a.id).local, row(a.id).group == "local") for a in built)


def test_the_table() -> None:
    assert len({r.provider for r in ROWS}) == len({r.title for r in ROWS}) == len(ROWS) == 25
    groups = [r.group for r in ROWS]
    assert groups == sorted(groups, key=["local", "hosted"].index)
    assert {r.provider for r in ROWS if not r.base_url} == {"azure", "openai-compatible"}
    # A key of the environment belongs to an origin, so a row without one can name none.
    assert all(r.base_url or not r.key_env for r in ROWS)
    hosted = [r for r in ROWS if r.group == "hosted" and r.base_url]
    assert all(r.needs_key and r.key_env and r.base_url.startswith("https://") for r in hosted)
    assert len({r.base_url for r in ROWS if r.base_url}) == len(ROWS) - 2


async def test_an_unknown_provider() -> None:
    async with opened() as http:
        with pytest.raises(KeyError):
            build(BackendSetting("x", "nobody"), http, no_key)


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("http://localhost:1234", "http://localhost:1234/v1"),
        (" http://localhost:1234/ ", "http://localhost:1234/v1"),
        ("http://localhost:1234/v1", "http://localhost:1234/v1"),
        ("http://localhost:1234/v1//", "http://localhost:1234/v1"),
        ("https://openrouter.ai/api/v1/chat/completions", "https://openrouter.ai/api/v1"),
        ("https://api.z.ai/api/paas/v4/", "https://api.z.ai/api/paas/v4"),
        ("https://x.example/v1/models?key=1", "https://x.example/v1"),
    ],
)
def test_addresses_as_people_type_them(typed: str, base: str) -> None:
    assert api_base(typed) == base


def test_deepseek_has_no_version_in_its_address() -> None:
    assert api_base("https://api.deepseek.com", "") == "https://api.deepseek.com"
