"""What was found in messages, as rows of the list: the words beside a hit, and how it is drawn."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from sidelight import messages
from sidelight.store.search import Found, Hit
from sidelight.ui.widgets.marked import draw_marked

__all__ = ["draw_hit", "height_of_hit", "hit_origin", "hit_title", "said_of"]

_SMALL = 0.88


def hit_title(hit: Hit) -> str:
    """The title of the conversation it stands in."""
    return " ".join(hit.title.split()) or messages.text("ui.history.untitled")


def hit_origin(hit: Hit) -> str:
    """Whose text it is: the model and where it was asked, and whether it is a trace; of a prompt, that it is one."""
    if hit.place == "prompt":
        return messages.text("ui.search.prompt")
    place = messages.text("ui.search.trace" if hit.place == "trace" else "ui.search.answer")
    return " · ".join(part for part in (place, hit.model, hit.backend) if part)


def said_of(found: Found | None, indexed: float) -> str:
    """What is to be said below the results: that there are none, that they are not all, and why. "" where all is well."""
    if found is None:
        return messages.text("ui.search.busy")
    sentences = []
    if found.partial:
        sentences.append(messages.text("ui.search.partial"))
    elif not found.hits:
        sentences.append(messages.text("ui.search.none"))
    share = min(indexed, found.indexed)
    if share < 1.0:
        sentences.append(messages.text("ui.search.indexing", share=int(100 * share)))
    return " ".join(sentences)


def _date(created: float) -> str:
    return f"{datetime.fromtimestamp(created).astimezone():%Y-%m-%d}"


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * _SMALL)
    return small


def height_of_hit(font: QFont) -> int:
    """Pixels: a title, two lines of text, a small line, and air."""
    line, small = QFontMetrics(font).lineSpacing(), QFontMetrics(_small(font)).lineSpacing()
    return 3 * line + small + line


def draw_hit(painter: QPainter, box: QRect, hit: Hit, font: QFont, text: QColor, muted: QColor) -> None:
    """Title and date, the text with what was looked for in bold, and where it is from."""
    metrics, small = QFontMetrics(font), _small(font)
    line, small_line = metrics.lineSpacing(), QFontMetrics(small).lineSpacing()
    left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    area = box.adjusted(0, line // 3, 0, 0)
    head = QRect(area.left(), area.top(), area.width(), line)
    date = _date(hit.created)
    wide = QFontMetrics(small).horizontalAdvance(date)
    if wide * 3 > area.width():  # too narrow for both
        date, wide = "", 0
    painter.setFont(small)
    painter.setPen(muted)
    painter.drawText(head, right, date)
    painter.setFont(font)
    painter.setPen(text)
    room = area.width() - wide - (8 if wide else 0)
    title = metrics.elidedText(hit_title(hit), Qt.TextElideMode.ElideRight, room)
    painter.drawText(head, left, title)
    body = QRect(area.left(), head.bottom() + 1, area.width(), 2 * line)
    draw_marked(painter, body, hit.snippet.text, hit.snippet.marks, font, (muted, text))
    foot = QRect(area.left(), body.bottom() + 1, area.width(), small_line)
    painter.setFont(small)
    painter.setPen(muted)
    origin = QFontMetrics(small).elidedText(hit_origin(hit), Qt.TextElideMode.ElideMiddle, area.width())
    painter.drawText(foot, left, origin)
