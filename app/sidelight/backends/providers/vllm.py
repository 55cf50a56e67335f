"""vLLM (protocols.md 6.10): a server of the person's own. Without a reasoning parser it leaves the tags in the answer."""

from __future__ import annotations

from sidelight.backends.base import Request
from sidelight.backends.chat_completions import ChatCompletions
from sidelight.backends.effort import Choice, by_template
from sidelight.models.metadata import LocalMetadata, from_model_list, listed

__all__ = ["VLLM"]


class VLLM(ChatCompletions):
    """Its list of models says how much context each has."""

    def effort(self, request: Request) -> Choice:
        """By the chat template; a number of tokens by a field of its own."""
        choice = by_template(request.parameters.effort, request.model)
        tokens = request.parameters.thinking_tokens
        return Choice({**choice.fields, "thinking_token_budget": tokens}) if tokens else choice

    async def metadata(self, model: str) -> LocalMetadata | None:
        """What its list says: the path the model was loaded from, whatever name it is served under."""
        entry = listed(await self._look(f"{self.base}/models"), model)
        return from_model_list("vllm", entry) if entry else None
