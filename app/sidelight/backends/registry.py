"""The one table of providers. Nothing of a provider is imported until one is built, httpx least of all.

To add a provider: one file in `providers/`, one row here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from sidelight.backends.base import KeyFor
from sidelight.settings import BackendSetting

if TYPE_CHECKING:
    from sidelight.backends.http_backend import HttpBackend
    from sidelight.net.client import Http

__all__ = ["ROWS", "Group", "Row", "build", "default_settings", "row"]

Group: TypeAlias = Literal["local", "hosted"]

_PROVIDERS = "sidelight.backends.providers"


@dataclass(frozen=True, slots=True)
class Row:
    """A provider: where its class is, where it is served unless a setting says otherwise, and what it asks for.

    `place` is the file in `providers/` and the class in it. `key_env` are names of environment variables people keep its
    key in; they belong to the origin of `base_url`. An empty `base_url` is for the person to type.
    """

    provider: str
    title: str
    place: str
    base_url: str
    key_env: tuple[str, ...] = ()
    needs_key: bool = False
    local: bool = False

    @property
    def group(self) -> Group:
        """Which list it stands in."""
        return "local" if self.local else "hosted"


# In the order in which people are shown them, in each group. One row a provider: fmt would make eight lines of it.
# fmt: off
ROWS: tuple[Row, ...] = (
    Row("llamacpp", "llama.cpp", "llamacpp:LlamaCpp", "http://localhost:8080", local=True),
    Row("ollama", "Ollama", "ollama:Ollama", "http://localhost:11434", local=True),
    Row("lmstudio", "LM Studio", "lmstudio:LMStudio", "http://localhost:1234", ("LM_API_TOKEN",), local=True),
    Row("vllm", "vLLM", "vllm:VLLM", "http://localhost:8000", ("VLLM_API_KEY",), local=True),
    Row("sglang", "SGLang", "sglang:SGLang", "http://localhost:30000", local=True),
    Row("openai", "OpenAI", "openai:OpenAI", "https://api.openai.com/v1", ("OPENAI_API_KEY",), needs_key=True),
    Row("anthropic", "Anthropic", "anthropic:Anthropic", "https://api.anthropic.com/v1", ("ANTHROPIC_API_KEY",), needs_key=True),
    Row("gemini", "Google Gemini", "gemini:Gemini", "https://generativelanguage.googleapis.com/v1beta", ("GEMINI_API_KEY", "GOOGLE_API_KEY",), needs_key=True),
    Row("deepseek", "DeepSeek", "deepseek:DeepSeek", "https://api.deepseek.com", ("DEEPSEEK_API_KEY",), needs_key=True),
    Row("openrouter", "OpenRouter", "openrouter:OpenRouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), needs_key=True),
    Row("xai", "xAI", "xai:XAI", "https://api.x.ai/v1", ("XAI_API_KEY",), needs_key=True),
    Row("mistral", "Mistral", "mistral:Mistral", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), needs_key=True),
    Row("dashscope", "Qwen (DashScope)", "dashscope:DashScope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", ("DASHSCOPE_API_KEY",), needs_key=True),
    Row("moonshot", "Moonshot Kimi", "moonshot:Moonshot", "https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",), needs_key=True),
    Row("zai", "Z.ai GLM", "zai:ZAI", "https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",), needs_key=True),
    Row("minimax", "MiniMax", "minimax:MiniMax", "https://api.minimax.io/v1", ("MINIMAX_API_KEY",), needs_key=True),
    Row("groq", "Groq", "groq:Groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), needs_key=True),
    Row("cerebras", "Cerebras", "cerebras:Cerebras", "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",), needs_key=True),
    Row("together", "Together", "together:Together", "https://api.together.ai/v1", ("TOGETHER_API_KEY",), needs_key=True),
    Row("fireworks", "Fireworks", "fireworks:Fireworks", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",), needs_key=True),
    Row("perplexity", "Perplexity", "perplexity:Perplexity", "https://api.perplexity.ai", ("PERPLEXITY_API_KEY",), needs_key=True),
    Row("cohere", "Cohere", "cohere:Cohere", "https://api.cohere.com", ("COHERE_API_KEY", "CO_API_KEY",), needs_key=True),
    Row("ollama-cloud", "Ollama Cloud", "ollama:OllamaCloud", "https://ollama.com", ("OLLAMA_API_KEY",), needs_key=True),
    Row("azure", "Azure OpenAI", "azure:Azure", "", needs_key=True),
    Row("openai-compatible", "OpenAI-compatible", "openai_compatible:OpenAICompatible", ""),
)
# fmt: on


def row(provider: str) -> Row:
    """The row of a provider. Raises KeyError for a name that is not in the table."""
    found = next((r for r in ROWS if r.provider == provider), None)
    if found is None:
        raise KeyError(provider)
    return found


def build(setting: BackendSetting, http: Http, key_for: KeyFor) -> HttpBackend:
    """The backend a setting describes; imports its provider now. Raises KeyError for an unknown provider."""
    found = row(setting.provider)
    module, _, name = found.place.partition(":")
    filled = msgspec.structs.replace(
        setting, base_url=setting.base_url or found.base_url, title=setting.title or found.title
    )
    backend: HttpBackend = getattr(import_module(f"{_PROVIDERS}.{module}"), name)(filled, http, key_for)
    return backend


def default_settings() -> tuple[BackendSetting, ...]:
    """A setting for each provider that needs nothing typed in, with the provider's name as its id."""
    return tuple(BackendSetting(r.provider, r.provider, r.title, r.base_url) for r in ROWS if r.base_url)
