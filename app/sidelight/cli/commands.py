"""The commands of the terminal: what is asked for, and which function answers. No work is done here.

Exit codes: 0 all well, 1 something asked for failed, 2 the command cannot be understood, 130 stopped by Ctrl+C.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import get_args

from sidelight import __version__, messages
from sidelight.chat.message import Effort
from sidelight.cli import export
from sidelight.cli.house import OpenHouse

__all__ = ["parser", "run"]


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="sidelight", description=messages.text("cli.about"))
    top.add_argument(
        "-V", "--version", action="version", version=__version__, help=messages.text("cli.help.version")
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    ask = commands.add_parser("ask", help=messages.text("cli.help.ask"))
    ask.add_argument("prompt", help=messages.text("cli.help.prompt"))
    ask.add_argument(
        "-m",
        "--model",
        action="append",
        default=[],
        metavar="BACKEND/MODEL",
        help=messages.text("cli.help.model"),
    )
    ask.add_argument("--system", default="", help=messages.text("cli.help.system"))
    ask.add_argument(
        "--effort", choices=get_args(Effort), default="default", help=messages.text("cli.help.effort")
    )
    ask.add_argument("--json", action="store_true", help=messages.text("cli.help.json"))
    ask.add_argument("--temporary", action="store_true", help=messages.text("cli.help.temporary"))
    ask.add_argument("--over-limit", action="store_true", help=messages.text("cli.help.over_limit"))

    models = commands.add_parser("models", help=messages.text("cli.help.models"))
    models.add_argument("backend", nargs="?", help=messages.text("cli.help.backend"))

    render = commands.add_parser("render", help=messages.text("cli.help.render"))
    render.add_argument("file", metavar="FILE", help=messages.text("cli.help.file"))
    render.add_argument("--gfm", action="store_true", help=messages.text("cli.help.gfm"))

    export.add_commands(commands)

    doctor = commands.add_parser("doctor", help=messages.text("cli.help.doctor"))
    doctor.add_argument("--json", action="store_true", help=messages.text("cli.help.json"))
    return top


def run(arguments: Sequence[str], open_house: OpenHouse) -> int:
    """Do what the arguments say. Returns the exit code."""
    _never_fail_on_a_character()
    try:
        asked = parser().parse_args(arguments)
    except SystemExit as leaving:
        # argparse has printed its help (0) or its complaint (2).
        return leaving.code if isinstance(leaving.code, int) else 2
    try:
        match asked.command:
            case "ask":
                from sidelight.cli.ask import ask

                return ask(open_house, asked)
            case "models":
                from sidelight.cli.models import models

                return models(open_house, asked.backend)
            case "render":
                from sidelight.cli.render import render

                return render(asked.file, gfm=asked.gfm)
            case "export" | "import":
                code: int = asked.answer(open_house, asked)
                return code
            case _:
                from sidelight.cli.doctor import doctor

                return doctor(open_house, as_json=asked.json)
    except BrokenPipeError:
        # Whoever read our output left (`| head`). What the interpreter still holds must go nowhere at exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _never_fail_on_a_character() -> None:
    """A terminal that cannot show a character gets an escape in its place, not a traceback in ours."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
