"""The nano model in torch: llama.cpp's "llama" architecture, small.

RMSNorm before each half layer, interleaved rotary positions, a gated feed-forward and one matrix
for reading and writing tokens. Parameter names are GGUF tensor names and no matrix needs to be
permuted, so exporting is copying.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

IGNORED = -100
"""Target of a position that is not learned."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of the model."""

    vocabulary: int
    width: int = 128
    layers: int = 4
    heads: int = 4
    hidden: int = 352
    context: int = 1024
    norm_epsilon: float = 1e-5
    rope_base: float = 10_000.0

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


class Block(nn.Module):
    """One transformer layer: attention, then a gated feed-forward, each on the normed stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.attn_q = nn.Linear(width, width, bias=False)
        self.attn_k = nn.Linear(width, width, bias=False)
        self.attn_v = nn.Linear(width, width, bias=False)
        self.attn_output = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.RMSNorm(width, eps=shape.norm_epsilon)
        self.ffn_gate = nn.Linear(width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, width, bias=False)

    def forward(self, stream: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """`stream` is (batch, length, width)."""
        normed = self.attn_norm(stream)
        query = rotate(self._split(self.attn_q(normed)), cos, sin)
        key = rotate(self._split(self.attn_k(normed)), cos, sin)
        value = self._split(self.attn_v(normed))
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        stream = stream + self.attn_output(mixed.transpose(1, 2).flatten(2))
        normed = self.ffn_norm(stream)
        gated = functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed)
        return stream + self.ffn_down(gated)

    def _split(self, projected: Tensor) -> Tensor:
        return projected.unflatten(2, (self.heads, -1)).transpose(1, 2)


def rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding over neighbouring pairs (llama.cpp's NORM order)."""
    even, odd = heads[..., 0::2], heads[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Nano(nn.Module):
    """The language model; module names are GGUF tensor names."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self._start()

    def _start(self) -> None:
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                residual = name.endswith(("attn_output.weight", "ffn_down.weight"))
                scale = 0.02 / math.sqrt(2 * self.shape.layers) if residual else 0.02
                nn.init.normal_(parameter, std=scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """Final hidden states (batch, length, width) of `tokens` (batch, length)."""
        half = self.shape.head_width // 2
        frequencies = self.shape.rope_base ** -(torch.arange(half) / half)
        angles = torch.outer(torch.arange(tokens.shape[1]), frequencies)
        cos, sin = angles.cos(), angles.sin()
        stream = self.token_embd(tokens)
        for block in self.blk:
            stream = block(stream, cos, sin)
        hidden: Tensor = self.output_norm(stream)
        return hidden

    def loss(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy over the positions whose target is not IGNORED."""
        learned = targets != IGNORED
        logits = self(tokens)[learned] @ self.token_embd.weight.T
        return functional.cross_entropy(logits, targets[learned])
