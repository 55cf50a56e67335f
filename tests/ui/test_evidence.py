"""What is known of replies: place, changes between turns, cost; each looked at once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.ui import made

from sidelight.backends.base import About
from sidelight.chat.conversation import Turn
from sidelight.chat.events import Started, Usage
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Asked, Identity, Reply, Timing
from sidelight.engine.terms import EMBEDDED
from sidelight.models import metadata
from sidelight.models.identity import Place
from sidelight.models.metadata import LocalMetadata
from sidelight.models.prices import Cost
from sidelight.ui.evidence import Evidence, place_of

DEEPSEEK = About("ds", "DeepSeek", "deepseek", "https://api.deepseek.com:8443")
ASKED_AT = 1_793_790_000.0  # 4 November 2026, 11:00 UTC: not at peak prices
LANE = Lane("l0", "ds", "deepseek-v4-pro")


def reply(served: str | None, identifier: str = "r1", asked: str = LANE.model) -> Reply:
    events = ((Started("id", served_model=served, fingerprint="fp"), 0.1), *made.DONE[1:])
    done = made.reply(events, identifier=identifier)
    identity = replace(done.identity, requested_model=asked)
    return replace(done, identity=identity, timing=replace(done.timing, asked_at=ASKED_AT))


def turns(*replies: Reply) -> tuple[Turn, ...]:
    return tuple(Turn(f"t{i}", f"t{i - 1}" if i else None, Prompt("?"), (r,)) for i, r in enumerate(replies))


def test_the_place_is_the_lanes_backend_without_a_port() -> None:
    assert place_of(LANE, DEEPSEEK, reply(None)) == Place("deepseek", "api.deepseek.com")
    here = About("embedded", "", "llamacpp", "", local=True)
    assert place_of(LANE, here, reply(None)) == Place("embedded", "localhost")


def test_where_it_was_asked_counts_and_not_where_the_lane_asks_now() -> None:
    asked = Asked("old", "together", "api.together.xyz:443")
    then = replace(reply(None), asked=asked)
    assert place_of(LANE, DEEPSEEK, then) == Place("together", "api.together.xyz")
    here = replace(then, asked=Asked(EMBEDDED, "llamacpp", ""))
    assert place_of(LANE, DEEPSEEK, here) == Place(EMBEDDED, "localhost")
    numeric = replace(then, asked=Asked("v6", "llamacpp", "[::1]:8080"))
    assert place_of(LANE, DEEPSEEK, numeric) == Place("llamacpp", "::1")
    unknown = replace(then, asked=Asked("gone"))
    assert place_of(LANE, DEEPSEEK, unknown) == Place("", None)


def test_what_a_local_server_states_of_its_model_is_on_the_card() -> None:
    stated = metadata.stated(
        LocalMetadata("ollama", architecture="llama", quantisation="Q4_K_M", context=4096, digest="abc123")
    )
    one = reply("deepseek-v4-pro")
    one = replace(
        one, identity=replace(one.identity, metadata=stated), asked=Asked("o", "ollama", "localhost")
    )
    card = Evidence().of(LANE, None, turns(one), one).card
    assert (card.quantisation.value, card.context.value, card.digest.value) == ("Q4_K_M", 4096, "abc123")


def test_a_reply_that_was_read_again_costs_nothing() -> None:
    one = replace(reply("deepseek-v4-pro"), reread="r0")
    one = replace(one, usage=Usage(prompt=10, output_total=20, cost=0.5))
    assert Evidence().of(LANE, DEEPSEEK, turns(one), one).cost == Cost(total=0.0)


def test_a_place_that_may_have_been_another_is_not_claimed() -> None:
    assert place_of(LANE, None, reply(None)) == Place("")
    assert place_of(LANE, DEEPSEEK, reply(None, asked="gpt-5")) == Place("")
    known = Evidence().of(LANE, DEEPSEEK, turns(reply(None, asked="gpt-5")), reply(None, asked="gpt-5"))
    assert known.card.host.value is None
    assert known.cost.total is None


def test_a_reply_is_looked_at_once_until_it_changes() -> None:
    evidence, one = Evidence(), reply("deepseek-v4-pro")
    known = evidence.of(LANE, DEEPSEEK, turns(one), one)
    assert evidence.of(LANE, DEEPSEEK, turns(one), one) is known
    grown = replace(one, usage=Usage(prompt=1, output_total=2))
    assert evidence.of(LANE, DEEPSEEK, turns(grown), grown) is not known


def test_many_replies_do_not_pile_up() -> None:
    evidence = Evidence()
    for n in range(600):
        one = reply("x", f"r{n}")
        evidence.of(LANE, DEEPSEEK, turns(one), one)
    assert len(evidence._kept) <= 256


def test_what_answers_now_is_compared_with_the_last_turn_that_told() -> None:
    evidence = Evidence()
    first, now = reply("deepseek-v4-pro", "r0"), reply("deepseek-v4-flash", "r2")
    silent = replace(reply(None, "r1"), identity=Identity(LANE.model))
    known = evidence.of(LANE, DEEPSEEK, turns(first, silent, now), now)
    assert [s.code for s in known.changes] == ["models.changed.served"]
    same = reply("deepseek-v4-pro", "r3")
    assert evidence.of(LANE, DEEPSEEK, turns(first, silent, same), same).warnings == ()


def test_another_model_than_was_asked_for_is_a_warning() -> None:
    one = reply("gpt-oss-120b")
    known = Evidence().of(LANE, DEEPSEEK, turns(one), one)
    assert known.warnings == ("deepseek-v4-pro is a name that has moved: gpt-oss-120b answered.",)


def test_the_price_is_that_of_the_model_that_served_on_that_day() -> None:
    one = reply("deepseek-v4-pro")
    cost = Evidence().of(LANE, DEEPSEEK, turns(one), one).cost
    assert cost.total is not None
    assert round(cost.total * 1e6, 6) == round(200 * 0.66 + 100 * 1.98, 6)
    assert cost.as_of == "2026-11"
    undated = replace(one, timing=Timing())
    assert Evidence().of(LANE, DEEPSEEK, turns(undated), undated).cost.at_most


def test_the_persons_own_prices_come_first_and_a_broken_file_is_told(tmp_path: Path) -> None:
    own = tmp_path / "prices.json"
    entry = {"provider": "deepseek", "models": ["deepseek-v4-pro"], "prompt": 1.0, "output": 1.0}
    own.write_text(json.dumps({"prices": [entry]}))
    one = reply("deepseek-v4-pro")
    taken = Evidence(own)
    assert taken.trouble is None
    assert taken.of(LANE, DEEPSEEK, turns(one), one).cost.total == 300 / 1e6
    own.write_text('{"prices": 3}')
    broken = Evidence(own)
    assert broken.trouble is not None
    assert broken.trouble.code == "models.cost.unreadable"
    assert broken.of(LANE, DEEPSEEK, turns(one), one).cost.as_of == "2026-11"
