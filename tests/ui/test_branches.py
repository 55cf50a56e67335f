"""Prompts that are edited, branches that are gone to, temporary chats: from the window to the store."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot
from tests.ui.house import script, stage

from sidelight.ui.dialogs.branches import BranchMap, EditPrompt
from sidelight.ui.help.window import HelpWindow


def prompts(stage_: object) -> list[str]:
    return [turn.prompt.text for turn in stage_.session.conversation.path]  # type: ignore[attr-defined]


def test_an_edited_prompt_is_a_branch_and_the_map_goes_back(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("First.")
        here.ask("Secnd.")
        here.window.edit_prompt()
        dialog = here.window.findChild(EditPrompt)
        assert dialog is not None
        dialog._edit.setPlainText("Second.")
        dialog.accept()
        here.until(lambda: prompts(here) == ["First.", "Second."])
        here.until(lambda: not here.session.streaming)
        here.window.show_branches()
        found = here.window.findChild(BranchMap)
        assert found is not None
        old = next(t for t in here.session.conversation.turns if t.prompt.text == "Secnd.")
        found.chosen.emit(old.id)
        found.reject()
        here.until(lambda: prompts(here) == ["First.", "Secnd."])


def test_a_temporary_chat_says_so_and_is_not_listed_again(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.ask("Kept.")
        here.window.new_temporary()
        here.until(lambda: here.window._title.text().startswith("Temporary"))
        here.ask("Gone.")
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.until(lambda: bool(here.session.history()))
        assert [summary.title for summary in here.session.history()] == ["Kept."]


def test_help_opens_beside_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        here.window.open_help()
        guide = here.window.findChild(HelpWindow)
        assert guide is not None
        assert not guide.isModal()
        here.window.open_help()
        assert here.window.findChildren(HelpWindow) == [guide]
        guide.close()
        qtbot.waitUntil(lambda: not here.window.findChildren(HelpWindow))
        here.window.open_help()
        assert len(here.window.findChildren(HelpWindow)) == 1
