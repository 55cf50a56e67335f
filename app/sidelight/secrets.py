"""`Secret`, and the redactor that keeps secrets out of everything a person or a file may see.

Not the keyring (`keys`), and no I/O. A `Secret` can be compared and sent; it cannot be printed, logged or pickled by
accident.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["MASK", "InvalidSecret", "Redactor", "Secret", "StreamRedactor", "without_keys"]

MASK = "***"
_SHORTEST = 6
_CUT = 10
"""So many characters of the beginning of a key are masked in the last word of a text, with all that follows them."""
_LOOKS_LIKE_A_KEY = re.compile(
    r"\b(?:(?:sk|pk|gsk|xai|tgp|fw|csk|hf|pplx|r8|nvapi)[-_]|AIza)[A-Za-z0-9_\-]{16,}|\bBearer\s+[A-Za-z0-9._\-]{12,}"
)
_SHARED = 4
_FOR_URLS = {"+": "-", "/": "_"}
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


_KEYS_END = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of this process but those that are named like keys: a child of ours has no use for a provider's."""
    return {name: value for name, value in environ.items() if not name.upper().endswith(_KEYS_END)}


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


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a key. `mark` is a part that no escape changes, in lower case: a text without it need not be searched.

    `beginning` is a pattern of so much of it that a text which ends there has a key cut off by a cap.
    """

    mark: str
    whole: re.Pattern[str]
    beginning: str


class Redactor:
    """Replaces known keys, in the forms they travel in, and anything shaped like a key, by ***. Used from any thread."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        """Know these secrets from the start."""
        self._known: dict[str, tuple[_Form, ...]] = {}
        self._cut: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """From now on this key is masked: plain in any case (a host name is lower case), escaped for a URL, JSON or HTML,
        in base64 (alone or inside a longer text) and in hexadecimal. One of fewer than 6 characters would shred the text.
        """
        text = secret.reveal()
        if len(text) < _SHORTEST or text in self._known:
            return
        known = {**self._known, text: tuple(_forms(text))}
        # A key may stand in a longer one.
        self._known = dict(sorted(known.items(), key=lambda item: len(item[0]), reverse=True))
        beginnings = (form.beginning for forms in self._known.values() for form in forms)
        self._cut = re.compile(f"(?:{'|'.join(beginnings)}).*", re.IGNORECASE | re.DOTALL)

    def __call__(self, text: str) -> str:
        """The text without any key."""
        return _LOOKS_LIKE_A_KEY.sub(MASK, self.exactly(text))

    def exactly(self, text: str) -> str:
        """The text without the keys that are known. What only looks like one stays: it may be what the text is about."""
        lower = text.lower()
        for forms in self._known.values():
            for form in forms:
                if form.mark in lower:
                    text = form.whole.sub(MASK, text)
        if self._cut is not None:
            last = max(map(text.rfind, " \t\r\n")) + 1
            text = text[:last] + self._cut.sub(MASK, text[last:])
        return text


class StreamRedactor:
    """Masks one key in a text that comes in pieces, however they are cut.

    Its first characters stay, which all keys of a provider share: so no piece that merely ends like the beginning of a
    key has to wait for the next one.
    """

    def __init__(self, secret: Secret) -> None:
        """The key is longer than 16 characters."""
        key = secret.reveal()
        self._redact = Redactor([Secret(key[_SHARED:])])
        forms = {form.lower() for form in _written(key)}
        self._beginnings = {form[:n] for form in forms for n in range(_SHARED + 1, len(form))}
        self._longest = max(map(len, forms)) - 1
        self._before = self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown of what has come."""
        text = self._held + piece
        tail = (self._before + text)[-self._longest :].lower()
        fits = (n for n in range(len(tail), _SHARED, -1) if tail[-n:] in self._beginnings)
        end = len(text) - (next(fits, _SHARED) - _SHARED)
        shown, self._held = text[:end], text[end:]
        self._before = (self._before + shown)[-_SHARED:]
        return self._redact.exactly(shown)

    def flush(self) -> str:
        """What was held back, at the end of the text."""
        left, self._before, self._held = self._held, "", ""
        return MASK if len(left) > _CUT else left


def _written(key: str) -> Iterator[str]:
    """A key in the forms that may come in pieces."""
    in_json = json.dumps(key)[1:-1]
    yield from (key, quote(key, safe=""), in_json, in_json.replace("/", "\\/"), html.escape(key))
    yield key.encode().hex()
    for offset in range(3):
        digits = base64.b64encode(bytes(offset) + key.encode()).decode().rstrip("=")[(0, 2, 3)[offset] :]
        yield from (digits, digits.translate(str.maketrans("+/", "-_")))


def _forms(key: str) -> Iterator[_Form]:
    raw = key.encode()
    for characters in (list(map(_escaped, key)), list(raw.hex()), *_in_base64(raw)):
        plain = "".join(c if len(c) == 1 else " " for c in characters)
        whole = re.compile("".join(characters), re.IGNORECASE)
        yield _Form(max(plain.split(), key=len, default="").lower(), whole, "".join(characters[:_CUT]))


def _in_base64(raw: bytes) -> Iterator[list[str]]:
    """Patterns of the digits, at each of the three places within a group, without those that others share."""
    for offset in range(3):
        digits = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        alone = digits[(0, 2, 3)[offset] : len(digits) - ((offset + len(raw)) % 3 > 0)]
        yield [_escaped(d) if d.isalnum() else f"(?:{_escaped(d)}|{_FOR_URLS[d]})" for d in alone]


def _escaped(character: str) -> str:
    """A pattern of one character of ASCII, as it is or as URLs, JSON and HTML write it, twice over too."""
    if character.isalnum():
        return character
    code = ord(character)
    forms = [
        rf"\\{{0,3}}{re.escape(character)}",
        f"%(?:25){{0,2}}{code:02x}",
        rf"\\{{1,3}}u00{code:02x}",
        f"&(?:amp;)?(?:#x0?{code:x}|#0?{code}|{_ENTITIES.get(character, '#')});",
    ]
    return f"(?:{'|'.join(forms)})"
