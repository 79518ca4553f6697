"""The byte-level BPE of the nano model, identical to what llama.cpp does with the exported file.

Text is cut as by llama.cpp's "qwen2" pre-tokenizer, which keeps every digit apart, and each piece
is merged by rank. The first 256 tokens are the bytes, then come the merges, then the four control
tokens of the chat format. Any text can be encoded; nothing is ever unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

PRE_TOKENIZER = "qwen2"
CONTROL_TOKENS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>")
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'system' -%}{{- '<|system|>' -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- '<|assistant|>' -}}"
    "{%- else -%}{{- '<|user|>' -}}{%- endif -%}"
    "{{- message['content'] | trim -}}{{- '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)

_LETTER = r"[^\W\d_]"
_OTHER = r"(?:[^\s\w]|_)"
_PIECES = re.compile(
    r"'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])"
    rf"|(?:[^\r\n\w]|_)?{_LETTER}+|\d| ?{_OTHER}+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def _byte_alphabet() -> list[str]:
    """The printable character that stands for each byte in a GPT-2 style vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in printable]
    stand_in = {byte: chr(256 + index) for index, byte in enumerate(hidden)}
    return [stand_in.get(byte, chr(byte)) for byte in range(256)]


BYTE_ALPHABET = _byte_alphabet()


def _spell(piece: str) -> tuple[str, ...]:
    return tuple(BYTE_ALPHABET[byte] for byte in piece.encode())


def _merge(symbols: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Join every occurrence of `pair`, from the left."""
    merged: list[str] = []
    for symbol in symbols:
        # A symbol that was just joined is longer than pair[0], so it cannot be joined again here.
        if merged and merged[-1] == pair[0] and symbol == pair[1]:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return tuple(merged)


def learn_merges(texts: Iterable[str], count: int) -> list[tuple[str, str]]:
    """The `count` most frequent merges of `texts`; ties go to the alphabetically first."""
    pieces = Counter(piece for text in texts for piece in _PIECES.findall(text))
    words = {piece: _spell(piece) for piece in pieces}
    pairs: Counter[tuple[str, str]] = Counter()
    for piece, symbols in words.items():
        for pair in pairwise(symbols):
            pairs[pair] += pieces[piece]
    merges: list[tuple[str, str]] = []
    while len(merges) < count and pairs:
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for piece, symbols in words.items():
            if best[0] not in symbols or (joined := _merge(symbols, best)) == symbols:
                continue
            for pair in pairwise(symbols):
                pairs[pair] -= pieces[piece]
            for pair in pairwise(joined):
                pairs[pair] += pieces[piece]
            words[piece] = joined
        pairs += Counter()  # forgets the pairs that are gone
    return merges


class Tokenizer:
    """Encodes text and chats to token ids."""

    def __init__(self, merges: list[tuple[str, str]]) -> None:
        self.merges = merges
        self.tokens = [*BYTE_ALPHABET, *(left + right for left, right in merges), *CONTROL_TOKENS]
        self._ids = {token: index for index, token in enumerate(self.tokens)}
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._encode_piece = lru_cache(maxsize=None)(self._encode_uncached)

    def control(self, name: str) -> int:
        """The id of one of CONTROL_TOKENS."""
        return self._ids[name]

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text (control tokens are not recognised in it)."""
        return [token for piece in _PIECES.findall(text) for token in self._encode_piece(piece)]

    def encode_message(self, role: str, content: str) -> list[int]:
        """One message of a chat as CHAT_TEMPLATE writes it."""
        return [self.control(f"<|{role}|>"), *self.encode(content.strip()), self.control("<|end|>")]

    def _encode_uncached(self, piece: str) -> list[int]:
        symbols = _spell(piece)
        while len(symbols) > 1:
            pairs = pairwise(symbols)
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            symbols = _merge(symbols, best)
        return [self._ids[symbol] for symbol in symbols]
