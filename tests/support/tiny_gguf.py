"""A GGUF model small enough to write in a test: random weights, a byte vocabulary, llama's shape.

llama.cpp loads and runs it like any other; what it says is noise, and it goes on saying it.
"""

import random
import struct
from array import array
from pathlib import Path
from typing import Any

WIDTH, HEADS, FEED_FORWARD, VOCABULARY = 32, 2, 64, 259
CHAT_TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)

U32, F32, TEXT, ARRAY, I32, BOOL = 4, 6, 8, 9, 5, 7


def text(value: str) -> bytes:
    """A GGUF string."""
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key: str, kind: int, value: Any) -> bytes:
    """One metadata entry."""
    head = text(key) + struct.pack("<I", kind)
    if kind == TEXT:
        return head + text(value)
    return head + struct.pack({U32: "<I", F32: "<f"}[kind], value)


def flag_entry(key: str, value: bool) -> bytes:
    """One metadata entry that is yes or no."""
    return text(key) + struct.pack("<I?", BOOL, value)


def array_entry(key: str, kind: int, values: list[Any]) -> bytes:
    """One metadata entry that is a list."""
    head = text(key) + struct.pack("<IIQ", ARRAY, kind, len(values))
    if kind == TEXT:
        return head + b"".join(map(text, values))
    return head + struct.pack(f"<{len(values)}{'f' if kind == F32 else 'i'}", *values)


def write_tiny_gguf(path: Path, *, context_length: int = 4096, name: str = "tiny") -> Path:
    """Write the model; the same bytes every time."""
    metadata = _metadata(context_length, name)
    shapes = _shapes()
    infos, data = b"", b""
    generator = random.Random(7)
    for tensor, shape in shapes.items():
        infos += text(tensor) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = array("f", (_weight(tensor, generator) for _ in range(count)))
        if tensor == "output.weight":
            _silence_the_unprintable(values)
        data += values.tobytes()
        data += bytes(-len(data) % 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(metadata))
    head += b"".join(metadata) + infos
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    return path


def _weight(tensor: str, generator: random.Random) -> float:
    return 1.0 if "norm" in tensor else generator.gauss(0, 0.3)


def _silence_the_unprintable(output: "array[float]") -> None:
    """Give a logit of 0 to what is no printable character: the likeliest token is always one."""
    for token in range(VOCABULARY):
        if not 0x20 <= token - 3 < 0x7F:
            output[token * WIDTH : (token + 1) * WIDTH] = array("f", bytes(4 * WIDTH))


def _shapes() -> dict[str, tuple[int, ...]]:
    block = {
        "attn_norm": (WIDTH,),
        "attn_q": (WIDTH, WIDTH),
        "attn_k": (WIDTH, WIDTH),
        "attn_v": (WIDTH, WIDTH),
        "attn_output": (WIDTH, WIDTH),
        "ffn_norm": (WIDTH,),
        "ffn_gate": (WIDTH, FEED_FORWARD),
        "ffn_up": (WIDTH, FEED_FORWARD),
        "ffn_down": (FEED_FORWARD, WIDTH),
    }
    return {
        "token_embd.weight": (WIDTH, VOCABULARY),
        **{f"blk.0.{part}.weight": shape for part, shape in block.items()},
        "output_norm.weight": (WIDTH,),
        "output.weight": (WIDTH, VOCABULARY),
    }


def _metadata(context_length: int, name: str) -> list[bytes]:
    printable = range(0x21, 0x7F)
    names = [chr(byte) if byte in printable else f"<0x{byte:02X}>" for byte in range(256)]
    names[0x20] = "▁"
    tokens = ["<unk>", "<s>", "</s>", *names]
    kinds = [2, 3, 3] + [1 if len(token) == 1 else 6 for token in names]
    return [
        entry("general.architecture", TEXT, "llama"),
        entry("general.name", TEXT, name),
        entry("general.file_type", U32, 0),
        entry("llama.context_length", U32, context_length),
        entry("llama.embedding_length", U32, WIDTH),
        entry("llama.block_count", U32, 1),
        entry("llama.feed_forward_length", U32, FEED_FORWARD),
        entry("llama.attention.head_count", U32, HEADS),
        entry("llama.attention.layer_norm_rms_epsilon", F32, 1e-5),
        entry("llama.rope.dimension_count", U32, WIDTH // HEADS),
        entry("llama.vocab_size", U32, VOCABULARY),
        entry("tokenizer.ggml.model", TEXT, "llama"),
        array_entry("tokenizer.ggml.tokens", TEXT, tokens),
        array_entry("tokenizer.ggml.scores", F32, [0.0] * VOCABULARY),
        array_entry("tokenizer.ggml.token_type", I32, kinds),
        entry("tokenizer.ggml.bos_token_id", U32, 1),
        entry("tokenizer.ggml.eos_token_id", U32, 2),
        flag_entry("tokenizer.ggml.add_space_prefix", False),
        entry("tokenizer.ggml.unknown_token_id", U32, 0),
        entry("tokenizer.chat_template", TEXT, CHAT_TEMPLATE),
    ]
