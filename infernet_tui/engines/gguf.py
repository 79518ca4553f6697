"""The header of a GGUF file: what a model is, read without loading it.

Written for files that nobody vouches for. Every length is checked against a bound before anything
is read or allocated, so garbage costs at most `MAX_HEADER_BYTES` of reading, and the only thing
that escapes is `NotGguf`. Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
MAX_HEADER_BYTES = 256 * 1024 * 1024
MAX_ENTRIES = 100_000
"""Metadata keys, and tensors."""
MAX_TEXT_BYTES = 4 * 1024 * 1024
MAX_KEY_BYTES = 65_535
MAX_DIMENSIONS = 8

_SCALARS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_TEXT, _ARRAY = 8, 9
_COUNT, _KIND = _SCALARS[10], _SCALARS[4]

_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip
"""`general.file_type`, as llama.h's `llama_ftype` numbers it."""


class NotGguf(ValueError):
    """The file is not a GGUF model, or is cut off."""


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header says; None where it says nothing."""

    architecture: str | None
    name: str | None
    quantization: str | None
    context_length: int | None
    """Tokens the model was trained for."""
    parameter_count: int
    has_chat_template: bool
    layers: int | None = None
    kv_heads: int | None = None
    """Heads whose keys and values are kept for each token of the context."""
    head_size: int | None = None

    @property
    def parameter_size(self) -> str:
        """The count as people write it: "7.6B", "494M"."""
        for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
            if self.parameter_count >= limit:
                return f"{self.parameter_count / limit:.3g}{unit}"
        return str(self.parameter_count)


def read_header(path: Path) -> GgufHeader:
    """Read the header of the file at `path`.

    Raises:
        NotGguf: it is something else, damaged, or shorter than its tensors need.
        OSError: it cannot be read.
    """
    with path.open("rb", buffering=1 << 20) as file:
        return _Reader(file, os.fstat(file.fileno()).st_size).header()


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._left = min(size, MAX_HEADER_BYTES)

    def header(self) -> GgufHeader:
        if self._bytes(4) != MAGIC:
            raise NotGguf("it does not begin with GGUF")
        version = self._scalar(_KIND)
        if version not in (2, 3):
            raise NotGguf(f"version {version} is not known")
        tensor_count = self._count(MAX_ENTRIES)
        found: dict[str, Any] = {}
        for _ in range(self._count(MAX_ENTRIES)):
            key = self._text(MAX_KEY_BYTES)
            found[key] = self._value(self._scalar(_KIND))
        return _summary(found, self._parameters(tensor_count))

    def _parameters(self, tensor_count: int) -> int:
        total = last_offset = 0
        for _ in range(tensor_count):
            self._skip(self._count(MAX_KEY_BYTES))
            dimensions = self._scalar(_KIND)
            if dimensions > MAX_DIMENSIONS:
                raise NotGguf(f"a tensor has {dimensions} dimensions")
            elements = 1
            for _ in range(dimensions):
                elements *= self._scalar(_COUNT)
            self._scalar(_KIND)
            last_offset = max(last_offset, self._scalar(_COUNT))
            total += elements
        if tensor_count and self._file.tell() + last_offset >= self._size:
            raise NotGguf("it ends before its last tensor")
        return total

    def _value(self, kind: int, depth: int = 0) -> Any:
        """A value; arrays are skipped (token lists of hundreds of thousands) and read as None."""
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _TEXT:
            return self._text(MAX_TEXT_BYTES)
        if kind != _ARRAY or depth > 2:
            raise NotGguf(f"value type {kind} is not known")
        item_kind = self._scalar(_KIND)
        count = self._count(MAX_HEADER_BYTES)
        if item_kind in _SCALARS:
            self._skip(count * _SCALARS[item_kind].size)
        elif item_kind == _TEXT:
            for _ in range(count):
                self._skip(self._count(MAX_TEXT_BYTES))
        else:
            for _ in range(count):
                self._value(item_kind, depth + 1)
        return None

    def _count(self, limit: int) -> int:
        count = self._scalar(_COUNT)
        if count > limit:
            raise NotGguf(f"a length of {count} is beyond reason")
        return int(count)

    def _text(self, limit: int) -> str:
        return self._bytes(self._count(limit)).decode("utf-8", "replace")

    def _scalar(self, layout: struct.Struct) -> Any:
        return layout.unpack(self._bytes(layout.size))[0]

    def _bytes(self, count: int) -> bytes:
        self._take(count)
        data = self._file.read(count)
        if len(data) < count:
            raise NotGguf("it ends inside its header")
        return data

    def _skip(self, count: int) -> None:
        self._take(count)
        self._file.seek(count, os.SEEK_CUR)

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise NotGguf("it ends inside its header")


def _summary(found: dict[str, Any], parameter_count: int) -> GgufHeader:
    architecture = _text_or_none(found.get("general.architecture"))
    heads = _positive(found, f"{architecture}.attention.head_count")
    width = _positive(found, f"{architecture}.embedding_length")
    key_length = _positive(found, f"{architecture}.attention.key_length")
    file_type = found.get("general.file_type")
    return GgufHeader(
        architecture=architecture,
        name=_text_or_none(found.get("general.name")),
        quantization=_FILE_TYPES.get(file_type) if isinstance(file_type, int) else None,
        context_length=_positive(found, f"{architecture}.context_length"),
        parameter_count=parameter_count,
        has_chat_template=bool(found.get("tokenizer.chat_template")),
        layers=_positive(found, f"{architecture}.block_count"),
        kv_heads=_positive(found, f"{architecture}.attention.head_count_kv") or heads,
        head_size=key_length or (width // heads if width and heads else None),
    )


def _positive(found: dict[str, Any], key: str) -> int | None:
    """A count or size; None also where each layer has its own (an array)."""
    value = found.get(key)
    return value if isinstance(value, int) and value > 0 else None


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
