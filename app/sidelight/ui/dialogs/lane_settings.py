"""How one lane asks its model: system prompt, sampling, effort, limits, extra JSON, an elicited trace."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final, get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from sidelight import messages
from sidelight.chat.message import Effort, Lane, Parameters
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.widgets.plain import Label

__all__ = ["LaneSettings", "read_extra"]

_EFFORTS: Final = {
    "default": "ui.effort.default",
    "off": "ui.effort.off",
    "low": "ui.effort.low",
    "medium": "ui.effort.medium",
    "high": "ui.effort.high",
    "max": "ui.effort.max",
}


class LaneSettings(Dialog):
    """`changed` carries the lane with its new parameters."""

    changed = Signal(object)

    def __init__(self, lane: Lane, name: str, *, can_elicit: bool, parent: QWidget | None = None) -> None:
        super().__init__(messages.text("ui.lane_settings.title", name=name), parent)
        self._lane = lane
        parameters = lane.parameters
        self._system = QPlainTextEdit(parameters.system)
        self._system.setPlaceholderText(messages.text("ui.lane_settings.system.hint"))
        self._system.setTabChangesFocus(True)
        self._system.setFixedHeight(self.fontMetrics().lineSpacing() * 6)
        self._temperature = _number(parameters.temperature)
        self._top_p = _number(parameters.top_p)
        self._max_tokens = _number(parameters.max_tokens)
        self._seed = _number(parameters.seed)
        self._stop = QLineEdit(", ".join(parameters.stop))
        self._effort = QComboBox()
        for effort in get_args(Effort):
            self._effort.addItem(messages.text(_EFFORTS[effort]), effort)
        self._effort.setCurrentIndex(self._effort.findData(parameters.effort))
        self._extra = QPlainTextEdit(parameters.extra)
        self._extra.setPlaceholderText('{"top_k": 40}')
        self._extra.setTabChangesFocus(True)
        self._extra.setFixedHeight(self.fontMetrics().lineSpacing() * 4)
        self._elicited = QCheckBox(messages.text("ui.lane_settings.elicited"))
        self._elicited.setChecked(parameters.elicited)
        form = QFormLayout()
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for caption, field in (
            (messages.text("ui.lane_settings.system"), self._system),
            (messages.text("ui.lane_settings.effort"), self._effort),
            (messages.text("ui.lane_settings.temperature"), self._temperature),
            (messages.text("ui.lane_settings.top_p"), self._top_p),
            (messages.text("ui.lane_settings.max_tokens"), self._max_tokens),
            (messages.text("ui.lane_settings.stop"), self._stop),
            (messages.text("ui.lane_settings.seed"), self._seed),
            (messages.text("ui.lane_settings.extra"), self._extra),
        ):
            label = Label(caption)
            label.setBuddy(field)
            field.setAccessibleName(caption)
            form.addRow(label, field)
        form.addRow("", self._elicited)
        hint = Label(messages.text("ui.lane_settings.elicited.hint"), "muted", wrap=True)
        form.addRow("", hint)
        self._elicited.setVisible(can_elicit)
        hint.setVisible(can_elicit)
        self.column.addLayout(form)
        self.add_buttons(messages.text("ui.save"))
        self.size_in_letters(80)

    def accept(self) -> None:
        """Check what was typed; say what is wrong instead of closing."""
        try:
            parameters = self._read()
        except ValueError as error:
            self.trouble.setText(str(error))
            return
        self.changed.emit(replace(self._lane, parameters=parameters))
        super().accept()

    def _read(self) -> Parameters:
        """The parameters as typed. Raises ValueError with a sentence."""
        extra = read_extra(self._extra.toPlainText())
        return Parameters(
            system=self._system.toPlainText().strip("\n"),
            temperature=_between(self._temperature, 0.0, 2.0),
            top_p=_between(self._top_p, 0.0, 1.0),
            max_tokens=_whole(self._max_tokens),
            effort=self._effort.currentData(),
            stop=tuple(s for s in (p.strip() for p in self._stop.text().split(",")) if s),
            seed=_whole(self._seed, least=0),
            extra=extra,
            elicited=self._elicited.isChecked(),
        )


def _number(value: float | None) -> QLineEdit:
    field = QLineEdit("" if value is None else f"{value:.10g}")
    field.setPlaceholderText(messages.text("ui.lane_settings.unset"))
    return field


def read_extra(typed: str) -> str:
    """The extra JSON as typed, "" where there is none. Raises ValueError with a sentence where it is no JSON object."""
    typed = typed.strip()
    if not typed:
        return ""
    try:
        value = json.loads(typed)
    except (ValueError, RecursionError) as error:
        where = f"{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(messages.text("ui.lane_settings.extra.broken", where=where)) from error
    if not isinstance(value, dict):
        raise ValueError(messages.text("ui.lane_settings.extra.no_object"))
    return typed


def _between(field: QLineEdit, least: float, most: float) -> float | None:
    typed = field.text().strip().replace(",", ".")
    if not typed:
        return None
    try:
        value = float(typed)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        name = field.accessibleName()
        raise ValueError(
            messages.text("ui.lane_settings.range", name=name, least=f"{least:g}", most=f"{most:g}")
        )
    return value


def _whole(field: QLineEdit, least: int = 1) -> int | None:
    typed = field.text().strip()
    if not typed:
        return None
    if not typed.isdecimal() or int(typed) < least:
        raise ValueError(messages.text("ui.lane_settings.whole", name=field.accessibleName(), least=least))
    return int(typed)
