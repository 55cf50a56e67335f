"""Every preference: type, default, meaning. One frozen value, read and written as one JSON file.

Not the keys (those live in the system keyring) and not the conversations. A file that is broken, of the wrong shape
or newer than this program never stops the start: what can be read is taken, the rest keeps its default, and the
file that could not be read is kept beside as settings.json.bad.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

import msgspec

from sidelight.chat.message import Parameters

__all__ = [
    "BackendSetting",
    "LaneSetting",
    "NetSetting",
    "PresetSetting",
    "Settings",
    "VersionSetting",
    "load",
    "save",
]

Theme = Literal["system", "light", "dark"]
ThinkingMode = Literal["closed", "peek", "open", "open_then_close"]


class BackendSetting(msgspec.Struct, frozen=True):
    """A place that serves models. `provider` names a row of backends/registry.py; an empty `base_url` is its default."""

    id: str
    provider: str
    title: str = ""
    base_url: str = ""
    silence: float = 120.0
    """Seconds without a payload, once the first has come, after which the stream counts as dead."""
    first_payload: float = 900.0
    """Seconds to wait for the first payload: reasoning models and local servers may be silent for minutes."""
    plain_http: bool = False
    """The person knows that what is sent to this address is not encrypted; matters for http to another machine only."""


class LaneSetting(msgspec.Struct, frozen=True):
    """A lane of a saved lane set; the parameters of chat.Parameters by name."""

    backend: str
    model: str
    system: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    effort: str = "default"
    stop: tuple[str, ...] = ()
    seed: int | None = None
    extra: str = ""
    elicited: bool = False
    tags: str = "auto"
    thinking_tokens: int | None = None


class PresetSetting(msgspec.Struct, frozen=True):
    """Parameters by a name of the person's, to be given to any lane."""

    name: str
    parameters: Parameters = Parameters()


class NetSetting(msgspec.Struct, frozen=True):
    """How the network is reached. `proxy` "" follows the system, "none" uses none, else a URL. `ca_file` adds trust."""

    proxy: str = ""
    ca_file: str = ""


class VersionSetting(msgspec.Struct, frozen=True):
    """Whether a newer version is looked for without being asked, and what is remembered of looking."""

    daily: bool = False
    """Once a day; without it only the button looks."""
    asked: float = 0.0
    """When it was last asked, in Unix seconds, whether there was an answer or not; 0: never."""
    signed: int = 0
    """When what was read last was signed, in Unix seconds: nothing older is believed."""
    told: str = ""
    """The version whose note was put away."""


class Settings(msgspec.Struct, frozen=True):
    """All preferences of one profile."""

    theme: Theme = "system"
    zoom: int = 100
    """Per cent, 100 to 300."""
    language: str = ""
    """"" follows the system."""
    thinking: ThinkingMode = "peek"
    enter_sends: bool = True
    """Enter sends and Shift+Enter breaks the line; else Ctrl+Enter sends."""
    backends: tuple[BackendSetting, ...] = ()
    """Added by the person; the providers of the registry are always there."""
    lanes: tuple[LaneSetting, ...] = ()
    """The default lane set; empty: the embedded model, directly and with an elicited trace."""
    presets: tuple[PresetSetting, ...] = ()
    """Sorted by name; no two have the same."""
    gguf: tuple[str, ...] = ()
    """Model files of the person's own, for the embedded engine."""
    slot_context: int = 4096
    """Tokens of context for each slot of the embedded engine."""
    net: NetSetting = NetSetting()
    spend_limit: float = 0.0
    """US dollars a day (of this machine's clock) beyond which it is asked before lanes are; 0 is no limit."""
    find_servers: bool = True
    """Look for local servers at the start: a few questions to the usual ports of this machine."""
    saved_searches: tuple[tuple[str, str], ...] = ()
    """(name, query as it is typed) each, in the person's order."""
    versions: VersionSetting = VersionSetting()
    told: tuple[str, ...] = ()
    """Codes of notices that the person does not want to see again."""
    window: str = ""
    """Geometry of the window, base64; belongs to the window alone."""


def load(path: Path) -> Settings:
    """The preferences in a file; defaults where it is missing, broken, too large or of the wrong shape."""
    try:
        if path.stat().st_size > 4_000_000:
            raise ValueError("too large")
        raw = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError, msgspec.DecodeError, RecursionError):
        with contextlib.suppress(OSError):
            path.replace(path.with_suffix(".json.bad"))
        return Settings()
    if not isinstance(raw, dict):
        return Settings()
    return _tolerant(raw)


def save(path: Path, settings: Settings) -> None:
    """Write whole or not at all: temporary file, fsync, rename, fsync of the folder. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(settings), indent=2))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _tolerant(raw: dict[str, Any]) -> Settings:
    """Field by field, so that one wrong value costs one default."""
    taken: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name in raw:
            with contextlib.suppress(msgspec.ValidationError):
                taken[field.name] = msgspec.convert(raw[field.name], field.type)
    return Settings(**taken)
