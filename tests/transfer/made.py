"""Conversations of every shape, their files and recordings, and profiles to put them into."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st
from tests.store.strategies import streams, texts

from sidelight.chat.conversation import ContextRule, Conversation, Turn
from sidelight.chat.events import (
    AnswerDelta,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Note,
    ReasoningDelta,
    Sent,
    Stamped,
    Started,
    Usage,
)
from sidelight.chat.message import Attachment, Lane, Parameters, Prompt
from sidelight.chat.reply import Asked, Certainty, Reply, ReplyState, Timing, TraceClaim, TraceKind, fold_all
from sidelight.store import attachments, conversations, exchanges
from sidelight.store.database import Connection, Store
from sidelight.store.exchanges import Recorded
from sidelight.transfer import export
from sidelight.transfer.registry import by_id
from sidelight.transfer.source import Options, Source

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Profile:
    """Conversations, contents by digest, recordings by reply."""

    conversations: tuple[Conversation, ...]
    files: Files
    recorded: Mapping[str, Recorded]


parameters = st.builds(
    Parameters,
    texts,
    st.none() | st.floats(0, 2),
    st.none() | st.floats(0, 1),
    st.none() | st.integers(1, 10**6),
    st.sampled_from(["default", "off", "max"]),
    st.lists(texts, max_size=2).map(tuple),
    st.none() | st.integers(-(10**9), 10**9),
    texts,
    st.booleans(),
    st.sampled_from(["auto", "split", "inside", "leave"]),
    st.none() | st.integers(1, 10**6),
)
claims = st.builds(TraceClaim, st.sampled_from(TraceKind), st.sampled_from(Certainty), st.booleans())
asked = st.none() | st.builds(Asked, texts, texts, texts, parameters)
times = st.floats(0, 4e9)


def attached(name: str, content: bytes, media_type: str = "text/plain") -> Attachment:
    """A file of a prompt."""
    return Attachment(hashlib.sha256(content).hexdigest(), name, media_type, len(content))


@st.composite
def replies(draw: st.DrawFn, identifier: str, lane: str, version: int) -> Reply:
    """A reply in any state."""
    reply = Reply(
        identifier,
        lane,
        version,
        timing=Timing(asked_at=draw(st.none() | times)),
        claim=draw(claims),
        dropped_turns=draw(st.integers(0, 3)),
        asked=draw(asked),
        reread=draw(st.sampled_from(["", "r0"])),
    )
    reply = fold_all(reply, draw(streams(max_size=8)))
    identity = replace(reply.identity, requested_model=draw(texts))
    return replace(reply, identity=identity)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A few conversations with branches, versions, lanes that left, files and recordings."""
    made: list[Conversation] = []
    files: dict[str, bytes] = {}
    recorded: dict[str, Recorded] = {}
    for c in range(draw(st.integers(0, 3))):
        lanes = tuple(
            Lane(f"c{c}l{n}", draw(texts), draw(texts), draw(parameters))
            for n in range(draw(st.integers(0, 3)))
        )
        turns: list[Turn] = []
        for t in range(draw(st.integers(0, 3))):
            parent = draw(st.sampled_from([None, *(x.id for x in turns)]))
            contents = draw(st.lists(st.binary(max_size=8), max_size=2))
            files |= {hashlib.sha256(x).hexdigest(): x for x in contents}
            names = tuple(attached(draw(texts), x, draw(texts)) for x in contents)
            row = [x.id for x in lanes] + draw(st.sampled_from([[], ["gone"]]))
            given = tuple(
                draw(replies(f"c{c}t{t}r{n}", lane, 1 + row[:n].count(lane)))
                for n, lane in enumerate(row + row[: draw(st.integers(0, 1))])
            )
            for reply in given:
                if draw(st.integers(0, 3)) == 0:
                    headers = (("x-id", draw(texts)),)
                    stream = zlib.compress(draw(texts).encode()) if draw(st.booleans()) else b""
                    recorded[reply.id] = Recorded("POST", "https://a.b/c", headers, draw(texts), stream)
            chosen = draw(st.sampled_from([None, *(x.id for x in lanes)]))
            turns.append(Turn(f"c{c}t{t}", parent, Prompt(draw(texts), names), given, draw(times), chosen))
        leaf = draw(st.sampled_from([None, *(x.id for x in turns)]))
        rule = draw(st.sampled_from(ContextRule))
        made.append(Conversation(f"c{c}", draw(texts), lanes, tuple(turns), leaf, rule, draw(times)))
    return Profile(tuple(made), files, recorded)


