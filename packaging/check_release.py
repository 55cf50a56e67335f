"""Whether what is to be released may be: check_release.py v1.2.3. Says everything that is in the way, and returns 1 then."""

from __future__ import annotations

import re
import sys

from identity import RELEASE_KEY, RELEASES, ROOT, placeholders, version

__all__ = ["obstacles"]


def obstacles(tag: str) -> list[str]:
    """Sentences; none where the release may go out."""
    found = []
    if tag != f"v{version()}":
        found.append(f"the tag is {tag}, app/sidelight/__init__.py says {version()}")
    if placeholders():
        found.append(f"packaging/identity.py names what belongs to nobody: {', '.join(placeholders())}")
    if bool(RELEASES) != bool(RELEASE_KEY):
        found.append("packaging/identity.py has one of RELEASES and RELEASE_KEY without the other")
    if RELEASES and not RELEASES.startswith("https://"):
        found.append(f"RELEASES is no https address: {RELEASES}")
    if RELEASE_KEY and not re.fullmatch(r"[0-9a-f]{64}", RELEASE_KEY):
        found.append("RELEASE_KEY is not 64 hexadecimal digits")
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## \[{re.escape(version())}\]", changes, re.MULTILINE):
        found.append(f"CHANGELOG.md has no section [{version()}]")
    return found


def main() -> int:
    """Check the tag of the command line."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: check_release.py TAG\n")
        return 2
    found = obstacles(sys.argv[1])
    for sentence in found:
        sys.stderr.write(f"{sentence}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
