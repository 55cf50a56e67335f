"""How a lane is spelled in the terminal: backend/model, or backend/model+elicited. Pure."""

from __future__ import annotations

from dataclasses import replace

from sidelight.chat.message import Lane, Parameters, new_id

__all__ = ["BadSpelling", "parse", "spell"]

_ELICITED = "+elicited"


class BadSpelling(ValueError):
    """The text names no backend or no model."""


def parse(text: str, parameters: Parameters) -> Lane:
    """The lane that a text stands for. Only the first slash divides, since names of models may hold more.

    Raises BadSpelling.
    """
    elicited = text.endswith(_ELICITED)
    backend, slash, model = text.removesuffix(_ELICITED).strip().partition("/")
    if not (backend and slash and model):
        raise BadSpelling(text)
    return Lane(new_id(), backend, model, replace(parameters, elicited=elicited))


def spell(lane: Lane) -> str:
    """The text that `parse` would take for this lane."""
    return f"{lane.backend}/{lane.model}{_ELICITED if lane.parameters.elicited else ''}"
