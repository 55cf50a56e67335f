"""Theme and zoom of the whole application. Not the colours (`theme`) nor the sheet (`stylesheet`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from sidelight.ui.stylesheet import stylesheet
from sidelight.ui.theme import DARK, LIGHT, Palette, qpalette

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

__all__ = ["Looks", "Wanted"]

_CHROME: Final = 0.9
"""Controls are set a little smaller than text to read."""


class Wanted(Protocol):
    """The preferences that count here."""

    @property
    def theme(self) -> str:
        """ "system", "light" or "dark"."""

    @property
    def zoom(self) -> int:
        """Per cent."""


class Looks(QObject):
    """Follows the system where the setting says so."""

    changed = Signal()

    def __init__(self, app: QApplication, *, bare: bool = False) -> None:
        """`bare`: only what the first paint needs, until `complete` is called."""
        super().__init__(app)
        self._app = app
        self._theme = "system"
        self._words = False
        self.palette: Palette = LIGHT
        self.zoom = 0.0
        # the system's own palette tells its scheme without the enumeration for it; docs/decisions/0009
        self._system_dark = bare and app.palette().color(QPalette.ColorRole.Window).lightness() < 128
        if not bare:
            self.complete()

    def take(self, wanted: Wanted) -> None:
        """Take theme and zoom from the preferences."""
        zoom = wanted.zoom / 100
        if (wanted.theme, zoom) != (self._theme, self.zoom):
            self._theme, self.zoom = wanted.theme, zoom
            self._apply()

    def complete(self) -> None:
        """Do what the first paint does without: set the font, whose size the sheet sets too, and follow the system's scheme."""
        self._words = True
        if self.zoom:
            self._app.setFont(self._font())
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._on_scheme)
        self._on_scheme()

    def _on_scheme(self) -> None:
        from PySide6.QtCore import Qt

        scheme = QGuiApplication.styleHints().colorScheme()
        dark = scheme is Qt.ColorScheme.Dark
        if scheme is not Qt.ColorScheme.Unknown and dark != self._system_dark:
            self._system_dark = dark
            if self._theme == "system" and self.zoom:
                self._apply()

    def _font(self) -> QFont:
        from sidelight.ui.theme import body_font

        return body_font(self.palette, self.zoom, _CHROME)

    def _apply(self) -> None:
        dark = self._system_dark if self._theme == "system" else self._theme == "dark"
        self.palette = DARK if dark else LIGHT
        if self._words:
            self._app.setFont(self._font())
        self._app.setPalette(qpalette(self.palette))
        self._app.setStyleSheet(stylesheet(self.palette, self.zoom))
        self.changed.emit()