def fill(store: Store, profile: Profile) -> None:
    """Store all of it."""

    def job(con: Connection) -> None:
        attachments.add(con, profile.files)
        for conversation in profile.conversations:
            conversations.create(con, conversation)
        for reply, recorded in profile.recorded.items():
            exchanges.write(con, reply, recorded)

    store.write(job).result(10)


def exported(
    store: Store, path: Path, form: str = "json", ids: Sequence[str] | None = None, **options: object
) -> bytes:
    """The bytes of an export."""
    source = Source(export.in_order(store, ids), Options(**options), store=store)  # type: ignore[arg-type]  # by name
    export.write(path, by_id(form).pieces(source))
    return path.read_bytes()


TRACE = "The user asks why.\n\n```python\nprint('</details>')\n```\n"
ANSWER = "# Sky\n\nIt **scatters**: $x^2$\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n````\n```\n````\n"


def reply(identifier: str, lane: str, *, version: int = 1, answer: str = ANSWER, trace: str = TRACE) -> Reply:
    """A whole reply with all there can be said of it."""
    begun = Reply(
        identifier,
        lane,
        version,
        claim=TraceClaim(TraceKind.FULL, Certainty.BY_FAMILY),
        asked=Asked("deepseek", "deepseek", "api.deepseek.com", Parameters(effort="high", max_tokens=900)),
        timing=Timing(asked_at=1_765_000_000.0),
    )
    begun = replace(begun, identity=replace(begun.identity, requested_model="deepseek-reasoner"))
    return fold_all(
        begun,
        [
            Stamped.now(
                Sent("https://api.deepseek.com/chat", (Note("effort", "ignored", "always_thinks"),)), 0.0
            ),
            Stamped.now(Started("id-1", "deepseek-reasoner", fingerprint="fp_1"), 0.4),
            Stamped.now(ReasoningDelta(trace), 0.5),
            Stamped.now(AnswerDelta("Looking it up.", phase="commentary"), 3.0),
            Stamped.now(AnswerDelta(answer, part=1), 4.0),
            Stamped.now(Usage(120, 20, 900, 800, None, '{"total": 1020}'), 6.5),
            Stamped.now(Finished(FinishReason.STOP, "stop"), 6.5),
        ],
    )


def sky(answer: str = ANSWER, trace: str = TRACE) -> Conversation:
    """Two lanes, two turns on two branches, two versions, a failure, a file."""
    lanes = (Lane("l1", "deepseek", "deepseek-reasoner"), Lane("l2", "embedded", "qwen"))
    failed = Reply("r3", "l2", state=ReplyState.FAILED, failed=Failed(FailureKind.AUTH, "no <b>such</b> key"))
    prompt = Prompt("Why is the <i>sky</i> blue?", (attached("notes.txt", b"notes"),))
    turns = (
        Turn(
            "t1",
            None,
            prompt,
            (
                reply("r1", "l1", answer=answer, trace=trace),
                reply("r2", "l1", version=2, answer=answer, trace=trace),
                failed,
            ),
            1.0,
        ),
        Turn("t2", "t1", Prompt("And at night?"), (reply("r4", "l1", answer="Black.", trace=""),), 2.0),
        Turn("t3", "t1", Prompt("And at dusk?"), (reply("r5", "l2"),), 3.0),
    )
    return Conversation("c1", "Why is the sky *blue*?", lanes, turns, "t3", created=1_765_000_000.0)


SKY = Profile((sky(),), {attached("x", b"notes").digest: b"notes"}, {})
"""A profile with that conversation and its file."""
