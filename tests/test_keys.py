"""The keyring: a real Secret Service in a child process, and backends that hang, fail or keep nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked
from tests.proof.canary import KEYS

from sidelight import keys
from sidelight.keys import Keys, NoKeyring, Trouble
from sidelight.secrets import MASK, Redactor, Secret

DEEPSEEK = "https://api.deepseek.com"
OPENAI = "https://api.openai.com"
ENV = {DEEPSEEK: ("DEEPSEEK_API_KEY", "DEEPSEEK_KEY")}


class Memory:
    """A keyring that works."""

    def __init__(self, item: str | None = None) -> None:
        self.item = item

    def get_password(self, service: str, username: str) -> str | None:
        assert (service, username) == ("Sidelight", "keys")
        return self.item

    def set_password(self, service: str, username: str, password: str) -> None:
        self.item = password


class Null(Memory):
    """Takes everything and keeps nothing, like the package's own null backend."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Raising(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("org.freedesktop.DBus.Error.NoReply: sk-secret-in-the-text")


class Locked(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class Hung(Memory):
    """Answers when it is told to; the test always tells it in the end."""

    def __init__(self, item: str | None = None) -> None:
        super().__init__(item)
        self.go = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.go.wait(30)
        return super().get_password(service, username)


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    monkeypatch.setattr(keys, "_DEADLINE", 0.1)
    ring = Hung(f'{{"{DEEPSEEK}": "sk-kept-0123456789"}}')
    yield ring
    ring.go.set()


def absent() -> Memory:
    raise NoKeyring


async def test_a_question_under_way_is_answered_before_the_end(hung: Hung) -> None:
    asked = Keys({}, {}, open_keyring=lambda: hung)
    await asked.close()  # nobody asked anything
    assert await asked.get(DEEPSEEK) is None  # it does not wait for ever
    ending = asyncio.create_task(asked.close())
    await asyncio.sleep(0)
    assert not ending.done()
    hung.go.set()
    await ending
    assert asked.state(DEEPSEEK) == "keyring"


async def test_a_keyring_that_never_answers_does_not_keep_the_program(
    hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_PARTING", 0.05)
    asked = Keys({}, {}, open_keyring=lambda: hung)
    assert await asked.get(DEEPSEEK) is None
    await asked.close()
    assert asked.state(DEEPSEEK) == "none"


async def test_a_key_is_kept_and_read_by_the_next_start() -> None:
    ring = Memory()
    first = Keys({}, {}, open_keyring=lambda: ring)
    assert first.state(DEEPSEEK) == "none"
    assert await first.set(DEEPSEEK, Secret("sk-one-0123456789")) == "keyring"
    assert await first.set(OPENAI, Secret("sk-two-0123456789")) == "keyring"
    second = Keys({}, {}, open_keyring=lambda: ring)
    assert await second.get(DEEPSEEK) == Secret("sk-one-0123456789")
    assert await second.get("https://elsewhere.example") is None
    assert second.state(OPENAI) == "keyring"
    assert await second.set(DEEPSEEK, None) == "none"
    assert await second.get(DEEPSEEK) is None
    assert ring.item == f'{{"{OPENAI}": "sk-two-0123456789"}}'
    assert second.trouble is None


async def test_what_another_process_wrote_meanwhile_stays() -> None:
    ring = Memory()
    one, two = (Keys({}, {}, open_keyring=lambda: ring) for _ in range(2))
    assert await one.get(OPENAI) is None
    await two.set(OPENAI, Secret("sk-two-0123456789"))
    await one.set(DEEPSEEK, Secret("sk-one-0123456789"))
    assert await one.get(OPENAI) == Secret("sk-two-0123456789")


async def test_a_given_key_goes_before_the_environment() -> None:
    found = Keys(ENV, {"DEEPSEEK_KEY": " sk-env-0123456789\n"}, open_keyring=Memory)
    assert await found.get(DEEPSEEK) == Secret("sk-env-0123456789")
    assert found.state(DEEPSEEK) == "environment"
    ring = Memory()
    given = Keys(ENV, {"DEEPSEEK_API_KEY": "sk-env-0123456789"}, open_keyring=lambda: ring)
    assert await given.set(DEEPSEEK, Secret("sk-own-0123456789")) == "keyring"
    assert await given.get(DEEPSEEK) == Secret("sk-own-0123456789")
    assert "sk-env" not in (ring.item or "")
    assert await given.set(DEEPSEEK, None) == "environment"


async def test_an_unusable_environment_variable_is_no_key() -> None:
    found = Keys(ENV, {"DEEPSEEK_API_KEY": "two words", "DEEPSEEK_KEY": ""}, open_keyring=Memory)
    assert await found.get(DEEPSEEK) is None
    assert found.state(DEEPSEEK) == "none"


@pytest.mark.parametrize(
    ("ring", "trouble"), [(absent, "absent"), (Locked, "locked"), (Raising, "failed"), (Null, None)]
)
async def test_without_a_keyring_a_key_lives_in_memory(
    ring: type[Memory], trouble: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Keys({}, {}, open_keyring=ring)
    assert await kept.get(DEEPSEEK) is None
    assert await kept.set(DEEPSEEK, Secret("sk-mem-0123456789")) == "memory"
    assert await kept.get(DEEPSEEK) == Secret("sk-mem-0123456789")
    assert kept.trouble == trouble
    assert await kept.set(DEEPSEEK, None) == "none"
    assert "secret" not in caplog.text


async def test_a_hung_keyring_holds_nobody_up_and_a_late_answer_counts(hung: Hung) -> None:
    kept = Keys({}, {}, open_keyring=lambda: hung)
    began = time.monotonic()
    answers = await asyncio.gather(*(kept.get(DEEPSEEK) for _ in range(5)))
    assert answers == [None] * 5
    assert await kept.set(OPENAI, Secret("sk-new-0123456789")) == "memory"
    assert time.monotonic() - began < 20, "it never answers"
    assert kept.trouble == "no_answer"
    assert sum(thread.name == "keyring" for thread in threading.enumerate()) == 1
    heard = asyncio.Event()
    kept.changed = heard.set
    hung.go.set()
    await asyncio.wait_for(heard.wait(), 30)
    assert await trouble_of(kept) is None
    assert kept.state(DEEPSEEK) == "keyring"
    assert kept.state(OPENAI) == "memory"
    assert await kept.get(OPENAI) == Secret("sk-new-0123456789")


async def trouble_of(kept: Keys) -> Trouble | None:
    """The trouble now; through a call, or the type checker would believe the last one lasts."""
    return kept.trouble


async def test_a_keyring_that_could_not_be_read_is_not_overwritten() -> None:
    ring = Memory(f'{{"{OPENAI}": "sk-two-0123456789"}}')
    rings = iter([Raising(), ring])
    kept = Keys({}, {}, open_keyring=lambda: next(rings))
    assert await kept.get(OPENAI) is None
    assert await kept.set(DEEPSEEK, Secret("sk-one-0123456789")) == "keyring"
    assert await kept.get(OPENAI) == Secret("sk-two-0123456789")


@pytest.mark.parametrize(
    "item", ["", "no json", "[1, 2]", '{"https://x.example": 5, "https://y.example": "a b"}']
)
async def test_a_strange_item_holds_no_keys(item: str) -> None:
    kept = Keys({}, {}, open_keyring=lambda: Memory(item))
    assert await kept.get("https://x.example") is None
    assert await kept.get("https://y.example") is None
    assert kept.known() == ()


async def test_the_redactor_is_told_every_key_and_nothing_prints_one() -> None:
    redact = Redactor()
    ring = Memory('{"https://x.example": "sk-old-0123456789"}')
    kept = Keys(ENV, {"DEEPSEEK_API_KEY": "sk-env-0123456789"}, open_keyring=lambda: ring, redact=redact)
    assert redact("sk-env-0123456789") == MASK, "before the keyring was asked"
    assert await kept.get(OPENAI) is None
    assert redact("sk-old-0123456789") == MASK
    await kept.set("https://x.example", None)
    await kept.set(OPENAI, Secret("sk-two-0123456789"))
    assert {secret.reveal() for secret in kept.known()} == {"sk-env-0123456789", "sk-two-0123456789"}
    assert "0123456789" not in repr(vars(kept))


async def test_files_and_empty_backends_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backends import chainer, fail, null

    backends: tuple[Callable[[], object], ...] = (null.Keyring, fail.Keyring, chainer.ChainerBackend)
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [backend() for backend in backends[:2]])
    for backend in backends:
        monkeypatch.setattr(keyring, "get_keyring", backend)
        kept = Keys({}, {})
        assert await kept.set(DEEPSEEK, Secret("sk-mem-0123456789")) == "memory"
        assert kept.trouble == "absent"


async def test_a_key_is_masked_while_the_keyring_still_thinks(hung: Hung) -> None:
    redact = Redactor()
    kept = Keys({}, {}, open_keyring=lambda: hung, redact=redact)
    asked = asyncio.create_task(kept.set(OPENAI, Secret("sk-new-0123456789")))
    await asyncio.sleep(0)
    assert redact("sk-new-0123456789") == MASK
    assert await asked == "memory"
    assert redact("sk-kept-0123456789") != MASK
    heard = asyncio.Event()
    kept.changed = heard.set
    hung.go.set()
    await asyncio.wait_for(heard.wait(), 30)
    assert redact("sk-kept-0123456789") == MASK


@pytest.mark.parametrize(
    "asked",
    [
        "http://api.deepseek.com",
        "https://api.deepseek.com:8443",
        "https://api.deepseek.com.",
        "https://api.deepseek.com.evil.example",
        "https://deepseek.com",
        "https://api.deepseek.com@evil.example",
        "https://api.d\u0435\u0435pseek.com",
        "https://xn--api-deepseek.com",
        "https://API.deepseek.com",
        "api.deepseek.com",
        "https://api.deepseek.com/",
        "https://",
        "",
    ],
)
async def test_a_key_is_given_for_its_own_origin_alone(asked: str) -> None:
    """Origins come from `origin_of`, which has one spelling for each: whatever is not that very text gets nothing."""
    found = Keys(ENV, {"DEEPSEEK_API_KEY": "sk-env-0123456789"}, open_keyring=Memory)
    await found.set(OPENAI, Secret("sk-two-0123456789"))
    assert await found.get(asked) is None
    assert found.state(asked) == "none"


def test_the_package_is_not_imported_before_it_is_asked() -> None:
    code = "import sys, sidelight.keys as k; k.Keys({}, {}); sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SERVICE = """
import asyncio, sys
from sidelight.keys import Keys
from sidelight.secrets import MASK, Redactor, Secret

async def main():
    first = Keys({}, {})
    assert await first.set("https://api.deepseek.com", Secret(sys.argv[1])) == "keyring", first.trouble
    second = Keys({}, {})
    assert await second.get("https://api.deepseek.com") == Secret(sys.argv[1])
    assert second.state("https://api.deepseek.com") == "keyring"
    assert await second.set("https://api.deepseek.com", None) == "none"
    assert await Keys({}, {}).get("https://api.deepseek.com") is None
    print("kept")

asyncio.run(main())
"""


@pytest.mark.skipif(
    shutil.which("dbus-run-session") is None or shutil.which("gnome-keyring-daemon") is None,
    reason="needs dbus and gnome-keyring",
)
def test_the_real_secret_service(tmp_path: Path) -> None:
    script = f"""
    printf 'a password' | gnome-keyring-daemon --unlock --components=secrets > /dev/null
    exec '{sys.executable}' -W ignore -c "$SERVICE" '{KEYS["openai"]}'
    """
    environ = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "SERVICE": SERVICE}
    environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", script],
        env={**environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "kept\n", done.stderr
    assert list(tmp_path.rglob("*.keyring")), "kept on disk, and as all tests show: not readable"
