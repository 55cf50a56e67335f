"""Prices by date and hour, cost split by what was paid for, estimates; nothing known is ever made up."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.chat.events import Usage
from sidelight.chat.reply import TraceKind
from sidelight.models.prices import (
    Asked,
    Cost,
    UnreadablePrices,
    begin_own,
    cost,
    dollars,
    estimate,
    load,
)

PRICES = load()


def at(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC).timestamp()


def total(model: str, when: str, provider: str = "deepseek", usage: Usage | None = None) -> float | None:
    asked = usage or Usage(prompt=1_000_000, cached=0, output_total=1_000_000)
    return cost(asked, model, provider, PRICES, at=at(when)).total


@pytest.mark.parametrize(
    ("model", "when", "dollars"),
    [
        ("deepseek-reasoner", "2025-02-01T12:00", 0.55 + 2.19),
        ("deepseek-chat", "2025-02-01T12:00", 0.27 + 1.10),
        ("deepseek-reasoner", "2025-07-01T12:00", None),  # no price of that month was seen
        ("deepseek-reasoner", "2025-12-15T12:00", 0.28 + 0.42),
        ("deepseek-v4-flash", "2026-05-05T12:00", 0.14 + 0.28),
        ("deepseek-v4-pro", "2026-08-15T12:00", 0.435 + 0.87),
        ("deepseek-v4-pro", "2026-11-24T12:00", 0.66 + 1.98),
        ("deepseek-v4-pro", "2026-11-24T06:00", 1.32 + 3.96),  # a Tuesday morning
        ("deepseek-v4-pro", "2026-11-24T10:00", 0.66 + 1.98),
        ("deepseek-v4-pro", "2026-11-22T06:00", 0.66 + 1.98),  # a Sunday
        ("deepseek-flash", "2026-11-24T03:59", 0.30 + 1.20),
        ("deepseek-flash", "2026-11-24T04:00", 0.15 + 0.60),
        ("deepseek-v5", "2026-11-24T04:00", None),
    ],
)
def test_deepseek_by_date_and_hour(model: str, when: str, dollars: float | None) -> None:
    assert total(model, when) == (pytest.approx(dollars) if dollars is not None else None)


def test_a_dated_name_has_the_price_of_its_model_and_no_other() -> None:
    assert total("gpt-5-2025-08-07", "2026-11-24", "openai") == pytest.approx(11.25)
    assert total("claude-haiku-5-5-20261001", "2026-11-24", "anthropic") == pytest.approx(0.6)
    assert total("minimax-m3", "2026-11-24", "minimax") == pytest.approx(1.5)
    assert total("gpt-5-nano", "2026-11-24", "openai") is None
    assert total("gpt-5", "2026-11-24", "openrouter") is None


def test_the_parts() -> None:
    usage = Usage(prompt=1000, cached=400, output_total=500, reasoning=300, cost=0.5)
    told = cost(usage, "deepseek-v4-pro", "deepseek", PRICES, kind=TraceKind.FULL, at=at("2026-11-24T12:00"))
    assert told.prompt == pytest.approx(600 * 0.66e-6)
    assert told.cached == pytest.approx(400 * 0.022e-6)
    assert told.answer == pytest.approx(200 * 1.98e-6)
    assert told.shown_trace == pytest.approx(300 * 1.98e-6)
    assert told.hidden_trace == 0
    assert told.total == pytest.approx(600 * 0.66e-6 + 400 * 0.022e-6 + 500 * 1.98e-6)
    assert (told.reported, told.at_most, told.as_of) == (0.5, False, "2026-11")
    assert told.note.text == "By the prices of DeepSeek API pricing page (2026-11)."


@pytest.mark.parametrize(
    ("kind", "shown", "split"),
    [
        (TraceKind.HIDDEN, None, (0, 300)),
        (TraceKind.REDACTED, None, (0, 300)),
        (TraceKind.NONE, None, (0, 300)),
        (TraceKind.SUMMARY, 40, (40, 260)),
        (TraceKind.SUMMARY, None, None),
        (TraceKind.ELICITED, None, None),
    ],
)
def test_what_was_hidden_is_paid_for(
    kind: TraceKind, shown: int | None, split: tuple[int, int] | None
) -> None:
    usage = Usage(prompt=10, output_total=500, reasoning=300)
    told = cost(usage, "gpt-5", "openai", PRICES, kind=kind, shown_tokens=shown)
    assert told.answer == pytest.approx(200 * 10e-6)
    if split is None:
        assert (told.shown_trace, told.hidden_trace) == (None, None)
    else:
        assert told.shown_trace == pytest.approx(split[0] * 10e-6)
        assert told.hidden_trace == pytest.approx(split[1] * 10e-6)
    assert told.total == pytest.approx(10 * 1.25e-6 + 500 * 10e-6)


def test_an_uncounted_trace_leaves_the_split_unknown() -> None:
    for reasoning in (None, 0, 600):  # 600: more than the whole output, as one router reports
        told = cost(
            Usage(prompt=10, output_total=500, reasoning=reasoning),
            "gpt-5",
            "openai",
            PRICES,
            kind=TraceKind.FULL,
        )
        assert (told.answer, told.shown_trace, told.hidden_trace) == (None, None, None)
        assert told.total is not None
    plain = cost(Usage(prompt=10, output_total=500), "gpt-5", "openai", PRICES)
    assert plain.answer == pytest.approx(500 * 10e-6)


def test_unknown_stays_unknown() -> None:
    assert cost(None, "gpt-5", "openai", PRICES) == Cost()
    assert cost(Usage(prompt=5, output_total=5), "gpt-9", "openai", PRICES) == Cost()
    assert cost(Usage(prompt=5, output_total=5), "gpt-9", "openai", PRICES).note.code == "models.cost.unknown"
    routed = cost(Usage(prompt=5, output_total=5, cost=0.01), "openai/gpt-5", "openrouter", PRICES)
    assert (routed.total, routed.reported, routed.note.code) == (None, 0.01, "models.cost.reported")
    assert cost(Usage(output_total=5), "gpt-5", "openai", PRICES).total is None
    assert cost(Usage(prompt=5), "gpt-5", "openai", PRICES).total is None


def test_a_bound_is_called_one() -> None:
    told = cost(Usage(prompt=100, cached=50, output_total=0), "gpt-5", "openai", PRICES)
    assert told.cached is None
    assert told.at_most
    assert told.total == pytest.approx(100 * 1.25e-6)
    no_hour = cost(Usage(prompt=100, output_total=0), "deepseek-v4-pro", "deepseek", PRICES)
    assert no_hour.at_most
    assert no_hour.total == pytest.approx(100 * 1.32e-6)
    assert no_hour.note.code == "models.cost.at_most"


def test_a_person_s_own_prices_come_first(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    assert load(own).entries == PRICES.entries
    entry = {
        "provider": "openai",
        "models": ["gpt-5"],
        "prompt": 1,
        "output": 2,
        "cached": 0.1,
        "source": "mine",
    }
    own.write_text(
        json.dumps({"prices": [entry], "sources": {"mine": {"text": "my contract", "seen": "2026-11"}}})
    )
    told = cost(Usage(prompt=1_000_000, output_total=0), "gpt-5", "openai", load(own))
    assert (told.total, told.source) == (1.0, "my contract")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "models.cost.unreadable"),
        ('{"prices": [{"provider": "x"}]}', "models.cost.unreadable"),
        ('{"prices": [], "currency": "EUR"}', "models.cost.currency"),
    ],
)
def test_a_bad_price_file_is_refused_with_its_reason(tmp_path: Path, text: str, code: str) -> None:
    own = tmp_path / "prices.json"
    own.write_text(text)
    with pytest.raises(UnreadablePrices) as caught:
        load(own)
    assert caught.value.saying.code == code
    assert "prices.json" in caught.value.saying.text


def test_every_shipped_price_says_where_it_is_from() -> None:
    assert all(PRICES.source(p)[1] for p in PRICES.entries)
    assert len({(p.provider, m, p.start) for p in PRICES.entries for m in p.models}) == sum(
        len(p.models) for p in PRICES.entries
    )


def test_an_estimate_before_sending() -> None:
    lanes = [
        Asked("a", "openai", "gpt-5", 1000, most=1000, usual=200),
        Asked("b", "openai", "o3", 1000, most=1000),
        Asked("c", "llamacpp", "qwen3:8b", 0, free=True),
    ]
    told = estimate(lanes, PRICES)
    assert told.low == pytest.approx(1000 * 3.25e-6)
    assert told.likely == pytest.approx(1000 * 3.25e-6 + 200 * 10e-6 + 1000 * 8e-6)
    assert told.high == pytest.approx(1000 * 3.25e-6 + 1000 * 18e-6)
    assert (told.priced, told.costs, told.at_least) == (2, True, False)


def test_what_an_estimate_leaves_out_is_named() -> None:
    told = estimate([Asked("o1", "openai", "o1", 1000), Asked("odd", "nobody", "x", 1000)], PRICES)
    assert told.likely == told.low == pytest.approx(1000 * 15e-6)
    assert (told.high, told.unbounded, told.unknown, told.at_least) == (None, ("o1",), ("odd",), True)
    assert estimate([], PRICES, files=True).at_least
    alone = estimate([Asked("odd", "nobody", "x", 1000)], PRICES)
    assert (alone.likely, alone.priced, alone.costs) == (0, 0, True)


def test_an_answer_is_never_expected_to_pass_its_limit() -> None:
    told = estimate([Asked("a", "openai", "gpt-5", 0, most=100, usual=900)], PRICES)
    assert told.likely == told.high == pytest.approx(100 * 10e-6)


def test_what_was_sent_before_may_cost_less_at_the_price_of_the_hour() -> None:
    lane = Asked("a", "deepseek", "deepseek-v4-pro", 1000, known=600)
    for when, prompt, cached in (("2026-11-24T12:00", 0.66, 0.022), ("2026-11-24T06:00", 1.32, 0.044)):
        told = estimate([lane], PRICES, at=at(when))
        assert told.low == pytest.approx((400 * prompt + 600 * cached) * 1e-6)
        assert told.likely == pytest.approx(1000 * prompt * 1e-6)


@given(
    st.lists(
        st.builds(
            Asked,
            st.text(max_size=3),
            st.sampled_from(["openai", "deepseek", "nobody"]),
            st.sampled_from(["gpt-5", "deepseek-v4-pro", "deepseek-flash"]),
            st.floats(0, 1e6),
            st.floats(0, 1e6),
            st.none() | st.integers(0, 10**6),
            st.none() | st.floats(0, 1e6),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_an_estimate_is_in_order_and_names_every_lane_once(lanes: list[Asked]) -> None:
    told = estimate(lanes, PRICES, at=at("2026-11-24T12:00"))
    assert 0 <= told.low <= told.likely * (1 + 1e-9)
    if told.high is not None:
        assert told.likely <= told.high * (1 + 1e-9)
    paying = [x for x in lanes if not x.free]
    assert told.priced + len(told.unknown) == len(paying)
    assert told == estimate(paying, PRICES, at=at("2026-11-24T12:00"))
    halves = [estimate(part, PRICES, at=at("2026-11-24T12:00")) for part in (lanes[::2], lanes[1::2])]
    assert sum(half.likely for half in halves) == pytest.approx(told.likely)


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (0, "$0"),
        (0.00031, "$0.00031"),
        (0.01234, "$0.012"),
        (0.04, "$0.04"),
        (0.0001, "$0.0001"),
        (0.00999999, "$0.01"),
        (0.0995, "$0.10"),
        (0.43, "$0.43"),
        (2, "$2.00"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money_as_people_write_it(amount: float, written: str) -> None:
    assert dollars(amount) == written


def test_a_file_of_one_s_own_is_begun_once(tmp_path: Path) -> None:
    own = tmp_path / "new" / "prices.json"
    begin_own(own)
    assert load(own).entries == PRICES.entries
    form = json.loads(own.read_text())
    own.write_text(json.dumps({**form, "prices": [form["example"]]}))
    begin_own(own)
    assert load(own).own == 1
    assert load(own).source(load(own).entries[0])[0] == "my own list"
    assert [x.name for x in own.parent.iterdir()] == ["prices.json"]


COUNT = st.none() | st.integers(0, 10**7)


@given(COUNT, COUNT, COUNT, COUNT, st.sampled_from(TraceKind), COUNT)
def test_parts_never_pass_the_whole(
    prompt: int | None,
    cached: int | None,
    output: int | None,
    reasoning: int | None,
    kind: TraceKind,
    shown: int | None,
) -> None:
    told = cost(
        Usage(prompt, cached, output, reasoning),
        "deepseek-v4-pro",
        "deepseek",
        PRICES,
        kind=kind,
        shown_tokens=shown,
        at=at("2026-11-24T12:00"),
    )
    parts = [told.prompt, told.cached, told.answer, told.shown_trace, told.hidden_trace]
    assert all(p is None or p >= 0 for p in parts)
    if told.total is not None:
        assert sum(p for p in parts if p is not None) <= told.total * (1 + 1e-9) + 1e-12
        if None not in parts:
            assert sum(p for p in parts if p is not None) == pytest.approx(told.total)
