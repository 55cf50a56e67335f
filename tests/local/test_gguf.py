"""Heads of GGUF files: the real ones, hand-made ones, and ones that lie."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.weights import weights

from sidelight.local.gguf import GgufHeader, NotGguf, read_header


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def entry(key: str, value: str | int | list[int] | list[str]) -> bytes:
    if isinstance(value, str):
        return string(key) + struct.pack("<I", 8) + string(value)
    if isinstance(value, int):
        return string(key) + struct.pack("<II", 4, value)
    texts = [item for item in value if isinstance(item, str)]
    if texts:
        return string(key) + struct.pack("<IIQ", 9, 8, len(texts)) + b"".join(map(string, texts))
    return string(key) + struct.pack("<IIQ", 9, 4, len(value)) + struct.pack(f"<{len(value)}I", *value)


FACTS: dict[str, str | int | list[int] | list[str]] = {
    "general.architecture": "toy",
    "general.name": "A toy",
    "tokenizer.ggml.tokens": ["a", "b", "über"],
    "tokenizer.chat_template": "<|im_start|>",
    "toy.context_length": 2048,
    "toy.block_count": 3,
    "toy.embedding_length": 64,
    "toy.attention.head_count": 8,
    "toy.attention.head_count_kv": 2,
}


def gguf(facts: dict[str, str | int | list[int] | list[str]], *, data: int = 128) -> bytes:
    """A file with one tensor of 32 numbers of 32 bits (128 bytes) and `data` bytes of it."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(facts))
    head += b"".join(entry(key, value) for key, value in facts.items())
    head += string("weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
    return head + b"\0" * (-len(head) % 32) + b"\1" * data


def header(tmp_path: Path, data: bytes) -> GgufHeader:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    return read_header(path)


def test_a_head_tells_what_the_model_is(tmp_path: Path) -> None:
    # 3 layers x 2 heads x (8 + 8 numbers) x 2 bytes
    assert header(tmp_path, gguf(FACTS)) == GgufHeader("toy", "A toy", 2048, "<|im_start|>", 192)


def test_heads_may_differ_from_layer_to_layer(tmp_path: Path) -> None:
    facts = {**FACTS, "toy.attention.head_count_kv": [1, 0, 4], "toy.attention.key_length": 32}
    assert header(tmp_path, gguf(facts)).kv_per_token == 5 * (32 + 8) * 2


def test_what_the_file_does_not_tell_is_empty(tmp_path: Path) -> None:
    assert header(tmp_path, gguf({"general.architecture": "toy"})) == GgufHeader("toy", "", 0, "", 0)


@pytest.mark.parametrize(
    "data", [b"", b"GGUF", b"PK\x03\x04" + bytes(100), b"GGUF" + struct.pack(">IQQ", 3, 1, 1), gguf({})]
)
def test_what_is_no_gguf(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotGguf) as caught:
        header(tmp_path, data)
    assert caught.value.reason == "not_gguf"


def test_a_file_that_ends_too_early_is_told_with_both_sizes(tmp_path: Path) -> None:
    whole = gguf(FACTS)
    with pytest.raises(NotGguf) as caught:
        header(tmp_path, whole[:-1])
    assert (caught.value.reason, caught.value.expected, caught.value.found) == (
        "truncated",
        len(whole),
        len(whole) - 1,
    )


@pytest.mark.parametrize("count", [2**31, 2**62, 2**64 - 1])
def test_counts_that_lie_cost_nothing(tmp_path: Path, count: int) -> None:
    many = b"GGUF" + struct.pack("<IQQ", 3, count, count) + bytes(100)
    array = (
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("a") + struct.pack("<IIQ", 9, 4, count) + bytes(50)
    )
    texts = (
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + string("a") + struct.pack("<IIQ", 9, 8, count) + bytes(50)
    )
    for data in (many, array, texts):
        with pytest.raises(NotGguf):
            header(tmp_path, data)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, len(gguf(FACTS)) - 1), byte=st.integers(0, 255), end=st.integers(0, 500))
def test_a_damaged_head_gives_a_header_or_is_refused(tmp_path: Path, at: int, byte: int, end: int) -> None:
    data = bytearray(gguf(FACTS))
    data[at] = byte
    try:
        header(tmp_path, bytes(data[: len(data) - end]))
    except NotGguf:
        return


@pytest.mark.engine
def test_the_head_of_the_model_of_the_first_start() -> None:
    found = read_header(weights("qwen2.5-coder-0.5b-instruct"))
    assert (found.architecture, found.context) == ("qwen2", 32768)
    assert found.kv_per_token == 24 * 2 * 128 * 2
    assert "<|im_start|>" in found.template
