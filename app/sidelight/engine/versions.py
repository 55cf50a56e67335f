"""When a newer version is looked for, and what is known of one. What `core` delegates; in the face's thread.

It is looked for when somebody presses the button, and once a day where somebody said so: never otherwise. Not the asking
(`net.releases`). What is remembered stands in the preferences: when it was last asked, so that a day is a day over restarts too
and when nobody answers; when what was read last was signed, so that an older file is not believed after it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from sidelight import __version__
from sidelight.engine.terms import Change, Notice
from sidelight.net import releases
from sidelight.net.releases import Channel, Look
from sidelight.settings import Settings, VersionSetting

if TYPE_CHECKING:
    from sidelight.engine.desk import Desk
    from sidelight.engine.network import Network
    from sidelight.engine.outside import Outside

__all__ = ["DAY", "PLACE", "Newness", "Versions"]

DAY: Final = 86_400.0
PLACE: Final = "newer"
"""The place of its notice among the session's."""
_AFTER_START = 20.0
_BETWEEN = 3600.0
"""Seconds between two looks at the clock: a window may stay open for weeks."""


@dataclass(frozen=True, slots=True)
class Newness:
    """How this copy came here, whether it is being looked, what the last look of this session gave, and when it was last asked
    (Unix seconds, 0: never)."""

    channel: Channel
    looking: bool = False
    look: Look | None = None
    asked: float = 0.0


class Versions:
    """The newest word on newer versions; told by a change of "version"."""

    def __init__(
        self,
        desk: Desk,
        network: Callable[[], Network[Outside]],
        settings: Callable[[], Settings],
        change: Callable[[Settings], None],
        notice: Callable[[Notice | None], None],
    ) -> None:
        """`notice` has a banner say something, or with None say it no longer."""
        self._desk, self._network = desk, network
        self._settings, self._change, self._notice = settings, change, notice
        self._channel = releases.channel()
        self._looking = self._watching = False
        self._look: Look | None = None

    @property
    def newness(self) -> Newness:
        """What is known now."""
        return Newness(self._channel, self._looking, self._look, self._own.asked)

    def look(self, *, by_hand: bool = True) -> None:
        """Look now. What was asked for `by_hand` is answered where it was asked; else a newer version becomes a notice."""
        if self._looking or not self._channel.can_look:
            return
        self._looking = True
        self._remember(asked=time.time())
        where, signed = self._channel, self._own.signed
        found = self._network().run(lambda outside: outside.look_for_version(where, signed))
        self._desk.when(found, lambda look: self._take(look, by_hand=by_hand))
        self._desk.tell(Change("version"))

    def watch(self) -> None:
        """Look once a day from now on, for as long as the preferences say so."""
        if not self._watching and self._own.daily and self._channel.can_look:
            self._watching = True
            self._wait(_AFTER_START)

    def put_away(self, notice: Notice) -> None:
        """The person has read of this version, and is not told of it again."""
        self._remember(told=notice.subject)

    # --- inside

    @property
    def _own(self) -> VersionSetting:
        return self._settings().versions

    def _remember(self, **changes: float | str) -> None:
        settings = self._settings()
        versions = msgspec.structs.replace(settings.versions, **changes)
        self._change(msgspec.structs.replace(settings, versions=versions))

    def _wait(self, seconds: float) -> None:
        self._desk.when(self._network().run(lambda _outside: _pause(seconds)), self._on_waited)

    def _on_waited(self, waited: bool | None) -> None:
        if not waited or not self._own.daily:
            self._watching = False
            return
        if not 0 <= time.time() - self._own.asked < DAY:  # a time to come is that of a clock that was wrong
            self.look(by_hand=False)
        self._wait(_BETWEEN)

    def _take(self, look: Look | None, *, by_hand: bool) -> None:
        self._looking = False
        if look is not None:
            self._look = look
            if look.state != "unknown" and look.release is not None:
                self._remember(signed=look.release.signed)
            if look.state == "current":
                self._notice(None)
            elif look.state == "newer" and not by_hand:
                self._say(look)
        self._desk.tell(Change("version"))

    def _say(self, look: Look) -> None:
        release = look.release
        if release is None or release.version == self._own.told:
            return
        said = [("version", release.version), ("date", release.date), ("own", __version__)]
        code = "engine.newer"
        if release.note:
            code = "engine.newer.note"
            said.append(("note", release.note))
        self._notice(Notice(code, tuple(said), "info", action="engine.newer.open", subject=release.version))


async def _pause(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True
