"""Lines for programs, as docs/cli.md describes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.chat.streams import at_once

from sidelight.chat.events import AnswerDelta, Failed, FailureKind, Finished, FinishReason, Usage
from sidelight.chat.message import Lane, Parameters
from sidelight.chat.reply import Reply, fold_all
from sidelight.cli.json_lines import announce, close, line, write
from sidelight.cli.steps import Ended, Reclassified, Staged, Wrote

STOP = Finished(FinishReason.STOP)


def test_the_lines_of_a_lane() -> None:
    lane = Lane("x", "embedded", "small", Parameters(elicited=True))
    assert json.loads(announce(2, lane)) == {"event": "lane", "lane": 2, "model": "embedded/small+elicited"}
    assert json.loads(line(2, Staged("prompt", 1, None))) == {
        "event": "stage",
        "lane": 2,
        "stage": "prompt",
        "done": 1,
        "total": None,
    }
    assert json.loads(line(1, Wrote("reasoning", "hm", 0))) == {
        "event": "trace",
        "lane": 1,
        "segment": 0,
        "text": "hm",
    }
    assert json.loads(line(1, Wrote("answer", "4", 1)))["event"] == "answer"
    assert json.loads(line(1, Wrote("refusal", "no", 1)))["event"] == "refusal"
    assert json.loads(line(1, Reclassified())) == {"event": "reclassified", "lane": 1}
    assert json.loads(close("id", 130)) == {"event": "done", "conversation": "id", "exit": 130}


def test_the_end_of_a_lane_holds_the_whole() -> None:
    reply = fold_all(Reply("r", "x"), at_once(AnswerDelta("4"), Usage(10, output_total=2, raw="{}"), STOP))
    end = json.loads(line(1, Ended(reply)))
    assert (end["state"], end["finish"], end["failure"]) == ("complete", "stop", None)
    assert (end["trace"], end["answer"], end["trace_kind"]) == ("", "4", "none")
    assert end["usage"] == {
        "prompt": 10,
        "cached": None,
        "output_total": 2,
        "reasoning": None,
        "cost": None,
    }
    assert end["seconds"] == {"first_token": 0.0, "done": 2.0}


def test_a_failure_is_told() -> None:
    reply = fold_all(Reply("r", "x"), at_once(Failed(FailureKind.AUTH, "nope", "invalid_key")))
    end = json.loads(line(1, Ended(reply)))
    assert end["state"] == "failed"
    assert (end["failure"]["kind"], end["failure"]["code"]) == ("auth", "invalid_key")
    assert end["failure"]["text"].endswith("nope")


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line_without_control_characters(text: str) -> None:
    written = line(1, Wrote("answer", text, 0))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", written)
    assert json.loads(written)["text"] == text


def test_other_scripts_stay_legible() -> None:
    assert "中文 ü" in write({"text": "中文 ü"})


def test_every_event_is_documented() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for event in ("lane", "stage", "trace", "answer", "refusal", "reclassified", "end", "done"):
        assert f"`{event}`" in page
    end = json.loads(line(1, Ended(fold_all(Reply("r", "x"), at_once(STOP)))))
    for field in end.keys() - {"event", "lane"}:
        assert f"`{field}`" in page
