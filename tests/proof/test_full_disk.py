"""No room on the disk while eight lanes stream: they stream on, one notice says so, and once there is room all is written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.proof.face import Face, paths_of, texts, write_settings
from tests.proof.loopback import LANES, Asked, Loopback, Talk, prose

from sidelight.chat.reply import ReplyState

resource = pytest.importorskip("resource", reason="limits on files are a matter of Unix")

LENGTH = 7000
RATE = 1400.0
SMALL = 3_000_000
"""Bytes of the small disk."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the ways to run out of room are Linux's")


def talk(asked: Asked) -> Talk:
    text = prose("/".join(asked.key), LENGTH)
    return Talk(text[: LENGTH // 2], text[LENGTH // 2 :], RATE)


def codes(face: Face) -> list[str]:
    return [notice.code for notice in face.session.notices]


def play(
    profile: Path, fill: Callable[[], object], make_room: Callable[[], object], notice: set[str]
) -> None:
    """Stream; in the middle of it the room is taken, and given back after some seconds."""
    with Loopback(talk) as server:
        write_settings(profile, server.url)
        with closing(Face(profile)) as face:
            face.session.send("Go on.")
            face.until(face.all_stream)
            fill()
            face.until(lambda: bool(codes(face)))
            assert set(codes(face)) <= notice
            before = texts(face.session.conversation)
            face.until(lambda: server.sent(("stream-0", "Go on.")) > 0.8 * LENGTH)
            now = texts(face.session.conversation)
            assert all(len(now[key]) > len(before[key]) for key in before), "every lane streams on"
            make_room()
            face.until(lambda: not codes(face))
            face.until(face.ended)
            kept = face.session.conversation
            assert texts(kept) == {
                (f"stream-{n}", "Go on."): prose(f"stream-{n}/Go on.", LENGTH) for n in range(LANES)
            }
            assert {r.state for r in face.replies} == {ReplyState.COMPLETE}
            assert face.house.session.close(), "everything could be written"
    with closing(Face(profile)) as again:
        again.until(lambda: bool(again.session.history()))
        again.session.open(kept.id)
        again.until(lambda: again.session.conversation.id == kept.id)
        assert again.session.conversation.turns == kept.turns


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        ballast = disk / "ballast"

        def fill() -> None:
            with ballast.open("wb", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError:
                    return

        play(disk / "profile", fill, ballast.unlink, {"store.full"})


def test_a_limit_on_the_size_of_files(profile: Path) -> None:
    """What every user can be given, and what SQLite reports in another way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = paths_of(profile).database.with_name("sidelight.db-wal")

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size + 20_000, before[1]))

    try:
        play(
            profile,
            fill,
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before),
            {"store.full", "store.io"},
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own, in memory; only root can make one."""
    place.mkdir()
    options = f"size={SMALL},mode=0700"
    if os.geteuid() != 0 or _run("mount", "-t", "tmpfs", "-o", options, "sidelight-test", str(place)):
        pytest.skip("a small disk can only be mounted by root")
    try:
        yield place
    finally:
        _run("umount", "-l", str(place))


def _run(*command: str) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode
