"""What is looked for, as a value, and how it is read from what a person types. No I/O, and no error: any text is a query.

`parse` knows words, "phrases", beginnings (`wor*`, and the word that is still being typed) and filters: `model:r1`,
`lane:ollama`, `date:2026-11`, `date:>2026-11-03`, `before:`, `after:`, `has:trace`, `kind:summary`, `tokens>500`,
`in:trace`, `tag:work` or `tag:"to read"`. What looks like a filter and is none is looked for as words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal, TypeAlias

__all__ = [
    "EVERYWHERE",
    "SPACED_LETTER",
    "Place",
    "Query",
    "Term",
    "folded",
    "is_unspaced",
    "parse",
    "spaced",
]

Place: TypeAlias = Literal["prompt", "answer", "trace"]
EVERYWHERE: Final[frozenset[Place]] = frozenset({"prompt", "answer", "trace"})

MOST_WORDS = 64
"""Words in one query; what is typed beyond them is passed over, so that no query can cost without bound."""

_MOST_LETTERS = 4_000
_KINDS = frozenset({"full", "summary", "redacted", "hidden", "elicited", "none"})

# Scripts that put no space between words, and Korean, which puts many endings on one.
_UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af"
)
SPACED_LETTER: Final = rf"[^\W_{_UNSPACED}]"
"""A regular expression: a letter or digit of a script whose words end somewhere."""

_MARKS = (
    r"\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"  # parts of words, not letters
)
_PIECE = re.compile(r'(?:(?P<key>[A-Za-z]+)(?P<sign>:|[<>]=?))?(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))')
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_NUMBER = re.compile(r"(\d{1,12})(k?)", re.IGNORECASE)
_QUOTES = str.maketrans("“”„‟«»「」", '""""""""')


# Classes of so many letters take milliseconds to compile, and nothing is looked for before the first paint.
@cache
def _run() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]+")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(rf"[{_UNSPACED}]+|(?:{SPACED_LETTER}|[{_MARKS}])+")


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand in this order, side by side; `open`: the last one may go on."""

    words: tuple[str, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All of `terms` in one prompt, answer or trace of `places`, in what the filters leave.

    `models` and `lanes` are names in words; `tags` are whole names, in letters as `folded` gives them, of which a
    conversation has all. Dates are Unix seconds, `since` included, `until` not. `more_tokens` and `fewer_tokens` bound
    the tokens of a reply, both excluded.
    """

    terms: tuple[Term, ...] = ()
    places: frozenset[Place] = EVERYWHERE
    models: tuple[Term, ...] = ()
    lanes: tuple[Term, ...] = ()
    tags: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    has_trace: bool = False
    since: float | None = None
    until: float | None = None
    more_tokens: int | None = None
    fewer_tokens: int | None = None

    @property
    def of_replies(self) -> bool:
        """Whether a filter speaks of replies, so that no prompt can be meant."""
        numbers = (self.more_tokens, self.fewer_tokens)
        return bool(self.models or self.lanes or self.kinds or self.has_trace) or numbers != (None, None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        dates = (self.since, self.until)
        return not self.terms and not self.tags and not self.of_replies and dates == (None, None)


def parse(text: str, places: frozenset[Place] = EVERYWHERE) -> Query:
    """The query that a person types. The last word is open while nothing follows it."""
    text = text[:_MOST_LETTERS].translate(_QUOTES)
    query = Query(places=places)
    room = MOST_WORDS
    for piece in _PIECE.finditer(text):
        key, sign, quoted = piece["key"], piece["sign"], piece["quoted"]
        value = piece["bare"] if quoted is None else quoted
        filtered = _filtered(query, key.lower(), sign, value) if key else None
        if filtered is not None:
            query = filtered
            continue
        typing = quoted is None and (piece.end() == len(text) or value.endswith("*"))
        term = _term(value if quoted is not None else piece[0], room, typing=typing)
        if term is not None:
            room -= len(term.words)
            query = replace(query, terms=(*query.terms, term))
    return query


def folded(tag: str) -> str:
    """The name of a tag as it is compared: whatever the case and the white space, without quotation marks."""
    return " ".join(unicodedata.normalize("NFC", tag.translate(_QUOTES)).casefold().replace('"', " ").split())


def spaced(text: str) -> str:
    """The text with every run of a script without spaces cut into overlapping pairs of letters, as it is indexed."""
    return text if text.isascii() else _run().sub(_pairs, text)


def is_unspaced(text: str) -> bool:
    """Whether all of a text is of scripts without spaces."""
    return not text.isascii() and _run().fullmatch(text) is not None


def _pairs(run: re.Match[str]) -> str:
    """`一二三` becomes ` 一二 二三 三 `: the last letter alone, so that it is found by itself too."""
    letters = run[0]
    return f" {' '.join(letters[i : i + 2] for i in range(len(letters)))} "


def _term(text: str, room: int, *, typing: bool = False) -> Term | None:
    """A term of at most `room` words. A single Latin letter is never open: half of all words begin with it."""
    words = tuple(_word().findall(text))[:room]
    if not words:
        return None
    return Term(words, open=typing and (len(words[-1]) > 1 or is_unspaced(words[-1])))


def _filtered(query: Query, key: str, sign: str, value: str) -> Query | None:
    """The query with one more filter; None where it is none."""
    read = _FILTERS.get(key)
    return None if read is None else read(query, sign, value)


def _model(query: Query, sign: str, value: str) -> Query | None:
    term = _term(value, MOST_WORDS)
    return replace(query, models=(*query.models, term)) if sign == ":" and term else None


def _lane(query: Query, sign: str, value: str) -> Query | None:
    term = _term(value, MOST_WORDS)
    return replace(query, lanes=(*query.lanes, term)) if sign == ":" and term else None


def _tag(query: Query, sign: str, value: str) -> Query | None:
    tag = folded(value)
    return replace(query, tags=(*query.tags, tag)[:MOST_WORDS]) if sign == ":" and tag else None


def _kind(query: Query, sign: str, value: str) -> Query | None:
    kind = value.lower()
    return replace(query, kinds=query.kinds | {kind}) if sign == ":" and kind in _KINDS else None


def _has(query: Query, sign: str, value: str) -> Query | None:
    return replace(query, has_trace=True) if sign == ":" and value.lower() == "trace" else None


def _in(query: Query, sign: str, value: str) -> Query | None:
    named = frozenset(place for place in EVERYWHERE if value.lower() in (place, f"{place}s"))
    return replace(query, places=named) if sign == ":" and named else None


def _tokens(query: Query, sign: str, value: str) -> Query | None:
    sign, value = _sign(sign, value)
    number = _NUMBER.fullmatch(value)
    if number is None:
        return None
    count = int(number[1]) * (1_000 if number[2] else 1)
    if sign.startswith(">"):
        return replace(query, more_tokens=count - (sign == ">="))
    if sign.startswith("<"):
        return replace(query, fewer_tokens=count + (sign == "<="))
    return replace(query, more_tokens=count - 1, fewer_tokens=count + 1)


def _date(query: Query, sign: str, value: str) -> Query | None:
    sign, value = _sign(sign, value)
    span = _span(value)
    if span is None:
        return None
    begin, end = span
    since = {":": begin, ">": end, ">=": begin}.get(sign, query.since)
    until = {":": end, "<": begin, "<=": end}.get(sign, query.until)
    return replace(query, since=since, until=until)


def _before(query: Query, sign: str, value: str) -> Query | None:
    return _date(query, "<", value) if sign == ":" else None


def _after(query: Query, sign: str, value: str) -> Query | None:
    return _date(query, ">", value) if sign == ":" else None


_FILTERS: Final[dict[str, Callable[[Query, str, str], Query | None]]] = {
    "model": _model,
    "lane": _lane,
    "tag": _tag,
    "kind": _kind,
    "has": _has,
    "in": _in,
    "tokens": _tokens,
    "date": _date,
    "before": _before,
    "after": _after,
}


def _sign(sign: str, value: str) -> tuple[str, str]:
    """`date:>2026` says the same as `date>2026`."""
    if sign == ":" and value[:1] in "<>" and value:
        sign = value[:2] if value[1:2] == "=" else value[0]
        value = value[len(sign) :]
    return sign, value


def _span(value: str) -> tuple[float, float] | None:
    """The year, month or day named, by local time, as Unix seconds; None where there is no such date."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        begin = datetime(year, month or 1, day or 1)  # noqa: DTZ001 - a date in the person's own time
        if day:
            end = begin + timedelta(days=1)
        elif month:
            end = begin.replace(year=year + month // 12, month=month % 12 + 1)
        else:
            end = begin.replace(year=year + 1)
        return begin.timestamp(), end.timestamp()
    except (ValueError, OverflowError, OSError):
        return None
