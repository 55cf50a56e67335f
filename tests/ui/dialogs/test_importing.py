"""The import dialog over a real profile and real files: what they are, how far it is, what became of them, and stopping."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QTreeWidgetItem, QWidget
from pytestqt.qtbot import QtBot
from tests.store.strategies import count
from tests.transfer.importers.sources import chatgpt_plain

from sidelight.store.database import Store
from sidelight.ui.dialogs.importing import ImportDialog

LONG = 60_000


class Scene:
    """A profile, and the dialog over it."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.folder = folder
        self.database = folder / "profile" / "sidelight.db"
        Store.open(self.database).close()
        self.parent = QWidget()
        qtbot.addWidget(self.parent)
        self.asked: list[str] = []
        self.dialog = self.opened()

    def opened(self, *paths: Path) -> ImportDialog:
        """Another one."""

        def ask(_parent: QWidget, then: Callable[[list[str]], None]) -> None:
            then(self.asked)

        dialog = ImportDialog(self.database, self.parent, paths=paths, ask_paths=ask)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.show()
        return dialog

    def write(self, name: str, *items: object) -> Path:
        """A file to choose."""
        path = self.folder / name
        path.write_text(json.dumps(items))
        return path

    def looked(self) -> None:
        """Wait until all files were looked at."""
        self.qtbot.waitUntil(lambda: self.dialog._looker is None, timeout=LONG)

    def over(self) -> None:
        """Wait until all are taken in."""
        self.qtbot.waitUntil(lambda: self.dialog._taker is None, timeout=LONG)

    def rows(self) -> list[str]:
        """All lines, indented."""
        found: list[str] = []

        def add(item: QTreeWidgetItem, depth: int) -> None:
            found.append("  " * depth + item.text(0))
            for row in range(item.childCount()):
                child = item.child(row)
                assert child is not None
                add(child, depth + 1)

        for item in self.dialog._tree.files():
            add(item, 0)
        return found

    def stored(self) -> int:
        """Conversations in the profile."""
        with closing(Store.open(self.database)) as store:
            return count(store, "conversations")


@pytest.fixture
def scene(qtbot: QtBot, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(qtbot, tmp_path)
    yield made
    made.dialog.close()


def test_chosen_looked_at_taken_in_and_reported(scene: Scene) -> None:
    assert not scene.dialog._do.isEnabled()
    scene.asked = [
        str(scene.write("chats.json", chatgpt_plain(), {"title": "Strange"})),
        str(scene.folder / "photo <b>.jpg"),
    ]
    Path(scene.asked[1]).write_bytes(b"\xff\xd8")
    scene.dialog._add.click()
    assert scene.rows() == ["chats.json: looking…", "photo <b>.jpg: looking…"]
    assert not scene.dialog._do.isEnabled()
    scene.looked()
    assert scene.rows() == [
        "chats.json: ChatGPT export",
        "photo <b>.jpg",
        "  It is neither JSON, nor an archive, nor a database. Choose the file as the other program wrote it.",
    ]
    taken: list[bool] = []
    scene.dialog.taken.connect(lambda: taken.append(True))
    scene.dialog.accept()
    assert scene.dialog._meter.isVisible()
    scene.over()
    assert taken == [True]
    assert scene.rows()[:5] == [
        "chats.json: ChatGPT export",
        "  1 conversation was taken in.",
        "  1 conversation was left out.",
        "    “Strange”: It is no conversation of a kind that is known here.",
        "  Of 1 conversation the export does not say what the model was told beforehand.",
    ]
    assert scene.dialog._said.text() == "1 conversation was taken in."
    scene.dialog._copy.click()
    assert (
        QGuiApplication.clipboard()
        .text()
        .startswith("chats.json (ChatGPT export)\n  1 conversation was taken in.")
    )
    assert scene.stored() == 1
    scene.dialog.accept()
    assert not scene.dialog.isVisible()


def test_taken_in_again_it_says_what_is_here_and_other_files_begin_anew(scene: Scene) -> None:
    path = scene.write("chats.json", chatgpt_plain())
    for said in ("1 conversation was taken in.", "0 conversations were taken in."):
        scene.dialog.add_files([path])
        scene.looked()
        scene.dialog.accept()
        scene.over()
        assert scene.rows()[1] == f"  {said}"
    assert scene.rows()[2] == "  1 conversation is here already and was left as it is."
    other = scene.write("other.json", chatgpt_plain())
    scene.asked = [str(other)]
    scene.dialog._add.click()
    scene.looked()
    assert scene.rows() == ["other.json: ChatGPT export"]


def test_files_are_dropped_listed_once_and_taken_from_the_list(scene: Scene) -> None:
    path = scene.write("chats.json", chatgpt_plain())
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)), QUrl("https://example.com/x.json")])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    assert scene.dialog.may_drop(mime)
    for _ in range(2):
        scene.dialog.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, buttons, keys))
    scene.looked()
    assert scene.rows() == ["chats.json: ChatGPT export"]
    tree = scene.dialog._tree
    tree.files()[0].setSelected(True)
    scene.qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert scene.rows() == []
    assert not scene.dialog._do.isEnabled()
    text = QMimeData()
    text.setText("words")
    assert not scene.dialog.may_drop(text)


