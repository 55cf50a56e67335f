"""The tags above the list: those that are chosen narrow it down. Knows no conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from sidelight import messages
from sidelight.store.query import folded
from sidelight.ui.widgets.flow import FlowLayout
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["TagFilter"]

_SHOWN: Final = 4
"""Tags with a button of their own; all others are in the menu of the last button."""
_LETTERS: Final = 16


class TagFilter(QWidget):
    """`changed` when other tags are chosen; hidden where there are no tags."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tags: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._body = QWidget()
        self._flow = FlowLayout(self._body, gap=4)
        around = QHBoxLayout(self)
        around.setContentsMargins(8, 0, 8, 4)
        around.addWidget(self._body)
        self.setAccessibleName(messages.text("ui.tagging.filter"))
        self.hide()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The tags that are chosen."""
        return self._chosen

    def show_tags(self, tags: Sequence[str]) -> None:
        """Offer these, those used most first; a chosen one that is gone is no longer chosen."""
        if tuple(tags) == self._tags:
            return
        self._tags = tuple(tags)
        there = {folded(tag) for tag in tags}
        kept = tuple(tag for tag in self._chosen if folded(tag) in there)
        changed, self._chosen = kept != self._chosen, kept
        self._draw()
        if changed:
            self.changed.emit()

    def clear(self) -> None:
        """Choose none."""
        if self._chosen:
            self._chosen = ()
            self._draw()
            self.changed.emit()

    def choose(self, tag: str, chosen: bool) -> None:
        """Choose a tag, or no longer."""
        self._chosen = tuple(t for t in self._chosen if t != tag) + ((tag,) if chosen else ())
        self._draw()
        self.changed.emit()

    def _draw(self) -> None:
        """Buttons are made anew, and the one that has the focus keeps it."""
        focused = next((b.toolTip() for b in self._buttons() if b.hasFocus()), None)
        self._flow.clear()
        shown = [*self._tags[:_SHOWN], *(t for t in self._chosen if t in self._tags[_SHOWN:])]
        for tag in shown:
            caption = tag if len(tag) <= _LETTERS else f"{tag[: _LETTERS - 1]}…"
            button = self._button(caption, tag, messages.text("ui.tagging.only", tag=tag))
            button.setCheckable(True)
            button.setChecked(tag in self._chosen)
            button.toggled.connect(lambda on, tag=tag: self.choose(tag, on))
        rest = [t for t in self._tags if t not in shown]
        if rest:
            meaning = messages.text("ui.tagging.more")
            more = self._button(f"+{len(rest)}", meaning, meaning)
            menu = QMenu(more)
            for tag in rest:
                action = menu.addAction(tag.replace("&", "&&"))
                action.triggered.connect(lambda _on, tag=tag: self.choose(tag, True))
            more.setMenu(menu)
            more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        high = max((button.sizeHint().height() for button in self._buttons()), default=0)
        for button in self._buttons():
            button.setFixedHeight(high)  # letters of some scripts are higher
            if button.toolTip() == focused:
                button.setFocus()
        self.setVisible(bool(self._tags))
        self.updateGeometry()

    def _button(self, caption: str, tip: str, name: str) -> QToolButton:
        button = QToolButton(self._body)
        button.setProperty("role", "chip")
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setText(caption.replace("&", "&&"))
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(name)
        self._flow.addWidget(button)
        button.show()
        return button

    def _buttons(self) -> list[QToolButton]:
        found = (self._flow.itemAt(place) for place in range(self._flow.count()))
        return [w for item in found if item is not None and isinstance(w := item.widget(), QToolButton)]
