"""The one table of what can be taken in, and which of it a file is: told by its content alone, never by its name.

To add a format of single conversations, write a module with FORMAT, `fits` and `convert`, and name it in `ITEMS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from sidelight.transfer.formats import json
from sidelight.transfer.importers import backup, chatgpt, claude, deepseek, llm, lmstudio, openwebui, own_json
from sidelight.transfer.importers.container import Container
from sidelight.transfer.importers.item import FileFormat, ItemFormat
from sidelight.transfer.importers.json_items import LIST, JsonItems, whole_objects
from sidelight.transfer.importers.limits import Refusal
from sidelight.transfer.importers.reading import decoded
from sidelight.transfer.importers.stream import Part, parts

__all__ = ["FORMATS", "ITEMS", "opened"]

_MODULES: Sequence[ModuleType] = (chatgpt, claude, deepseek, openwebui, lmstudio)
ITEMS: Sequence[ItemFormat] = tuple(cast("ItemFormat", module) for module in _MODULES)
FORMATS = (own_json.FORMAT, backup.FORMAT, *(form.FORMAT for form in ITEMS), llm.FORMAT)
"""transfer.source.<id> is the name of each."""
_TRIED = 200
"""Conversations that are looked at before a file is given up as one of another kind."""


def opened(path: Path, scratch: Path) -> tuple[str, FileFormat]:
    """What a file is, and the file. `scratch` is an empty folder of its own. Raises Refusal and OSError."""
    container = Container(path)
    try:
        if container.kind == "sqlite":
            return _database(container, scratch)
        form = _json(container)
        if form == own_json.FORMAT:
            return form, own_json.OwnJson(container)
        return form, JsonItems(container, ITEMS)
    except BaseException:
        container.close()
        raise


def _database(container: Container, scratch: Path) -> tuple[str, FileFormat]:
    if backup.is_ours(container.path):
        return backup.FORMAT, backup.Backup(container, scratch)
    return llm.FORMAT, llm.LlmLogs(container)


def _json(container: Container) -> str:
    """Which format the conversations of a file have: that of the first that has one."""
    tried = 0
    with closing(container.streams()) as streams:
        for stream in streams:
            with closing(parts(stream, (LIST,))) as found:
                head = _Head()
                for part in whole_objects(head.heard(found)):
                    if head.ours:
                        return own_json.FORMAT
                    form = _form(part)
                    tried += 1
                    if form:
                        return form
                    if tried == _TRIED:
                        raise Refusal("unknown")
    raise Refusal("unknown" if tried else "no_conversations")


class _Head:
    """Whether what was read so far says that the file is an export of ours."""

    def __init__(self) -> None:
        self.ours = False

    def heard(self, found: Iterator[Part]) -> Iterator[Part]:
        """The same parts."""
        for part in found:
            if part.key == "format" and not part.wrong:
                self.ours = decoded(part.raw) == json.FORMAT
            yield part


def _form(part: Part) -> str:
    if part.wrong:
        return ""
    try:
        item = decoded(part.raw)
    except Refusal:
        return ""
    if not isinstance(item, dict):
        return ""
    if item.get("format") == json.FORMAT or _is_ours(item):
        return own_json.FORMAT
    return next((form.FORMAT for form in ITEMS if form.fits(item)), "")


def _is_ours(item: Mapping[str, Any]) -> bool:
    """A conversation of an export of ours whose head comes last: a program may have sorted it."""
    return {"id", "lanes", "turns", "rule"} <= item.keys()
