"""The head of a GGUF file: what model it is, what it costs in memory, its chat template, and whether the file is whole.

Not the weights: they are neither read nor checked. The file is a stranger's: every count is held against its size.
Layout after ggml's docs/gguf.md (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = ["GgufHeader", "NotGguf", "read_header"]

Scalar: TypeAlias = int | float | bool | str
Value: TypeAlias = Scalar | tuple[Scalar, ...]

_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_KEPT = 4096
"""Longer arrays (the vocabulary) are skipped: nothing here asks for them."""
# ggml type -> (elements a block, bytes a block), from the table of ggml.c.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip


class NotGguf(Exception):
    """The file cannot be run. `reason`: it is no GGUF of a kind we read, or it ends before its last tensor does."""

    def __init__(self, reason: Literal["not_gguf", "truncated"], expected: int = 0, found: int = 0) -> None:
        """`expected` and `found` are sizes of the file in bytes; 0 is unknown."""
        super().__init__(reason, expected, found)
        self.reason = reason
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the head of a file tells. `context` counts the tokens the model was trained for, 0 if unknown.

    `kv_per_token` is the bytes of 16-bit key-value cache a token of context takes over all layers. `template` is the
    model's own chat template (Jinja), "" where it has none. `facts` is everything the file states, by its own names.
    """

    architecture: str
    name: str
    context: int
    template: str
    kv_per_token: int
    facts: Mapping[str, Value] = field(default_factory=dict, repr=False, compare=False)


def read_header(path: Path) -> GgufHeader:
    """Read the head of a file: some megabytes for a large vocabulary, about 0.1 s. Raises NotGguf and OSError."""
    size = path.stat().st_size
    if size < 24:
        raise NotGguf("not_gguf", found=size)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _read(_Cursor(data), size)
        except (struct.error, IndexError) as error:
            raise NotGguf("truncated", found=size) from error
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise NotGguf("not_gguf", found=size) from error


class _Cursor:
    """Reads values one behind the other. Past the end: struct.error or IndexError."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """That many bytes."""
        self.skip(size)
        return self._data[self.at - size : self.at]

    def skip(self, size: int) -> None:
        """Go on by that many bytes."""
        if size > len(self._data) - self.at:
            raise IndexError("past the end")
        self.at += size

    def number(self, form: str) -> int:
        """One whole number, by the letters of struct."""
        (value,) = struct.unpack_from(form, self._data, self.at)
        self.at += struct.calcsize(form)
        return int(value)

    def string(self) -> str:
        """Length and UTF-8 bytes."""
        return self.take(self.number("<Q")).decode("utf-8", "replace")

    def value(self, kind: int) -> Value:
        """A value of metadata; () for an array that is not kept."""
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY:
            return self._array(self.number("<I"), self.number("<Q"))
        return self._scalar(kind)

    def _scalar(self, kind: int) -> Scalar:
        form = _SCALARS[kind]
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return value  # type: ignore[no-any-return]  # one of int, float, bool, by the form

    def _array(self, kind: int, count: int) -> tuple[Scalar, ...]:
        if kind == _STRING:
            self._skip_strings(count)
            return ()
        if count > _KEPT:
            self.skip(count * struct.calcsize(_SCALARS[kind]))
            return ()
        return tuple(self._scalar(kind) for _ in range(count))

    def _skip_strings(self, count: int) -> None:
        # The loop runs once a token and once a merge, 300,000 times: it is kept bare.
        length = struct.Struct("<Q").unpack_from
        data, at = self._data, self.at
        for _ in range(count):
            at += 8 + length(data, at)[0]
        self.at = at
        self.skip(0)


def _read(cursor: _Cursor, size: int) -> GgufHeader:
    if cursor.take(4) != b"GGUF" or cursor.number("<I") not in (2, 3):
        raise ValueError("no GGUF that we read")
    tensors, entries = cursor.number("<Q"), cursor.number("<Q")
    facts: dict[str, Value] = {}
    for _ in range(entries):
        key = cursor.string()
        facts[key] = cursor.value(cursor.number("<I"))
    end = max((_tensor_end(cursor) for _ in range(tensors)), default=0)
    alignment = max(1, _count(facts.get("general.alignment"), 32))
    expected = -(-cursor.at // alignment) * alignment + end
    if expected > size:
        raise NotGguf("truncated", expected, size)
    architecture = str(facts["general.architecture"])
    return GgufHeader(
        architecture=architecture,
        name=str(facts.get("general.name", "")),
        context=_count(facts.get(f"{architecture}.context_length"), 0),
        template=str(facts.get("tokenizer.chat_template", "")),
        kv_per_token=_kv_per_token(facts, architecture),
        facts=facts,
    )


def _tensor_end(cursor: _Cursor) -> int:
    """Where a tensor ends, in bytes from the begin of the data; its begin for a type we have no size of."""
    cursor.string()
    elements = 1
    for _ in range(cursor.number("<I")):
        elements *= cursor.number("<Q")
    per_block, block_bytes = _BLOCKS.get(cursor.number("<I"), (1, 0))
    return cursor.number("<Q") + elements // per_block * block_bytes


def _kv_per_token(facts: dict[str, Value], architecture: str) -> int:
    """Keys and values of all layers, 2 bytes a number. Head counts may differ from layer to layer."""

    def fact(name: str) -> Value | None:
        return facts.get(f"{architecture}.{name}")

    layers = _count(fact("block_count"), 0)
    heads = max(1, _count(fact("attention.head_count"), 1))
    width = _count(fact("embedding_length"), 0) // heads
    key, value = _count(fact("attention.key_length"), width), _count(fact("attention.value_length"), width)
    per_layer = fact("attention.head_count_kv")
    if isinstance(per_layer, tuple) and per_layer:
        all_heads = sum(int(n) for n in per_layer)
    else:
        all_heads = layers * _count(per_layer, heads)
    return all_heads * (key + value) * 2


def _count(value: Value | None, default: int) -> int:
    """A whole number; of an array its largest."""
    if isinstance(value, tuple):
        value = max((int(n) for n in value), default=default)
    return value if isinstance(value, int) and value >= 0 else default
