"""What local servers answer, written after their documentation: shapes of real models, no recording."""

from __future__ import annotations

from typing import Any

__all__ = ["DEEPSEEK_TEMPLATE", "LLAMA_8B", "QWEN3_8B", "QWEN_7B", "R1_LATENT", "props", "show"]

DEEPSEEK_TEMPLATE = "{{ .System }}<\uff5cUser\uff5c>{{ .Prompt }}<\uff5cAssistant\uff5c>"
CHATML = "<|im_start|>user\n{{ .Prompt }}<|im_end|>"


def shape(
    arch: str, blocks: int, width: int, heads: int, kv_heads: int, vocab: int, count: int
) -> dict[str, Any]:
    return {
        "general.architecture": arch,
        "general.file_type": 15,
        "general.parameter_count": count,
        f"{arch}.block_count": blocks,
        f"{arch}.embedding_length": width,
        f"{arch}.attention.head_count": heads,
        f"{arch}.attention.head_count_kv": kv_heads,
        f"{arch}.vocab_size": vocab,
        f"{arch}.context_length": 131072,
    }


LLAMA_8B = shape("llama", 32, 4096, 32, 8, 128256, 8_030_261_312)
QWEN3_8B = {
    **shape("qwen3", 36, 4096, 32, 8, 151936, 8_190_735_360),
    "qwen3.attention.key_length": 128,
    "qwen3.attention.value_length": 128,
}
QWEN_7B = shape("qwen2", 28, 3584, 28, 4, 152064, 7_615_616_512)
R1_LATENT = {
    **shape("deepseek2", 61, 7168, 128, 128, 129280, 671_026_419_200),
    "deepseek2.attention.key_length": 192,
    "deepseek2.attention.value_length": 128,
    "deepseek2.attention.kv_lora_rank": 512,
    "deepseek2.rope.dimension_count": 64,
}


def show(
    model_info: dict[str, Any], *, template: str = CHATML, name: str | None = None, **more: Any
) -> dict[str, Any]:
    """An answer of Ollama's /api/show."""
    info = {**model_info, **({"general.name": name} if name else {})}
    return {
        "license": "MIT License\n\nCopyright (c) 2023 DeepSeek\n",
        "template": template,
        "details": {
            "family": info["general.architecture"],
            "parameter_size": "8.0B",
            "quantization_level": "Q4_K_M",
        },
        "model_info": info,
        "capabilities": ["completion", "thinking"],
        **more,
    }


def props(path: str, *, template: str = CHATML, context: int = 8192) -> dict[str, Any]:
    """An answer of llama.cpp's /props."""
    return {
        "default_generation_settings": {"n_ctx": context},
        "total_slots": 1,
        "model_path": path,
        "chat_template": template,
        "build_info": "b9000-0000000",
    }
