"""Lanes of one engine know nothing of each other: each recalls what it alone was told, also where two are the same model.

The real embedded engine with the smallest model that can follow such an instruction. What is sent is compared word
for word; the real answers then show that nothing leaks below us either, in the engine's shared cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.proof.face import Face, paths_of
from tests.weights import weights

from sidelight.chat.message import Lane, Parameters, new_id
from sidelight.chat.reply import Reply, ReplyState
from sidelight.engine.outside import Outside
from sidelight.engine.session import StoreReplies
from sidelight.engine.terms import EMBEDDED, Ask
from sidelight.local.weights import catalogue, mark_verified

pytestmark = [pytest.mark.engine, pytest.mark.one_python]

MODEL = "qwen2.5-coder-0.5b-instruct"
WORDS = ("ORCHID", "GRANITE", "PELICAN", "VIOLIN")
EXACT = Parameters(temperature=0.0, max_tokens=24)


class Scene(Face):
    """A face of a profile that has the weights; keeps what is asked of the backends."""

    def __init__(self, profile: Path, asks: list[Ask]) -> None:
        super().__init__(profile)
        self.asks = asks

    def ask(self, text: str) -> tuple[Reply, ...]:
        """The replies to a prompt, in the order of lanes."""
        self.asks.clear()
        self.session.send(text)
        self.until(self.ended, 120)
        assert {r.state for r in self.replies} == {ReplyState.COMPLETE}
        return self.replies

    def sent(self) -> list[list[tuple[str, str]]]:
        """The messages of the last prompt as each lane was sent them."""
        return [[(m.role, m.text) for m in ask.request.messages] for ask in self.asks]


@pytest.fixture
def scene(profile: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    file = weights(MODEL)
    known = next(w for w in catalogue() if w.id == MODEL)
    paths = paths_of(profile)
    paths.weights.mkdir(parents=True)
    lent = paths.weights / known.file
    lent.symlink_to(file.resolve())
    mark_verified(lent, known.sha256)
    asks: list[Ask] = []
    begin = Outside.begin

    def listened(
        self: Outside,
        turn_id: str,
        asked: Sequence[Ask],
        job: StoreReplies | None,
        files: Mapping[str, bytes],
    ) -> None:
        asks.extend(asked)
        begin(self, turn_id, asked, job, files)

    monkeypatch.setattr(Outside, "begin", listened)
    with closing(Scene(profile, asks)) as scene:
        yield scene


def test_four_lanes_recall_only_their_own_secret(scene: Scene) -> None:
    lanes = [
        Lane(
            new_id(),
            EMBEDDED,
            MODEL,
            replace(EXACT, system=f"The password is {word}. You know nothing else."),
        )
        for word in WORDS
    ]
    scene.session.set_lanes(lanes)
    first = scene.ask("Say hello.")
    replies = scene.ask("What is the password? Answer with that one word.")
    for word, hello, reply, sent in zip(WORDS, first, replies, scene.sent(), strict=True):
        assert sent == [
            ("system", f"The password is {word}. You know nothing else."),
            ("user", "Say hello."),
            ("assistant", hello.answer_text),
            ("user", "What is the password? Answer with that one word."),
        ]
        said = reply.answer_text.upper()
        assert [w for w in WORDS if w in said] == [word], said


def test_the_same_model_twice_goes_on_from_its_own_answer(scene: Scene) -> None:
    hot = Parameters(temperature=1.8, max_tokens=24)
    lanes = [Lane(new_id(), EMBEDDED, MODEL, hot) for _ in range(2)]
    scene.session.set_lanes(lanes)
    wish = "Make up a number of six digits. Write only the number."
    names, digits, told_apart = ["", ""], ["", ""], False
    for _ in range(5):
        names = [r.answer_text for r in scene.ask(wish)]
        digits = ["".join(c for c in name if c.isdigit()) for name in names]
        told_apart = digits[0] not in digits[1] and digits[1] not in digits[0]
        if min(map(len, digits)) >= 4 and told_apart:
            break
        scene.session.new()
        scene.session.set_lanes(lanes)
    assert min(map(len, digits)) >= 4, names
    assert told_apart, digits
    scene.session.set_lanes([replace(lane, parameters=EXACT) for lane in lanes])
    question = "Repeat the number that you made up. Write only the number."
    replies = scene.ask(question)
    for mine, theirs, reply, sent, name in zip(
        digits, reversed(digits), replies, scene.sent(), names, strict=True
    ):
        assert sent == [
            ("user", wish),
            ("assistant", name),
            ("user", question),
        ]
        said = "".join(c for c in reply.answer_text if c.isdigit())
        assert mine in said
        assert theirs not in said
