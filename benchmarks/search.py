"""What finding words costs in a profile of many messages: as typed, words, phrases, two letters of Chinese, filters.

python -m benchmarks.search [messages]      prints one line of JSON: milliseconds by the clock and of CPU, and bytes

The profile of SIDELIGHT_PROFILE, which must be told, is filled where it is empty: a prompt and three replies a turn,
English, code and Chinese, by a seed. "first" is the first search of its kind after the file was opened by another
connection, with SQLite's cache empty and the system's warm; a cold disk is not measured. As in the window, where the
threads of the store never do it, no cycles are collected while a search runs.
"""

from __future__ import annotations

import functools
import gc
import itertools
import json
import os
import random
import sqlite3
import statistics
import sys
import time
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from unittest import mock

from sidelight.chat.conversation import Conversation, Turn
from sidelight.chat.events import AnswerDelta, Finished, FinishReason, ReasoningDelta, Stamped, Usage
from sidelight.chat.message import Lane, Prompt
from sidelight.chat.reply import Certainty, Reply, TraceClaim, TraceKind, fold_all
from sidelight.paths import standard_paths
from sidelight.store import order, search, words
from sidelight.store.conversations import add_reply, create, delete
from sidelight.store.database import Store
from sidelight.store.query import Query, parse
from sidelight.store.search import Found

MESSAGES = 50_000
"""Where no number is told; a million take ten minutes and 3.5 GB of disk to be written and indexed."""
TURNS_EACH = 25
LANES = 3
LETTERS = 570
"""Of a message, on average: the issue's million of them are 570 MB."""

_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "ca",
    "ce",
    "co",
    "cu",
    "da",
    "de",
    "di",
    "do",
    "fa",
    "fe",
    "ga",
    "gi",
    "ha",
    "he",
    "in",
    "ka",
    "ke",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "pa",
    "pe",
    "pro",
    "qu",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
    "sta",
    "ta",
    "te",
    "ti",
    "to",
    "tra",
    "un",
    "va",
    "ve",
    "vi",
    "wa",
    "we",
    "za",
]
_CODE = (
    "for i in range(n):\n    total += values[i]\n",
    "def solve(a, b):\n    return max(a, b)\n",
    "SELECT name FROM users WHERE id = 7;\n",
)
_HAN = [chr(0x4E00 + 7 * n) for n in range(2500)]


