"""`Secret`, and the redactor that keeps secrets out of everything a person or a file may see.

Not the keyring (`keys`), and no I/O. A `Secret` can be compared and sent; it cannot be printed, logged or pickled by
accident.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "InvalidSecret", "Redactor", "Secret"]

MASK = "***"
_SHORTEST = 6
_LOOKS_LIKE_A_KEY = re.compile(
    r"(?:\b(?:sk|pk|gsk|xai|tgp|fw|csk|hf|pplx|r8|nvapi|AIza)[-_]?[A-Za-z0-9_\-]{16,})|(?:\bBearer\s+[A-Za-z0-9._\-]{12,})"
)


class InvalidSecret(ValueError):
    """The text cannot be sent in a header: it is empty, or has a space, a line end or a character outside ASCII."""


class Secret:
    """A key. `reveal()` is the only way to its text; call it where the header is written and nowhere else."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Take the text without surrounding white space. Raises InvalidSecret, whose message never holds the text."""
        clean = text.strip()
        if not clean:
            raise InvalidSecret("empty")
        if not clean.isascii() or any(not c.isprintable() or c.isspace() for c in clean):
            raise InvalidSecret("unprintable")
        self._text = clean

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not written anywhere")


class Redactor:
    """Replaces known keys, in the encodings they travel in, and anything shaped like a key, by ***."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        """Know these secrets from the start."""
        self._needles: set[str] = set()
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """From now on this key is masked: plain, URL-quoted, base64 (alone or inside a longer text), hex, JSON-escaped."""
        text = secret.reveal()
        if len(text) < _SHORTEST:
            return
        raw = text.encode()
        self._needles.update({text, quote(text, safe=""), quote(text), quote_plus(text)})
        self._needles.update({raw.hex(), json.dumps(text)[1:-1], *_in_base64(raw)})

    def __call__(self, text: str) -> str:
        """The text without any key."""
        for needle in sorted(self._needles, key=len, reverse=True):
            text = text.replace(needle, MASK)
        return _LOOKS_LIKE_A_KEY.sub(MASK, text)


def _in_base64(raw: bytes) -> Iterator[str]:
    """How base64 shows these bytes at each of the three places within a group, without the digits that others share."""
    for offset in range(3):
        padded = bytes(offset) + raw
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            digits = encode(padded).decode().rstrip("=")
            yield digits[(0, 2, 3)[offset] : len(digits) - (len(padded) % 3 > 0)]
