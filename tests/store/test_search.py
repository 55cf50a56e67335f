"""Finding words in a real file: what is indexed when, what is found and shown, and what hostile text does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.strategies import asked, journaled, opened, sealed

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped, Usage
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Certainty, Reply, TraceClaim, TraceKind, fold_all
from sidelight.store import migrations, search, words
from sidelight.store.conversations import add_reply, add_turn, create, delete
from sidelight.store.database import Store
from sidelight.store.query import EVERYWHERE, Place, Term, parse
from sidelight.store.search import Found, Hit
from sidelight.store.snippets import snippet

LANES = (Lane("l1", "deepseek", "deepseek-r1"), Lane("l2", "ollama", "qwen3:8b"))


def replied(
    identifier: str,
    lane: str,
    answer: str,
    trace: str = "",
    tokens: int = 10,
    kind: TraceKind = TraceKind.FULL,
) -> Reply:
    return fold_all(
        Reply(
            identifier, lane, claim=TraceClaim(kind, Certainty.REPORTED, elicited=kind is TraceKind.ELICITED)
        ),
        [
            *([Stamped.now(ReasoningDelta(trace), 1.0)] if trace else []),
            Stamped.now(AnswerDelta(answer), 2.0),
            Stamped.now(Usage(1, None, tokens, None, None, ""), 2.0),
            Stamped.now(Finished(FinishReason.STOP), 2.0),
        ],
    )


SKY = Conversation(
    "sky",
    "Why is the sky blue?",
    LANES,
    (
        Turn(
            "t1",
            None,
            Prompt("Why is the sky blue? 天空为什么是蓝色的"),
            (
                replied(
                    "r1", "l1", "Rayleigh scattering makes the sky blue.", "Short waves scatter more.", 700
                ),
                replied("r2", "l2", "Because of Café scattering: 因为瑞利散射。", "", 30, TraceKind.NONE),
            ),
            1_767_225_600.0,
        ),
        Turn(
            "t2",
            "t1",
            Prompt("And at sunset? snake_case x-ray"),
            (replied("r3", "l1", "Red, seldom blue.", "A longer way through air", 90, TraceKind.SUMMARY),),
            1_780_000_000.0,
        ),
    ),
    "t2",
    created=1_767_225_600.0,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as made:
        made.write(lambda con: create(con, SKY)).result(10)
        made.write(lambda con: tag(con, "sky", "Physics", "to read", "Strasse")).result(10)
        yield made


def tag(con: sqlite3.Connection, conversation: str, *names: str) -> None:
    of = "SELECT number, ?, 0 FROM conversations WHERE id = ?"
    for name in names:
        con.execute(f"INSERT INTO tags (conversation, name, checksum) {of}", (name, conversation))


def find(store: Store, typed: str, places: frozenset[Place] = EVERYWHERE) -> Found:
    return store.read(lambda con: search.find(con, parse(typed, places))).result(10)


def names(store: Store, typed: str, places: frozenset[Place] = EVERYWHERE) -> list[str]:
    return [hit.reply or hit.turn for hit in find(store, typed, places).hits]


def bold(hit: Hit) -> list[str]:
    return [hit.snippet.text[start:end] for start, end in hit.snippet.marks]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("blue ", ["r3", "t1", "r1"]),  # newest first
        ("BLUE sky ", ["t1", "r1"]),
        ("scatt", ["r1", "r2"]),
        ("scatt ", []),
        ('"sky blue"', ["t1", "r1"]),
        ('"blue sky"', []),
        ("cafe ", ["r2"]),
        ("CAFÉ ", ["r2"]),
        ("scattering short ", ["r1"]),  # one word in the answer, one in the trace
        ("snake ", ["t2"]),
        ("x-ray ", ["t2"]),
        ("蓝色 ", ["t1"]),
        ("天空", ["t1"]),
        ("的", ["t1"]),  # the last letter of a run
        ("瑞", ["r2"]),
        ("瑞利散射 ", ["r2"]),
        ("色蓝 ", []),
        ("blue model:r1 ", ["r3", "r1"]),
        ("scattering lane:ollama ", ["r2"]),
        ("lane:deepseek", ["r3", "r1"]),
        ("blue has:trace ", ["r3", "r1"]),
        ("kind:summary", ["r3"]),
        ("blue kind:summary kind:full ", ["r3", "r1"]),
        ("tokens>50", ["r3", "r1"]),
        ("blue tokens<100 ", ["r3"]),
        ("blue before:2026-03 ", ["t1", "r1"]),
        ("blue date:>2026-03 ", ["r3"]),
        ("date:>2026-03", ["t2", "r3"]),
        ("blue date:>2030 ", []),
        ("blue in:prompts ", ["t1"]),
        ("blue tag:physics ", ["r3", "t1", "r1"]),
        ('tag:"To Read"  blue ', ["r3", "t1", "r1"]),
        ("tag:straße tag:PHYSICS waves ", ["r1"]),
        ("blue tag:other ", []),
        ("blue tag:phys ", []),
        ("tag:physics", ["t2", "r3", "t1", "r1", "r2"]),
        ("tag:physics tag:none", []),
        ("tag:physics kind:summary", ["r3"]),
        ("scatter in:trace ", ["r1"]),
        ("", []),
    ],
)
def test_what_is_found(store: Store, typed: str, expected: list[str]) -> None:
    assert names(store, typed) == expected


def test_each_place_can_be_left_out(store: Store) -> None:
    assert names(store, "blue ", frozenset({"prompt"})) == ["t1"]
    assert names(store, "scatter ", frozenset({"answer"})) == []
    assert names(store, "scatter ", frozenset({"trace"})) == ["r1"]
    assert names(store, "blue ", frozenset()) == []


def test_a_hit_says_where_it_stands(store: Store) -> None:
    (hit,) = find(store, "waves ").hits
    assert (hit.conversation, hit.turn, hit.reply, hit.place) == ("sky", "t1", "r1", "trace")
    assert (hit.title, hit.backend, hit.model, hit.created) == (
        SKY.title,
        "deepseek",
        "deepseek-r1",
        1_767_225_600.0,
    )
    assert bold(hit) == ["waves"]


@pytest.mark.parametrize(
    ("text", "typed", "marked"),
    [
        ("The cat, a CAT and cats", "cat ", ["cat", "CAT"]),
        ("The cat and cats", "cat", ["cat", "cat"]),
        ("Crème brûlée, creme", "creme ", ["Crème", "creme"]),
        ("cafe\u0301 noir", "café ", ["cafe\u0301"]),
        ("sky_blue Sky, blue", '"sky blue"', ["sky_blue", "Sky, blue"]),
        ("用Python写代码", "代码 python ", ["Python", "代码"]),
        ("我们搜索引擎", "搜索", ["搜索"]),
        ("aa aa", "aa aa ", ["aa", "aa"]),
        ("İstanbul is big", "big ", ["big"]),
    ],
)
def test_snippets_mark_what_was_found(text: str, typed: str, marked: list[str]) -> None:
    _, shown = snippet(text, parse(typed).terms)
    assert [shown.text[start:end] for start, end in shown.marks] == marked


def test_a_snippet_is_one_short_line_around_the_match() -> None:
    _, shown = snippet("word \n\x00\u202e" * 500 + "needle\n" + "word " * 500, [Term(("needle",))])
    assert "needle" in shown.text
    assert len(shown.text) < 260
    assert shown.text.startswith("… ")
    assert shown.text.endswith(" …")
    assert shown.text.isprintable()


def test_a_reply_is_found_once_it_is_sealed_and_as_it_ends(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        _, turn = asked(store)
        reply = turn.replies[0].id
        journaled(store, (reply, [Stamped.now(AnswerDelta("half a thought"), 1.0)]))
        assert names(store, "thought ") == []
        journaled(store, (reply, [Stamped.now(Finished(FinishReason.STOP), 2.0)]))
        sealed(store, reply)
        assert names(store, "thought ") == [reply]
        journaled(store, (reply, [Stamped.now(AnswerDelta(" indeed"), 3.0)]))
        sealed(store, reply)  # late events: the row is written over
        assert names(store, "thought ") == [reply]
        check_index(store)


def test_what_is_deleted_is_found_no_more(store: Store) -> None:
    other = Conversation("other", "Other", LANES, (Turn("o1", None, Prompt("blue again"), (), 5.0),), "o1")
    store.write(lambda con: create(con, other)).result(10)
    store.write(lambda con: delete(con, "sky")).result(10)
    assert names(store, "blue ") == ["o1"]
    store.write(lambda con: delete(con, "other")).result(10)
    for index in ("prompt_words", "reply_words"):
        vocabulary = f"CREATE VIRTUAL TABLE temp.v_{index} USING fts5vocab('main', '{index}', 'row')"
        terms = store.write(
            lambda con, index=index, vocabulary=vocabulary: (  # type: ignore[misc]
                con.execute(vocabulary),
                con.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')"),
                con.execute(f"SELECT term FROM temp.v_{index}").fetchall(),
            )
        ).result(10)[2]
        assert terms == []


def test_what_is_in_the_trash_is_not_found_until_it_is_back(store: Store) -> None:
    def put(deleted: float | None) -> None:
        store.write(lambda con: con.execute("UPDATE conversations SET deleted = ?", (deleted,))).result(10)

    put(1_800_000_000.0)
    for typed in ("blue ", "blu", "tag:physics", "model:r1", "tokens>50", "date:2026"):
        assert names(store, typed) == []
    put(None)
    assert names(store, "blue ") == ["r3", "t1", "r1"]


def check_index(store: Store) -> None:
    """FTS5's own check."""
    for index in ("prompt_words", "reply_words"):
        statement = f"INSERT INTO {index} ({index}) VALUES ('integrity-check')"
        store.write(lambda con, statement=statement: con.execute(statement)).result(10)  # type: ignore[misc]


