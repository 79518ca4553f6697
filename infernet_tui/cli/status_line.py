"""The state of a running node as one line: rewritten on a terminal, repeated when piped."""

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from infernet_tui.cli.output import Output
from infernet_tui.text import one_line

_CLEAR_LINE = "\r\x1b[2K"


class StatusLine:
    """Shows each new state; says nothing when the words are the same."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown = ""

    def show(self, snapshot: Mapping[str, Any]) -> None:
        """Show a node's snapshot."""
        text = status_text(snapshot)
        if text == self._shown or self._output.quiet:
            return
        self._shown = text
        if self._output.live_stderr:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write(f"{_CLEAR_LINE}{text[:width]}")
            sys.stderr.flush()
        else:
            self._output.note(text)

    def end(self) -> None:
        """What is printed next starts on a line of its own."""
        if self._shown and self._output.live_stderr:
            sys.stderr.write("\n")
        self._shown = ""


def status_text(snapshot: Mapping[str, Any]) -> str:
    """For example `SERVING  infernet-nano · 1 running, 12 done, 0 failed · 84.2 tokens/s`."""
    stats, bench = snapshot["stats"], snapshot.get("bench")
    parts = [
        snapshot.get("model") or f"{len(snapshot.get('servedModels') or [])} models",
        f"{stats['activeJobs']} running, {stats['jobsCompleted']} done, "
        f"{stats['jobsFailed']} failed",
    ]
    if bench:
        parts.append(f"{bench['tokens_per_second_avg']:g} tokens/s")
    if snapshot["connection"] == "offline" and stats["lastHeartbeatError"]:
        parts.append(stats["lastHeartbeatError"])
    return one_line(f"{_state(snapshot)}  {' · '.join(parts)}")


def _state(snapshot: Mapping[str, Any]) -> str:
    if snapshot.get("isDraining"):
        return "DRAINING"
    return "OFFLINE" if snapshot["connection"] == "offline" else "SERVING"
