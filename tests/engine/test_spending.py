"""What asking costs: estimates of real sessions, days that begin at midnight, and the limit that nothing passes unasked."""

from __future__ import annotations

import datetime as dt
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.scripted import ANSWER, Scripted
from tests.engine.test_session import Scene

from sidelight.backends.base import About
from sidelight.chat.events import (
    AnswerDelta,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Attachment, Lane, Parameters
from sidelight.chat.reply import Asked, Identity, Reply, ReplyState, Timing, fold_all
from sidelight.engine.spending import Look, OverLimit, Spending, Spent, midnight, paid
from sidelight.models.prices import Estimate, load
from sidelight.store.database import Store

PRICES = load()
LANES = (Lane("one", "scripted", "gpt-5"), Lane("two", "scripted", "nameless"))
HOSTED = About("scripted", "Scripted", "openai", "https://api.openai.com", needs_key=False)
LOCAL = About("scripted", "Scripted", "openai", "http://127.0.0.1:1", local=True, needs_key=False)
IN, OUT = 1.25e-6, 10e-6
"""What gpt-5 costs a token."""
BIG: tuple[Event, ...] = (
    Started(served_model="gpt-5"),
    AnswerDelta("an answer"),
    Finished(FinishReason.STOP, "stop"),
    Usage(prompt=100_000, output_total=50_000, reasoning=0),
)


class Paying(Scene):
    """A scene whose backend is paid for, with one lane of a known price."""

    def __init__(
        self, folder: Path, script: tuple[Event, ...] = BIG, about: About = HOSTED, **more: bool
    ) -> None:
        backend = Scripted(script)
        backend._about = about
        super().__init__(folder, backend, **more)
        self.session.set_lanes(LANES[:1])

    def look(self) -> Spent:
        done: list[bool] = []
        self.session.look_at_spending(lambda: done.append(True))
        self.until(lambda: bool(done))
        return self.session.spending.today()

    def stored(self, query: str) -> object:
        return self.store.read(lambda con: con.execute(query).fetchone()).result()

    def limit(self, dollars: float) -> None:
        self.session.change_settings(msgspec.structs.replace(self.session.settings, spend_limit=dollars))


def same(spent: Spent, dollars: float, unknown: int = 0) -> bool:
    return spent.unknown == unknown and math.isclose(spent.dollars, dollars, rel_tol=1e-9, abs_tol=1e-12)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Paying]:
    scene = Paying(tmp_path)
    yield scene
    scene.session.close()


# --- the estimate


def test_a_first_prompt_is_four_bytes_a_token(scene: Paying) -> None:
    told = scene.session.estimate("x" * 4000)
    assert told.likely == told.low == pytest.approx(1000 * IN)
    assert (told.high, told.priced, told.unbounded) == (None, 1, ("gpt-5",))
    chinese = scene.session.estimate("思" * 4000)
    assert chinese.low == pytest.approx(3000 * IN)


def test_what_the_server_counted_is_known_and_answers_are_as_long_as_before(scene: Paying) -> None:
    scene.ask("x" * 400)
    told = scene.session.estimate("y" * 400)
    new = (len("an answer") + 400) / 4
    assert told.low == pytest.approx((100_000 + new) * IN)
    assert told.likely == pytest.approx((100_000 + new) * IN + 50_000 * OUT)
    assert told.unbounded == ()
    scene.session.change_lane(replace(LANES[0], parameters=Parameters(max_tokens=1000)))
    limited = scene.session.estimate("y" * 400)
    assert limited.likely == limited.high == pytest.approx((100_000 + new) * IN + 1000 * OUT)


def test_of_nothing_is_said_what_has_a_price_and_no_answer_is_read_for_it(scene: Paying) -> None:
    scene.ask("x" * 400)
    asked = scene.session.conversation.id
    scene.session.new()
    scene.until(lambda: asked not in scene.session._opened)  # until the disk has it
    scene.session.open(asked)
    scene.until(lambda: scene.session.conversation.id == asked)
    (reply,) = scene.session.conversation.turns[0].replies
    told = scene.session.estimate(" \n")
    assert (told.priced, told.costs, told.unknown) == (1, True, ())
    assert type(reply) is not Reply
    assert scene.session.estimate("y" * 400).likely > told.likely
    assert type(reply) is Reply


