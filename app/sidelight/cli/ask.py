"""`sidelight ask`: one prompt to several lanes, streamed to the terminal while it comes.

The terminal is a face like the window: it drains the session in its own loop and prints the difference.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Protocol

from sidelight import messages
from sidelight.chat.message import Lane, Parameters
from sidelight.chat.reply import Reply, ReplyState
from sidelight.cli import json_lines
from sidelight.cli.house import PAUSE, OpenHouse, at_work
from sidelight.cli.lanes import BadSpelling, parse
from sidelight.cli.plain import Plain, Said
from sidelight.cli.steps import Step, steps
from sidelight.engine.session import Session
from sidelight.engine.spending import OverLimit
from sidelight.models.prices import dollars

__all__ = ["ask"]


class _Printer(Protocol):
    def announce(self) -> Said: ...

    def step(self, number: int, step: Step) -> Said: ...


class _JsonPrinter:
    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes

    def announce(self) -> Said:
        return Said(tuple(json_lines.announce(n, lane) for n, lane in enumerate(self._lanes, 1)))

    def step(self, number: int, step: Step) -> Said:
        return Said((json_lines.line(number, step),))


def ask(open_house: OpenHouse, asked: argparse.Namespace) -> int:
    """Ask, print, and return the exit code."""
    prompt = sys.stdin.read() if asked.prompt == "-" else asked.prompt
    if not prompt.strip():
        return _refuse(messages.text("engine.empty_prompt"))
    parameters = Parameters(system=asked.system, effort=asked.effort)
    try:
        lanes = [parse(text, parameters) for text in asked.model]
    except BadSpelling as error:
        return _refuse(messages.text("cli.error.lane", text=str(error)))
    with at_work(open_house, temporary=asked.temporary) as session:
        return _ask(session, prompt, lanes, asked)


def _ask(session: Session, prompt: str, lanes: list[Lane], asked: argparse.Namespace) -> int:
    known = [x.id for x in session.backends()]
    if not known:
        return 1  # the session's notice has said why
    for lane in lanes:
        if lane.backend not in known:
            backends = ", ".join(known)
            return _refuse(messages.text("cli.error.backend", backend=lane.backend, known=backends))
    session.new()
    session.set_lanes(lanes or [_changed(lane, asked) for lane in session.conversation.lanes])
    conversation = session.conversation
    lanes = list(conversation.lanes)
    printer: _Printer = _JsonPrinter(lanes) if asked.json else _plain(lanes)
    with _interrupts() as interrupts:
        try:
            _look_at_spending(session)
            session.send(prompt, over_limit=asked.over_limit)
        except OverLimit as over:
            return _refuse(_beyond(over))
        except ValueError as error:
            return _refuse(messages.text(str(error)))
        _print(printer.announce())
        replies = _follow(session, conversation.id, printer, interrupts)
    code = _exit_code(replies, interrupts())
    if asked.json:
        _print(Said((json_lines.close(None if asked.temporary else conversation.id, code),)))
    return code


def _look_at_spending(session: Session) -> None:
    """See what other processes spent today, where there is a limit to be kept."""
    seen: list[bool] = []
    if session.settings.spend_limit > 0:
        session.look_at_spending(lambda: seen.append(True))
        while not seen:
            session.drain()
            time.sleep(PAUSE)


def _beyond(over: OverLimit) -> str:
    spent = dollars(over.spent.dollars)
    if over.spent.unknown:
        spent += f" ({messages.plural('engine.spent.uncounted', over.spent.unknown)})"
    return messages.text(
        "cli.over_limit",
        spent=spent,
        limit=dollars(over.limit),
        amount=over.estimate.amount.text,
    )


def _follow(
    session: Session, conversation: str, printer: _Printer, interrupts: Callable[[], int]
) -> list[Reply]:
    """Print what comes until every lane has ended. Returns the replies as they ended."""
    seen: dict[str, Reply] = {}
    stopping = False
    while True:
        session.drain()
        if session.conversation.id != conversation:
            # A recovered conversation may be shown once it is read; ours stays the one that is followed.
            session.open(conversation)
        replies = list(session.conversation.path[-1].replies)
        for number, reply in enumerate(replies, 1):
            for step in steps(seen.get(reply.id), reply):
                _print(printer.step(number, step))
            seen[reply.id] = reply
        if all(r.state.is_final for r in replies) and not session.streaming:
            return replies
        if interrupts() and not stopping:
            stopping = True
            print(messages.text("cli.stopping"), file=sys.stderr)
            session.stop()
        time.sleep(PAUSE)


@contextmanager
def _interrupts() -> Iterator[Callable[[], int]]:
    """Count Ctrl+C instead of raising; the second one raises, for whoever cannot wait."""
    count = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield lambda: count
    finally:
        signal.signal(signal.SIGINT, before)


def _plain(lanes: Sequence[Lane]) -> Plain:
    terminal = sys.stdout.isatty()
    colours = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Plain(lanes, colours, shutil.get_terminal_size().columns if terminal else None)


def _print(said: Said) -> None:
    for line in said.out:
        print(line)
    if said.out:
        sys.stdout.flush()
    for line in said.notes:
        print(line, file=sys.stderr)


def _changed(lane: Lane, asked: argparse.Namespace) -> Lane:
    """A saved lane with what the command line says otherwise."""
    parameters = lane.parameters
    if asked.system:
        parameters = replace(parameters, system=asked.system)
    if asked.effort != "default":
        parameters = replace(parameters, effort=asked.effort)
    return replace(lane, parameters=parameters)


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


def _exit_code(replies: Sequence[Reply], interrupts: int) -> int:
    if interrupts:
        return 130
    return 0 if all(r.state is ReplyState.COMPLETE for r in replies) else 1
