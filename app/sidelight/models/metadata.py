"""What a local server or a model file tells of itself, as one value. Not the asking: the JSON is handed in.

The JSON is a stranger's: a field of the wrong type counts as absent, nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import msgspec

from sidelight.models.families import Family, Resolved, Shape, registry, resolve

__all__ = [
    "LocalMetadata",
    "from_gguf",
    "from_llamacpp",
    "from_lmstudio",
    "from_model_list",
    "from_ollama",
    "listed",
    "looks_like",
    "named",
    "pick",
    "quantisation_in",
    "refutes",
    "restated",
    "same_shape",
    "stated",
]

Teller: TypeAlias = Literal["ollama", "llamacpp", "lmstudio", "vllm", "sglang", "gguf"]

_QUANTISATION = re.compile(
    r"(?<![a-z0-9])((?:iq|tq|q)[1-8]_(?:[01]|nl|xxs|xs|s|m|k(?:_(?:xs|xl|s|m|l))?)|bf16|fp16|f16|f32|mxfp4|nvfp4)(?![a-z0-9])"
)
_DEEPSEEK_MARK = "<\uff5cAssistant\uff5c>"
"""The assistant's turn in the chat templates of DeepSeek's models, with full-width bars: no other maker writes it so."""


@dataclass(frozen=True, slots=True)
class LocalMetadata:
    """Facts of a model that a server or its file states; None (or "") is not stated.

    `name` is the model's own (general.name) or its file's; `context` is what the server holds, `context_trained` what
    the model was trained for, in tokens; `parameters` counts weights; `bytes` is the size of the file; `digest` names
    its content; `base_model` is what its maker says it was made from; `remote_host` is where a relayed model really runs. `kv_heads` is the sum over all layers. `mla_rank`
    is the width of a compressed key-value cache (rank and rotary part together), for models built that way.
    """

    teller: Teller
    name: str | None = None
    file: str | None = None
    architecture: str | None = None
    blocks: int | None = None
    width: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    key_length: int | None = None
    value_length: int | None = None
    mla_rank: int | None = None
    sliding_window: int | None = None
    vocabulary: int | None = None
    parameters: int | None = None
    quantisation: str | None = None
    context: int | None = None
    context_trained: int | None = None
    bytes: int | None = None
    digest: str | None = None
    template: str = ""
    licence: str | None = None
    base_model: str | None = None
    remote_host: str | None = None


def stated(metadata: LocalMetadata) -> str:
    """As JSON text, to be kept with a reply. Of a chat template only the mark that is looked for in it stays."""
    mark = _DEEPSEEK_MARK if _DEEPSEEK_MARK in metadata.template else ""
    return msgspec.json.encode(replace(metadata, template=mark)).decode()


def restated(text: str) -> LocalMetadata | None:
    """What `stated` made of it; None where the text is none of ours."""
    try:
        return msgspec.json.decode(text, type=LocalMetadata) if text else None
    except msgspec.DecodeError:
        return None


def from_gguf(facts: Mapping[str, Any], *, file: str | None = None, size: int | None = None) -> LocalMetadata:
    """From the metadata keys of a GGUF file. `file` is its name, `size` its bytes."""
    return _from_keys("gguf", facts, file=file, size=size)


def from_ollama(
    show: Mapping[str, Any],
    *,
    tag: Mapping[str, Any] | None = None,
    running: Mapping[str, Any] | None = None,
) -> LocalMetadata:
    """From the answer of `POST /api/show`, and the model's entries of `GET /api/tags` and `GET /api/ps`."""
    details, listed, loaded = _map(show.get("details")), tag or {}, running or {}
    keys = _from_keys("ollama", _map(show.get("model_info")))
    licence = _text(show.get("license"))
    return replace(
        keys,
        architecture=keys.architecture or _text(details.get("family")),
        quantisation=_text(details.get("quantization_level")) or keys.quantisation,
        parameters=keys.parameters or _billions(details.get("parameter_size")),
        template=_text(show.get("template")) or keys.template,
        licence=keys.licence or (licence.splitlines()[0].strip()[:80] if licence else None),
        context=_count(loaded.get("context_length")),
        bytes=_count(listed.get("size")),
        digest=_text(listed.get("digest")) or _text(loaded.get("digest")),
        remote_host=_text(show.get("remote_host")) or _text(listed.get("remote_host")),
    )


