"""Icons of resources/icons in the colour of the text beside them, and the button that wears one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from sidelight.paths import resource
from sidelight.ui.widgets.plain import plain_tip

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QAction

__all__ = ["IconButton", "app_icon", "icon", "pixmap"]


@lru_cache(maxsize=1)
def _folder() -> Path:
    return resource("icons")


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (_folder() / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    """The icon `name` in one colour ("#rrggbb"), `size` pixels square on a screen of that pixel ratio."""
    # Qt's reader of SVG draws it as large as it says it is: no painter is needed, nor the library that has one for SVG
    side = round(size * ratio)
    _, _, drawn = _source(name).partition(" viewBox=")
    sized = f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox={drawn}'
    picture = QPixmap()
    if not picture.loadFromData(sized.replace("currentColor", colour).encode()):
        raise ValueError(f"the icon {name!r} cannot be drawn")
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, palette: QPalette, size: int, ratio: float, role: str = "") -> QIcon:
    """The icon in the palette's text colours, for enabled and disabled. `role` "accent" is for accent buttons,
    "muted" for what stands beside a text and is not to be read with it.
    """
    groups = QPalette.ColorGroup
    colours = (_colour(palette, groups.Active, role), _colour(palette, groups.Disabled, role))
    return _icon(name, colours, size, ratio)


def _colour(palette: QPalette, group: QPalette.ColorGroup, role: str) -> str:
    if role == "accent":
        # A style sheet paints its grounds into a widget's own palette, so the ground's colour is the application's.
        return QGuiApplication.palette().color(group, QPalette.ColorRole.Base).name()
    text = QPalette.ColorRole.PlaceholderText if role == "muted" else QPalette.ColorRole.ButtonText
    return palette.color(group, text).name()


@lru_cache(maxsize=256)
def _icon(name: str, colours: tuple[str, str], size: int, ratio: float) -> QIcon:
    """One icon is shared by all who wear it. `colours`: enabled, disabled."""
    made = QIcon()
    for mode, colour in zip((QIcon.Mode.Normal, QIcon.Mode.Disabled), colours, strict=True):
        made.addPixmap(pixmap(name, colour, size, ratio), mode)
    return made


def app_icon() -> QIcon:
    """The program's own icon."""
    return QIcon(str(_folder() / "app.svg"))


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
        bare: bool = False,
    ) -> None:
        """`bare`: it wears its icon once `draw` is called, and follows once `follow` is."""
        super().__init__(parent)
        self._symbol = symbol
        self._role = role
        self._meaning: tuple[str, str] | None = None
        self._worn: tuple[int, QIcon] | None = None
        self._polished = False
        if role:
            self.setProperty("role", role)
        self.setProperty("focusPolicy", "TabFocus")  # by name: docs/decisions/0009
        self.setAutoRaise(True)
        if caption:
            self.set_caption(caption)
        self.set_meaning(symbol, text)
        if not bare:
            self.follow()

    def set_caption(self, caption: str) -> None:
        """Show text beside the icon, a little apart from it."""
        shown = "\u2009" + caption.replace("&", "&&")
        if shown != self.text():
            self.setProperty("toolButtonStyle", "ToolButtonTextBesideIcon")
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

    def follow(self) -> None:
        """Draw the icon once the look is known, before the button is shown or measured, and again when it changes."""
        # a filter, since an override would be called, and Qt's events be made, before the first paint: decisions/0009
        self.installEventFilter(self)
        self._draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See `follow`."""
        from PySide6.QtCore import QEvent

        kind = event.type()
        if kind is QEvent.Type.Polish:
            self._polished = True
            self._draw()
        elif kind in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._draw()
        return super().eventFilter(watched, event)

    def draw(self) -> None:
        """Draw the icon now; with all it takes later only where the button is followed."""
        self.ensurePolished()
        self._polished = True
        self._draw()

    def _draw(self) -> None:
        if not self._polished:
            return
        size = max(16, round(self.fontMetrics().height()))
        made = icon(self._symbol, self.palette(), size, self.devicePixelRatioF(), self._role)
        if self._worn is None or self._worn[0] != size or self._worn[1] is not made:
            self._worn = (size, made)
            self.setIconSize(QSize(size, size))
            self.setIcon(made)
