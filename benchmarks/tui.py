"""What the terminal application costs, beside the smallest application of the same framework.

`python benchmarks/tui.py [--rounds 5] [--only paint …]` prints JSON. Everything runs under a
pseudo-terminal; the node is a demo in another process, over its real socket. A ratio counts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # tests.support has the pseudo-terminal

import tui_runs as runs

from infernet_protocol.keys import SecretKey

REST_SECONDS = 12.0
LOG_LINES = 50_000
SIZES = {"80x24": runs.SMALL, "160x50": runs.LARGE}

Figures = dict[str, Any]


def paint(folder: Path, rounds: int) -> Figures:
    """First frame, first data and quitting, each beside the peer's."""
    found: Figures = {}
    home = home_in(folder)
    with runs.demo_node(home, "busy"):
        for name, size in SIZES.items():
            ours, peers = [], []
            for _ in range(1 + rounds):
                ours.append(runs.first_paint(runs.INFERNET, home, size))
                peers.append(runs.first_paint(runs.HELLO, home, size))
            mine, peer = runs.medians(ours[1:]), runs.medians(peers[1:])
            found[name] = {
                **mine,
                "hello_first_paint_ms": peer["first_paint_ms"],
                "hello_quit_ms": peer["quit_ms"],
                "over_hello": ratio(mine["first_paint_ms"], peer["first_paint_ms"]),
            }
    return found


def rest(folder: Path, rounds: int) -> Figures:
    """CPU, bytes and memory with nobody typing: Home, a screen that stands still, blurred."""
    found: Figures = {}
    home = home_in(folder)
    with runs.demo_node(home, "busy"):
        for name, size in SIZES.items():
            with runs.opened(runs.INFERNET, home, size) as screen:
                screen.read_for(3)
                found[f"home_{name}"] = runs.at_rest(screen, REST_SECONDS)
                screen.send(runs.BLUR)
                screen.read_for(2)
                found[f"blurred_{name}"] = runs.at_rest(screen, REST_SECONDS)
                screen.send(runs.FOCUS)
        with runs.opened(runs.INFERNET, home, runs.SMALL) as screen:
            screen.send(b",")
            screen.read_for(2)
            found["still_80x24"] = runs.at_rest(screen, REST_SECONDS)
        with runs.opened(runs.HELLO, home, runs.SMALL) as screen:
            screen.read_for(3)
            found["hello_80x24"] = runs.at_rest(screen, REST_SECONDS)
    mine, peer = found["home_80x24"]["rss_mb"], found["hello_80x24"]["rss_mb"]
    return found | {"rss_over_hello": ratio(mine, peer)}


def screens(folder: Path, rounds: int) -> Figures:
    """Going to every screen twice, and the memory afterwards."""
    home = home_in(folder)
    with runs.demo_node(home, "busy"), runs.opened(runs.INFERNET, home, runs.SMALL) as screen:
        keys = list(runs.SCREENS)
        first = runs.visits(screen, [*keys[1:], keys[0]])
        again = runs.visits(screen, [*keys[1:], keys[0]])
        return {
            "first_ms": {runs.SCREENS[key][1:].decode(): first[key] for key in keys[1:]},
            "again_ms": {runs.SCREENS[key][1:].decode(): again[key] for key in keys},
            "first": runs.percentiles([first[key] for key in keys[1:]]),
            "again": runs.percentiles(list(again.values())),
            "rss_all_visited_mb": runs.memory_of(screen),
        }


def large(folder: Path, rounds: int) -> Figures:
    """10,000 jobs and 1,000 peers, live: keys in the table, and letters in its filter."""
    home = home_in(folder)
    with runs.demo_node(home, "large"), runs.opened(runs.INFERNET, home, runs.SMALL) as screen:
        screen.wait_for(b"of 10,000", since=screen.send(b"3"))
        screen.settle(0.5, at_most=3)
        moving = runs.key_to_paint(screen, 60 * rounds)
        typing = runs.filter_keystrokes(screen, "qwen2.5:14b")
        return {
            "key_to_paint_ms": runs.percentiles(moving),
            "filter_letter_ms": runs.percentiles(typing),
            "rss_mb": runs.memory_of(screen),
        }


def log(folder: Path, rounds: int) -> Figures:
    """Opening a long log."""
    home = home_in(folder)
    with runs.demo_node(home, "busy"):
        return {"lines": LOG_LINES} | runs.opening_a_log(home, LOG_LINES)


def hour(folder: Path, rounds: int) -> Figures:
    """An hour of states, drawn as fast as they can be."""
    home = home_in(folder)
    argv = [sys.executable, str(runs.HERE / "tui_hour.py")]
    done = subprocess.run(argv, env=runs.environ(home), capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode()[-1000:])
    return dict(json.loads(done.stdout))


PARTS: dict[str, Callable[[Path, int], Figures]] = {
    "paint": paint,
    "rest": rest,
    "screens": screens,
    "large": large,
    "log": log,
    "hour": hour,
}


def home_in(folder: Path) -> Path:
    """A home that is set up, so that the application starts on Home."""
    home = Path(tempfile.mkdtemp(dir=folder))
    config = home / "config" / "infernet" / "config.json"
    config.parent.mkdir(parents=True, mode=0o700)
    key = SecretKey.generate()
    node = {
        "nodeId": "provider-benchmark",
        "role": "provider",
        "name": "benchmark",
        "publicKey": key.public_hex,
        "privateKey": key.secret_hex,
    }
    document = {"controlPlane": {"url": "http://127.0.0.1:9"}, "node": node}
    config.write_text(json.dumps(document))
    config.chmod(0o600)
    return home


def ratio(mine: float, peers: float) -> float:
    """Ours over theirs."""
    return round(mine / peers, 2)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    document: Figures = {"cores": os.cpu_count(), "rounds": options.rounds}
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.only:
            document[name] = PARTS[name](Path(scratch), options.rounds)
    document["load_average"] = round(os.getloadavg()[0], 1)
    print(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
