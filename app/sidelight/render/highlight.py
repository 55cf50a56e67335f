"""Code -> which stretches of it are keywords, strings and so on: what the worker does, and the value that comes back.

Not colours: those are the theme's, a dozen for the dozen classes here. Pygments reads almost any language and takes for
some texts longer than anyone waits, which is why this is a job for the worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Literal, TypeAlias

import msgspec

__all__ = ["JOB", "LONGEST", "WITHIN", "Colours", "Span", "TokenClass", "colourer", "to_read"]

JOB = "sidelight.render.highlight.colourer"
"""For `Worker.submit`: arguments are what `to_read` gives."""
WITHIN = 2.0
"""Seconds: the longest code takes an eighth of that on an idle machine."""
LONGEST = 64_000
"""Characters of code that are read. What is longer stays plain."""
_BEFORE = 16_000
_SPANS = 20_000

TokenClass: TypeAlias = Literal[
    "keyword",
    "type",
    "function",
    "constant",
    "string",
    "number",
    "comment",
    "operator",
    "attribute",
    "tag",
    "inserted",
    "deleted",
]
Span: TypeAlias = tuple[int, int, TokenClass]
"""Where it begins and how long it is, in characters (code points, not Qt's UTF-16 units), and what it is."""


class Colours(msgspec.Struct, frozen=True):
    """The stretches that are something, in order, without overlaps; the rest is plain. None for a language that nobody
    knows. `why` there are fewer than there could be: the code is too long, or took too long to read."""

    spans: tuple[Span, ...] = ()
    why: Literal["", "size", "time"] = ""


_CLASSES: dict[str, TokenClass] = {
    "Comment.Preproc": "attribute",
    "Comment": "comment",
    "Keyword.Constant": "constant",
    "Keyword.Type": "type",
    "Keyword": "keyword",
    "Literal.Number": "number",
    "Literal.String.Doc": "comment",
    "Literal.String.Escape": "constant",
    "Literal.String.Interpol": "constant",
    "Literal.String.Affix": "keyword",
    "Literal.String": "string",
    "Literal": "string",
    "Name.Attribute": "attribute",
    "Name.Builtin.Pseudo": "constant",
    "Name.Builtin": "type",
    "Name.Class": "type",
    "Name.Constant": "constant",
    "Name.Decorator": "attribute",
    "Name.Exception": "type",
    "Name.Function": "function",
    "Name.Namespace": "type",
    "Name.Tag": "tag",
    "Operator.Word": "keyword",
    "Operator": "operator",
    "Generic.Deleted": "deleted",
    "Generic.Inserted": "inserted",
    "Generic.Heading": "keyword",
    "Generic.Subheading": "keyword",
    "Generic.Prompt": "attribute",
    "Generic.Error": "deleted",
}
"""By Pygments' names; what is not here is what its parent is."""

_ALSO = {
    "assembly": "nasm",
    "cmd": "batch",
    "gradle": "groovy",
    "jsonc": "json",
    "jsonl": "json",
    "patch": "diff",
    "python-repl": "pycon",
    "sqlite": "sql",
    "svelte": "html",
    "svg": "xml",
    "terminal": "console",
    "vb": "vb.net",
    "wasm": "wast",
}
"""Labels that models write and Pygments does not know."""
_PLAIN = frozenset({"", "text", "txt", "plain", "plaintext", "none", "output", "mermaid"})


def to_read(code: str, language: str, before: str = "") -> tuple[str, str, int] | Colours:
    """What the job is to be given for `code` as shown, after the code `before` of which it goes on: text, label, and where
    in the text `code` begins. Where there is nothing to do, the result."""
    label = language.strip().lower()
    if label in _PLAIN or not code:
        return Colours()
    if len(code) > LONGEST:
        return Colours(why="size")
    if len(before) + len(code) > LONGEST:
        before = before[-_BEFORE:]
        before = before[before.find("\n") + 1 :]
    return before + code, label, len(before)


def colourer() -> Callable[[str, str, int], Colours]:
    """The function that reads code; imports Pygments and its list of languages, and each language when first met."""
    from pygments.lexers import (
        find_lexer_class,
        get_all_lexers,
    )

    # Not get_lexer_by_name, which looks for plugins all over the machine when it does not know a label.
    names = {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}
    names.update({ours: names[theirs] for ours, theirs in _ALSO.items() if theirs in names})

    def colours(text: str, label: str, begin: int) -> Colours:
        found = names.get(label)
        lexer = find_lexer_class(found) if found else None
        if lexer is None:
            return Colours()
        spans: list[Span] = []
        # Many lexers look for the end of the last line.
        for at, kind, part in lexer().get_tokens_unprocessed(text + "\n"):
            first, last = max(at, begin), min(at + len(part), len(text))
            if first >= last or part.isspace() or (meaning := _meaning(kind)) is None:
                continue
            if len(spans) == _SPANS:
                return Colours(tuple(spans), "size")
            _add(spans, (first - begin, last - first, meaning))
        return Colours(tuple(spans))

    return colours


def _add(spans: list[Span], span: Span) -> None:
    """Add a span behind the others, into the last where that goes on."""
    begin, length, meaning = span
    if spans:
        before, size, same = spans[-1]
        if begin < before + size:  # a lexer within a lexer may go back; the first word stands
            return
        if same == meaning and begin == before + size:
            spans[-1] = (before, size + length, meaning)
            return
    spans.append(span)


@cache
def _meaning(kind: object) -> TokenClass | None:
    """The class of Token.Name.Function.Magic and the like, by the nearest name that has one."""
    names = _up(str(kind).removeprefix("Token."))
    return next((_CLASSES[name] for name in names if name in _CLASSES), None)


def _up(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]
