"""What the command line costs before it does anything, beside a bare interpreter with click.

`python benchmarks/cli_start.py [--rounds 20]` prints JSON: medians of wall time, every command in
turn in every round. `status` asks a live control plane and a live node on loopback.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fake_engine import UNLIMITED
from network import control_plane, node
from processes import HERE, fake_engine

PEER = "import_click"


def commands() -> dict[str, list[str]]:
    """What is timed, by name."""
    infernet = [sys.executable, "-m", "infernet_tui"]
    return {
        PEER: [sys.executable, "-c", "import click"],
        "help": [*infernet, "--help"],
        "version": [*infernet, "version"],
        "status": [*infernet, "status"],
    }


def seconds_of(argv: list[str], home: Path) -> float:
    """Wall time of one run.

    Raises:
        SystemExit: the command failed.
    """
    env = {
        **os.environ,
        "XDG_CONFIG_HOME": str(home),
        "HOME": str(home),
        "PYTHONPATH": str(HERE.parent),
    }
    started_at = time.perf_counter()
    done = subprocess.run(argv, env=env, cwd=home, capture_output=True, check=False)
    elapsed = time.perf_counter() - started_at
    if done.returncode:
        raise SystemExit(f"{argv} failed: {done.stderr.decode()[-500:]}")
    return elapsed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    times: dict[str, list[float]] = {name: [] for name in commands()}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with (
            fake_engine(folder) as engine,
            control_plane(folder) as plane,
            node(folder, plane, engine, UNLIMITED),
        ):
            for round_number in range(1 + options.rounds):
                for name, argv in commands().items():
                    elapsed = seconds_of(argv, folder / "node")
                    if round_number:  # the first one compiles and fills the page cache
                        times[name].append(elapsed)
    medians = {name: round(1000 * statistics.median(several), 1) for name, several in times.items()}
    ratios = {name: round(value / medians[PEER], 2) for name, value in medians.items()}
    document = {
        "cores": os.cpu_count(),
        "rounds": options.rounds,
        "ms": medians,
        "over_import_click": ratios,
    }
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
