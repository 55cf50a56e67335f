"""The terminal as it is used: the real program in a process of its own, a real server on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults.server import FaultServer, Seen, Sleep, Step, answer, ok_sse
from tests.proof.canary import KEYS

from sidelight import __version__
from sidelight.settings import BackendSetting, LaneSetting, Settings, save

APP = Path(__file__).resolve().parents[2] / "app"
KEY = KEYS["odd"]


def delta(**fields: str) -> bytes:
    return (
        b"data: "
        + json.dumps({"model": "served", "choices": [{"index": 0, "delta": fields}]}).encode()
        + b"\n\n"
    )


FINISH = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":5,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
)
TALK = ok_sse(
    delta(reasoning_content="Let me "), delta(reasoning_content="see.\n"), delta(content="Four."), FINISH
)


def serve(seen: Seen) -> list[Step]:
    """By the model's name: a talk, a refusal, a stream without an end, or the list of models."""
    if seen.path.endswith("/models"):
        return answer(200, b'{"data":[{"id":"good"},{"id":"bad"}]}', "content-type: application/json")
    match json.loads(seen.body)["model"]:
        case "bad":
            return answer(401, b'{"error":{"message":"no such key"}}', "content-type: application/json")
        case "endless":
            return ok_sse(delta(content="and so on\n"), Sleep(30))
        case _:
            return TALK


@pytest.fixture
def server(profile: Path) -> Iterator[FaultServer]:
    with FaultServer(serve) as server:
        backend = BackendSetting("mine", "openai-compatible", "Mine", f"{server.url}/v1")
        lanes = (LaneSetting("mine", "good"), LaneSetting("mine", "good", elicited=True))
        save(profile / "config" / "settings.json", Settings(backends=(backend,), lanes=lanes))
        yield server


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sidelight", *arguments]


