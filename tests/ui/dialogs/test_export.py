"""The export dialog over a real profile: what is chosen is written, and said; a key never is."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from tests.faults.server import Scenario, Seen, ok_sse
from tests.proof.canary import KEYS, found_in
from tests.transfer.made import Profile, fill, reply
from tests.ui.house import END, Stage, frame, script, stage

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.message import Attachment, Prompt
from sidelight.secrets import Secret
from sidelight.store.database import Store
from sidelight.transfer.formats.json import checked, content_of
from sidelight.ui.dialogs.export import ExportDialog
from sidelight.ui.exporting import Place


def echo(seen: Seen) -> Scenario:
    """A server that says back what key it was sent, in the trace, in the answer and beside both."""
    key = seen.headers.get("authorization", "")
    return ok_sse(
        frame(reasoning_content=f"I was sent {key}, "),
        frame(content=f"that is {key}."),
        b'data: {"x-key":' + json.dumps(key).encode() + b',"choices":[]}\n\n',
        END,
    )


def taken(text: str) -> list[tuple[Conversation, object]]:
    return [checked(json.dumps(each).encode()) for each in json.loads(text)["conversations"]]


def dialog(here: Stage, path: Path | str) -> ExportDialog:
    """The dialog as the window opens it, but for where the file goes."""

    def ask_path(_parent: QWidget, _name: str, then: Callable[[str], None]) -> None:
        then(str(path))

    place = Place(here.house.paths.database, None)
    return ExportDialog(
        here.session.conversation, here.session.history(), place, here.window, ask_path=ask_path
    )


def choose(made: ExportDialog, which: str, form: str) -> None:
    made._which.setCurrentIndex(made._which.findData(which))
    made._format.setCurrentIndex(made._format.findData(form))


def run(here: Stage, made: ExportDialog) -> str:
    """Press the button and wait; what is said at the end."""
    made.open()
    made.accept()
    here.until(lambda: made._writer is None)
    said = made._said.text()
    made.close()
    return said


def test_each_choice_is_written_and_said(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script(), script(), script(), script()]) as (here, _):
        here.ask("What is 2 + 2?")
        first = here.session.conversation.id
        here.window.new_conversation()
        here.ask("And 3 + 1?")
        second = here.session.conversation.id
        for which, form, wanted in (
            ("this", "md", {second}),
            ("this", "html", {second}),
            ("all", "json", {first, second}),
            ("chosen", "json", {first}),
        ):
            path = tmp_path / f"{which}.{form}"
            made = dialog(here, path)
            choose(made, which, form)
            if which == "chosen":
                made._list.clearSelection()
                row = [s.id for s in here.session.history()].index(first)
                made._list.item(row).setSelected(True)
            said = run(here, made)
            assert said.startswith(f"Written to {path} (")
            text = path.read_text(encoding="utf-8")
            if form == "json":
                assert {c.id for c, _ in taken(text)} == wanted
            else:
                assert second in text
                assert "Four." in text
                assert first not in text
            assert path.stat().st_mode & 0o077 == 0


def test_no_key_is_in_any_export(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, echo, lanes=1) as (here, server):
        here.session.set_key("srv", Secret(KEYS["odd"]))
        here.until(lambda: here.session.key_state("srv") != "none")
        here.ask("Which key do I use?")
        assert found_in(server.requests[-1].headers["authorization"].encode())
        for form in ("md", "html", "json"):
            made = dialog(here, tmp_path / f"a.{form}")
            choose(made, "all", form)
            made._exchanges.setChecked(True)
            assert run(here, made).startswith("Written to")
            data = (tmp_path / f"a.{form}").read_bytes()
            assert b"***" in data
            assert not found_in(data)
    (conversation,) = json.loads((tmp_path / "a.json").read_bytes())["conversations"]
    exchange = conversation["turns"][0]["replies"][0]["exchange"]
    stream = zlib.decompress(base64.b64decode(exchange["stream"]))
    assert b"x-key" in stream
    assert not found_in(stream)


def test_what_cannot_be_written_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script(), script()]) as (here, _):
        here.ask("What is 2 + 2?")
        said = run(here, dialog(here, tmp_path / "nowhere" / "a.md"))
        assert said == f"{tmp_path / 'nowhere' / 'a.md'} could not be written: No such file or directory"


def test_nothing_chosen_is_nothing_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, []) as (here, _):
        made = dialog(here, tmp_path / "a.md")
        made.open()
        assert made._which.findData("this") == -1
        made.accept()
        assert made._writer is None
        assert made.trouble.text() == "Choose a conversation first."
        made.close()


def long_export(here: Stage, path: Path) -> ExportDialog:
    """A dialog that has begun to write some hundred conversations, which takes seconds."""
    many = tuple(
        Conversation(f"c{n}", turns=(Turn(f"t{n}", None, Prompt("?"), (reply(f"r{n}", "l1"),)),))
        for n in range(300)
    )
    with closing(Store.open(here.house.paths.database)) as store:
        fill(store, Profile(many, {}, {}))
    made = dialog(here, path)
    choose(made, "all", "html")
    made.open()
    made.accept()
    return made


def test_stopping_writes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, []) as (here, _):
        made = long_export(here, tmp_path / "a.html")
        here.until(lambda: made._meter.fraction > 0)
        assert made._said.text().endswith(" of 300")
        made.accept()  # the button says Stop by now
        here.until(lambda: made._writer is None)
        assert made._said.text() == "Stopped. Nothing was written."
        assert list(tmp_path.glob("a.html*")) == []
        made.close()


def test_closing_stops_first(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, []) as (here, _):
        made = long_export(here, tmp_path / "a.html")
        with qtbot.waitSignal(made.destroyed):
            made.close()
        assert list(tmp_path.glob("a.html*")) == []


@pytest.mark.parametrize("form", ["md", "html", "json"])
def test_a_conversation_that_is_kept_nowhere_can_still_be_written(
    qtbot: QtBot, tmp_path: Path, form: str
) -> None:
    with stage(qtbot, tmp_path, [script(), script()]) as (here, _):
        here.ask("What is 2 + 2?")
        made = dialog(here, tmp_path / f"a.{form}")
        made._place = Place(tmp_path / "nothing.db", None)
        choose(made, "this", form)
        assert run(here, made).startswith("Written to")
        assert b"Four." in (tmp_path / f"a.{form}").read_bytes()
        choose(other := dialog(here, tmp_path / f"b.{form}"), "all", form)
        other._place = made._place
        assert "nothing.db" in run(here, other)


def test_the_window_opens_it_and_copies_markdown(qtbot: QtBot, tmp_path: Path) -> None:
    with stage(qtbot, tmp_path, [script(), script()]) as (here, _):
        here.ask("What is 2 + 2?")
        clipboard = QGuiApplication.clipboard()
        here.window.actions_by_id["copy_markdown"].trigger()
        here.until(lambda: "# What is 2 + 2?" in clipboard.text())
        assert clipboard.text().count("```markdown\nFour. \n```") == 2
        here.window.actions_by_id["export"].trigger()
        made = here.window.findChild(ExportDialog)
        assert made is not None
        assert [b.text() for b in made.findChildren(QPushButton)] == ["Cancel", "Export…"]
        made.close()


def test_what_is_in_memory_alone_is_saved_elsewhere_with_its_files(qtbot: QtBot, tmp_path: Path) -> None:
    content = b"a file"
    digest = hashlib.sha256(content).hexdigest()
    prompt = Prompt("Hello", (Attachment(digest, "a.txt", "text/plain", len(content)),))
    unsaved = tuple(
        Conversation(f"c{n}", f"Kept {n}", turns=(Turn(f"t{n}", None, prompt, (), 1.0),), leaf=f"t{n}")
        for n in range(2)
    )
    place = Place(tmp_path / "none.db", None, unsaved, lambda: {digest: content})
    target = tmp_path / "kept.json"

    def ask_path(_parent: QWidget, _name: str, then: Callable[[str], None]) -> None:
        then(str(target))

    above = QWidget()
    qtbot.addWidget(above)
    made = ExportDialog(Conversation("new"), (), place, above, everything=True, ask_path=ask_path)
    made.open()
    made.accept()
    qtbot.waitUntil(lambda: made._writer is None, timeout=20_000)
    assert made._said.text().startswith("Written to")
    made.close()
    text = target.read_text(encoding="utf-8")
    assert {c.id: c.turns for c, _ in taken(text)} == {c.id: c.turns for c in unsaved}
    assert [content_of(json.dumps(x).encode()) for x in json.loads(text)["contents"]] == [(digest, content)]