def from_llamacpp(props: Mapping[str, Any], *, model: Mapping[str, Any] | None = None) -> LocalMetadata:
    """From the answer of `GET /props`, and the model's entry of `GET /v1/models` (its `meta`)."""
    meta = _map((model or {}).get("meta"))
    path = _text(props.get("model_path"))
    file = re.split(r"[/\\]", path)[-1] if path else None
    return LocalMetadata(
        "llamacpp",
        name=file.removesuffix(".gguf") if file else None,
        file=file,
        quantisation=quantisation_in(file or ""),
        context=_count(_map(props.get("default_generation_settings")).get("n_ctx")),
        context_trained=_count(meta.get("n_ctx_train")),
        vocabulary=_count(meta.get("n_vocab")),
        width=_count(meta.get("n_embd")),
        parameters=_count(meta.get("n_params")),
        bytes=_count(meta.get("size")),
        template=_text(props.get("chat_template")) or "",
    )


def from_lmstudio(model: Mapping[str, Any]) -> LocalMetadata:
    """From the model's entry of `GET /api/v1/models`, or of the older `/api/v0/models`.

    The size it writes ("7B") is a name, not a count. Only of GGUF files is the architecture in the words of GGUF.
    """
    quantisation, loaded = model.get("quantization"), model.get("loaded_instances")
    first = _map(loaded[0]) if isinstance(loaded, list) and loaded else {}
    gguf = "gguf" in (model.get("format"), model.get("compatibility_type"))
    return LocalMetadata(
        "lmstudio",
        architecture=_text(model.get("architecture")) or _text(model.get("arch")) if gguf else None,
        quantisation=_text(_map(quantisation).get("name")) or _text(quantisation),
        context=_count(_map(first.get("config")).get("context_length"))
        or _count(model.get("loaded_context_length")),
        context_trained=_count(model.get("max_context_length")),
        bytes=_count(model.get("size_bytes")),
    )


def from_model_list(
    teller: Literal["vllm", "sglang"], model: Mapping[str, Any], info: Mapping[str, Any] | None = None
) -> LocalMetadata:
    """From the model's entry of `GET /v1/models`, and SGLang's answer of `GET /get_model_info`."""
    path = _text((info or {}).get("model_path")) or _text(model.get("root"))
    return LocalMetadata(
        teller, name=_name_of(path) if path else None, context=_count(model.get("max_model_len"))
    )


def listed(answer: Mapping[str, Any], model: str) -> Mapping[str, Any]:
    """A model's entry in a server's list, or the only one there is; empty where there is none."""
    items = answer.get("data") or answer.get("models")
    entries = [_map(item) for item in (items if isinstance(items, list) else [])]
    found = next((e for e in entries if model in (e.get("id"), e.get("key"))), None)
    return found if found is not None else entries[0] if len(entries) == 1 else {}


def _name_of(path: str) -> str:
    """The name in the path a model was loaded from: "org/name" as it is, else the last folder; the cache of Hugging Face
    keeps the name two folders up."""
    if cached := re.search(r"models--([^/\\]{1,200})", path):
        return cached[1].replace("--", "/", 1)
    if re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", path):
        return path
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def quantisation_in(name: str) -> str | None:
    """The quantisation a file's or model's name states, such as Q4_K_M; a name, so a guess."""
    found = _QUANTISATION.search(name.lower().replace("-", "_"))
    return found[1].upper().replace("FP16", "F16") if found else None


def refutes(metadata: LocalMetadata, family: Family) -> Literal["shape", "template", ""]:
    """By what the metadata cannot be that family's; "" where it can. A shape refutes a name, it seldom confirms one."""
    shape = family.gguf or Shape("")
    told, known = metadata.architecture, shape.arch
    if told and known and _letters(known) not in _letters(told):  # qwen3moe is qwen3, mllama is llama
        return "shape"
    pairs = ((metadata.blocks, shape.block_count), (metadata.width, shape.embedding_length))
    if any(a is not None and b is not None and a != b for a, b in pairs):
        return "shape"
    total = family.params_total_b
    # Padding of the vocabulary and what is counted as a parameter differ a little between converters.
    if _off(metadata.vocabulary, shape.vocab, 0.02) or _off(metadata.parameters, total and total * 1e9, 0.1):
        return "shape"
    own = family.vendor == "DeepSeek" or "deepseek" in family.family
    return "template" if _DEEPSEEK_MARK in metadata.template and not own else ""


