"""`sidelight import`: files of ours and of other programs into the profile, and what became of them."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from sidelight import messages
from sidelight.cli.house import OpenHouse

if TYPE_CHECKING:
    from sidelight.transfer.report import FileReport

__all__ = ["add_command", "take_in"]

_MOST_DETAILS = 10
"""Named after a sentence; `--json` has them all."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command with its options."""
    command = commands.add_parser("import", help=messages.text("cli.help.import"))
    command.add_argument("file", nargs="+", metavar="FILE", help=messages.text("cli.help.import_file"))
    command.add_argument("--json", action="store_true", help=messages.text("cli.help.json"))
    command.set_defaults(answer=take_in)


def take_in(open_house: OpenHouse, asked: argparse.Namespace) -> int:
    """Take files in, one after another, and say what became of each. Fails where something was not taken."""
    from sidelight.store.database import Store, StoreError
    from sidelight.transfer.importing import Import
    from sidelight.transfer.report import as_json, well

    reports: list[FileReport] = []
    with ExitStack() as stack:
        house = stack.enter_context(closing(open_house()))
        try:
            journals = house.paths.data / "journals"
            store = stack.enter_context(closing(Store.open(house.paths.database, journals)))
        except StoreError as error:
            print(messages.text(f"store.{error.code}", **error.params), file=sys.stderr)
            return 1
        shown = _Progress()
        importing = stack.enter_context(closing(Import(tell=shown.tell)))
        for name in asked.file:
            shown.name = name
            report = importing.take(store, Path(name))
            shown.clear()
            reports.append(report)
            if not asked.json:
                _print(name, report)
    if asked.json:
        told = [{**as_json(report), "file": name} for name, report in zip(asked.file, reports, strict=True)]
        json.dump({"files": told}, sys.stdout, ensure_ascii=False, indent=1)
        print()
    return 0 if all(map(well, reports)) else 1


class _Progress:
    """A line on a terminal that is written over; nothing where standard error goes elsewhere."""

    def __init__(self) -> None:
        self.name = ""
        self._on = sys.stderr.isatty()
        self._width = 0

    def tell(self, form: str, fraction: float) -> None:
        """What the file is, and how much of it is done."""
        if self._on:
            source = messages.text(f"transfer.source.{form}")
            line = messages.text(
                "cli.import.progress", name=self.name, source=source, percent=int(100 * fraction)
            )
            print(f"\r{line:{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(line)

    def clear(self) -> None:
        """Make room for the report."""
        if self._on:
            print(f"\r{'':{self._width}}\r", end="", file=sys.stderr, flush=True)


def _print(name: str, report: FileReport) -> None:
    """What is well to standard output, what is not to standard error."""
    from sidelight.transfer.report import lines

    source = messages.text(f"transfer.source.{report.form}") if report.form else ""
    print(messages.text("cli.import.file", name=name, source=source) if source else f"{name}:")
    for line in lines(report):
        stream = sys.stderr if line.bad else sys.stdout
        print(f"  {line.text}", file=stream)
        for detail in line.details[:_MOST_DETAILS]:
            print(f"    {detail}", file=stream)
        if len(line.details) > _MOST_DETAILS:
            more = messages.plural("transfer.more", len(line.details) - _MOST_DETAILS)
            print(f"    {more}", file=stream)
