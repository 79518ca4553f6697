"""Trains the built-in nano model from generated text and exports it as GGUF.

Reproduce, in an environment of its own (about 40 minutes on one CPU core):

    pip install torch==2.13.0 gguf
    python tools/train_nano.py --out infernet_tui/engines/nano/nano.gguf
    python tools/eval_nano.py

Seeds are fixed: the same torch on the same kind of CPU should give the same file. The architecture
is llama.cpp's "llama" (RMSNorm, interleaved RoPE, SwiGLU, tied embeddings), so nothing is permuted
on export.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import gguf
import numpy as np
import torch
from nano_corpus import Conversation, Corpus, Mix
from nano_model import IGNORED, Nano, Shape
from nano_muon import Muon
from nano_tokenizer import CHAT_TEMPLATE, CONTROL_TOKENS, PRE_TOKENIZER, Tokenizer, learn_merges
from torch import Tensor

SEED = 2
MERGES = 764
BATCH_TOKENS = 2048
DEFAULT_OUT = Path(__file__).parents[1] / "infernet_tui" / "engines" / "nano" / "nano.gguf"


def encode(conversation: Conversation, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Token ids and next-token targets; only the assistant's words and its end are targets."""
    tokens: list[int] = []
    learned: list[bool] = []

    def append(role: str, content: str) -> None:
        message = tokenizer.encode_message(role, content)
        tokens.extend(message)
        learned.extend([False] + [role == "assistant"] * (len(message) - 1))

    if conversation.system is not None:
        append("system", conversation.system)
    for turn in conversation.turns:
        append("user", turn.prompt)
        append("assistant", turn.answer)
    targets = [
        token if is_learned else IGNORED
        for token, is_learned in zip(tokens[1:], learned[1:], strict=True)
    ]
    return tokens[:-1], targets


def batches(corpus: Corpus, tokenizer: Tokenizer) -> Iterator[tuple[Tensor, Tensor]]:
    """Padded batches of at most BATCH_TOKENS tokens, of conversations of similar length."""
    stream = corpus.conversations()
    order = np.random.default_rng(SEED)
    while True:
        pool = sorted((encode(c, tokenizer) for c in islice(stream, 4096)), key=lambda e: len(e[0]))
        groups: list[list[tuple[list[int], list[int]]]] = [[]]
        for example in pool:
            if groups[-1] and (len(groups[-1]) + 1) * len(example[0]) > BATCH_TOKENS:
                groups.append([])
            groups[-1].append(example)
        for index in order.permutation(len(groups)):
            yield pad(groups[index])


