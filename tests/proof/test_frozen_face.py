"""A face that stands still for five seconds costs nothing: the network reads on, the journal goes on, all is shown after."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from tests.proof.face import Face, environment, texts, write_settings
from tests.proof.journaled import Journaled, look
from tests.proof.loopback import LANES, Asked, Loopback, Talk, prose

from sidelight.chat.reply import ReplyState

FROZEN = 5.0
RATE = 1200.0
LENGTH = int(RATE * (FROZEN + 1.5))
LATE = 0.5
"""Seconds in which what was sent is on disk: one flush is 50 ms, the rest is for a busy machine."""


def talk(asked: Asked) -> Talk:
    text = prose(asked.model, LENGTH)
    return Talk(text[: LENGTH // 2], text[LENGTH // 2 :], RATE)


def samples(profile: Path, seconds: float) -> list[tuple[float, Journaled]]:
    """What the journal held every half second, looked at from another thread than the face's."""
    found: list[tuple[float, Journaled]] = []

    def sample() -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.5)
            found.append((time.monotonic(), look(profile)))

    thread = threading.Thread(target=sample)
    thread.start()
    time.sleep(seconds)  # the face stands still here
    thread.join()
    return found


def check(server: Loopback, found: list[tuple[float, Journaled]]) -> None:
    """The journal grew all the while, and was never far behind what the server had written."""
    assert len(found) >= FROZEN / 0.5 / 2
    rows = [journaled.rows for _, journaled in found]
    assert all(a < b for a, b in pairwise(rows)), rows
    for at, journaled in found:
        sent = sum(
            max((size for when, size in written if when <= at - LATE), default=0)
            for written in server.written.values()
        )
        assert journaled.characters >= sent


def test_the_journal_goes_on_while_the_face_is_frozen(profile: Path) -> None:
    with Loopback(talk) as server:
        write_settings(profile, server.url)
        with closing(Face(profile)) as face:
            face.session.send("Go on.")
            face.until(face.all_stream)
            seen = texts(face.session.conversation)
            check(server, samples(profile, FROZEN))
            assert texts(face.session.conversation) == seen, "nothing moved in the face"
            face.until(face.ended)
            shown = texts(face.session.conversation)
            assert len(shown) == LANES
            for n in range(LANES):
                assert shown[f"stream-{n}", "Go on."] == prose(f"stream-{n}", LENGTH)
            assert {r.state for r in face.replies} == {ReplyState.COMPLETE}
            kept = face.session.conversation
    with closing(Face(profile)) as again:
        again.until(lambda: bool(again.session.history()))
        again.session.open(kept.id)
        again.until(lambda: again.session.conversation.id == kept.id)
        assert again.session.conversation.turns == kept.turns


def test_the_journal_goes_on_while_the_window_is_frozen(profile: Path) -> None:
    """The real window in a process of its own: a slot of it sleeps for five seconds in the middle of eight streams."""
    command = (sys.executable, "-m", "tests.proof.player", "freeze", str(FROZEN))
    with Loopback(talk) as server:
        write_settings(profile, server.url)
        with subprocess.Popen(command, env=environment(profile), stdout=subprocess.PIPE, text=True) as window:
            try:
                assert window.stdout is not None
                assert window.stdout.readline() == "frozen\n"
                check(server, samples(profile, FROZEN - 0.2))
                shown = json.loads(window.stdout.readline())
                assert window.wait(30) == 0
            finally:
                window.kill()
    assert shown["stood_still"] >= FROZEN
    for n in range(LANES):
        told, drawn = shown[f"stream-{n}"]
        assert told == prose(f"stream-{n}", LENGTH)
        answer = talk(Asked(f"stream-{n}", ())).answer
        assert " ".join(answer.split()) in " ".join(drawn.split())
