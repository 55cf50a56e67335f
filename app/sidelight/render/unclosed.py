"""The end of a text that is still being written, made presentable: what is open is closed, half a marker is left out.

Only for looking at: nothing finished is ever made from it.
"""

from __future__ import annotations

import re

__all__ = ["in_fence", "presentable"]

_HALF_LINE = re.compile(
    r"\s{0,12}(?:[-=]+|[*+>|]|[*_]{1,3}|~{1,2}|`{1,2}|\d{1,9}[.)]?|#{1,6}|\$\$?|\\)[ \t]*"
)
_FENCE = re.compile(r" *(`{3,}|~{3,})")
_CODE = re.compile(r"`+")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_TOKEN = re.compile(r"\\.|(\*\*|~~|\*|(?<!\w)_(?=\S)|_(?!\w))", re.DOTALL)
_FORMULA = re.compile(r"\\.|\$\$", re.DOTALL)
_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_FORMULA_LENGTH = 2_000
_HALF_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*$")
_ROW = re.compile(r"[ \t]*\|.*")
_RULE_ROW = re.compile(r"[ \t]*\|[ \t|:-]*")


def presentable(source: str) -> tuple[str, bool]:
    """The source as it should look now, and whether it ends in a formula that was only closed here."""
    head, newline, last = source.rpartition("\n")
    if _HALF_LINE.fullmatch(last) and not in_fence(head):
        source = head + newline
    if in_fence(source):
        return source, False
    done, blank, paragraph = source.rpartition("\n\n")
    if "~~~" in paragraph and in_fence(done):
        return source, False  # the end of a fence is no mark of text struck out
    if (table := _table(paragraph)) is not None:
        return done + blank + table, False
    closed, formula = _closed(paragraph)
    return done + blank + closed, formula


def in_fence(source: str) -> bool:
    """Whether the text ends within fenced code."""
    opener = ""
    for line in source.split("\n"):
        found = _FENCE.match(line.lstrip(" >-*+0123456789.)"))
        if not found:
            continue
        if not opener:
            opener = found[1]
        elif found[1].startswith(opener) and not line.strip().strip(opener[0]):
            opener = ""
    return opener != ""


def _table(paragraph: str) -> str | None:
    """A header row alone, or with half of the rule below it, as a table already; None where it is something else."""
    lines = paragraph.rstrip("\n").split("\n")
    row_is_whole = len(lines) == 1 and paragraph.endswith("\n")
    if not _ROW.fullmatch(lines[0]) or not (
        row_is_whole or (len(lines) == 2 and _RULE_ROW.fullmatch(lines[1]))
    ):
        return None
    columns = lines[0].strip().strip("|").count("|") + 1
    return lines[0] + "\n" + "|" + " --- |" * columns + "\n"


def _closed(paragraph: str) -> tuple[str, bool]:
    """A paragraph with its open code, formula, emphasis and half-written link closed; whether a formula was."""
    body = paragraph.rstrip()
    trailing = paragraph[len(body) :]
    runs = _CODE.findall(body)
    odd = next((r for r in set(runs) if runs.count(r) % 2), None)
    if odd is not None:
        cut = body.removesuffix(odd)
        return (cut if cut != body else body + odd) + trailing, False
    hidden, at = _without_formulas(_CODE_SPAN.sub(lambda m: "x" * len(m[0]), body))
    closer = _CLOSERS.get(body[at : at + 2], "")
    formula = closer != "" and body[at + 2 :].removesuffix(closer[0]).strip() != ""
    if formula:
        body = body.removesuffix(closer[0]) + closer
    elif closer:
        body = body[:at].rstrip()
    else:
        body = _HALF_LINK.sub(lambda m: m[1], body)
    open_marks: list[str] = []
    for found in _TOKEN.finditer(hidden[: len(body)]):
        mark = found[1]
        if mark is None:
            continue
        following = body[found.end() : found.end() + 1]
        if mark in open_marks:
            del open_marks[open_marks.index(mark) :]
        elif following == "" or not following.isspace():
            open_marks.append(mark)
    for mark in reversed(open_marks):
        cut = body.removesuffix(mark)
        body = cut.rstrip() if cut != body else body + mark
    return body + trailing, formula


def _without_formulas(text: str) -> tuple[str, int]:
    """The text with its formulas made blank, and where one begins that is still open; its length if there is none."""
    at, made = 0, ""
    while (found := _FORMULA.search(text, at)) is not None:
        made += text[at : found.start()]
        at = found.end()
        if (closer := _CLOSERS.get(found[0])) is None:
            made += found[0]
            continue
        end = text.find(closer, at, at + _FORMULA_LENGTH)
        if end >= 0:
            at = end + len(closer)
        elif len(text) - at < _FORMULA_LENGTH:
            return made.ljust(len(text), "x"), found.start()
        made = made.ljust(at, "x")
    return made + text[at:], len(text)
