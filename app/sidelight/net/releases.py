"""Whether there is a newer version: one small signed file at a fixed address, read when somebody asked for that.

What it says is believed once its signature fits the key that came with this copy, and only then is it parsed. Nothing is
downloaded or installed; a page is named that a person may open. Not the moment to look (`engine.versions`) and no words.

`channel` says how this copy came here. Where a package manager brought it there is no address and no key, and nothing is asked.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from sidelight import __version__
from sidelight.net.address import is_plain
from sidelight.net.client import Clocks, Http
from sidelight.net.errors import NetError, NetErrorKind
from sidelight.paths import installed_as, resource

__all__ = ["FORMAT", "Channel", "Kind", "Look", "Release", "Why", "channel", "is_newer", "look", "read"]

FORMAT: Final = "sidelight-release/1"
"""What the file begins with: a signature over something else, made by the same key, is no release."""

Kind: TypeAlias = Literal["portable", "deb", "rpm", "flatpak", "pip", "source", "managed"]
"""`portable`: nobody renews this copy but its owner. `managed`: somebody does, and nobody said who."""

Why: TypeAlias = Literal[
    "channel", "plain", "network", "slow", "status", "redirect", "too_large", "signature", "garbage", "expired", "older"
]  # fmt: skip
"""Why it could not be learnt. `channel`: this copy does not look; `plain`: the address is not encrypted, so nothing was sent;
`expired`: signed for a time that is over; `older`: signed before what was read here already."""

_CAP = 16_000
_SIGNATURE_CAP = 1_000
_CLOCKS = Clocks(connect=10.0, first_payload=15.0)
_DEADLINE = 30.0
"""Seconds for both files."""
_SENT: Final = {"user-agent": "sidelight", "accept": "*/*"}
"""All that is said beside the path: not even which version asks."""
_UNMARKED: Final[dict[str, Kind]] = {"frozen": "managed", "package": "pip", "checkout": "source"}
_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(rb"[0-9a-f]{128}")
_PUBLISHED = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){1,3}")
_OWN = re.compile(rf"({_PUBLISHED.pattern})(?:(?:a|b|rc|\.dev)[0-9]+)?")


class Channel(msgspec.Struct, frozen=True):
    """How this copy came here; where new versions are told, and the key (32 bytes in hexadecimal) that signs them."""

    kind: Kind = "managed"
    address: str = ""
    key: str = ""

    @property
    def can_look(self) -> bool:
        """Whether new versions can be looked for: nobody else renews this copy, and there is an address and a key."""
        return self.kind == "portable" and bool(self.address) and bool(_KEY.fullmatch(self.key))


class Release(msgspec.Struct, frozen=True):
    """What the file says. `date` is the day of the release, `signed` and `expires` are Unix seconds, `page` is for people."""

    format: Literal["sidelight-release/1"]
    version: Annotated[str, msgspec.Meta(pattern=rf"^{_PUBLISHED.pattern}\Z")]
    date: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    signed: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    expires: Annotated[int, msgspec.Meta(ge=0, le=2**40)]
    page: Annotated[str, msgspec.Meta(max_length=500)]
    note: Annotated[str, msgspec.Meta(max_length=300)] = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known after a look; `why` where that is nothing, with `kind` of the network's and `status` of the server's."""

    state: Literal["newer", "current", "unknown"]
    release: Release | None = None
    why: Why | None = None
    kind: NetErrorKind | None = None
    status: int = 0


def channel() -> Channel:
    """How this copy came here: what channel.json says, which each package has among its resources (packaging/build.py).

    Without it a copy is what pip installed, or a checkout; where it cannot be read, nobody is known to renew it.
    """
    try:
        said = resource("channel.json").read_bytes()
        return msgspec.json.decode(said, type=Channel)
    except FileNotFoundError:
        return Channel(_UNMARKED[installed_as()])
    except (OSError, msgspec.DecodeError):
        return Channel()


async def look(
    http: Http, where: Channel, *, now: float, not_before: int = 0, own: str = __version__
) -> Look:
    """Fetch the file and its signature, and compare. `not_before`: when what was read last was signed. Never raises for the world.

    `now` is Unix seconds.
    """
    if not where.can_look:
        return Look("unknown", why="channel")
    if is_plain(where.address):
        return Look("unknown", why="plain")
    try:
        async with asyncio.timeout(_DEADLINE):
            said = await _fetched(http, where.address, _CAP)
            if isinstance(said, Look):
                return said
            signature = await _fetched(http, f"{where.address}.sig", _SIGNATURE_CAP)
            if isinstance(signature, Look):
                return signature
    except TimeoutError:
        return Look("unknown", why="slow")
    # The library takes a moment to import and a moment to reckon: not on the loop where answers come in.
    return await asyncio.to_thread(read, said, signature, where.key, now=now, not_before=not_before, own=own)


def read(
    said: bytes, signature: bytes, key: str, *, now: float, not_before: int = 0, own: str = __version__
) -> Look:
    """What the bytes of the file say to a copy of version `own`, once the signature was found to be the key's."""
    if not _is_signed(said, signature.strip(), key):
        return Look("unknown", why="signature")
    try:
        release = msgspec.json.decode(said, type=Release)
        newer = is_newer(release.version, own)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return Look("unknown", why="garbage")
    if not _is_page(release.page) or not release.note.isprintable():
        return Look("unknown", why="garbage")
    if release.signed < not_before:
        return Look("unknown", release, "older")
    if release.expires <= now:
        return Look("unknown", release, "expired")
    return Look("newer" if newer else "current", release)


def is_newer(published: str, own: str) -> bool:
    """Whether a version that was published, numbers alone, comes after our own, which may be one before a release (0.2.0rc1).

    Raises ValueError for anything else.
    """
    ours = _OWN.fullmatch(own)
    if ours is None or not _PUBLISHED.fullmatch(published):
        raise ValueError("not a version that can be compared")
    there, here = _numbers(published), _numbers(ours[1])
    return there > here or (there == here and ours[1] != own)


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (4 - len(parts)))


async def _fetched(http: Http, address: str, cap: int) -> bytes | Look:
    try:
        answer = await http.fetch("GET", address, headers=_SENT, clocks=_CLOCKS, cap=cap)
    except NetError as error:
        match error.kind:
            case "timeout":
                return Look("unknown", why="slow")
            case "redirect" | "too_large":
                return Look("unknown", why=error.kind)
            case _:
                return Look("unknown", why="network", kind=error.kind)
    if answer.status != 200:
        return Look("unknown", why="status", status=answer.status)
    return answer.body


def _is_page(address: str) -> bool:
    """Whether it may be shown as the page of a release: encrypted, or on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc:
        return False
    return parts.scheme in ("http", "https") and not is_plain(address)


def _is_signed(said: bytes, signature: bytes, key: str) -> bool:
    """Whether the key signed these bytes. `signature` is 64 bytes in hexadecimal."""
    if not _SIGNATURE.fullmatch(signature):
        return False
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature, SSlibKey  # type: ignore[attr-defined]  # it has no __all__

    name = "release"
    try:
        SSlibKey(name, "ed25519", "ed25519", {"public": key}).verify_signature(
            Signature(name, signature.decode()), said
        )
    except UnverifiedSignatureError:
        return False
    return True
