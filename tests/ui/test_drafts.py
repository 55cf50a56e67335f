"""What was typed and not sent, from one life of the window to the next."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot
from tests.ui.house import script, stage

from sidelight.ui.attaching import Kept


def test_what_was_typed_is_there_again_in_the_next_window(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.window.composer.edit.setPlainText("half a sent")
        here.window.composer.offer((Kept("note.txt", b"words"),))
        here.until(lambda: len(here.window.composer.files) == 1)
        here.window.close()
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.until(lambda: here.window.composer.prompt == "half a sent")
        here.until(lambda: len(here.window.composer.files) == 1)
        ((attachment, content),) = here.window.composer.files
        assert (attachment.name, content) == ("note.txt", b"words")
        here.ask("half a sentence")
        here.window.close()
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.until(lambda: bool(here.session.history()))
        assert here.session.draft == ""
        assert here.window.composer.prompt == ""


def test_a_pause_in_typing_is_enough(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.window.composer.edit.setPlainText("typed")
        here.until(lambda: here.session.draft == "typed")


def test_what_stands_in_the_field_is_not_written_over(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        composer = here.window.composer
        composer.edit.setPlainText("mine")
        assert not composer.show_draft("older")
        assert composer.prompt == "mine"


def test_drafts_go_with_their_conversation(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("First.")
        first = here.session.conversation.id
        here.window.composer.edit.setPlainText("more for the first")
        here.window.new_conversation()
        here.until(lambda: here.window.composer.prompt == "")
        here.session.open(first)
        here.until(lambda: here.window.composer.prompt == "more for the first")
        assert here.session.draft == "more for the first"