def looks_like(metadata: LocalMetadata, family: Family) -> bool:
    """Whether architecture, layers and width are those of the family."""
    shape = family.gguf
    if shape is None or shape.block_count is None or shape.embedding_length is None:
        return False
    told = (_letters(metadata.architecture or ""), metadata.blocks, metadata.width)
    return told == (_letters(shape.arch), shape.block_count, shape.embedding_length) and not refutes(
        metadata, family
    )


def pick(metadata: LocalMetadata, candidates: Sequence[Family]) -> Family | None:
    """The one of several candidates the metadata looks like; None where that is none or several."""
    fitting = [f for f in candidates if looks_like(metadata, f)]
    return fitting[0] if len(fitting) == 1 else None


def same_shape(family: Family) -> tuple[Family, ...]:
    """Other families that have the same shape, and which a shape alone cannot tell from this one."""
    shape = family.gguf
    if shape is None or shape.block_count is None:
        return ()
    key = (shape.arch, shape.block_count, shape.embedding_length)
    return tuple(
        f
        for f in registry().families
        if f.id != family.id and f.gguf and (f.gguf.arch, f.gguf.block_count, f.gguf.embedding_length) == key
    )


def named(metadata: LocalMetadata) -> Resolved | None:
    """What the metadata's own name resolves to; None where it has none or the registry does not know it."""
    if not metadata.name:
        return None
    found = resolve(metadata.name)
    return found if found.entry is not None and found.entry.kind not in ("alias", "ambiguous") else None


def _from_keys(
    teller: Teller, facts: Mapping[str, Any], *, file: str | None = None, size: int | None = None
) -> LocalMetadata:
    architecture = _text(facts.get("general.architecture"))

    def fact(name: str) -> Any:
        return facts.get(f"{architecture}.{name}")

    blocks = _count(fact("block_count"))
    per_layer = fact("attention.head_count_kv")
    if isinstance(per_layer, list | tuple):
        kv_heads = sum(_count(n) or 0 for n in per_layer) or None
    else:
        one = _count(per_layer)
        kv_heads = one * blocks if one is not None and blocks is not None else None
    rank, rotary = _count(fact("attention.kv_lora_rank")), _count(fact("rope.dimension_count"))
    file_type = _count(facts.get("general.file_type"))
    vocabulary = facts.get("tokenizer.ggml.tokens")
    return LocalMetadata(
        teller,
        name=_text(facts.get("general.name")) or _joined(facts),
        file=file,
        architecture=architecture,
        blocks=blocks,
        width=_count(fact("embedding_length")),
        heads=_count(fact("attention.head_count")),
        kv_heads=kv_heads,
        key_length=_count(fact("attention.key_length_mla")) or _count(fact("attention.key_length")),
        value_length=_count(fact("attention.value_length_mla")) or _count(fact("attention.value_length")),
        mla_rank=rank + rotary if rank and rotary else None,
        sliding_window=_count(fact("attention.sliding_window")),
        vocabulary=_count(fact("vocab_size"))
        or (len(vocabulary) if isinstance(vocabulary, list | tuple) else 0)
        or None,
        parameters=_count(facts.get("general.parameter_count")),
        quantisation=registry().gguf_file_type.get(str(file_type)) if file_type is not None else None,
        context_trained=_count(fact("context_length")),
        bytes=size,
        template=_text(facts.get("tokenizer.chat_template")) or "",
        licence=_text(facts.get("general.license")),
        base_model=_text(facts.get("general.base_model.0.name")),
    )


def _joined(facts: Mapping[str, Any]) -> str | None:
    """A name from its parts, in the order the GGUF naming convention has them."""
    parts = (_text(facts.get(f"general.{part}")) for part in ("basename", "size_label", "finetune"))
    return "-".join(p for p in parts if p) or None


def _letters(architecture: str) -> str:
    """llama.cpp writes gpt-oss, Ollama gptoss."""
    return architecture.replace("-", "").lower()


def _off(told: float | None, known: float | None, tolerance: float) -> bool:
    return told is not None and known is not None and abs(told - known) > tolerance * known


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _count(value: Any) -> int | None:
    """A whole number above zero, else None; some servers write a count as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 < value < 1 << 62 else None


def _billions(value: Any) -> int | None:
    """Ollama's "7.6B" or "494.03M" as a count."""
    found = (
        re.fullmatch(r"([0-9.]{1,12}?)\s*([KMBT])", value.strip().upper()) if isinstance(value, str) else None
    )
    if found is None:
        return None
    try:
        return int(float(found[1]) * {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[found[2]])
    except ValueError:
        return None
