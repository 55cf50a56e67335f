"""The Help window: contents and search on the left, the page on the right.

The document loads nothing: no picture, no style sheet, no address. A link goes to another page of the guide, or asks before
the system opens it.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QLineEdit,
    QSplitter,
    QTextBrowser,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.ui.actions import COMMANDS
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.help import guide
from sidelight.ui.open_url import open_url
from sidelight.ui.theme import Palette, body_font
from sidelight.ui.widgets.plain import Label

__all__ = ["HelpWindow"]

_PLACE: Final = Qt.ItemDataRole.UserRole


def key_of(command: str) -> str:
    """The key of a command as this system writes it. Raises StopIteration for a command there is not."""
    keys = next(c.keys for c in COMMANDS if c.id == command)
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


class _Document(QTextDocument):
    """Loads nothing, whatever it is asked for."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        return b""


class HelpWindow(Dialog):
    """Not modal: a person reads and does. `page` is the name of a page of the guide."""

    def __init__(
        self, palette: Palette, zoom: float = 1.0, parent: QWidget | None = None, page: str = guide.PAGES[0]
    ) -> None:
        super().__init__(messages.text("ui.help.title"), parent, modal=False)
        self._colours = palette
        self._page = ""
        self._search = QLineEdit()
        self._search.setPlaceholderText(messages.text("ui.help.search"))
        self._search.setAccessibleName(messages.text("ui.help.search"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._fill)
        self._contents = QTreeWidget()
        self._contents.setHeaderHidden(True)
        self._contents.setAccessibleName(messages.text("ui.help.contents"))
        self._contents.setRootIsDecorated(False)
        self._contents.setIndentation(12)
        self._contents.setWordWrap(True)
        self._contents.currentItemChanged.connect(self._on_item)
        self._nothing = Label(messages.text("ui.help.nothing"), "muted", wrap=True)
        self._nothing.hide()
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 12, 0)
        column.setSpacing(8)
        for widget in (self._search, self._nothing):
            column.addWidget(widget)
        column.addWidget(self._contents, 1)
        self._text = QTextBrowser()
        self._text.setDocument(_Document(self._text))
        self._text.setOpenLinks(False)
        self._text.setOpenExternalLinks(False)
        self._text.anchorClicked.connect(self._on_link)
        self._text.setAccessibleName(messages.text("ui.help.title"))
        self._text.setFont(body_font(palette, zoom))
        self._text.document().setDocumentMargin(16 * zoom)
        self._text.document().setDefaultStyleSheet(_sheet(palette))
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self._text)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setHandleWidth(1)
        self.column.addWidget(split, 1)
        self.size_in_letters(130, 44)
        split.setSizes([self.width() * 3 // 10, self.width() * 7 // 10])
        self._fill("")
        self.show_page(page)

    def show_page(self, name: str, anchor: str = "") -> None:
        """Show a page, from a heading on."""
        if name != self._page:
            self._page = name
            shown = guide.page(name, key_of)
            self._text.setHtml(f'<html dir="auto"><body>{shown.html}</body></html>')
        if anchor:
            self._text.scrollToAnchor(anchor)
        else:
            self._text.moveCursor(QTextCursor.MoveOperation.Start)
        self._mark(self._search.text())
        self._mark_place(name, anchor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+F goes to the search field; Enter there goes into the contents."""
        if event.matches(QKeySequence.StandardKey.Find):
            self._search.setFocus()
            self._search.selectAll()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._search.hasFocus():
            self._contents.setFocus()
        else:
            super().keyPressEvent(event)

    def _fill(self, words: str) -> None:
        """The contents of the guide, or where the words stand."""
        self._contents.blockSignals(True)
        self._contents.clear()
        if words.strip():
            self._list_found(words)
        else:
            self._list_pages()
        self._contents.blockSignals(False)
        self._nothing.setVisible(self._contents.topLevelItemCount() == 0)
        first = self._contents.topLevelItem(0)
        if words.strip() and first is not None:
            self._contents.setCurrentItem(first)
        else:
            self._mark(words)
            self._mark_place(self._page, "")

    def _list_pages(self) -> None:
        for name in guide.PAGES:
            page = guide.page(name, key_of)
            top = _item(page.title, name, "")
            font = self._contents.font()
            font.setBold(True)
            top.setFont(0, font)
            self._contents.addTopLevelItem(top)
            for section in page.sections[1:]:
                top.addChild(_item(section.title, name, section.anchor))
            top.setExpanded(True)

    def _list_found(self, words: str) -> None:
        for found in guide.search(words, key_of):
            item = _item(f"{found.section.title}\n{found.snippet}", found.page, found.section.anchor)
            self._contents.addTopLevelItem(item)

    def _on_item(self, item: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.show_page(*item.data(0, _PLACE))

    def _on_link(self, url: QUrl) -> None:
        if url.scheme():
            open_url(url.toString(), self)
        else:
            self.show_page(url.path().removesuffix(".md") or self._page, url.fragment())

    def _mark_place(self, name: str, anchor: str) -> None:
        """Show in the contents where the reader is."""
        if self._search.text().strip():
            return
        self._contents.blockSignals(True)
        for n in range(self._contents.topLevelItemCount()):
            top = self._contents.topLevelItem(n)
            inside = [top.child(i) for i in range(top.childCount())] if top is not None else []
            for item in (top, *inside):
                if item is not None and item.data(0, _PLACE) == (name, anchor):
                    self._contents.setCurrentItem(item)
        self._contents.blockSignals(False)

    def _mark(self, words: str) -> None:
        marked: list[QTextEdit.ExtraSelection] = []
        for word in words.split():
            cursor = self._text.document().find(word)
            while not cursor.isNull():
                selection = QTextEdit.ExtraSelection()
                selection.cursor = cursor
                selection.format.setBackground(QColor(self._colours.mark))
                marked.append(selection)
                cursor = self._text.document().find(word, cursor)
        self._text.setExtraSelections(marked)


def _item(title: str, page: str, anchor: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([title])
    item.setData(0, _PLACE, (page, anchor))
    return item


def _sheet(palette: Palette) -> str:
    """The looks of a page, in the little CSS that Qt's documents know."""
    return f"""
        body {{ color: {palette.text}; }}
        h1, h2, h3 {{ color: {palette.text}; }}
        p, li, dd {{ line-height: 130%; }}
        dt {{ font-weight: bold; margin-top: 8px; }}
        a {{ color: {palette.accent}; }}
        code, pre {{ background-color: {palette.raised}; }}
        th {{ background-color: {palette.raised}; text-align: left; padding: 4px 8px; }}
        td {{ padding: 4px 8px; }}
        .admonition-title {{ font-weight: bold; color: {palette.muted}; }}
    """
