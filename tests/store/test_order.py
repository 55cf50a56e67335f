"""Pins, tags, the trash and drafts in a real file."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import pytest
from tests.store.strategies import asked, count, execute, opened

from sidelight.chat.message import Attachment
from sidelight.store import drafts, order
from sidelight.store.conversations import change, damaged, delete, load, set_chosen, summaries, trash
from sidelight.store.database import Store, StoreError
from sidelight.store.drafts import Draft


def listed(store: Store) -> list[str]:
    return [s.id for s in store.read(summaries).result()]


def dated(store: Store, ages: int) -> list[str]:
    """Conversations, the oldest first."""
    made = []
    for age in range(ages):
        conversation, _ = asked(store)
        store.write(partial(change, conversation_id=conversation.id, updated=10.0 + age)).result()
        made.append(conversation.id)
    return made


def test_pinned_ones_come_first_and_are_not_counted(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = dated(store, 6)
        for pinned in (ids[1], ids[3]):
            store.write(lambda con, i=pinned: order.set_pinned(con, i, 99.0)).result()  # type: ignore[misc]
        first = store.read(lambda con: summaries(con, 2)).result()
        assert [s.id for s in first] == [ids[3], ids[1], ids[5], ids[4]]
        assert [s.pinned for s in first] == [True, True, False, False]
        rest = store.read(summaries).result()[4:]
        assert [s.id for s in rest] == [ids[2], ids[0]]
        store.write(lambda con: order.set_pinned(con, ids[3], None)).result()
        assert listed(store) == [ids[1], ids[5], ids[4], ids[3], ids[2], ids[0]]
        assert store.read(damaged).result() == ()


def test_a_mark_that_was_not_written_by_us_is_found(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        for column in ("pinned", "deleted"):
            execute(store, f"UPDATE conversations SET {column} = 5.0")
            assert store.read(damaged).result() == (("conversations", conversation.id),)
            execute(store, f"UPDATE conversations SET {column} = NULL")
        store.write(lambda con: order.set_pinned(con, conversation.id, 5.0)).result()
        execute(store, "UPDATE conversations SET deleted = pinned, pinned = NULL")
        assert store.read(damaged).result() == (("conversations", conversation.id),)


def test_the_trash_is_whole_and_apart(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = dated(store, 3)
        kept = [store.read(partial(load, conversation_id=i)).result() for i in ids]
        for at, gone in ((50.0, ids[0]), (60.0, ids[2])):
            store.write(lambda con, i=gone, t=at: order.put_in_trash(con, i, t)).result()  # type: ignore[misc]
        assert listed(store) == [ids[1]]
        assert [(s.id, s.deleted) for s in store.read(trash).result()] == [(ids[2], 60.0), (ids[0], 50.0)]
        store.write(lambda con: order.take_out(con, ids[0])).result()
        assert listed(store) == [ids[1], ids[0]]
        assert [store.read(partial(load, conversation_id=i)).result() for i in ids] == kept


def test_what_is_too_long_in_the_trash_goes_one_by_one_and_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = dated(store, 4)
        for at, gone in ((1.0, ids[0]), (2.0, ids[1]), (9.0, ids[2])):
            store.write(lambda con, i=gone, t=at: order.put_in_trash(con, i, t)).result()  # type: ignore[misc]
        steps = [store.write(lambda con: order.expire(con, 5.0)).result() for _ in range(3)]
        assert steps == [True, True, False]
        assert [s.id for s in store.read(trash).result()] == [ids[2]]
        assert listed(store) == [ids[3]]
        assert count(store, "turns") == 2
        execute(store, "UPDATE conversations SET deleted = 1.0 WHERE id = ?", ids[3])
        assert not store.write(lambda con: order.expire(con, 5.0)).result(), "that time is not to be trusted"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["b", " a ", "", "  "], ("a", "b")),
        (["Work", "work", "WORK"], ("Work",)),
        (["two\n words", "é"], ("two words", "é")),
        (["x" * 100], ("x" * order.LONGEST_TAG,)),
        (["a\x1fb", "half \ud800"], ("a b", "half \ufffd")),
    ],
)
def test_tags_are_kept_tidy(tmp_path: Path, given: list[str], kept: tuple[str, ...]) -> None:
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        store.write(lambda con: order.set_tags(con, conversation.id, ["old"])).result()
        store.write(lambda con: order.set_tags(con, conversation.id, given)).result()
        assert store.read(summaries).result()[0].tags == kept
        assert store.read(order.tags).result() == kept
        assert store.read(damaged).result() == ()
        execute(store, "UPDATE tags SET name = name || 'x'")
        assert len(store.read(damaged).result()) == len(kept)


def test_tags_of_the_trash_are_not_in_use_and_go_with_their_conversation(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        ids = dated(store, 2)
        for n, i in enumerate(ids):
            store.write(lambda con, i=i, n=n: order.set_tags(con, i, ["both", f"only {n}"])).result()  # type: ignore[misc]
        store.write(lambda con: order.put_in_trash(con, ids[1], 5.0)).result()
        assert store.read(order.tags).result() == ("both", "only 0")
        assert store.read(trash).result()[0].tags == ("both", "only 1")
        store.write(lambda con: delete(con, ids[1])).result()
        assert count(store, "tags") == 2
        store.write(lambda con: order.set_tags(con, ids[1], ["gone"])).result()
        assert count(store, "tags") == 2


def test_an_answer_is_chosen_and_no_longer(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        conversation, turn = asked(store)
        for lane in (conversation.lanes[0].id, None):
            store.write(lambda con, x=lane: set_chosen(con, turn.id, x)).result()  # type: ignore[misc]
            found = store.read(lambda con: load(con, conversation.id)).result()
            assert found is not None
            assert found.turns[0].chosen == lane
            assert store.read(damaged).result() == ()
        store.write(lambda con: set_chosen(con, "nowhere", None)).result()


def test_drafts_are_kept_with_their_files(tmp_path: Path) -> None:
    content = b"some bytes"
    file = Attachment(hashlib.sha256(content).hexdigest(), "a.txt", "text/plain", len(content))
    with opened(tmp_path) as store:
        conversation, _ = asked(store)
        for text in ("first", "sec\ud800ond"):
            store.write(
                lambda con, t=text: drafts.keep(con, conversation.id, t, [file], {file.digest: content}, 5.0)  # type: ignore[misc]
            ).result()
        store.write(lambda con: drafts.keep(con, drafts.NEW, "unsent", [], {}, 6.0)).result()
        other, _ = asked(store)
        store.write(lambda con: delete(con, other.id)).result()
    with opened(tmp_path) as store:
        assert store.read(lambda con: drafts.read(con, conversation.id)).result() == Draft(
            "sec\ufffdond", ((file, content),)
        )
        assert store.read(lambda con: drafts.read(con, drafts.NEW)).result() == Draft("unsent")
        assert store.read(lambda con: drafts.read(con, other.id)).result() is None
        assert store.read(damaged).result() == ()
        store.write(lambda con: drafts.keep(con, drafts.NEW, "", [], {}, 7.0)).result()
        assert store.read(lambda con: drafts.read(con, drafts.NEW)).result() is None
        store.write(lambda con: delete(con, conversation.id)).result()
        assert count(store, "drafts") == count(store, "contents") == 0


def test_a_draft_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.write(lambda con: drafts.keep(con, "c", "text", [], {}, 5.0)).result()
        execute(store, "UPDATE drafts SET files = '[nonsense'")
        with pytest.raises(StoreError) as failed:
            store.read(lambda con: drafts.read(con, "c")).result()
        assert failed.value.code == "corrupt"
        conversation, _ = asked(store)
        store.write(lambda con: delete(con, conversation.id)).result()
