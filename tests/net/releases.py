"""News of releases as tests need them: signed by a key of the tests' own, told by a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.faults.server import Scenario, Seen, answer

from sidelight.net.releases import FORMAT, Channel

__all__ = ["KEY", "NOW", "PATH", "STRANGER", "copy_of", "news", "signed", "telling"]

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NOW = 1_800_000_000
PATH = "/news/latest.json"


def copy_of(url: str, **changes: str) -> Channel:
    """A copy that nobody else renews, which looks at this server."""
    public = KEY.public_key().public_bytes_raw().hex()
    return Channel(**{"kind": "portable", "address": url + PATH, "key": public, **changes})  # type: ignore[arg-type]  # by name


def news(version: str = "0.2.0", **changes: object) -> bytes:
    """What the file says."""
    said = {
        "format": FORMAT,
        "version": version,
        "date": "2027-01-10",
        "signed": NOW - 1000,
        "expires": NOW + 1000,
        "page": "https://sidelight.example/releases/tag/v0.2.0",
        "note": "",
    }
    return json.dumps({**said, **changes}).encode()


def signed(said: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    """The signature as it lies beside the file."""
    return key.sign(said).hex().encode() + b"\n"


def telling(said: bytes, signature: bytes | None = None) -> Callable[[Seen], Scenario]:
    """A server that has the file and, without one given, the right signature."""
    files = {PATH: said, f"{PATH}.sig": signed(said) if signature is None else signature}
    return lambda seen: answer(200, files[seen.path]) if seen.path in files else answer(404)
