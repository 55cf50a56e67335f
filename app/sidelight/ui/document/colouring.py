"""Colours on the code of a document, as they become known. Fonts stay as they are, and so does every height."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QTextCharFormat, QTextDocument, QTextLayout

from sidelight.render.blocks import CodeBlock, code_text
from sidelight.ui.code_colours import CODE_DARK, CODE_LIGHT
from sidelight.ui.document.document import Code

if TYPE_CHECKING:
    from sidelight.render.highlight import Colours, Span

__all__ = ["before", "colour"]

_CONTEXT = 6_000
"""Characters before a piece of code that are read with it."""


def before(pieces: Sequence[CodeBlock | None]) -> str:
    """The code of which a piece goes on: the end of the pieces before it, of which the last comes first."""
    texts: list[str] = []
    for piece in pieces:
        if piece is None or sum(map(len, texts)) > _CONTEXT:
            break
        texts.append(piece.text)
        if not piece.continued:
            break
    return "".join(reversed(texts))


def colour(
    document: QTextDocument, code: Code, dark: bool, ask: Callable[[str, str], Colours | None]
) -> bool:
    """Put the colours of the code that was asked for on its text block; whether anything looks different."""
    asked = code.asked
    if asked is None or code.shown is asked:
        return False
    text = code_text(asked)
    found = ask(text, asked.language)
    if found is None:
        return False
    code.shown = asked
    if not found.spans:
        return False
    block = document.findBlock(code.position)
    block.layout().setFormats(_ranges(text, found.spans, dark))
    document.markContentsDirty(block.position(), block.length())
    return True


def _ranges(text: str, spans: Sequence[Span], dark: bool) -> list[QTextLayout.FormatRange]:
    """Spans in code points as ranges in UTF-16 units."""
    units = None if text.isascii() else list(accumulate((1 + (c > "\uffff") for c in text), initial=0))
    formats = _formats(dark)
    made = []
    for begin, length, kind in spans:
        span = QTextLayout.FormatRange()
        first, last = (begin, begin + length) if units is None else (units[begin], units[begin + length])
        span.start, span.length, span.format = first, last - first, formats[kind]
        made.append(span)
    return made


@lru_cache(maxsize=2)
def _formats(dark: bool) -> dict[str, QTextCharFormat]:
    made: dict[str, QTextCharFormat] = {}
    for kind, name in (CODE_DARK if dark else CODE_LIGHT).items():
        made[kind] = QTextCharFormat()
        made[kind].setForeground(QColor(name))
    return made
