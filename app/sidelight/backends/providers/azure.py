"""Azure OpenAI and Foundry (protocols.md 6.3): OpenAI's ways, at an address of the person's own. A model is a deployment."""

from __future__ import annotations

import re

from sidelight.backends.base import Request
from sidelight.backends.responses_or_chat import ResponsesOrChat
from sidelight.backends.wire.think_tags import ThinkSplitter

__all__ = ["Azure"]

_OPENAI = re.compile(r"gpt-(?!oss)|\bo[134]\b")


class Azure(ResponsesOrChat):
    """Hosts open models as well, some of which leave their tags in the answer."""

    needs_key = True
    version = "/openai/v1"
    key_header = "api-key"

    def own_tags(self, request: Request) -> ThinkSplitter | None:
        """Read for all but OpenAI's own."""
        own = _OPENAI.search(request.model) is not None
        return None if own and not self.elicits(request) else ThinkSplitter()
