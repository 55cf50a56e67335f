"""What is added to CommonMark, for markdown-it-py: footnotes, definition lists, `<details>`, and four tags in a line.

Only found here; `markdown` makes blocks of the tokens. Formulas have a file of their own. Tags with attributes, and all
other tags, are text.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from sidelight.render.formulas import OFF

__all__ = ["FOOTNOTES", "install"]

FOOTNOTES = "footnotes"
"""Where in the parser's environment the labels stand that have a footnote."""

_NOTE = re.compile(r"\[\^([^\s\[\]]{1,60})\]")
_DEFINITION = re.compile(r":[ \t]+(?=\S)")
_DETAILS = re.compile(r"<details(?: open(?:=\"\")?)?>\s*(?:<summary>(.*)</summary>)?", re.IGNORECASE)
_SUMMARY = re.compile(r"<summary>(.*)</summary>", re.IGNORECASE)
_TAG = re.compile(r"<(?:(br) ?/?|(sub|sup|kbd))>", re.IGNORECASE)
_LEVELS = 8
"""Levels of blocks around details; each looks for its own end."""
_TAG_REACH = 300
"""Characters within which a tag must be closed again."""


def install(parser: MarkdownIt) -> None:
    """Teach a parser the rules."""
    parser.block.ruler.before("reference", "footnote", _footnote, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.before("paragraph", "terms", _terms, {"alt": ["paragraph"]})
    parser.block.ruler.before(
        "heading", "details", _details, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("link", "footnote_mark", _footnote_mark)
    parser.inline.ruler.before("autolink", "tag", _tag)


def _footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^label]: text`, and what is indented by four below it."""
    found = None if _is_off(state, start) else _NOTE.match(_line(state, start))
    if found is None or not _line(state, start).startswith(":", found.end()):
        return False
    if silent:
        return True
    state.env.setdefault(FOOTNOTES, set()).add(found[1])
    _unsettled(state)
    opened = state.push("footnote_open", "", 1)
    opened.info = found[1]
    opened.hidden = _contents(state, start, found.end() + 1, 4, end)
    state.push("footnote_close", "", -1)
    opened.map = [start, state.line]
    return True


def _terms(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines of which each is followed by definitions that begin with ":"."""
    if silent:  # asked within a definition whether another one begins, or another term
        outer = state.ddIndent
        return 0 <= outer == state.sCount[start] and any(
            _defines(state, line, end, outer) for line in (start, start + 1)
        )
    line = None if _is_off(state, start) else _definition_after(state, start, end)
    if line is None:
        return False
    _unsettled(state)
    opened = state.push("terms_open", "", 1)
    term, tight = start, True
    while line is not None:
        state.push("term_open", "", 1).map = [term, term + 1]
        state.push("inline", "", 0).content = _line(state, term)
        state.push("term_close", "", -1)
        tight = tight and line == term + 1
        while line is not None:
            inner = state.push("definition_open", "", 1)
            found = _DEFINITION.match(_line(state, line))
            outer, state.ddIndent = state.ddIndent, state.blkIndent
            tight = _contents(state, line, found.end() if found else 0, 2, end) and tight
            state.ddIndent = outer
            state.push("definition_close", "", -1)
            inner.map = [line, state.line]
            line = state.line if _defines(state, state.line, end, state.blkIndent) else None
        term = state.line
        follows = term < end and state.sCount[term] >= state.blkIndent and not state.is_code_block(term)
        line = _definition_after(state, term, end) if follows else None
    state.push("terms_close", "", -1)
    opened.map, opened.hidden = [start, state.line], tight
    return True


def _definition_after(state: StateBlock, term: int, end: int) -> int | None:
    """The line of the definition that follows a term, with at most one blank line between."""
    line = term + 1
    if line < end and state.isEmpty(line):
        line += 1
    return line if not state.isEmpty(term) and _defines(state, line, end, state.blkIndent) else None


def _defines(state: StateBlock, line: int, end: int, indent: int) -> bool:
    return (
        line < end
        and 0 <= state.sCount[line] - indent < 4
        and _DEFINITION.match(_line(state, line)) is not None
    )


def _contents(state: StateBlock, line: int, skip: int, indent: int, end: int) -> bool:
    """Read the rest of a line and the lines indented below it as blocks. Gives whether no blank line is among them."""
    kept = (state.bMarks[line], state.tShift[line], state.sCount[line], state.blkIndent, state.tight)
    parent = state.parentType
    text = state.src[state.bMarks[line] + state.tShift[line] + skip : state.eMarks[line]]
    state.bMarks[line] = state.eMarks[line] - len(text.lstrip())
    state.tShift[line] = 0
    state.blkIndent = state.sCount[line] = max(state.blkIndent, 0) + indent
    state.tight, state.parentType = True, "list"
    state.md.block.tokenize(state, line, end)
    tight = state.tight
    state.bMarks[line], state.tShift[line], state.sCount[line], state.blkIndent, state.tight = kept
    state.parentType = parent
    state.line = max(state.line, line + 1)
    return tight


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`<details>` on a line, up to the line `</details>`; where there is none yet, up to the end."""
    nested = state.level > _LEVELS or _is_off(state, start)
    found = None if nested else _DETAILS.fullmatch(_line(state, start))
    if found is None:
        return False
    if silent:
        return True
    first, close = start + 1, _end_of_details(state, start + 1, end)
    summary = found[1]
    if summary is None and first < close and (below := _SUMMARY.fullmatch(_line(state, first))):
        summary, first = below[1], first + 1
    opened = state.push("details_open", "", 1)
    if summary is not None:
        state.push("summary_open", "", 1).map = [start, first]
        state.push("inline", "", 0).content = summary.strip()
        state.push("summary_close", "", -1)
    kept = state.lineMax, state.parentType
    state.lineMax, state.parentType = close, "blockquote"
    state.md.block.tokenize(state, first, close)
    state.lineMax, state.parentType = kept
    state.push("details_close", "", -1)
    state.line = min(close + 1, end)
    opened.map = [start, state.line]
    return True


def _end_of_details(state: StateBlock, line: int, end: int) -> int:
    """The line that closes them, or the line after the last; code may speak of `</details>` too."""
    depth, fence = 1, ""
    while line < end and (state.isEmpty(line) or state.sCount[line] >= state.blkIndent):
        text = _line(state, line).lower()
        if fence:
            fence = "" if text.startswith(fence) else fence
        elif text.startswith(("```", "~~~")):
            fence = text[:3]
        elif text.startswith("<details"):
            depth += 1
        elif text == "</details>":
            depth -= 1
            if depth == 0:
                break
        line += 1
    return line


def _is_off(state: StateBlock, line: int) -> bool:
    return OFF in state.env or state.is_code_block(line)


def _line(state: StateBlock, line: int) -> str:
    """A line without the space around it."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].strip()


def _unsettled(state: StateBlock) -> None:
    """Later lines can change earlier blocks, as a definition of links does; `stream` looks for that under this name."""
    state.env.setdefault("references", {})


def _footnote_mark(state: StateInline, silent: bool) -> bool:
    found = _NOTE.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "[" else None
    if found is None or found[1] not in state.env.get(FOOTNOTES, ()):
        return False
    if not silent:
        state.push("footnote_mark", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    found = _TAG.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if found is None or OFF in state.env:
        return False
    if found[1]:
        if not silent:
            state.pending = state.pending.rstrip(" ")
            state.push("hardbreak", "br", 0)
        state.pos = found.end()
        while state.pos < state.posMax and state.src[state.pos] in " \n":
            state.pos += 1
        return True
    name = found[2].lower()
    reach = min(state.posMax, found.end() + _TAG_REACH)
    closed = re.compile(f"</{name}>", re.IGNORECASE).search(state.src, found.end(), reach)
    if closed is None:
        return False
    if not silent:
        limit = state.posMax
        state.pos, state.posMax = found.end(), closed.start()
        state.push("tag_open", name, 1)
        state.md.inline.tokenize(state)
        state.push("tag_close", name, -1)
        state.posMax = limit
    state.pos = closed.end()
    return True
