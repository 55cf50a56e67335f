"""A piece of a text around what was looked for, and which parts of it that is. Reads no table and knows no index.

What counts as the same is what counts for the index: letters whatever their case and accents. Most terms are one word in
a text of plain letters, so those are found without a regular expression, which would be made anew for every search.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from sidelight.store.query import SPACED_LETTER, Term, is_unspaced

__all__ = ["READ", "Snippet", "finder", "snippet"]

READ = 200_000
"""Letters of a text in which a place to show is looked for."""

_FOLDED = 20_000
"""Letters of it in which accents are passed over."""

_AROUND, _SHOWN = 48, 240
"""Letters before the first match in a snippet, and in all."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text, in one line, and which parts of it were looked for: (start, end), ascending, apart."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def snippet(text: str, terms: Sequence[Term]) -> tuple[int, Snippet]:
    """How many of the terms stand in a text, and a piece of it around the longest of them, or else its beginning."""
    small = _small(text)
    count, longest, at = 0, -1, 0
    for term in terms:
        place = _place(text, small, term)
        if place >= 0:
            count += 1
            length = sum(map(len, term.words))
            if length > longest or (length == longest and place < at):
                longest, at = length, place
    return count, _piece(text, at, terms)


def finder(terms: Sequence[Term]) -> Callable[[Sequence[str]], bool]:
    """Says whether all of these terms stand in texts, each in any of them; made for thousands of texts."""
    firsts = [(term, _wanted(term.words, term.open).typed[0]) for term in terms]

    def found(texts: Sequence[str]) -> bool:
        for term, first in firsts:
            for text in texts:
                if (not text.isascii() or first in text.lower()) and _place(text, _small(text), term) >= 0:
                    break
            else:
                return False
        return True

    return found


def _small(text: str) -> str:
    small = text.lower()
    return small if len(small) == len(text) else text  # one letter became two: places would not be the same


def _place(text: str, small: str, term: Term) -> int:
    """Where a term stands first, -1 where it does not. Looks for the letters as they are typed first: that is fast."""
    wanted = _wanted(term.words, term.open)
    if wanted.typed[0] in small:
        for start, _ in _spans(wanted.typed, wanted, small):
            return start
    if not text.isascii() and _ACCENTED.search(text, 0, _FOLDED):
        for start, _ in _spans(wanted.plain, wanted, _fold(text[:_FOLDED])):
            return start
    return -1


# What would end a line or turn it about, and is no white space.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def _piece(text: str, at: int, terms: Sequence[Term]) -> Snippet:
    """About `_SHOWN` letters of a text in one line, with the place in it."""
    start = max(0, at - _AROUND)
    if start:
        space = text.find(" ", start, at)
        start = start if space < 0 else space + 1
    shown = text[start : start + _SHOWN]
    if not shown.isprintable():
        shown = _CONTROLS.sub(" ", shown)
    shown = " ".join(shown.split())
    before, after = ("… " if start else ""), (" …" if len(text) > start + _SHOWN else "")
    shift = len(before)
    marks = tuple((first + shift, last + shift) for first, last in _marks(shown, terms))
    return Snippet(f"{before}{shown}{after}", marks)


def _marks(text: str, terms: Iterable[Term]) -> Sequence[tuple[int, int]]:
    """Where terms stand in a short text: (start, end), ascending, those that touch joined."""
    folded = _fold(text)
    found: list[tuple[int, int]] = []
    for term in terms:
        wanted = _wanted(term.words, term.open)
        found += _spans(wanted.plain, wanted, folded)
    if len(found) < 2:
        return found
    found.sort()
    joined = found[:1]
    for start, end in found[1:]:
        if start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


# --- finding words


class _Wanted(NamedTuple):
    """A term: its words in small letters, as typed and without accents, and whether words must begin and end there."""

    typed: tuple[str, ...]
    plain: tuple[str, ...]
    begins: bool
    ends: bool


@lru_cache(maxsize=256)
def _wanted(words: tuple[str, ...], may_go_on: bool) -> _Wanted:
    typed = tuple(map(_small, words))
    plain = tuple(_COMBINING.sub("", _fold(word)) or word for word in words)
    return _Wanted(typed, plain, not is_unspaced(words[0]), not may_go_on and not is_unspaced(words[-1]))


_COMBINING = re.compile("[\u0300-\u036f]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u036f\u0370-\u052f\u1e00-\u1fff]")
_BETWEEN = r"[\W_]*"


def _spans(words: tuple[str, ...], wanted: _Wanted, text: str) -> Iterator[tuple[int, int]]:
    """Where words stand in this order, as whole words where they must be, with the accents that follow their end."""
    accents = not text.isascii() and _COMBINING.search(text) is not None
    if len(words) == 1 and not accents:
        places = _places(words[0], text)
    else:
        places = (match.span() for match in _pattern(words, accents).finditer(text))
    for start, end in places:
        inside = (wanted.begins and start > 0 and _is_letter(text, start - 1)) or (
            wanted.ends and _is_letter(text, end)
        )
        if not inside:
            yield start, end


def _places(word: str, text: str) -> Iterator[tuple[int, int]]:
    at = text.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = text.find(word, at + len(word))


def _is_letter(text: str, at: int) -> bool:
    """Whether there is a letter or digit of a script whose words end somewhere."""
    letter = text[at : at + 1]
    if letter.isascii():
        return letter.isalnum()
    return _spaced_letter().match(letter) is not None


@cache
def _spaced_letter() -> re.Pattern[str]:
    """Compiled when first needed: it takes milliseconds, and this module is there at the first paint."""
    return re.compile(SPACED_LETTER)


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...], accents: bool) -> re.Pattern[str]:
    """Words with anything but letters between them. Begins with a letter, so that it is found fast."""
    any_accent = _COMBINING.pattern[:-1] + "*" if accents else ""
    spelled = ("".join(re.escape(letter) + any_accent for letter in word) for word in words)
    return re.compile(_BETWEEN.join(spelled))


def _fold(text: str) -> str:
    """The text in small letters without accents, each at the place of its own."""
    return text.lower() if text.isascii() else text.translate(_plain_letters)


_WITH_ACCENTS: Final = (range(0xC0, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))


class _PlainLetters(dict[int, int]):
    """The plain small letter by code of a letter, found out when it is first asked for."""

    def __missing__(self, code: int) -> int:
        letter = chr(code)
        if any(code in codes for codes in _WITH_ACCENTS):
            letter = unicodedata.normalize("NFD", letter)[0]
        small = letter.lower()
        self[code] = ord(small) if len(small) == 1 else code
        return self[code]


_plain_letters = _PlainLetters()
