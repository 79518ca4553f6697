"""A watched stream has an end that a reader can tell from a cut one."""

import json
import os
import signal
import subprocess
import sys

import pytest

from infernet_tui import paths


@pytest.mark.parametrize(
    ("number", "code", "is_ok"), [(signal.SIGTERM, 0, True), (signal.SIGINT, 130, False)]
)
@pytest.mark.parametrize("words", [("gpu", "--watch=60s"), ("logs", "-f")])
def test_a_signal_ends_the_stream_with_a_result(
    number: signal.Signals, code: int, is_ok: bool, words: tuple[str, ...]
) -> None:
    paths.log_file().parent.mkdir(parents=True, exist_ok=True)
    paths.log_file().write_text("a line\n")
    command = [sys.executable, "-m", "infernet_tui", *words, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline()
        watching.send_signal(number)
        last = json.loads(watching.stdout.read().splitlines()[-1])
        assert (last["type"], last["ok"]) == ("result", is_ok)
        assert watching.wait(10) == code