def environment(**more: str) -> dict[str, str]:
    """No key of the person who runs the tests, and no keyring of theirs."""
    theirs = {"DEEPSEEK_API_KEY": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return {**os.environ, **theirs, "PYTHONPATH": str(APP), **more}


def sidelight(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        input=stdin,
        env=environment(**more),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("server")
def test_two_lanes_answer_side_by_side() -> None:
    done = sidelight("ask", "2+2?", "-m", "mine/good", "-m", "mine/good")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(
        f"{n} {x}" for n in (1, 2) for x in ("~ Let me see.", "| Four.")
    )
    assert "1 = mine/good" in done.stderr
    assert "complete" in done.stderr


def test_what_the_server_is_sent(server: FaultServer) -> None:
    done = sidelight("ask", "-", "-m", "mine/good", "--system", "Be brief.", stdin="What is\n2+2?\n")
    assert done.returncode == 0, done.stderr
    sent = json.loads(server.requests[-1].body)
    assert sent["model"] == "good"
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is\n2+2?\n"},
    ]


@pytest.mark.usefixtures("server")
def test_without_m_the_saved_lanes_answer() -> None:
    done = sidelight("ask", "2+2?", "--json")
    assert done.returncode == 0, done.stderr
    lines = objects(done.stdout)
    assert [x["model"] for x in lines if x["event"] == "lane"] == ["mine/good", "mine/good+elicited"]
    assert lines[-1]["event"] == "done"
    ends = [x for x in lines if x["event"] == "end"]
    assert [(x["trace"], x["answer"], x["state"]) for x in ends] == [
        ("Let me see.\n", "Four.", "complete")
    ] * 2
    for number in (1, 2):
        for event in ("trace", "answer"):
            text = "".join(x["text"] for x in lines if x["event"] == event and x["lane"] == number)
            assert text == ends[0][event]


@pytest.mark.usefixtures("server")
def test_a_failure_stays_in_its_lane() -> None:
    done = sidelight("ask", "2+2?", "-m", "mine/bad", "-m", "mine/good")
    assert done.returncode == 1
    assert "2 | Four." in done.stdout
    assert "1 = The key was refused." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dead_port_is_told(profile: Path) -> None:
    save(
        profile / "config" / "settings.json",
        Settings(backends=(BackendSetting("mine", "openai-compatible", "", "http://127.0.0.1:1/v1"),)),
    )
    done = sidelight("ask", "2+2?", "-m", "mine/good")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("server")
def test_it_is_kept_in_the_history_unless_it_is_temporary() -> None:
    sidelight("ask", "to be forgotten", "-m", "mine/good", "--temporary")
    kept = objects(sidelight("ask", "to be kept", "-m", "mine/good", "--json").stdout)[-1]
    titles = stored_titles()
    assert titles == {kept["conversation"]: "to be kept"}


def stored_titles() -> dict[str, str]:
    from sidelight.paths import standard_paths
    from sidelight.store import conversations
    from sidelight.store.database import Store

    store = Store.open(standard_paths().database)
    try:
        return {s.id: s.title for s in store.read(lambda con: conversations.summaries(con)).result(10)}
    finally:
        store.close()


@pytest.mark.skipif(os.name != "posix", reason="SIGINT as POSIX has it")
def test_ctrl_c_stops_all_lanes_and_keeps_what_came(server: FaultServer) -> None:
    running = subprocess.Popen(
        command("ask", "go on", "-m", "mine/endless", "-m", "mine/endless", "--json"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    lines, answering = [], set[int]()
    while answering != {1, 2}:
        lines.append(json.loads(running.stdout.readline()))
        if lines[-1]["event"] == "answer":
            answering.add(lines[-1]["lane"])
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=20)
    assert running.returncode == 130
    ends = [x for x in objects(rest) if x["event"] == "end"]
    assert [(x["state"], x["answer"]) for x in ends] == [("interrupted", "and so on\n")] * 2
    assert len(server.wait_eof(2)) == 2
    assert list(stored_titles().values()) == ["go on"]


@pytest.mark.usefixtures("server")
@pytest.mark.skipif(os.name != "posix", reason="SIGINT as POSIX has it")
def test_two_on_one_profile_do_not_disturb_each_other() -> None:
    streaming = subprocess.Popen(
        command("ask", "go on", "-m", "mine/endless", "--json"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert streaming.stdout is not None
    while json.loads(streaming.stdout.readline())["event"] != "answer":
        pass
    beside = sidelight("ask", "2+2?", "-m", "mine/good")
    assert (beside.returncode, beside.stdout) == (0, "~ Let me see.\nFour.\n"), beside.stderr
    assert streaming.poll() is None
    streaming.send_signal(signal.SIGINT)
    rest, _ = streaming.communicate(timeout=20)
    end = next(x for x in objects(rest) if x["event"] == "end")
    assert (end["state"], end["answer"]) == ("interrupted", "and so on\n")
    assert sorted(stored_titles().values()) == ["2+2?", "go on"]


def test_a_backend_without_its_key_is_told_apart_from_a_refused_one() -> None:
    done = sidelight("ask", "2+2?", "-m", "deepseek/deepseek-chat")
    assert done.returncode == 1
    assert "needs a key" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe as POSIX has it")
@pytest.mark.usefixtures("server")
def test_a_reader_that_leaves_ends_it_without_a_traceback() -> None:
    running = subprocess.Popen(
        command("ask", "go on", "-m", "mine/good", "-m", "mine/good"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    told = running.stderr.read()
    running.stderr.close()
    assert running.wait(20) == 1
    assert "Traceback" not in told


@pytest.mark.usefixtures("server")
def test_models_are_listed_as_m_takes_them() -> None:
    done = sidelight("models", "mine")
    assert (done.returncode, done.stdout) == (0, "mine/good\nmine/bad\n"), done.stderr


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["ask", " "], "Type something first."),
        (["ask", "x", "-m", "good"], "'good' is no lane"),
        (["ask", "x", "-m", "nowhere/good"], "no backend 'nowhere'"),
        (["ask", "x", "--effort", "enormous"], "invalid choice"),
        (["models", "nowhere"], "no backend 'nowhere'"),
        (["fly"], "invalid choice"),
        (["--child", "monster"], "unknown kind"),
    ],
)
def test_what_cannot_be_carried_out_is_said(arguments: list[str], told: str) -> None:
    done = sidelight(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("server")
def test_the_doctor_says_what_is_there_and_no_key() -> None:
    done = sidelight("doctor", "--json", DEEPSEEK_API_KEY=KEY)
    facts = objects(done.stdout)
    assert done.returncode == (0 if all(f["ok"] for f in facts) else 1)
    assert facts[0]["facts"]["version"] == __version__
    assert all(f["text"] for f in facts)
    assert KEY not in done.stdout + done.stderr
    plain = sidelight("doctor")
    assert [line[:2] for line in plain.stdout.splitlines()] == ["ok" if f["ok"] else "!!" for f in facts]


def test_version_is_answered_before_anything_heavy() -> None:
    code = (
        "import sys; sys.argv = ['sidelight', '--version']\n"
        "from sidelight.__main__ import main\n"
        "code = main()\n"
        "heavy = {'PySide6', 'httpx', 'msgspec', 'sqlite3', 'asyncio', 'argparse', 'sidelight.main', 'sidelight.cli'}\n"
        "print(code, sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.splitlines() == [f"sidelight {__version__}", "0 []"]


@pytest.mark.usefixtures("server")
def test_a_whole_question_never_meets_qt() -> None:
    code = (
        "import sys; sys.argv = ['sidelight', 'ask', '2+2?', '-m', 'mine/good']\n"
        "from sidelight.__main__ import main\n"
        "print(main(), [m for m in sys.modules if m.startswith(('PySide6', 'shiboken6', 'qasync', 'sidelight.ui'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []", done.stderr


@pytest.mark.usefixtures("server")
@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_what_is_written_is_for_its_owner_alone(profile: Path) -> None:
    previous = os.umask(0)
    try:
        sidelight("ask", "2+2?", "-m", "mine/good")
    finally:
        os.umask(previous)
    written = [p for p in profile.rglob("*") if p.name != "settings.json" and p.is_file()]
    assert written
    assert [p for p in written if p.stat().st_mode & 0o077] == []


@pytest.mark.usefixtures("server")
def test_a_terminal_that_knows_ascii_only_gets_escapes() -> None:
    done = sidelight("ask", "ä中", "-m", "mine/good", LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Four\.", done.stdout)


def test_help_names_the_commands() -> None:
    done = sidelight("--help")
    assert done.returncode == 0
    for name in ("ask", "models", "doctor", "--version"):
        assert name in done.stdout
