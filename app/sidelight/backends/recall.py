"""What answers were thought with, on its way back to the model that thought it (protocols.md, section 7). Not its spelling.

A model that thinks gets its own thoughts again where its provider wants them; one that is told not to think gets answers only.
A server may find that a thought belongs to another conversation: it is then left out for that model, and that is noted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from sidelight.backends.base import Request
from sidelight.chat.events import Failed, FailureKind, Note
from sidelight.chat.message import Thought

__all__ = ["Recall"]

_REFUSED = re.compile(
    r"signature|thinking.{0,3} block|encrypted|reasoning_details|\brs_\w|\breasoning\b.{0,60}\bitem\b",
    re.IGNORECASE,
)


class Recall:
    """The thoughts one backend sends back, and the models that have refused theirs."""

    def __init__(self, field: str, read: Callable[[Thought], object]) -> None:
        """`field` is the dialect's name for it; `read` gives what goes back of a thought, nothing where it is empty."""
        self._field = field
        self._read = read
        self._refused: set[str] = set()

    def settle(self, request: Request, *, thinks: bool) -> tuple[Request, list[Note]]:
        """The request with the thoughts that go back and no others, and what became of them."""
        if not thinks or not self._any(request):
            return _forgetful(request), []
        if request.model in self._refused:
            return _forgetful(request), [Note("thoughts", "refused by the server")]
        return request, [Note("thoughts", "sent", self._field)]

    def refused(self, request: Request, failed: Failed, *, thinks: bool) -> bool:
        """Whether a refusal is about thoughts that were sent; they are left out from then on."""
        if request.model in self._refused or not thinks or not self._any(request):
            return False
        asked = failed.kind in (FailureKind.BAD_REQUEST, FailureKind.MODEL_NOT_FOUND)
        if not asked or not _REFUSED.search(failed.message):
            return False
        self._refused.add(request.model)
        return True

    def _any(self, request: Request) -> bool:
        return any(m.thought is not None and self._read(m.thought) for m in request.messages)


def _forgetful(request: Request) -> Request:
    return replace(request, messages=tuple(replace(m, thought=None) for m in request.messages))
