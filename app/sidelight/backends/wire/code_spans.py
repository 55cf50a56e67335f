"""Where in a growing Markdown text we are inside code. Nothing else of Markdown.

Fences open and close at the start of a line; a run of backticks elsewhere opens a code span that a run of the same
length closes, at the latest at the end of the line (models do not break code spans over lines).
"""

from __future__ import annotations

import re

__all__ = ["CodeSpans"]

_PIECE = re.compile(r"\n|`+|~+|[^\n`~]+")


class CodeSpans:
    """Feed a text in pieces; `inside` tells whether what comes next would be code. Independent of the pieces."""

    def __init__(self) -> None:
        """At the start of a text."""
        self._run = ""
        self._line_is_blank = True
        self._fence = ""
        self._closing = False
        self._span = 0
        self._span_may_be_fence = False

    def feed(self, text: str) -> None:
        """More text."""
        text, self._run = self._run + text, ""
        for piece in _PIECE.findall(text):
            self._take(self._run)
            self._run = ""
            if piece[0] in "`~":
                self._run = piece
            else:
                self._take(piece)

    @property
    def inside(self) -> bool:
        """Whether the next character, if it is neither a backtick nor a tilde, is in code."""
        self._take(self._run)
        self._run = ""
        return (bool(self._fence) and not self._closing) or self._span > 0

    def _take(self, piece: str) -> None:
        if not piece:
            return
        if piece == "\n":
            self._line_ends()
        elif piece[0] in "`~":
            self._mark(piece)
        elif piece.strip():
            self._line_is_blank = False
            self._closing = False

    def _line_ends(self) -> None:
        if self._fence and self._closing:
            self._fence = ""
        elif self._span_may_be_fence:
            self._fence = "`" * self._span
        self._line_is_blank, self._closing = True, False
        self._span, self._span_may_be_fence = 0, False

    def _mark(self, run: str) -> None:
        starts_line, self._line_is_blank = self._line_is_blank, False
        if self._fence:
            self._closing = starts_line and run[0] == self._fence[0] and len(run) >= len(self._fence)
        elif run[0] == "~":
            if starts_line and len(run) >= 3 and not self._span:
                self._fence = run
        elif self._span:
            self._span_may_be_fence = False
            if len(run) == self._span:
                self._span = 0
        else:
            self._span = len(run)
            self._span_may_be_fence = starts_line and len(run) >= 3