class Writer:
    """Text by a seed: words as rare as in a language (Zipf), one message in eight in Chinese, some with code."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        found: dict[str, None] = {}
        while len(found) < 60_000:
            found["".join(self._random.choices(_SYLLABLES, k=self._random.randint(1, 4)))] = None
        self.words = list(found)
        self._weights = list(itertools.accumulate(1 / (n + 2.7) for n in range(len(self.words))))
        self._han = list(itertools.accumulate(1 / (n + 20) for n in range(len(_HAN))))

    def message(self) -> str:
        """A message of about `LETTERS` letters; long ones are many times as long as short ones."""
        letters = int(self._random.lognormvariate(0, 0.9) * LETTERS / 1.5) + 10
        if self._random.random() < 0.125:
            return self._chinese(letters // 3)
        text = " ".join(self._drawn(self.words, self._weights, letters // 6 + 1))
        return text + ".\n" + self._random.choice(_CODE) if self._random.random() < 0.2 else text

    def _chinese(self, letters: int) -> str:
        drawn = self._drawn(_HAN, self._han, letters + 1)
        return "，".join("".join(drawn[i : i + 14]) for i in range(0, len(drawn), 14))

    def _drawn(self, things: Sequence[str], weights: Sequence[float], count: int) -> list[str]:
        top, draw = weights[-1], self._random.random
        return [things[bisect(weights, draw() * top)] for _ in range(count)]


def conversations(writer: Writer, messages: int) -> Iterator[Conversation]:
    """Conversations of `TURNS_EACH` turns with `LANES` lanes, until there are enough messages."""
    claim = TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY)
    turn_number = 0
    for number in range(messages // (TURNS_EACH * (LANES + 1))):
        lanes = tuple(
            Lane(f"{number}-{n}", ("ollama", "deepseek")[n % 2], f"model-{n}") for n in range(LANES)
        )
        turns: list[Turn] = []
        for _ in range(TURNS_EACH):
            turn_number += 1
            replies = tuple(
                fold_all(
                    Reply(f"r{turn_number}-{n}", lane.id, claim=claim),
                    [
                        *([Stamped.now(ReasoningDelta(writer.message()), 1.0)] if n == 0 else []),
                        Stamped.now(AnswerDelta(writer.message()), 2.0),
                        Stamped.now(Usage(10, None, turn_number % 3000, None, None, ""), 2.0),
                        Stamped.now(Finished(FinishReason.STOP), 2.0),
                    ],
                )
                for n, lane in enumerate(lanes)
            )
            parent = turns[-1].id if turns else None
            created = 1_700_000_000 + 400.0 * turn_number
            turns.append(Turn(f"t{turn_number}", parent, Prompt(writer.message()), replies, created))
        yield Conversation(
            f"c{number}",
            f"Conversation {number}",
            lanes,
            tuple(turns),
            turns[-1].id,
            created=turns[0].created,
        )


def fill(store: Store, writer: Writer, messages: int) -> float:
    """Write them all without the index, as files from before it are; seconds of CPU for indexing them afterwards.

    One conversation in fifty has the tag "rare", one in four "often"; one in a hundred is in the trash.
    """

    def unindexed(con: sqlite3.Connection, to: int) -> None:
        con.execute("UPDATE unindexed SET upto = ?, total = ?", (to, to))

    store.write(lambda con: unindexed(con, 2**62)).result()
    rest = conversations(writer, messages)
    while batch := tuple(itertools.islice(rest, 50)):
        store.write(functools.partial(_create, batch)).result()
    store.write(_order).result()
    store.write(words.begin_anew).result()
    began = time.process_time()
    while store.write(words.index_some).result():
        pass
    return time.process_time() - began


def _create(batch: Sequence[Conversation], con: sqlite3.Connection) -> None:
    for conversation in batch:
        create(con, conversation)


def _order(con: sqlite3.Connection) -> None:
    for number, identifier in con.execute("SELECT number, id FROM conversations").fetchall():
        tags = [*(["rare"] if number % 50 == 0 else []), *(["often"] if number % 4 == 0 else [])]
        order.set_tags(con, identifier, tags)
        if number % 100 == 1:
            order.put_in_trash(con, identifier, 1_800_000_000.0)


def queries(writer: Writer) -> dict[str, list[str]]:
    """What is looked for, many of each kind."""
    words, chance = writer.words, random.Random(5)
    common, middle, rare = words[:40], words[200:2000], words[20_000:]
    pairs = [a + b for a, b in itertools.product(_HAN[:12], _HAN[:12])]
    half = [chance.choice(middle) for _ in range(60)]
    return {
        "a common word": [f"{w} " for w in common],
        "a word": [f"{w} " for w in chance.sample(middle, 60)],
        "a rare word": [f"{w} " for w in chance.sample(rare, 60)],
        "two words": [f"{chance.choice(common)} {chance.choice(middle)} " for _ in range(60)],
        "three words": [f"{chance.choice(common)} {chance.choice(common)} {w} " for w in half],
        "a phrase": [f'"{chance.choice(common)} {chance.choice(common)}"' for _ in range(60)],
        "a phrase of code": ['"for i in range"', '"return max a b"', '"select name from users"'] * 10,
        "as typed, one word and two letters": [f"{chance.choice(common)} {w[:2]}" for w in half],
        "as typed, two letters": sorted({w[:2] for w in middle}),
        "as typed, three letters": sorted({w[:3] for w in half}),
        "as typed, four letters": sorted({w[:4] for w in half}),
        "two letters of Chinese": chance.sample(pairs, 60),
        "one letter of Chinese": _HAN[:30],
        "two pairs of Chinese": [f"{chance.choice(pairs)} {chance.choice(pairs)} " for _ in range(60)],
        "a word, one model": [f"{w} model:model-1 " for w in half],
        "a common word, has trace": [f"has:trace {w} " for w in common],
        "a common word, over n tokens": [f"tokens>2900 {w} " for w in common],
        "a common word, an old month": [f"date:2024-02 {w} " for w in common],
        "a word, the last month": [f"date:>2026-10 {w} " for w in half],
        "a common word, a tag": [f"tag:often {w} " for w in common],
        "a word, a rare tag": [f"tag:rare {w} " for w in half],
        "nothing but a tag": ["tag:rare "] * 20,
        "nothing but a model": ["model:model-2 "] * 20,
        "hostile": ['"', "a AND", "*", "NEAR(", "-a", "^", "{a", "a OR " * 1000, "x:y:z", "\x00"],
    }


def timed(store: Store, texts: Sequence[str], repeats: int = 3) -> dict[str, float]:
    """Milliseconds for the newest 50 with snippets, asked as the session asks: by the clock, and of CPU."""
    took: list[float] = []
    spent: list[float] = []
    partial = hits = 0

    def find(query: Query, con: sqlite3.Connection) -> Found:
        cpu = time.thread_time()
        found = search.find(con, query)
        spent.append(1000 * (time.thread_time() - cpu))
        return found

    for text in list(texts) * repeats:
        began = time.perf_counter()
        found = store.read(functools.partial(find, parse(text))).result()
        took.append(1000 * (time.perf_counter() - began))
        partial += found.partial
        hits += len(found.hits)
    return {
        "first": round(took[0], 2),
        "p50": round(statistics.median(took), 2),
        "p99": round(statistics.quantiles(took, n=100)[98], 2),
        "CPU p50": round(statistics.median(spent), 2),
        "CPU p99": round(statistics.quantiles(spent, n=100)[98], 2),
        "hits": round(hits / len(took), 1),
        "partial": partial,
    }


def writing(store: Store, writer: Writer) -> dict[str, float]:
    """Milliseconds of CPU to store a finished reply in a transaction of its own, with the index and without."""
    texts = [writer.message() for _ in range(2000)]

    def run(name: str) -> float:
        took: list[float] = []
        for n, text in enumerate(texts):
            events = [Stamped.now(AnswerDelta(text), 1.0), Stamped.now(Finished(FinishReason.STOP), 1.0)]
            done = fold_all(Reply(f"{name}{n}", "0-0"), events)
            began = time.process_time()
            store.write(functools.partial(_add, done)).result()
            took.append(time.process_time() - began)
        return round(1000 * statistics.fmean(took), 3)

    with_index = run("with")
    with mock.patch.object(words, "add_reply"):
        return {"reply stored": with_index, "reply stored, no index": run("without")}


def _add(reply: Reply, con: sqlite3.Connection) -> None:
    add_reply(con, "t1", reply)


def sizes(con: sqlite3.Connection) -> dict[str, int]:
    """Bytes of the file, and of the index in it."""
    index = sum(
        con.execute(f"SELECT sum(length(block)) FROM {name}_data").fetchone()[0]
        for name in ("prompt_words", "reply_words")
    )
    (pages,), (size,) = (con.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size"))
    return {"file": pages * size, "index": index}


def main() -> None:
    """Measure in the profile of SIDELIGHT_PROFILE."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    if "SIDELIGHT_PROFILE" not in os.environ:
        sys.exit("Set SIDELIGHT_PROFILE to a folder for this measurement: it is filled with messages.")
    paths = standard_paths(os.environ)
    writer = Writer(1)
    told: dict[str, object] = {"messages": messages}
    with closing(Store.open(paths.database, Path(paths.data) / "journals")) as store:
        if store.read(lambda con: con.execute("SELECT 1 FROM turns").fetchone()).result() is None:
            told["indexing, CPU s"] = round(fill(store, writer, messages), 1)
        told["bytes"] = store.read(sizes).result()
    gc.collect()
    gc.disable()
    with closing(Store.open(paths.database, Path(paths.data) / "journals")) as store:
        told["search, ms"] = {name: timed(store, texts) for name, texts in queries(writer).items()}
        told["writing, CPU ms"] = writing(store, writer)
        began = time.perf_counter()
        store.write(lambda con: delete(con, "c5")).result()
        told["deleting 100 messages, ms"] = round(1000 * (time.perf_counter() - began), 1)
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
