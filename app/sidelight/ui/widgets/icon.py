"""Icons of resources/icons in the colour of the text beside them, and the button that wears one."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton, QWidget

from sidelight.paths import resource
from sidelight.ui.widgets.plain import plain_tip

__all__ = ["IconButton", "app_icon", "icon", "pixmap"]


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """The icon `name` in one colour ("#rrggbb"), `size` pixels square on a screen of that pixel ratio."""
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    painter = QPainter(picture)
    renderer.render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, palette: QPalette, size: int, ratio: float, role: str = "") -> QIcon:
    """The icon in the palette's text colours, for enabled and disabled. `role` "accent" is for accent buttons."""
    wanted = QPalette.ColorRole.ButtonText
    if role == "accent":
        # A style sheet paints its grounds into a widget's own palette, so the ground's colour is the application's.
        palette, wanted = QGuiApplication.palette(), QPalette.ColorRole.Base
    groups = QPalette.ColorGroup
    colours = (palette.color(groups.Active, wanted).name(), palette.color(groups.Disabled, wanted).name())
    return _icon(name, colours, size, ratio)


@lru_cache(maxsize=256)
def _icon(name: str, colours: tuple[str, str], size: int, ratio: float) -> QIcon:
    """One icon is shared by all who wear it. `colours`: enabled, disabled."""
    made = QIcon()
    for mode, colour in zip((QIcon.Mode.Normal, QIcon.Mode.Disabled), colours, strict=True):
        made.addPixmap(pixmap(name, colour, size, ratio), mode)
    return made


def app_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(resource("icons/app.svg")))


class IconButton(QToolButton):
    """A flat button with an icon that follows theme and zoom. `text` is its tooltip and its accessible name."""

    def __init__(
        self,
        symbol: str,
        text: str,
        *,
        role: str = "",
        caption: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._symbol = symbol
        self._role = role
        self._meaning: tuple[str, str] | None = None
        self._worn: tuple[int, QIcon] | None = None
        if role:
            self.setProperty("role", role)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoRaise(True)
        if caption:
            self.set_caption(caption)
        self.set_meaning(symbol, text)

    def set_caption(self, caption: str) -> None:
        """Show text beside the icon, a little apart from it."""
        shown = "\u2009" + caption.replace("&", "&&")
        if shown != self.text():
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            self.setText(shown)

    def set_meaning(self, symbol: str, text: str) -> None:
        """Wear another icon and say another thing."""
        if self._meaning == (symbol, text):
            return
        self._meaning = (symbol, text)
        self._symbol = symbol
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)
        self._draw()

    def give(self, action: QAction) -> None:
        """Be the button of a command, keeping icon and look."""
        self.clicked.connect(action.trigger)
        action.enabledChanged.connect(self.setEnabled)
        self.setEnabled(action.isEnabled())

    def event(self, event: QEvent) -> bool:
        """Draw the icon once the look is known, before the button is shown or measured for the first time."""
        done = super().event(event)
        if event.type() is QEvent.Type.Polish:
            self._draw()
        return done

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icon again when theme or zoom changed."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._draw()

    def _draw(self) -> None:
        if not self.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
            return
        size = max(16, round(self.fontMetrics().height()))
        made = icon(self._symbol, self.palette(), size, self.devicePixelRatioF(), self._role)
        if self._worn is None or self._worn[0] != size or self._worn[1] is not made:
            self._worn = (size, made)
            self.setIconSize(QSize(size, size))
            self.setIcon(made)
