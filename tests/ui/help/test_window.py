from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QMessageBox, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from sidelight.ui.help import guide
from sidelight.ui.help.window import HelpWindow
from sidelight.ui.theme import LIGHT


@pytest.fixture
def window(qtbot: QtBot) -> HelpWindow:
    window = HelpWindow(LIGHT)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def shown(window: HelpWindow) -> str:
    return window._text.toPlainText()


def test_it_opens_with_the_first_page_and_all_contents(window: HelpWindow) -> None:
    assert shown(window).startswith("First steps")
    assert len(_tops(window)) == len(guide.PAGES)
    assert _there(window._contents.currentItem()).text(0) == "First steps"


def test_contents_lead_to_the_heading(window: HelpWindow) -> None:
    keys = next(_items(window, "Keys"))
    window._contents.setCurrentItem(keys)
    assert shown(window).startswith("Models and keys")
    bar = window._text.verticalScrollBar()
    assert bar.value() > 0 or bar.maximum() == 0


def test_links_go_to_pages_and_ask_for_what_is_outside(window: HelpWindow, qtbot: QtBot) -> None:
    window._on_link(QUrl("backends.md#keys"))
    assert shown(window).startswith("Models and keys")
    window._on_link(QUrl("#proxy-and-certificates"))
    assert shown(window).startswith("Models and keys")
    assert _there(window._contents.currentItem()).text(0) == "Proxy and certificates"
    window._on_link(QUrl("file:///etc/passwd"))
    assert window.findChild(QMessageBox) is None
    window._on_link(QUrl("https://example.org/"))
    question = window.findChild(QMessageBox)
    assert question is not None
    question.reject()


def test_search_lists_what_was_found_marks_it_and_clearing_brings_the_contents_back(
    window: HelpWindow, qtbot: QtBot
) -> None:
    qtbot.keyClicks(window._search, "keyring")
    assert 0 < window._contents.topLevelItemCount() < 10
    assert "keyring" in shown(window)
    assert window._text.extraSelections()
    qtbot.keyClick(window._search, Qt.Key.Key_Return)
    assert window._contents.hasFocus() or not window.isActiveWindow()
    window._search.setText("zzzqqq")
    assert window._nothing.isVisible()
    assert window._contents.topLevelItemCount() == 0
    window._search.clear()
    assert not window._nothing.isVisible()
    assert window._contents.topLevelItemCount() == len(guide.PAGES)
    assert window._text.extraSelections() == []


def test_the_document_loads_nothing(window: HelpWindow) -> None:
    document = window._text.document()
    for kind in (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.StyleSheetResource):
        assert document.resource(int(kind.value), QUrl("file:///etc/passwd")) in (None, b"")


def _there(item: QTreeWidgetItem | None) -> QTreeWidgetItem:
    assert item is not None
    return item


def _tops(window: HelpWindow) -> list[QTreeWidgetItem]:
    contents = window._contents
    return [_there(contents.topLevelItem(n)) for n in range(contents.topLevelItemCount())]


def _items(window: HelpWindow, title: str) -> Iterator[QTreeWidgetItem]:
    for top in _tops(window):
        inside = [_there(top.child(i)) for i in range(top.childCount())]
        yield from (item for item in inside if item.text(0) == title)