def test_another_model_in_the_lane_takes_nothing_over_from_the_one_before(scene: Paying) -> None:
    scene.ask("x" * 400)
    scene.session.change_lane(replace(LANES[0], model="o3"))
    told = scene.session.estimate("y" * 400)
    assert told.likely == pytest.approx((800 + len("an answer")) / 4 * 2e-6)
    assert told.unbounded == ("o3",)


def test_an_unknown_price_is_named_and_a_local_lane_is_free(scene: Paying, tmp_path: Path) -> None:
    scene.session.set_lanes((*LANES, Lane("three", "embedded", "small"), Lane("four", "gone", "gpt-5")))
    told = scene.session.estimate("x" * 4000)
    assert (told.priced, told.unknown, told.at_least) == (1, ("nameless", "gpt-5"), True)
    local = Paying(tmp_path / "local", about=LOCAL)
    assert local.session.estimate("x" * 4000) == Estimate()
    local.session.close()


def test_files_count_where_their_text_is_sent(scene: Paying) -> None:
    note = Attachment("a", "note.md", "text/markdown", 4000)
    picture = Attachment("b", "x.png", "image/png", 4000)
    assert scene.session.estimate("", [note]).low == pytest.approx(1000 * IN)
    told = scene.session.estimate("", [note, picture])
    assert told.low == pytest.approx(1000 * IN)
    assert (told.files, told.at_least) == (True, True)


def test_the_text_of_a_prompt_is_measured_once_for_all_lanes(scene: Paying) -> None:
    scene.session.set_lanes([Lane(str(n), "scripted", "gpt-5") for n in range(12)])
    told = scene.session.estimate("思" * 100_000)
    assert told.priced == 12
    assert told.low == pytest.approx(12 * 75_000 * IN)


# --- the day


def at(text: str, zone: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("zone", "now", "began"),
    [
        ("Europe/Berlin", "2026-11-24T00:00", "2026-11-24T00:00"),
        ("Europe/Berlin", "2026-11-24T23:59:59.999", "2026-11-24T00:00"),
        ("Europe/Berlin", "2026-03-29T12:00", "2026-03-29T00:00"),  # a day of 23 hours
        ("Europe/Berlin", "2026-10-25T12:00", "2026-10-25T00:00"),  # a day of 25 hours
        ("Asia/Kathmandu", "2026-11-24T00:30", "2026-11-24T00:00"),
        ("Africa/Cairo", "2026-04-24T09:00", "2026-04-24T01:00"),  # it has no midnight
        ("America/Havana", "2026-11-01T09:00", "2026-11-01T00:00"),  # it has two
    ],
)
def test_a_day_begins_at_midnight_by_the_clock_on_the_wall(zone: str, now: str, began: str) -> None:
    assert midnight(at(now, zone), ZoneInfo(zone)) == at(began, zone)


def test_long_and_short_days_are_whole() -> None:
    zone = ZoneInfo("Europe/Berlin")
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-24", 24)):
        start = at(f"{day}T00:00", "Europe/Berlin")
        assert midnight(start + hours * 3600 - 0.001, zone) == start
        assert midnight(start + hours * 3600, zone) == start + hours * 3600


def test_this_machine_s_midnight_is_that_of_its_own_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Europe/Berlin", "America/Havana", "Pacific/Kiritimati"):
        monkeypatch.setenv("TZ", name)
        time.tzset()
        try:
            for now in ("2026-03-29T12:00", "2026-10-25T12:00", "2026-11-01T09:00", "2026-11-24T00:00"):
                assert midnight(at(now, name)) == midnight(at(now, name), ZoneInfo(name))
        finally:
            monkeypatch.undo()
            time.tzset()


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def given_reply(identifier: str, asked_at: float, usage: Usage | None, **more: str) -> Reply:
    reply = Reply(
        identifier,
        "one",
        timing=Timing(asked_at=asked_at),
        identity=Identity("gpt-5"),
        asked=Asked(
            more.get("backend", "openai"), more.get("provider", "openai"), more.get("host", "api.openai.com")
        ),
        reread=more.get("reread", ""),
    )
    events: list[Event] = [Started(), AnswerDelta("text"), Finished(FinishReason.STOP)]
    if usage is not None:
        events.append(usage)
    return fold_all(reply, [Stamped.now(e, 0.1) for e in events])


