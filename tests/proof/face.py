"""A face without a screen, over the whole real program: a profile on disk, `open_house`, and a loop that drains.

What it does is what the terminal does; nothing is replaced by a test's own.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests import waiting
from tests.proof.loopback import LANES

from sidelight.chat.conversation import Conversation
from sidelight.chat.reply import Reply
from sidelight.engine import terms
from sidelight.engine.session import Session
from sidelight.main import open_house
from sidelight.paths import Paths, standard_paths
from sidelight.settings import BackendSetting, LaneSetting, Settings, save

__all__ = ["Face", "environment", "paths_of", "text_of", "texts", "write_settings"]


def paths_of(profile: Path) -> Paths:
    """The folders of a profile."""
    return standard_paths({"SIDELIGHT_PROFILE": str(profile)})


def environment(profile: Path) -> dict[str, str]:
    """For a process of the same profile, which meets no keyring and no screen."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
        "SIDELIGHT_PROFILE": str(profile),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }


def write_settings(
    profile: Path,
    url: str,
    lanes: int = LANES,
    providers: Sequence[str] = ("openai-compatible", "llamacpp"),
) -> None:
    """Settings with a backend and a lane for each stream: "stream-0" and so on, of these providers in turn."""
    names = [f"stream-{n}" for n in range(lanes)]
    turn = itertools.cycle(providers)
    backends = tuple(BackendSetting(n, next(turn), base_url=url) for n in names)
    lane_settings = tuple(LaneSetting(n, n) for n in names)
    save(
        paths_of(profile).settings,
        Settings(backends=backends, lanes=lane_settings, told=("engine.keyring.absent",), find_servers=False),
    )


def text_of(reply: Reply) -> str:
    """All that a reply says, trace and answer."""
    return reply.trace_text + reply.answer_text


def texts(conversation: Conversation) -> dict[tuple[str, str], str]:
    """What each reply says, by model and prompt."""
    models = {lane.id: lane.model for lane in conversation.lanes}
    return {
        (models[reply.lane], turn.prompt.text): text_of(reply)
        for turn in conversation.turns
        for reply in turn.replies
    }


class Face:
    """One open profile."""

    def __init__(self, profile: Path, watch: Callable[[terms.Face], terms.Face] | None = None) -> None:
        """`watch` may put itself between the network's thread and the session."""
        self.paths = paths_of(profile)
        self.house = open_house(self.paths)
        self.session: Session = self.house.session
        if watch is not None:
            make = self.session._make_outside
            self.session._make_outside = lambda settings, store, weights, face: make(
                settings, store, weights, watch(face)
            )
        self.session.start()
        self.until(lambda: bool(self.session.backends()))

    def until(self, condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Drain until it holds. Raises AssertionError."""
        waiting.until(self.session, condition, seconds)

    @property
    def replies(self) -> tuple[Reply, ...]:
        """The replies of the newest turn, in the order of lanes."""
        path = self.session.conversation.path
        return path[-1].replies if path else ()

    def all_stream(self) -> bool:
        """Every lane has begun to say something."""
        return bool(self.replies) and all(r.segments for r in self.replies)

    def ended(self) -> bool:
        """Nothing is under way and all was drained."""
        return not self.session.streaming

    def close(self) -> None:
        """End the house."""
        self.house.close()
