"""What the page about the file of conversations says: how it stands, what came of a work, what a backup holds. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from sidelight import messages
from sidelight.engine.safekeeping import Doing, Done, Kept, Put, Standing
from sidelight.store.backup import Backup
from sidelight.store.check import Checked, Damage
from sidelight.store.errors import StoreError
from sidelight.store.salvage import Salvaged
from sidelight.ui import wording

__all__ = ["Act", "DataValue", "Said", "backup_state", "doing", "done", "figures", "standing"]

Act: TypeAlias = Literal["again", "anew", "export", "let_go", "put_in_place", "read_only", "salvage"]
"""What a button of the card does."""
Role: TypeAlias = Literal["error", "muted", "ready", "warning"]


@dataclass(frozen=True, slots=True)
class DataValue:
    """All that the page shows. `unsaved`: conversations that are in memory alone; `damaged`: the file, in part."""

    path: Path
    kept: Kept | None = None
    doing: Doing | None = None
    done: Done | None = None
    standing: Standing = field(default_factory=Standing)
    unsaved: int = 0
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Sentences, their look, and what can be done about it."""

    text: str
    role: Role = "muted"
    acts: tuple[Act, ...] = ()


_ACTS: dict[str, tuple[Act, ...]] = {
    "store.corrupt": ("salvage", "anew"),
    "store.full": ("again",),
    "store.io": ("again",),
    "store.locked": ("again",),
    "store.missing": ("again", "anew"),
    "store.newer": ("read_only",),
    "store.readonly": ("again",),
    "engine.read_only": (),
}
"""By what was said when the file could not be opened, or not to be written."""


def standing(value: DataValue) -> Said | None:
    """What is amiss with the file as a whole; None where all is well."""
    notice = value.standing.notice
    salvaged = value.kept is not None and value.kept.salvaged
    sentences: list[str] = []
    acts: list[Act] = []
    if value.standing.how != "open" and notice is not None:
        sentences.append(messages.text(notice.code, **dict(notice.params)))
        acts += _ACTS.get(notice.code, ("again",))
    elif value.damaged or _found_damage(value.done):
        sentences.append(messages.text("ui.data.damaged"))
        acts.append("salvage")
    if salvaged:
        sentences.append(messages.text("ui.data.salvaged.waits"))
        acts = ["put_in_place", *acts]
    if value.unsaved:
        sentences.append(messages.plural("ui.data.unsaved", value.unsaved))
        acts.append("export")
    if value.kept is not None and value.kept.held:
        sentences.append(messages.text("ui.data.held"))
        acts.append("let_go")
    if not sentences:
        return None
    held_only = acts == ["let_go"]
    return Said(" ".join(sentences), "muted" if held_only else "error", tuple(acts))


def _found_damage(last: Done | None) -> bool:
    return last is not None and isinstance(last.result, Checked) and not last.result.sound


def figures(value: DataValue) -> str:
    """How large the file is."""
    if value.kept is None:
        return messages.text("ui.data.looking")
    if value.kept.trouble is not None:
        return _store(value.kept.trouble)
    if value.kept.size is None:
        return messages.text("ui.data.no_file")
    return messages.text("ui.data.size", size=wording.data_size(value.kept.size))


def backup_state(backup: Backup) -> str:
    """Whether a backup can be relied on."""
    if not backup.rows:
        return messages.text("ui.data.backup.unreadable")
    return messages.text("ui.data.backup.proved" if backup.proved else "ui.data.backup.unproved")


def doing(work: Doing) -> str:
    """What is under way; "" for what takes no time."""
    match work.work:
        case "back_up" | "check" | "copy" | "put_away" | "salvage":
            return messages.text(f"ui.data.doing.{work.work}")
        case "let_go" | "look":
            return ""


def done(last: Done) -> Said | None:
    """What came of a work, in plain words; None where there is nothing to say."""
    match last.result:
        case None:
            quiet = last.work in ("let_go", "look")
            return None if quiet else Said(messages.text("ui.data.stopped"))
        case StoreError():
            return Said(_failed(last.result), "error")
        case Checked():
            return _checked(last.result)
        case Salvaged():
            return _salvaged(last.result)
        case Backup():
            size = wording.data_size(last.result.size)
            code = "ui.data.copied" if last.work == "copy" else "ui.data.backed_up"
            return Said(messages.text(code, path=last.result.path, size=size), "ready")
        case Put():
            return Said(messages.text("ui.data.put_away"), "ready")


def _failed(error: StoreError) -> str:
    if error.code == "locked":
        return messages.text("ui.data.busy")
    return _store(error)


def _store(error: StoreError) -> str:
    return messages.text(f"store.{error.code}", **{"path": "", "reason": "", **error.params})


def _checked(found: Checked) -> Said:
    rows = wording.count(found.compared)
    if found.sound:
        return Said(messages.text("ui.data.sound", rows=rows), "ready")
    told = []
    if any(one.kind != "file" for one in found.damage):
        told.append(messages.plural("ui.data.unsound", len(found.damage), rows=rows))
    told += [
        messages.text(f"ui.data.damage.{kind}", n=n, where=where) for kind, n, where in _kinds(found.damage)
    ]
    return Said("\n".join(told), "error")


def _kinds(damage: Iterable[Damage]) -> list[tuple[str, str, str]]:
    """How many there are of each kind, and in which tables."""
    found: dict[str, list[Damage]] = {}
    for one in damage:
        found.setdefault(one.kind, []).append(one)
    return [
        (
            kind,
            wording.count(len(ones)),
            ", ".join(sorted({o.table for o in ones if o.table})) or ones[0].reason,
        )
        for kind, ones in found.items()
    ]


def _salvaged(found: Salvaged) -> Said:
    saved = dict(found.saved)
    told = [
        messages.text(
            "ui.data.salvaged",
            conversations=wording.count(saved.get("conversations", 0)),
            turns=wording.count(saved.get("turns", 0)),
            replies=wording.count(saved.get("replies", 0)),
        )
    ]
    lost = sum(n for _, n in found.lost)
    if found.changed:
        told.append(messages.plural("ui.data.salvaged.changed", len(found.changed)))
    if lost:
        told.append(messages.plural("ui.data.salvaged.lost", lost))
    if found.gaps:
        told.append(messages.text("ui.data.salvaged.gaps"))
    told.append(messages.text("ui.data.salvaged.next"))
    return Said("\n".join(told), "ready")