def test_a_day_forgets_the_day_before(tmp_path: Path) -> None:
    clock = Clock(at("2026-10-25T23:30", "Europe/Berlin"))
    spending = Spending(tmp_path / "prices.json", clock=clock, zone=ZoneInfo("Europe/Berlin"))
    spending.ended(given_reply("a", clock.now, Usage(cost=0.5)))
    assert spending.today() == Spent(0.5)
    clock.now += 1800
    spending.ended(given_reply("b", clock.now, Usage(cost=0.25)))
    assert spending.today() == Spent(0.25)


def test_what_a_reply_cost() -> None:
    now = at("2026-11-24T12:00", "UTC")
    usage = Usage(prompt=1000, output_total=100, cost=0.7)
    assert paid(given_reply("a", now, usage), PRICES) == 0.7
    assert paid(given_reply("a", now, replace(usage, cost=None)), PRICES) == pytest.approx(
        1000 * IN + 100 * OUT
    )
    assert paid(given_reply("a", now, usage, host="localhost:11434"), PRICES) == 0
    assert paid(given_reply("a", now, usage, backend="embedded", host=""), PRICES) == 0
    assert paid(given_reply("a", now, usage, reread="b"), PRICES) == 0
    assert paid(given_reply("a", now, None), PRICES) is None
    for nonsense in (-1.0, float("nan"), float("inf")):
        assert paid(given_reply("a", now, replace(usage, cost=nonsense)), PRICES) is None
    assert paid(given_reply("a", now, Usage(prompt=5)), PRICES) is None
    assert paid(given_reply("a", now, replace(usage, cost=None), provider="nobody"), PRICES) is None
    running = Reply("r", "one", timing=Timing(asked_at=now))
    assert paid(running, PRICES) is None
    refused = fold_all(running, [Stamped.now(Failed(FailureKind.AUTH), 0.1)])
    assert paid(refused, PRICES) == 0
    broken = fold_all(running, [Stamped.now(Started(), 0.1), Stamped.now(Failed(FailureKind.SERVER), 0.2)])
    assert paid(broken, PRICES) is None
    stopped = fold_all(running, [Stamped.now(Failed(FailureKind.STOPPED), 0.1)])
    assert paid(stopped, PRICES) is None


def test_the_day_is_the_sum_of_what_is_stored_and_what_runs(scene: Paying, tmp_path: Path) -> None:
    assert scene.look() == Spent()
    scene.ask("hello")
    one = 100_000 * IN + 50_000 * OUT
    assert same(scene.session.spending.today(), one)
    scene.session.new()
    scene.session.set_lanes(LANES)
    scene.ask("another conversation")
    assert same(scene.look(), 3 * one)  # the nameless lane was served by gpt-5
    scene.until(lambda: scene.stored("SELECT count(*) FROM replies WHERE state = 'complete'") == (3,))
    other = Paying(tmp_path, temporary=True)
    assert same(other.look(), 3 * one)
    other.ask("not stored")
    assert same(other.look(), 4 * one)
    assert same(scene.look(), 3 * one)
    other.session.close()


def test_a_deleted_conversation_stays_paid(scene: Paying) -> None:
    scene.ask("hello")
    before = scene.look()
    scene.session.erase(scene.session.conversation.id)
    scene.until(lambda: scene.stored("SELECT count(*) FROM replies") == (0,))
    assert scene.look() == before
    assert before.dollars > 0


def test_what_runs_or_tells_nothing_is_counted_and_not_priced(tmp_path: Path) -> None:
    scene = Paying(tmp_path, (Started(), AnswerDelta("half"), Failed(FailureKind.CUT_OFF)))
    scene.session.send("hello")
    assert scene.session.spending.today() == Spent(0, 1)
    scene.until(lambda: not scene.session.streaming)
    assert scene.look() == Spent(0, 1)
    scene.session.close()


def test_a_local_reply_is_no_unknown_money(tmp_path: Path) -> None:
    scene = Paying(tmp_path, ANSWER, LOCAL)
    scene.session.send("hello")
    assert scene.session.spending.today() == Spent()
    scene.until(lambda: not scene.session.streaming)
    assert scene.look() == Spent()
    scene.session.close()