def test_a_file_from_before_is_indexed_in_steps_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_AT_ONCE", 1)
    others = tuple(step for step in migrations.MIGRATIONS if step is not migrations._search)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*others, migrations._search))
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", others)
        for name in ("add_prompt", "add_reply", "drop_reply"):
            before.setattr(words, name, lambda *_: None)
        with opened(tmp_path) as store:
            store.write(lambda con: create(con, SKY)).result(10)
    with opened(tmp_path) as store:
        found = find(store, "blue ")
        assert (found.hits, found.indexed) == ((), 0.0)
        fresh = Turn("t3", "t2", Prompt("blue indeed"), (replied("r4", "l1", "Blue."),), 1_790_000_000.0)
        store.write(lambda con: add_turn(con, "sky", fresh)).result(10)
        assert names(store, "blue ") == ["t3", "r4"]
        assert store.write(lambda con: words.index_some(con, 0.0)).result(10)
        assert names(store, "blue ") == ["t3", "r4", "r3"]
        steps = 1
        while store.write(lambda con: words.index_some(con, 0.0)).result(10):
            steps += 1
        assert steps == 4  # rows of old, less one that says there are none left
        assert names(store, "blue ") == ["t3", "r4", "r3", "t1", "r1"]
        assert find(store, "blue ").indexed == 1.0
        check_index(store)
    with opened(tmp_path) as store:
        store.write(words.begin_anew).result(10)
        store.write(lambda con: delete(con, "sky")).result(10)  # nothing of it was indexed yet
        while store.write(words.index_some).result(10):
            pass
        assert names(store, "blue ") == []
        check_index(store)


