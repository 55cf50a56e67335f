"""Theme, zoom, language."""

from __future__ import annotations

import msgspec

from sidelight import messages
from sidelight.ui.preferences.page import Page
from sidelight.ui.widgets.number_box import NumberBox

__all__ = ["AppearancePage"]


class AppearancePage(Page):
    """How the window looks."""

    def __init__(self) -> None:
        super().__init__(messages.text("ui.pref.appearance"))
        self._theme = self.choice(
            (
                ("system", messages.text("ui.pref.theme.system")),
                ("light", messages.text("ui.pref.theme.light")),
                ("dark", messages.text("ui.pref.theme.dark")),
            )
        )
        self._zoom = NumberBox(100, 300, 10, " %")
        self._language = self.choice(
            (
                ("", messages.text("ui.pref.language.system")),
                ("en", "English"),
                ("de", "Deutsch"),
                ("zh_CN", "简体中文"),
            )
        )
        self.add(messages.text("ui.pref.theme"), self._theme)
        self.add(messages.text("ui.pref.zoom"), self._zoom)
        self.add(messages.text("ui.pref.language"), self._language, messages.text("ui.pref.language.hint"))
        self.column.addStretch(1)
        self._theme.currentIndexChanged.connect(lambda _i: self._read())
        self._zoom.valueChanged.connect(lambda _v: self._read())
        self._language.currentIndexChanged.connect(lambda _i: self._read())

    def draw(self) -> None:
        """Fill the fields."""
        self._theme.setCurrentIndex(self._theme.findData(self.settings.theme))
        self._zoom.setValue(self.settings.zoom)
        self._language.setCurrentIndex(max(0, self._language.findData(self.settings.language)))

    def _read(self) -> None:
        self.tell(
            msgspec.structs.replace(
                self.settings,
                theme=self._theme.currentData(),
                zoom=self._zoom.value(),
                language=self._language.currentData(),
            )
        )