def test_own_prices_are_read_again_and_a_broken_file_is_said(scene: Paying, tmp_path: Path) -> None:
    scene.ask("hello")
    scene.until(lambda: scene.stored("SELECT state FROM replies") == ("complete",))
    entry = {"provider": "openai", "models": ["gpt-5"], "prompt": 1, "output": 0}
    own = tmp_path / "prices.json"
    own.write_text(json.dumps({"prices": [entry]}))
    assert same(scene.look(), 0.1)
    assert scene.session.spending.own_exists
    own.write_text("{")
    assert same(scene.look(), 0.625)
    trouble = scene.session.spending.trouble
    assert trouble is not None
    assert trouble.code == "models.cost.unreadable"


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.floats(0, 86_399), st.none() | st.floats(0, 10), st.booleans()),
        max_size=30,
    )
)
def test_the_sum_does_not_depend_on_who_told_it_first(
    told: list[tuple[int, float, float | None, bool]],
) -> None:
    day = at("2026-11-24T00:00", "UTC")
    spending = Spending(Path("nowhere.json"), clock=lambda: day + 86_399, zone=dt.UTC)
    expected: dict[int, float | None] = {}
    for number, offset, money, read in told:
        if read:
            spending.take(Look(PRICES, None, False, {str(number): (day + offset, money)}))
            if money is not None or number not in expected:
                expected[number] = money
        else:
            usage = None if money is None else Usage(cost=money)
            spending.ended(given_reply(str(number), day + offset, usage))
            expected[number] = money
    known = [m for m in expected.values() if m is not None]
    assert same(spending.today(), sum(known), len(expected) - len(known))


# --- the limit


@pytest.mark.parametrize(
    ("spent", "estimate", "limit", "allowed"),
    [
        (5.0, Estimate(0, 1.0, None, 1), 0, True),
        (1.0, Estimate(0, 1.0, None, 1), 2.0, True),
        (1.0, Estimate(0, 1.01, None, 1), 2.0, False),
        (5.0, Estimate(), 2.0, True),  # nothing that costs is asked
        (1.0, Estimate(unknown=("x",)), 2.0, True),
        (2.0, Estimate(unknown=("x",)), 2.0, False),
    ],
)
def test_what_a_limit_allows(
    tmp_path: Path, spent: float, estimate: Estimate, limit: float, allowed: bool
) -> None:
    spending = Spending(tmp_path / "prices.json")
    spending.ended(given_reply("a", time.time(), Usage(cost=spent)))
    assert spending.within(estimate, limit) is allowed


def refused(wish: Callable[[], object]) -> OverLimit:
    with pytest.raises(OverLimit) as caught:
        wish()
    return caught.value


def test_nothing_is_sent_beyond_the_limit_until_it_is_allowed(scene: Paying) -> None:
    session = scene.session
    scene.limit(1.0)
    scene.ask("hello")  # how long it answers was not known
    over = refused(lambda: session.send("again"))
    assert same(over.spent, 0.625)
    assert over.limit == 1.0
    assert over.estimate.likely == pytest.approx(0.625, rel=0.01)
    assert str(over) == "engine.over_limit"
    assert (len(session.conversation.turns), scene.backend.opened) == (1, 1)
    refused(lambda: session.retry(session.conversation.turns[0].id, ["one"]))
    assert len(session.conversation.turns[0].replies) == 1
    session.send("again", over_limit=True)
    scene.until(lambda: not session.streaming)
    assert scene.backend.opened == 2
    refused(lambda: session.send("once more"))
    scene.limit(10)
    scene.ask("once more")
    assert scene.backend.opened == 3


def test_a_failed_lane_is_not_asked_again_beyond_the_limit(tmp_path: Path) -> None:
    scene = Paying(tmp_path, (Started(), Usage(prompt=1_000_000, output_total=0), Failed(FailureKind.SERVER)))
    scene.limit(1.0)
    scene.ask("hello")
    refused(scene.session.retry_failed)
    scene.session.retry_failed(over_limit=True)
    scene.until(lambda: not scene.session.streaming)
    assert [r.state for r in scene.session.conversation.turns[0].replies] == [ReplyState.FAILED] * 2
    scene.session.close()


def test_what_another_process_spends_is_seen_when_it_is_looked_at(scene: Paying, tmp_path: Path) -> None:
    scene.limit(1.0)
    other = Paying(tmp_path)
    other.limit(0)
    other.ask("much")
    other.ask("more")
    other.session.close()
    scene.look()
    over = refused(lambda: scene.session.send("hello"))
    assert over.spent.dollars == pytest.approx(1.25)


def test_without_a_store_the_day_is_what_this_process_spent(tmp_path: Path) -> None:
    scene = Paying(tmp_path)
    store: Store | None = scene.session._store
    scene.session._store = None
    scene.ask("hello")
    assert same(scene.look(), 0.625)
    scene.session._store = store
    scene.session.close()
