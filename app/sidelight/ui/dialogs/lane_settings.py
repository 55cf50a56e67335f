"""How one lane asks its model: system prompt, sampling, effort, limits, extra JSON, how its trace is come by. And presets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final, get_args

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from sidelight import messages
from sidelight.chat.message import Effort, Lane, Parameters, TagRule
from sidelight.settings import PresetSetting
from sidelight.ui.dialogs.base import Dialog
from sidelight.ui.dialogs.presets import PresetRow
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
_TAGS: Final = {
    "auto": "ui.tags.auto",
    "split": "ui.tags.split",
    "inside": "ui.tags.inside",
    "leave": "ui.tags.leave",
}


class LaneSettings(Dialog):
    """`changed` carries the lane with its new parameters, `presets_changed` all presets there are now."""

    changed = Signal(object)
    presets_changed = Signal(object)

    def __init__(
        self,
        lane: Lane,
        name: str,
        presets: tuple[PresetSetting, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(messages.text("ui.lane_settings.title", name=name), parent)
        self._lane = lane
        self._presets = PresetRow(presets, self._typed)
        self._presets.chosen.connect(self._fill)
        self._presets.changed.connect(self.presets_changed)
        self._system = QPlainTextEdit()
        self._system.setPlaceholderText(messages.text("ui.lane_settings.system.hint"))
        self._system.setTabChangesFocus(True)
        self._system.setFixedHeight(self.fontMetrics().lineSpacing() * 5)
        self._temperature, self._top_p = _field(), _field()
        self._max_tokens, self._seed = _field(), _field()
        self._thinking = _field()
        self._thinking.setPlaceholderText(messages.text("ui.lane_settings.thinking.hint"))
        self._stop = QLineEdit()
        self._stop.setPlaceholderText(messages.text("ui.lane_settings.stop.hint"))
        self._effort = QComboBox()
        for effort in get_args(Effort):
            self._effort.addItem(messages.text(_EFFORTS[effort]), effort)
        self._tags = QComboBox()
        for rule in get_args(TagRule):
            self._tags.addItem(messages.text(_TAGS[rule]), rule)
        for box in (self._effort, self._tags):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._extra = QPlainTextEdit()
        self._extra.setPlaceholderText('{"top_k": 40}')
        self._extra.setTabChangesFocus(True)
        self._extra.setFixedHeight(self.fontMetrics().lineSpacing() * 4)
        self._elicited = QCheckBox(messages.text("ui.lane_settings.elicited"))
        hint = Label(messages.text("ui.lane_settings.elicited.hint"), "muted", wrap=True)
        self._elicited.setAccessibleDescription(hint.text())
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        form = QFormLayout()
        column.addLayout(form)
        column.addStretch(1)
        form.setSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for caption, field in (
            (messages.text("ui.preset"), self._presets),
            (messages.text("ui.lane_settings.system"), self._system),
            (messages.text("ui.lane_settings.effort"), self._effort),
            (messages.text("ui.lane_settings.thinking"), self._thinking),
            (messages.text("ui.lane_settings.temperature"), self._temperature),
            (messages.text("ui.lane_settings.top_p"), self._top_p),
            (messages.text("ui.lane_settings.max_tokens"), self._max_tokens),
            (messages.text("ui.lane_settings.stop"), self._stop),
            (messages.text("ui.lane_settings.seed"), self._seed),
            (messages.text("ui.lane_settings.extra"), self._extra),
            (messages.text("ui.lane_settings.tags"), self._tags),
        ):
            label = Label(caption)
            label.setBuddy(field)
            field.setAccessibleName(caption)
            form.addRow(label, field)
        form.addRow("", self._elicited)
        form.addRow("", hint)
        self.column.addWidget(_scrolled(page), 1)
        self.add_buttons(messages.text("ui.save"))
        self._fill(lane.parameters)
        self.size_in_letters(92, 40)

    def _fill(self, parameters: Parameters) -> None:
        """Show parameters: the lane's, or a preset's."""
        self._system.setPlainText(parameters.system)
        self._temperature.setText(_number(parameters.temperature))
        self._top_p.setText(_number(parameters.top_p))
        self._max_tokens.setText(_number(parameters.max_tokens))
        self._seed.setText(_number(parameters.seed))
        self._thinking.setText(_number(parameters.thinking_tokens))
        self._stop.setText(", ".join(parameters.stop))
        self._effort.setCurrentIndex(self._effort.findData(parameters.effort))
        self._tags.setCurrentIndex(self._tags.findData(parameters.tags))
        self._extra.setPlainText(parameters.extra)
        self._elicited.setChecked(parameters.elicited)
        self._presets.show_typed(parameters)

    def accept(self) -> None:
        """Check what was typed; say what is wrong instead of closing."""
        parameters = self._typed()
        if parameters is not None:
            self.changed.emit(replace(self._lane, parameters=parameters))
            super().accept()

    def _typed(self) -> Parameters | None:
        """The parameters as typed; what is wrong with them is said."""
        try:
            parameters = self._read()
        except ValueError as error:
            self.trouble.setText(str(error))
            return None
        self.trouble.setText("")
        return parameters

    def _read(self) -> Parameters:
        """The parameters as typed. Raises ValueError with a sentence."""
        extra = read_extra(self._extra.toPlainText())
        return Parameters(
            system=self._system.toPlainText().strip("\n"),
            temperature=_between(self._temperature, 0.0, 2.0),
            top_p=_between(self._top_p, 0.0, 1.0),
            max_tokens=_whole(self._max_tokens),
            effort=self._effort.currentData(),
            thinking_tokens=_whole(self._thinking, least=0),
            stop=tuple(s for s in (p.strip() for p in self._stop.text().split(",")) if s),
            seed=_whole(self._seed, least=0),
            extra=extra,
            elicited=self._elicited.isChecked(),
            tags=self._tags.currentData(),
        )


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area


def _field() -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText(messages.text("ui.lane_settings.unset"))
    return field


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


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