def test_the_deadline_ends_a_search_and_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_OPCODES", 50)
    text = " ".join(f"blue{n}" for n in range(3000))
    for n in range(40):
        turn = Turn(f"x{n}", None, Prompt(text), (), 5.0)
        store.write(lambda con, turn=turn: add_turn(con, "sky", turn)).result(10)  # type: ignore[misc]
    late = store.read(lambda con: search.find(con, parse("blu"), deadline=-1.0)).result(10)
    assert late.partial
    unwanted = store.read(lambda con: search.find(con, parse("blu"), wanted=lambda: False)).result(10)
    assert unwanted.partial
    assert not find(store, "blu").partial  # and the next one is none the worse


@pytest.mark.parametrize(
    "typed",
    [
        *(
            '"',
            '""',
            "a AND",
            "OR",
            "*",
            "a*b*",
            "NEAR(",
            "NEAR(a b, 2)",
            "-a",
            "'",
            "^a",
            "{a",
            "a:b",
            "(",
            "blue)",
        ),
        *(
            "a OR " * 100_000,
            "\x00",
            "blue\x00sky",
            "\ud800",
            "{answer} : blue",
            "model:\x00",
            "tag:\ud800",
            'tag:"',
            "tag:" + "x" * 4000,
            "tag:a " * 600,
            "date:9999-12-31",
        ),
        *("date:0000", "tokens>999999999999", 'model:"', '"' + "搜" * 4000, "é" * 4000, "blue " * 64),
    ],
)
def test_hostile_text_raises_nothing(store: Store, typed: str) -> None:
    began = time.process_time()
    assert isinstance(find(store, typed), Found)
    assert time.process_time() - began < 2.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.sampled_from('abl"*:()-^{}+ ~\\\x00é天空\u0301\ud800<>=date:model:tag:')))
