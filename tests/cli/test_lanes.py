"""The spelling of a lane."""

from __future__ import annotations

import pytest

from sidelight.chat.message import Parameters
from sidelight.cli.lanes import BadSpelling, parse, spell


@pytest.mark.parametrize(
    ("text", "backend", "model", "elicited"),
    [
        ("deepseek/deepseek-v4-pro", "deepseek", "deepseek-v4-pro", False),
        ("embedded/qwen2.5-coder-0.5b-instruct+elicited", "embedded", "qwen2.5-coder-0.5b-instruct", True),
        ("router/meta/llama-3+vision", "router", "meta/llama-3+vision", False),
        ("embedded/file:/models/my model.gguf", "embedded", "file:/models/my model.gguf", False),
    ],
)
def test_a_lane_is_read_and_spelled(text: str, backend: str, model: str, elicited: bool) -> None:
    lane = parse(text, Parameters(system="Be brief.", effort="low"))
    assert (lane.backend, lane.model, lane.parameters.elicited) == (backend, model, elicited)
    assert (lane.parameters.system, lane.parameters.effort) == ("Be brief.", "low")
    assert spell(lane) == text


@pytest.mark.parametrize("text", ["", "model", "/model", "backend/", "+elicited", "backend/+elicited"])
def test_what_is_no_lane(text: str) -> None:
    with pytest.raises(BadSpelling):
        parse(text, Parameters())


def test_the_same_model_twice_is_two_lanes() -> None:
    assert parse("a/b", Parameters()).id != parse("a/b", Parameters()).id