def test_stopped_what_was_taken_stays_and_that_is_said(scene: Scene) -> None:
    many = ({**chatgpt_plain(), "conversation_id": str(n)} for n in range(4000))
    scene.dialog.add_files([scene.write("chats.json", *many)])
    scene.looked()
    scene.dialog.accept()
    scene.qtbot.waitUntil(lambda: scene.dialog._meter.fraction > 0, timeout=LONG)
    scene.dialog._do.click()
    scene.over()
    assert scene.rows()[1] == "  Stopped. What was taken before stays; taken in again, the file goes on."
    assert 0 < scene.stored() < 4000


def test_closed_while_it_runs_it_leaves_off_first(scene: Scene) -> None:
    many = ({**chatgpt_plain(), "conversation_id": str(n)} for n in range(4000))
    scene.dialog.add_files([scene.write("chats.json", *many)])
    scene.looked()
    scene.dialog.accept()
    scene.qtbot.waitUntil(lambda: scene.dialog._meter.fraction > 0, timeout=LONG)
    scene.dialog.reject()
    scene.qtbot.waitUntil(lambda: not scene.dialog.isVisible(), timeout=LONG)
    assert scene.stored() < 4000


def test_a_profile_that_cannot_be_opened_is_said(scene: Scene) -> None:
    scene.dialog.add_files([scene.write("chats.json", chatgpt_plain())])
    scene.looked()
    scene.database.write_bytes(b"no database, and that for more than a few bytes" * 20)
    scene.dialog.accept()
    scene.over()
    assert scene.dialog.trouble.text()
    assert scene.dialog._do.text() == "Import"
    assert scene.dialog._do.isEnabled()


def test_files_to_begin_with_and_nothing_but_plain_text(scene: Scene) -> None:
    path = scene.write("<img src=x>.json", chatgpt_plain())
    dialog = scene.opened(path)
    scene.qtbot.waitUntil(lambda: dialog._looker is None, timeout=LONG)
    (item,) = dialog._tree.files()
    assert item.text(0) == "<img src=x>.json: ChatGPT export"
    assert "<i" not in item.toolTip(0)
    dialog.close()


def test_long_lines_are_broken_and_not_cut(scene: Scene) -> None:
    (scene.folder / "x.jpg").write_bytes(b"\xff\xd8")
    scene.dialog.resize(320, 300)
    scene.dialog.add_files([scene.folder / "x.jpg"])
    scene.looked()
    tree = scene.dialog._tree
    line = tree.files()[0].child(0)
    assert line is not None
    one, whole = tree.visualItemRect(tree.files()[0]).height(), tree.visualItemRect(line).height()
    assert whole >= one + 2 * tree.fontMetrics().height()