def test_any_text_can_be_looked_for(store: Store, typed: str) -> None:
    assert isinstance(find(store, typed), Found)


def test_words_of_a_damaged_row_do_not_stop_the_rest(store: Store) -> None:
    store.write(words.begin_anew).result(10)
    store.write(lambda con: con.execute("UPDATE replies SET state = 'odd' WHERE id = 'r3'")).result(10)
    while store.write(words.index_some).result(10):
        pass
    assert names(store, "blue ") == ["t1", "r1"]


def test_a_further_version_is_found_at_once(store: Store) -> None:
    again = replied("r9", "l1", "Blue, once more.")
    store.write(lambda con: add_reply(con, "t2", again)).result(10)
    assert names(store, "blue ") == ["r3", "r9", "t1", "r1"]


@pytest.mark.parametrize("glance", [1, 250])  # by the index, and by looking into texts
def test_beginnings_are_found_alike_by_the_index_and_in_the_texts(
    store: Store, monkeypatch: pytest.MonkeyPatch, glance: int
) -> None:
    monkeypatch.setattr(search, "_GLANCE", glance)
    monkeypatch.setattr(search, "_DEARER", 1_000)
    for typed, expected in (
        ("blu", ["r3", "t1", "r1"]),
        ("sc*  ra", ["r1"]),
        ("café sca", ["r2"]),
        ("天", ["t1"]),
        ("tag:physics model:r1 blu", ["r3", "r1"]),
        ("wav blu", []),
        ("wav* sho", ["r1"]),
        ("sho* in:trace sca", ["r1"]),
        ("sno", []),
    ):
        assert names(store, typed) == expected, typed


@pytest.mark.parametrize("few", [0, 500])
def test_tags_and_dates_narrow_down_alike_however_many_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    other = Conversation("other", "Other", LANES, (Turn("o1", None, Prompt("blue too"), (), 5.0),), "o1")
    store.write(lambda con: create(con, other)).result(10)
    store.write(lambda con: tag(con, "other", "physics")).result(10)
    for typed, expected in (
        ("blue tag:physics ", ["o1", "r3", "t1", "r1"]),
        ("blue tag:physics tag:strasse ", ["r3", "t1", "r1"]),
        ("tag:physics after:2000 blu", ["r3", "t1", "r1"]),
        ("tag:physics kind:summary", ["r3"]),
        ("tag:physics", ["o1", "t2", "r3", "t1", "r1", "r2"]),
        ("tag:physics before:2026-03", ["o1", "t1", "r1", "r2"]),
        ("tag:nothing blue ", []),
        ("blue before:2026-03 ", ["o1", "t1", "r1"]),
        ("date:2026", ["t2", "r3", "t1", "r1", "r2"]),
        ("date:>=2026 tokens>50", ["r3", "r1"]),
    ):
        assert names(store, typed) == expected, typed


def test_only_the_newest_are_given_whether_prompts_or_replies(store: Store) -> None:
    for n in range(8):
        again = replied(f"n{n}", "l1", "Blue once more.") if n % 4 else None
        turn = Turn(f"x{n}", None, Prompt("blue?"), (again,) if again else (), 1_790_000_000.0 + n)
        store.write(lambda con, turn=turn: add_turn(con, "sky", turn)).result(10)  # type: ignore[misc]
    everything = names(store, "blue ")
    assert everything[:7] == ["x7", "n7", "x6", "n6", "x5", "n5", "x4"]
    for limit in (1, 3, 7, len(everything)):
        found = store.read(lambda con, limit=limit: search.find(con, parse("blue "), limit)).result(10)  # type: ignore[misc]
        assert [hit.reply or hit.turn for hit in found.hits] == everything[:limit]
