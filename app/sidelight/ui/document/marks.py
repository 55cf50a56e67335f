"""Places in a document that are looked for or pointed at: links, found text, and how they are marked when painted.

Positions are QTextDocument's own, in UTF-16 units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QAbstractTextDocumentLayout, QColor, QTextCharFormat, QTextCursor

from sidelight.ui.document.document import BlockDocument, moved
from sidelight.ui.document.rows import Item

__all__ = ["Link", "boxes_of", "links_of", "marked", "places_of"]


@dataclass(frozen=True, slots=True)
class Link:
    """Where an address stands in a row."""

    item: Item
    begin: int
    end: int
    href: str


def links_of(item: Item, document: BlockDocument) -> list[Link]:
    """The links of a row in reading order; one that changes its look on the way is still one."""
    found: list[Link] = []
    block = document.begin()
    while block.isValid():
        at = block.begin()
        while not at.atEnd():
            fragment = at.fragment()
            href = fragment.charFormat().anchorHref()
            if href:
                begin, end = fragment.position(), fragment.position() + fragment.length()
                if found and found[-1].href == href and found[-1].end == begin:
                    begin = found.pop().begin
                found.append(Link(item, begin, end, href))
            at += 1
        block = block.next()
    return found


def places_of(document: BlockDocument, needle: re.Pattern[str]) -> list[tuple[int, int]]:
    """Begin and end of every match; one in the source of a formula stands where its picture is."""
    pictures = document.pictures()
    places: list[tuple[int, int]] = []
    block = document.begin()
    while block.isValid():
        here = block.position()
        own = [(at, source) for at, source in pictures if here <= at < here + block.length()]
        text = document.spelled(block.text(), here)
        for match in needle.finditer(text):
            begin = here + _units(text[: match.start()])
            end = begin + _units(match[0])
            places.append((moved(begin + 1, (), own) - 1, moved(end, (), own)) if own else (begin, end))
        block = block.next()
    return places


def marked(
    document: BlockDocument, begin: int, end: int, ground: str, text: str = ""
) -> QAbstractTextDocumentLayout.Selection:
    """A stretch on another ground, and in another colour where `text` names one."""
    made = QAbstractTextDocumentLayout.Selection()
    cursor = QTextCursor(document)
    cursor.setPosition(begin)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    form = QTextCharFormat()
    form.setBackground(QColor(ground))
    if text:
        form.setForeground(QColor(text))
    made.cursor = cursor
    made.format = form
    return made


def boxes_of(document: BlockDocument, begin: int, end: int) -> list[QRectF]:
    """What a stretch within one text block covers, a box for each line, in the document's pixels."""
    block = document.findBlock(begin)
    start, layout = block.position(), block.layout()
    corner = document.documentLayout().blockBoundingRect(block).topLeft()
    boxes: list[QRectF] = []
    for n in range(layout.lineCount()):
        line = layout.lineAt(n)
        first, last = (
            max(begin - start, line.textStart()),
            min(end - start, line.textStart() + line.textLength()),
        )
        if first < last:
            left, right = sorted((document.x_in(line, first), document.x_in(line, last)))
            boxes.append(QRectF(left, line.y(), right - left, line.height()).translated(corner))
    return boxes


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
