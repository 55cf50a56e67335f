"""The table of commands: every one can be called, no key is given twice, and each can be given only when it makes sense."""

from __future__ import annotations

import itertools

from PySide6.QtGui import QKeySequence

from sidelight.messages import CATALOGUE
from sidelight.ui.actions import COMMANDS, GROUPS, Situation
from sidelight.ui.main_window import MainWindow


def test_every_command_is_a_method_of_the_window() -> None:
    for command in COMMANDS:
        assert callable(getattr(MainWindow, command.call)), command.id


def test_no_key_and_no_id_is_given_twice() -> None:
    keys = [QKeySequence(k).toString() for k in itertools.chain.from_iterable(c.keys for c in COMMANDS)]
    assert len(keys) == len(set(keys))
    assert all(keys)
    assert len({c.id for c in COMMANDS}) == len(COMMANDS)


def test_every_command_has_a_caption_and_a_group() -> None:
    assert {c.group for c in COMMANDS} == {group for group, _ in GROUPS}
    for command in COMMANDS:
        assert command.label in CATALOGUE
        assert command.caption


def test_the_keys_of_the_design() -> None:
    given = {key: c.id for c in COMMANDS for key in c.keys}
    for key in (
        "Ctrl+N",
        "Esc",
        "Ctrl+K",
        "Ctrl+F",
        "Ctrl+,",
        "Ctrl+B",
        "Ctrl+T",
        "Ctrl+R",
        "Ctrl+/",
        "Ctrl+I",
    ):
        assert key in given
    assert {given[f"Ctrl+{n}"] for n in range(1, 10)} == {f"maximise_{n}" for n in range(1, 10)}
    assert (given["Alt+Left"], given["Alt+Right"]) == ("lane_before", "lane_after")


def test_commands_wait_for_their_situation() -> None:
    nothing = Situation()
    allowed = {c.id for c in COMMANDS if nothing.allows(c.when)}
    assert {"new", "palette", "preferences", "send", "add_lane"} <= allowed
    assert not {"stop", "retry", "retry_failed", "rename", "delete", "remove_lane", "traces"} & allowed
    busy = Situation(streaming=True, lanes=2, turns=1, failed=True, listed=True)
    refused = {c.id for c in COMMANDS if not busy.allows(c.when)}
    assert refused == {"send"}
