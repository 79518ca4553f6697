"""Examines the built-in nano model through llama.cpp, on prompts it was never trained on.

    pip install xllamacpp
    python tools/eval_nano.py [path/to/nano.gguf]

Serves the GGUF file with xllamacpp, asks over its chat endpoint at temperature 0 and prints a JSON
summary. Exits 1 when a category misses its target.
"""

import argparse
import json
import sys
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xllamacpp
from nano_corpus import Turn, examination

MODEL = Path(__file__).parents[1] / "infernet_tui" / "engines" / "nano" / "nano.gguf"
TARGETS = {"required": 1.0, "sum": 0.95, "infernet": 0.80, "echo": 0.80, "beyond": 0.80}
"""Least share of right answers, by category."""


@contextmanager
def served(model: Path) -> Iterator[str]:
    """The base address of a llama.cpp server with `model`, on a free loopback port."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 1024
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = 1
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    try:
        yield server.listening_address
    finally:
        del server


def ask(address: str, prompt: str) -> str:
    """The model's answer at temperature 0."""
    body = {
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": 96,
    }
    request = urllib.request.Request(
        f"{address}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer: str = json.load(response)["choices"][0]["message"]["content"]
    return answer


def examine(address: str, turns: list[Turn]) -> tuple[dict[str, float], list[dict[str, str]]]:
    """Share of exactly right answers by category, and the wrong ones."""
    marks: dict[str, list[bool]] = defaultdict(list)
    wrong: list[dict[str, str]] = []
    for turn in turns:
        answer = ask(address, turn.prompt)
        marks[turn.kind].append(answer == turn.answer)
        if answer != turn.answer:
            wrong.append({"prompt": turn.prompt, "expected": turn.answer, "answer": answer})
    return {kind: sum(right) / len(right) for kind, right in marks.items()}, wrong


def main() -> int:
    """Examine and print; the exit code says whether every target was met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", type=Path, default=MODEL)
    parser.add_argument("--wrong", action="store_true", help="also print each wrong answer")
    options = parser.parse_args()
    turns = examination()
    with served(options.model) as address:
        accuracy, wrong = examine(address, turns)
    missed = sorted(kind for kind, share in accuracy.items() if share < TARGETS[kind])
    summary: dict[str, object] = {
        "model": options.model.name,
        "size_bytes": options.model.stat().st_size,
        "prompts": len(turns),
        "accuracy": {kind: round(share, 4) for kind, share in sorted(accuracy.items())},
        "targets": TARGETS,
        "missed": missed,
    }
    if options.wrong:
        summary["wrong"] = wrong
    json.dump(summary, sys.stdout, indent=2)
    print()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