def pad(group: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    """Right-pad a group; under a causal mask padding changes nothing before it."""
    longest = max(len(tokens) for tokens, _ in group)
    tokens = torch.zeros(len(group), longest, dtype=torch.long)
    targets = torch.full((len(group), longest), IGNORED)
    for row, (some_tokens, some_targets) in enumerate(group):
        tokens[row, : len(some_tokens)] = torch.tensor(some_tokens)
        targets[row, : len(some_targets)] = torch.tensor(some_targets)
    return tokens, targets


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of training with one mix of text and one decay of the learning rate."""

    steps: int
    mix: Mix
    matrix_rate: float
    other_rate: float


PHASES = (
    Phase(4800, Mix(), matrix_rate=0.02, other_rate=0.004),
    Phase(
        1100,
        Mix(small_talk=0.05, sum=0.68, echo=0.0, infernet=0.19, beyond=0.08),
        matrix_rate=0.01,
        other_rate=0.002,
    ),
)
"""First everything; then mostly sums, for the carrying. What ships is the mean of the weights after
each phase: it adds like the second and forgets less of the first.
"""


def train(model: Nano, tokenizer: Tokenizer, phase: Phase, seed: int, out: Path) -> None:
    """Run one phase: Muon for the matrices of the layers, AdamW for embeddings and norms."""
    matrices = [p for p in model.blk.parameters() if p.ndim == 2]
    others = [p for p in model.parameters() if not any(p is m for m in matrices)]
    optimizers: list[torch.optim.Optimizer] = [
        Muon(matrices, lr=phase.matrix_rate),
        torch.optim.AdamW(others, lr=phase.other_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, phase.steps))
        for optimizer in optimizers
    ]
    stream = batches(Corpus(seed, phase.mix), tokenizer)
    began, seen = time.monotonic(), 0
    for step, (tokens, targets) in enumerate(islice(stream, phase.steps), start=1):
        loss = model.loss(tokens, targets)
        loss.backward()
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()
        seen += tokens.numel()
        if step % 50 == 0:
            speed = seen / (time.monotonic() - began)
            print(f"step {step} loss {loss.item():.4f} {speed:.0f} tokens/s", flush=True)
        if step % 400 == 0:
            export(model, tokenizer, out)
    export(model, tokenizer, out)


def rate(step: int, steps: int) -> float:
    """Learning rate factor: a short warm-up, level, then linear to zero over the last half."""
    return min(1.0, (step + 1) / 50, 2 * (steps - step) / steps)


def export(model: Nano, tokenizer: Tokenizer, out: Path) -> None:
    """Write the GGUF file; readers see either the old or the new one, never half."""
    partial = out.with_suffix(".part")
    writer = gguf.GGUFWriter(partial, "llama")
    describe(writer, model.shape, tokenizer)
    for name, parameter in model.state_dict().items():
        kind = np.float32 if parameter.ndim == 1 else np.float16
        writer.add_tensor(name, parameter.numpy().astype(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, out)


def describe(writer: gguf.GGUFWriter, shape: Shape, tokenizer: Tokenizer) -> None:
    """Add what a reader needs besides the weights."""
    writer.add_name("infernet-nano")
    writer.add_description("A smoke-test model, trained from generated text only.")
    writer.add_license("MIT")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokenizer.tokens)
    writer.add_token_types([control if t in CONTROL_TOKENS else normal for t in tokenizer.tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer.merges])
    for add in (writer.add_bos_token_id, writer.add_eos_token_id, writer.add_pad_token_id):
        add(tokenizer.control("<|end|>"))
    writer.add_eot_token_id(tokenizer.control("<|end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def texts(corpus: Corpus, conversations: int) -> Iterator[str]:
    """Prompts and answers to learn the vocabulary from."""
    for conversation in islice(corpus.conversations(), conversations):
        for turn in conversation.turns:
            yield turn.prompt
            yield turn.answer


def load(path: Path) -> tuple[Nano, Tokenizer]:
    """The model and its tokenizer, from a file that `export` wrote."""
    reader = gguf.GGUFReader(path)
    merges = reader.fields["tokenizer.ggml.merges"].contents()
    tokenizer = Tokenizer([tuple(merge.split(" ")) for merge in merges])
    model = Nano(Shape(vocabulary=len(tokenizer.tokens)))
    model.load_state_dict(
        {tensor.name: torch.tensor(tensor.data.astype(np.float32)) for tensor in reader.tensors}
    )
    return model, tokenizer


def fresh() -> tuple[Nano, Tokenizer]:
    """An untrained model and the tokenizer learned from the text of the first phase."""
    tokenizer = Tokenizer(learn_merges(texts(Corpus(SEED, PHASES[0].mix), 20_000), MERGES))
    return Nano(Shape(vocabulary=len(tokenizer.tokens))), tokenizer


def main() -> None:
    """Train the phases in order, each from the file the one before it wrote."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    model, tokenizer = fresh()
    ends: list[dict[str, Tensor]] = []
    for number, phase in enumerate(PHASES, start=1):
        parameters = sum(parameter.numel() for parameter in model.parameters())
        print(f"phase {number} of {len(PHASES)}: {parameters:,} parameters", flush=True)
        train(model, tokenizer, phase, SEED + 2 * number - 1, options.out)
        model, tokenizer = load(options.out)  # rounded as it is stored
        ends.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
    model.load_state_dict(
        {name: torch.stack([end[name] for end in ends]).mean(0) for name in ends[0]}
    )
    export(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
