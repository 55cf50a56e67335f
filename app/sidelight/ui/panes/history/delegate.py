"""How the rows of the list are drawn: headings small and quiet, titles with their tags, the trash, and hits."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sidelight.store.search import Hit
from sidelight.ui.panes.history.groups import Heading
from sidelight.ui.panes.history.model import LEFT, STREAMING, TAGS, Index, Model
from sidelight.ui.panes.history.results import draw_hit, height_of_hit

__all__ = ["Delegate"]

_SMALL = 0.88
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)


class Delegate(QStyledItemDelegate):
    """Draws rows of a `Model`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Lines with air around them."""
        row = _row(index)
        if isinstance(row, Hit):
            return QSize(40, height_of_hit(option.font))
        high = option.fontMetrics.height()
        if isinstance(row, Heading):
            return QSize(40, round(high * 2.1))
        second = _small_metrics(option.font).height() * 1.3 if index.data(TAGS) or index.data(LEFT) else 0
        return QSize(40, round(high * 1.9 + second))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, row, palette = QRect(option.rect), _row(index), option.palette
        # not of option.palette: a style sheet makes this colour half transparent there
        muted = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText)
        text = palette.color(QPalette.ColorRole.Text)
        if isinstance(row, Heading):
            painter.setFont(_small(option.font))
            painter.setPen(muted)
            box.adjust(12, 0, -8, -4)
            shown = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft), shown)
        else:
            ground = box.adjusted(4, 1, -4, -1)
            _draw_ground(painter, ground, option, palette)
            line = ground.adjusted(8, 0, -8, 0)
            if isinstance(row, Hit):
                draw_hit(painter, line, row, option.font, text, muted)
            else:
                _draw_title(painter, line, option.font, index, palette, muted)
        painter.restore()


def _draw_title(
    painter: QPainter, line: QRect, font: QFont, index: Index, palette: QPalette, muted: QColor
) -> None:
    """The title, the dot of one that streams, and below it tags or how long it is kept."""
    metrics, tags, left = QFontMetrics(font), index.data(TAGS), index.data(LEFT)
    head = QRect(line)
    if tags or left:
        head.setHeight(round(metrics.height() * 1.6))
    if index.data(STREAMING):
        size = max(6, metrics.height() // 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Accent))
        painter.drawEllipse(QRectF(head.right() - size, head.center().y() - size / 2 + 1, size, size))
        head.adjust(0, 0, -size - 6, 0)
    painter.setFont(font)
    painter.setPen(palette.color(QPalette.ColorRole.Text))
    title = str(index.data(Qt.ItemDataRole.DisplayRole))
    painter.drawText(head, _LEFT, metrics.elidedText(title, Qt.TextElideMode.ElideRight, head.width()))
    small = _small(font)
    painter.setFont(small)
    painter.setPen(muted)
    high = round(QFontMetrics(small).height() * 1.15)
    foot = QRect(line.left(), head.bottom() + 1, line.width(), high)
    if left:
        shown = QFontMetrics(small).elidedText(str(left), Qt.TextElideMode.ElideRight, foot.width())
        painter.drawText(foot, _LEFT, shown)
    elif tags:
        _draw_tags(painter, foot, tags, QFontMetrics(small), muted)


def _draw_tags(
    painter: QPainter, box: QRect, tags: tuple[str, ...], metrics: QFontMetrics, muted: QColor
) -> None:
    """As many tags as there is room for, each in a frame, and how many more there are."""
    gap, inside, at = 4, 5, box.left()
    quiet = QColor(muted)
    quiet.setAlphaF(0.45)
    for place, tag in enumerate(tags):
        more = f"+{len(tags) - place - 1}" if place < len(tags) - 1 else ""
        room = box.right() - at - (metrics.horizontalAdvance(more) + 2 * gap if more else 0)
        wide = metrics.horizontalAdvance(tag) + 2 * inside
        painter.setPen(muted)
        if wide > room and place:
            painter.drawText(
                QRect(at, box.top(), box.right() - at, box.height()), _LEFT, f"+{len(tags) - place}"
            )
            return
        frame = QRect(at, box.top(), min(wide, room), box.height())
        shown = metrics.elidedText(tag, Qt.TextElideMode.ElideRight, frame.width() - 2 * inside + 1)
        painter.drawText(frame, int(Qt.AlignmentFlag.AlignCenter), shown)
        painter.setPen(quiet)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        at = frame.right() + 1 + gap


def _draw_ground(painter: QPainter, ground: QRect, option: QStyleOptionViewItem, palette: QPalette) -> None:
    chosen = bool(option.state & QStyle.StateFlag.State_Selected)
    if not chosen and not option.state & QStyle.StateFlag.State_MouseOver:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(QPalette.ColorRole.Highlight if chosen else QPalette.ColorRole.Midlight))
    painter.drawRoundedRect(QRectF(ground), 4, 4)


def _row(index: Index) -> object:
    model = index.model()
    return model.at(index) if isinstance(model, Model) else None


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * _SMALL)
    return small


def _small_metrics(font: QFont) -> QFontMetrics:
    return QFontMetrics(_small(font))
