"""The list of conversations joined to a real session: pins, tags, the trash, kept searches, and the words of a hit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from tests.engine.scripted import Scripted
from tests.engine.test_session import LANES, Scene

from sidelight.engine.ordering import IN_TRASH
from sidelight.store.query import parse
from sidelight.ui.dialogs.keep_search import KeepSearchDialog
from sidelight.ui.dialogs.tags import TagsDialog
from sidelight.ui.panes.history.groups import KEPT_DAYS, Entry
from sidelight.ui.panes.history.pane import HistoryPane
from sidelight.ui.shelf import Shelf, Sought, history_value


class Stand:
    """A pane, the shelf and a session with three conversations, the newest last."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.scene = Scene(folder, Scripted())
        self.session = self.scene.session
        self.pane = HistoryPane()
        qtbot.addWidget(self.pane)
        self.exported: list[str] = []
        self.shelf = Shelf(self.session, self.pane, self.exported.append, self.pane)
        self.ids: list[str] = []
        for text in ("blue sky", "red dusk", "green grass"):
            self.session.new()
            self.session.set_lanes(LANES)
            self.scene.ask(text)
            self.ids.append(self.session.conversation.id)
        self.show()

    def show(self) -> None:
        self.session.drain()
        self.pane.show_value(history_value(self.session))

    def entries(self) -> list[Entry]:
        self.show()
        return [row for row in self.pane._model.rows if isinstance(row, Entry)]


@pytest.fixture
def stand(qtbot: QtBot, tmp_path: Path) -> Iterator[Stand]:
    made = Stand(qtbot, tmp_path)
    yield made
    made.session.close()


def test_what_is_pinned_stands_first(stand: Stand) -> None:
    stand.pane.pinned.emit(stand.ids[0], True)
    assert [entry.id for entry in stand.entries()] == [stand.ids[0], stand.ids[2], stand.ids[1]]
    stand.pane.pinned.emit(stand.ids[0], False)
    assert [entry.id for entry in stand.entries()] == stand.ids[::-1]


def test_tags_are_given_by_the_dialog_and_the_most_used_is_offered_first(stand: Stand) -> None:
    for identifier, tags in ((stand.ids[0], "rare,often,"), (stand.ids[1], "often,")):
        stand.pane.tags_wished.emit(identifier)
        (dialog,) = (d for d in stand.pane.findChildren(TagsDialog) if d.isVisible())
        for tag in tags.split(","):
            dialog._field.setText(tag)
            dialog._take()
        dialog.accept()
    assert {entry.id: entry.tags for entry in stand.entries()}[stand.ids[0]] == ("often", "rare")
    assert history_value(stand.session).tags == ("often", "rare")
    stand.pane.tags_wished.emit("nothing")  # gone meanwhile
    stand.pane.export_wished.emit(stand.ids[1])
    assert stand.exported == [stand.ids[1]]


def test_the_way_through_the_trash(stand: Stand) -> None:
    assert KEPT_DAYS * 86_400 == IN_TRASH
    for identifier in stand.ids[:2]:
        stand.pane.delete(identifier)
    stand.pane.finish_deleting()
    assert [entry.id for entry in stand.entries()] == [stand.ids[2]]
    assert [row.id for row in history_value(stand.session).trash] == [stand.ids[1], stand.ids[0]]
    assert not [notice for notice in stand.session.notices if notice.code.startswith("engine.deleted")]
    stand.pane.restored.emit(stand.ids[0])
    assert [entry.id for entry in stand.entries()] == [stand.ids[2], stand.ids[0]]
    stand.pane.emptied.emit()
    assert history_value(stand.session).trash == ()
    stand.pane.erased.emit(stand.ids[0])
    assert [entry.id for entry in stand.entries()] == [stand.ids[2]]


def test_searches_are_kept_under_names_of_which_there_is_one_each(stand: Stand) -> None:
    for text, name in (("blue", "Colours"), ("red", "Colours"), ("green tag:x", "Grass")):
        stand.pane.search_kept.emit(text)
        (dialog,) = (d for d in stand.pane.findChildren(KeepSearchDialog) if d.isVisible())
        dialog._name.setText(name)
        dialog.accept()
    assert history_value(stand.session).searches == (("Colours", "red"), ("Grass", "green tag:x"))
    stand.pane.search_dropped.emit("Colours")
    assert history_value(stand.session).searches == (("Grass", "green tag:x"),)


def test_the_words_of_a_hit_are_told_once_and_for_its_place_alone(stand: Stand) -> None:
    session = stand.session
    session.search(parse("dusk"))
    stand.scene.until(lambda: (found := session.found()) is not None and bool(found.hits))
    found = session.found()
    assert found is not None
    (hit,) = (h for h in found.hits if not h.reply)
    stand.pane.hit_opened.emit(hit.conversation, hit.turn, "")
    stand.scene.until(lambda: session.conversation.id == stand.ids[1])
    assert stand.shelf.sought(hit.turn, "") == Sought("dusk", f"{hit.turn}.prompt")
    assert stand.shelf.sought(hit.turn, "") is None
    stand.pane.hit_opened.emit(hit.conversation, hit.turn, "")
    assert stand.shelf.sought("another", "") is None
