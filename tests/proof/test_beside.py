"""`sidelight ask` beside a session that streams, both of one profile: two processes, one database, no harm to either."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.proof.face import Face, environment, paths_of, texts, write_settings
from tests.proof.journaled import running_replies
from tests.proof.loopback import LANES, Asked, Loopback, Talk, prose

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import ReplyState
from sidelight.store.database import Store

LENGTH = 60_000
"""More than will have come when the others are through; then the server is told to hurry."""
RATE = 1200.0
ASKED = 1200


def talk(asked: Asked) -> Talk:
    length = LENGTH if asked.prompt == "The long one." else ASKED
    text = prose("/".join(asked.key), length)
    return Talk(text[: length // 2], text[length // 2 :], RATE)


def ask(profile: Path, prompt: str) -> subprocess.Popen[str]:
    """`sidelight ask` of the first two lanes."""
    command = [sys.executable, "-m", "sidelight", "ask", prompt, "--json"]
    for n in range(2):
        command += ["-m", f"stream-{n}/stream-{n}"]
    return subprocess.Popen(
        command, env=environment(profile), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(face: Face, asker: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Go on draining until the asker has ended."""
    face.until(lambda: asker.poll() is not None, 60)
    out, err = asker.communicate(timeout=10)
    return asker.returncode, out, err


def said(lines: str) -> dict[int, str]:
    """What each lane said in the asker's output."""
    found: dict[int, str] = {}
    for line in lines.splitlines():
        told: dict[str, Any] = json.loads(line)
        if told["event"] in ("trace", "answer"):
            found[told["lane"]] = found.get(told["lane"], "") + told["text"]
    return found


def recovered(profile: Path) -> tuple[str, ...]:
    """What a start of the window would recover now."""
    paths = paths_of(profile)
    with closing(Store.open(paths.database, paths.data / "journals")) as store:
        return store.write(store.journal.recover, durable=True).result(30)


def test_ask_and_a_streaming_session_do_not_disturb_each_other(profile: Path) -> None:
    with Loopback(talk) as server:
        write_settings(profile, server.url)
        kept = stream_and_ask(profile, server)

    with closing(Face(profile)) as again:
        again.until(lambda: len(again.session.history()) == 4)
        stands = {}
        for summary in again.session.history():
            again.session.open(summary.id)
            again.until(lambda wanted=summary.id: again.session.conversation.id == wanted)  # type: ignore[misc]  # a default binds it
            stands[summary.title] = again.session.conversation
    assert stands["The long one."].turns == kept.turns
    for title in ("Beside one.", "Beside three."):
        assert texts(stands[title]) == {
            (f"stream-{n}", title): prose(f"stream-{n}/{title}", ASKED) for n in range(2)
        }
    for (model, prompt), text in texts(stands["Beside two."]).items():
        assert text
        assert prose(f"{model}/{prompt}", ASKED).startswith(text)
    assert {r.state for r in stands["Beside two."].turns[0].replies} == {ReplyState.INTERRUPTED}


def stream_and_ask(profile: Path, server: Loopback) -> Conversation:
    """Ask three times beside a session that streams; the conversation of that one."""
    with closing(Face(profile)) as face:
        face.session.send("The long one.")
        face.until(face.all_stream)
        ours = {reply.id for reply in face.replies}
        (owner,) = running_replies(profile)
        assert running_replies(profile)[owner] == ours

        first = ask(profile, "Beside one.")
        face.until(lambda: any(a.prompt == "Beside one." for a in server.asked))
        assert running_replies(profile)[owner] == ours, "a start beside leaves our journal alone"
        code, out, err = finish(face, first)
        assert (code, err) == (0, "")
        assert said(out) == {n + 1: prose(f"stream-{n}/Beside one.", ASKED) for n in range(2)}

        # One that dies in the middle leaves a journal. The next window's start recovers that one, and ours not.
        second = ask(profile, "Beside two.")
        face.until(lambda: server.sent(("stream-0", "Beside two.")) > ASKED / 4)
        second.kill()
        second.communicate(timeout=10)
        third = ask(profile, "Beside three.")
        code, out, err = finish(face, third)
        assert (code, err) == (0, "")
        left = running_replies(profile)
        assert left.pop(owner) == ours
        (dead,) = left.values()
        assert set(recovered(profile)) == dead
        assert running_replies(profile) == {owner: ours}

        assert not face.ended(), "ours streamed all the while"
        server.hurry.set()
        face.until(face.ended)
        assert {r.state for r in face.replies} == {ReplyState.COMPLETE}
        assert texts(face.session.conversation) == {
            (f"stream-{n}", "The long one."): prose(f"stream-{n}/The long one.", LENGTH) for n in range(LANES)
        }
        assert face.session.notices == ()
        return face.session.conversation
