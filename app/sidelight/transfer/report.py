"""What became of files that were taken in: values, and the sentences they make for the terminal and the window alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sidelight import messages
from sidelight.transfer.importers.item import Lack, LeftOut
from sidelight.transfer.intake import Fate

__all__ = ["FileReport", "Line", "as_json", "lines", "plain", "refused", "well"]

_OF_ALL = ("model", "system", "time")
"""What an export tells of all its conversations or of none: nobody wants to read which."""
_LONGEST_TITLE = 80
_MOST_NAMED = 200
"""Of one kind, in one file: after that they are only counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and what stands behind it, for who wants to know. `bad`: something that was asked for was not done."""

    text: str
    details: tuple[str, ...] = ()
    bad: bool = False


@dataclass(slots=True)
class Counted:
    """How many there were of a kind, and the first of them."""

    number: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """One more."""
        self.number += 1
        if len(self.named) < _MOST_NAMED:
            self.named.append(name)


@dataclass(slots=True)
class FileReport:
    """Of one file. `form` is what it is, "" where that was not found out. `trouble` is why it was not read to its end, as the
    code and the parameters of a sentence; `stopped`: the person ended it."""

    name: str
    form: str = ""
    fates: dict[Fate, int] = field(default_factory=dict)
    left_out: dict[str, Counted] = field(default_factory=dict)
    lacks: dict[str, Counted] = field(default_factory=dict)
    trouble: tuple[str, Mapping[str, object]] | None = None
    stopped: bool = False

    def came(self, fate: Fate, title: str) -> None:
        """A conversation was dealt with."""
        if fate in ("trashed", "clash"):
            self.leave_out(LeftOut(title, fate))
        else:
            self.fates[fate] = self.fates.get(fate, 0) + 1

    def leave_out(self, left: LeftOut) -> None:
        """A conversation was not taken."""
        code, params = refused(left.code, left.params)
        sentence = messages.text(code, **params)
        self.left_out.setdefault(left.code, Counted()).add(f"{_quoted(left.name)}: {sentence}")

    def lack(self, title: str, lacks: Sequence[Lack]) -> None:
        """Something of a conversation that was taken did not come along."""
        for lack in lacks:
            name = f"{_quoted(title)}: {' '.join(lack.what.split())}" if lack.what else _quoted(title)
            counted = self.lacks.setdefault(lack.code, Counted())
            counted.number += 1
            if name not in counted.named[-1:] and len(counted.named) < _MOST_NAMED:
                counted.named.append(name)


def refused(code: str, params: Mapping[str, str]) -> tuple[str, Mapping[str, object]]:
    """The sentence of a refusal, as code and parameters. The worker says which; one that there is not is a fault of ours."""
    sentence = f"transfer.refused.{code}"
    try:
        messages.text(sentence, **params)
    except KeyError:
        return "transfer.refused.worker_error", {}
    return sentence, params


def well(report: FileReport) -> bool:
    """Whether everything that is in the file was taken, or was here."""
    return report.trouble is None and not report.left_out and not report.stopped


def lines(report: FileReport) -> Iterator[Line]:
    """All that is to be said of a file, the most important first."""
    if report.trouble is not None:
        code, params = report.trouble
        yield Line(messages.text(code, **{"name": report.name, **params}), bad=True)
    if report.stopped:
        yield Line(messages.text("transfer.stopped"), bad=True)
    if report.trouble is None or report.fates:
        yield Line(messages.plural("transfer.taken", report.fates.get("taken", 0)))
    if grown := report.fates.get("grown", 0):
        yield Line(messages.plural("transfer.grown", grown))
    if here := report.fates.get("here", 0):
        yield Line(messages.plural("transfer.here", here))
    if left := sum(counted.number for counted in report.left_out.values()):
        details = [name for counted in report.left_out.values() for name in counted.named]
        yield Line(messages.plural("transfer.left_out", left), _cut(details, left), bad=True)
    for code, counted in report.lacks.items():
        said = messages.plural(f"transfer.lack.{code}", counted.number)
        yield Line(said, () if code in _OF_ALL else _cut(counted.named, len(counted.named)))


def plain(reports: Sequence[FileReport]) -> str:
    """All reports as text, with every detail: for the clipboard."""
    said: list[str] = []
    for report in reports:
        said.append(
            f"{report.name} ({messages.text(f'transfer.source.{report.form}')})"
            if report.form
            else report.name
        )
        for line in lines(report):
            said.append(f"  {line.text}")
            said += [f"    {detail}" for detail in line.details]
    return "\n".join(said) + "\n"


def as_json(report: FileReport) -> dict[str, Any]:
    """For programs: codes and numbers, and the sentences as well."""
    trouble = None
    if report.trouble is not None:
        code, params = report.trouble
        trouble = {"code": code, "message": messages.text(code, **{"name": report.name, **params})}
    return {
        "file": report.name,
        "format": report.form or None,
        "taken": report.fates.get("taken", 0),
        "grown": report.fates.get("grown", 0),
        "here": report.fates.get("here", 0),
        "left_out": {code: {"count": c.number, "named": c.named} for code, c in report.left_out.items()},
        "lacks": {code: {"count": c.number, "named": c.named} for code, c in report.lacks.items()},
        "stopped": report.stopped,
        "trouble": trouble,
    }


def _quoted(title: str) -> str:
    one_line = " ".join(title.split())
    short = one_line if len(one_line) <= _LONGEST_TITLE else f"{one_line[: _LONGEST_TITLE - 1]}…"
    return messages.text("transfer.quoted", title=short)


def _cut(named: Sequence[str], number: int) -> tuple[str, ...]:
    """The names, and how many are not named."""
    if number <= len(named):
        return tuple(named)
    return (*named, messages.plural("transfer.more", number - len(named)))
