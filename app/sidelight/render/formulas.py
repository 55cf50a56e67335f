"""Formulas in Markdown, for markdown-it-py: `$x$`, `$$x$$`, `\\(x\\)`, `\\[x\\]`; only found here, not typeset.

A formula on lines of its own is a block; it ends at its closing mark and never runs over a blank line, so that an
unclosed mark is text and text that comes later cannot change a block that was finished before.
"""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

__all__ = ["OFF", "install"]

OFF = "gfm"
"""Set in the parser's environment, it leaves only what GitHub's Markdown has: no formulas, no `additions`."""

_PAIRS = {"$$": "$$", "\\[": "\\]"}
_LINES = 100
_LENGTH = 2_000


def install(parser: MarkdownIt) -> None:
    """Teach a parser the two rules."""
    parser.block.ruler.before(
        "fence", "math_block", _block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    parser.inline.ruler.before("escape", "math_inline", _inline)


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start) or OFF in state.env:
        return False
    at = state.bMarks[start] + state.tShift[start]
    opener = state.src[at : at + 2]
    closer = _PAIRS.get(opener)
    if closer is None:
        return False
    lines = [state.src[at + 2 : state.eMarks[start]]]
    line = start
    while closer not in lines[-1]:
        line += 1
        if (
            line >= end
            or line - start > _LINES
            or state.isEmpty(line)
            or state.sCount[line] < state.blkIndent
        ):
            return False
        lines.append(state.getLines(line, line + 1, state.blkIndent, False))
    last, _, rest = lines[-1].partition(closer)
    source = "\n".join([*lines[:-1], last]).strip()
    if rest.strip() or not source:
        return False
    if silent:
        return True
    token = state.push("math_block", "", 0)
    token.content, token.markup, token.info = source, opener, closer
    token.map = [start, line + 1]
    state.line = line + 1
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    source, at = state.src, state.pos
    if OFF in state.env:
        return False
    if source.startswith(("$$", "\\[", "\\("), at):
        opener = source[at : at + 2]
        closer = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}[opener]
        end = source.find(closer, at + 2, min(state.posMax, at + _LENGTH))
    elif source[at] == "$":
        opener = closer = "$"
        end = _dollar_end(source, at + 1, min(state.posMax, at + _LENGTH))
    else:
        return False
    content = source[at + len(opener) : end] if end > 0 else ""
    if not content.strip():
        return False
    if not silent:
        token = state.push("math_inline", "", 0)
        token.content, token.markup, token.info = content, opener, closer
    state.pos = end + len(closer)
    return True


def _dollar_end(source: str, begin: int, limit: int) -> int:
    """The closing dollar, or -1. Neither mark has a space inside, and no digit follows: "$5 and $10" is money."""
    if begin >= limit or source[begin].isspace():
        return -1
    end = source.find("$", begin, limit)
    while end > 0 and source[end - 1] == "\\":
        end = source.find("$", end + 1, limit)
    if end < 0 or source[end - 1].isspace() or source[end + 1 : end + 2].isdigit():
        return -1
    return end
