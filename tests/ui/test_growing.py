"""A conversation that is shown grows by the import dialog: at once, with a draft and an unsent edit there, and after what streams."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from pytestqt.qtbot import QtBot
from tests.engine.test_growing import more
from tests.faults.server import paced_sse
from tests.proof.player import lanes_of
from tests.transfer.importers.sources import chatgpt_plain
from tests.ui.house import Stage, frame, script, stage

from sidelight.ui.dialogs.branches import EditPrompt
from sidelight.ui.dialogs.importing import ImportDialog

LONG = 60.0


def take_in(here: Stage, folder: Path, *items: object) -> ImportDialog:
    """Choose a file in the dialog and have it taken in; the dialog stays open with its report."""
    path = folder / f"export-{len(list(folder.glob('export-*.json')))}.json"
    path.write_text(json.dumps(items))
    here.window.dialogs.open_import()
    dialog = here.window.findChildren(ImportDialog)[-1]
    dialog.add_files([path])
    here.until(lambda: dialog._looker is None, LONG)
    dialog.accept()
    here.until(lambda: dialog._taker is None, LONG)
    return dialog


def opened(here: Stage, folder: Path) -> None:
    """Take the plain conversation in, and show it."""
    take_in(here, folder, chatgpt_plain()).close()
    here.until(lambda: len(here.session.history()) == 1)
    here.session.open(here.session.history()[0].id)
    here.until(lambda: bool(here.session.conversation.turns) and "It scatters." in here.text(0))


def test_the_lanes_show_what_came(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script()]) as (here, _server):
        opened(here, tmp_path)
        here.window.composer.edit.setPlainText("half a thou")
        (first,) = here.session.conversation.turns
        here.window.dialogs.open_edit(first.id)
        edit = here.window.findChildren(EditPrompt)[-1]
        dialog = take_in(here, tmp_path, more())
        assert dialog.isVisible()  # it is shown behind the report
        here.until(lambda: "Black." in here.text(0))
        assert "And at night?" in here.text(0)
        assert here.window.composer.prompt == "half a thou"
        assert edit.isVisible()
        dialog.close()
        edit.sent.emit("Why is it blue, then?")
        here.until(lambda: not here.session.streaming)
        now = here.session.conversation
        assert [t.prompt.text for t in now.path] == ["Why is it blue, then?"]
        assert len(here.session.siblings(first.id)) == 2
        edit.close()


def test_what_streams_ends_first(qtbot: QtBot, tmp_path: Path) -> None:
    endless = (frame(content="word ") for _ in itertools.count())
    with stage(qtbot, tmp_path, lambda _seen: paced_sse(endless, 50), lanes=1) as (here, _server):
        lanes = here.session.conversation.lanes
        opened(here, tmp_path)
        here.session.set_lanes((*here.session.conversation.lanes, *lanes))
        here.begin("Are you sure?")
        here.until(lambda: len(lanes_of(here.window).columns) == 2 and "word word" in here.text(1))
        take_in(here, tmp_path, more()).close()
        here.session.refresh_history()
        assert here.session.streaming
        assert len(here.session.conversation.turns) == 2
        assert "Rayleigh." not in here.text(0)
        here.session.stop()
        here.until(lambda: len(here.session.conversation.turns) == 3)
        assert "word word" in here.text(1)
        assert [t.prompt.text for t in here.session.conversation.path] == [
            "Why is the sky blue?",
            "Are you sure?",
        ]
        assert len(here.session.siblings(here.session.conversation.path[-1].id)) == 2
