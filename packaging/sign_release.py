"""The news of a release that copies read when somebody asks them to: latest.json, and its signature beside it.

    sign_release.py --new-key FILE              make a pair: the private key into FILE (for you alone), the public one is printed
    sign_release.py OUT --page ADDRESS [--note "one line"] [--days 400]

The second writes OUT/latest.json and OUT/latest.json.sig with the private key in SIDELIGHT_RELEASE_KEY (hexadecimal), and refuses
unless a copy with the public key of packaging/identity.py would believe them. Nothing else reads the private key, and it is never
printed. The news are believed for `--days`: sign anew before they are over, also where nothing is new. Runs by an interpreter that
has packaging/requirements.lock installed on Linux, or else the app and `cryptography`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "app")]

from identity import RELEASE_KEY, epoch, version  # noqa: E402 - after the path

from sidelight.net import releases  # noqa: E402

__all__ = ["Refused", "new_key", "news", "sign"]

VARIABLE = "SIDELIGHT_RELEASE_KEY"
_PRIVATE = re.compile(r"[0-9a-f]{64}")


class Refused(Exception):
    """Nothing was written, and why."""


def new_key() -> tuple[str, str]:
    """A new pair in hexadecimal: private, public."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = Ed25519PrivateKey.generate()
    return made.private_bytes_raw().hex(), made.public_key().public_bytes_raw().hex()


def news(page: str, note: str = "", *, days: int, now: int) -> bytes:
    """What latest.json says of this version; `now` is Unix seconds."""
    said = {
        "format": releases.FORMAT,
        "version": version(),
        "date": f"{datetime.fromtimestamp(epoch(), UTC):%Y-%m-%d}",
        "signed": now,
        "expires": now + days * 86_400,
        "page": page,
        "note": note,
    }
    return json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n"


def sign(said: bytes, private: str, public: str, *, now: int) -> bytes:
    """The signature in hexadecimal. Raises Refused where a copy that holds `public` would not believe it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not _PRIVATE.fullmatch(private):
        raise Refused(f"{VARIABLE} is not 64 hexadecimal digits")
    signature = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private)).sign(said).hex().encode() + b"\n"
    found = releases.read(said, signature, public, now=now)
    if found.why == "signature":
        raise Refused(f"{VARIABLE} is not the private half of RELEASE_KEY in packaging/identity.py")
    if found.state != "current":
        raise Refused(f"a copy would not believe this: {found.why or found.state}")
    return signature


def main() -> int:
    """Do what the command line says. Returns 1 where it was refused."""
    told = argparse.ArgumentParser(prog="sign_release.py", description=__doc__)
    told.add_argument("out", type=Path, nargs="?")
    told.add_argument("--new-key", type=Path, metavar="FILE")
    told.add_argument("--page", default="")
    told.add_argument("--note", default="")
    told.add_argument("--days", type=int, default=400)
    asked = told.parse_args()
    if asked.new_key is not None:
        private, public = new_key()
        handle = os.open(asked.new_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{private}\n")
        sys.stdout.write(f"RELEASE_KEY = {public!r}\n")
        return 0
    if asked.out is None or not asked.page:
        told.error("name the folder and --page")
    now = int(time.time())
    try:
        said = news(asked.page, asked.note, days=asked.days, now=now)
        signature = sign(said, os.environ.get(VARIABLE, "").strip(), RELEASE_KEY, now=now)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "latest.json").write_bytes(said)
    (asked.out / "latest.json.sig").write_bytes(signature)
    return 0


if __name__ == "__main__":
    sys.exit(main())
