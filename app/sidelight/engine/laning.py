"""Rows of lanes as the settings have them, and back: what a new conversation begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from sidelight.chat.message import Lane, Parameters, new_id
from sidelight.engine.terms import EMBEDDED
from sidelight.settings import LaneSetting, Settings

if TYPE_CHECKING:
    from sidelight.local.weights import Installed

__all__ = ["FIRST_MODEL", "default_lanes", "moved", "saved"]

FIRST_MODEL = "qwen2.5-coder-0.5b-instruct"
"""What the two lanes of a first start ask, before it is known which weights are here."""


def default_lanes(settings: Settings, installed: Sequence[Installed]) -> tuple[Lane, ...]:
    """The saved lane set; else the embedded model twice, answering directly and with an elicited trace."""
    if settings.lanes:
        return tuple(_lane(setting) for setting in settings.lanes)
    model = installed[0].id if installed else FIRST_MODEL
    return (
        Lane(new_id(), EMBEDDED, model),
        Lane(new_id(), EMBEDDED, model, Parameters(elicited=True)),
    )


def saved(lanes: Sequence[Lane]) -> tuple[LaneSetting, ...]:
    """Lanes as a lane set."""
    return tuple(LaneSetting(lane.backend, lane.model, **asdict(lane.parameters)) for lane in lanes)


def moved(lanes: Sequence[Lane], lane_id: str, index: int) -> tuple[Lane, ...]:
    """The row with a lane in another place, 0 at the left."""
    row = [lane for lane in lanes if lane.id != lane_id]
    row[index:index] = [lane for lane in lanes if lane.id == lane_id]
    return tuple(row)


def _lane(setting: LaneSetting) -> Lane:
    fields = msgspec.structs.asdict(setting)
    backend, model = fields.pop("backend"), fields.pop("model")
    return Lane(new_id(), backend, model, Parameters(**fields))
