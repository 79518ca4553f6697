"""`infernet gpu`: the GPUs, the fabric between them and to other hosts, CPU and memory.

Looks itself, so it needs neither a node nor a configuration.
"""

import platform
from collections.abc import Callable
from typing import Any

import click

from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.gpu_text import explanation, summary
from infernet_tui.cli.output import Output
from infernet_tui.cli.watch import Frames, pause, watch_option, watching
from infernet_tui.hardware.base import Hardware, HardwareReading
from infernet_tui.hardware.detect import MachineHardware
from infernet_tui.hardware.document import hardware_document, iso_time

machine: Callable[[], Hardware] = MachineHardware
"""What is looked at; tests put another one here."""


@verb("gpu")
@watch_option("Look again each TIME (2s), until Ctrl-C.")
@click.option("--explain", is_flag=True, help="List every probe and what it found.")
@pass_output
def command(output: Output, watch: float | None, explain: bool) -> None:
    """Show GPUs, interconnects, CPU and memory.

    Everything is found out here and now; what cannot be detected is left out, and --explain says
    why. With --json, `interconnects` is the raw detected shape; it never leaves this machine.
    """
    hardware = machine()
    try:
        if watch is None:
            reading = hardware.read()
            output.show("gpu", document(reading), lambda: _lines(output, reading, explain))
        else:
            with watching(output):
                _watch(output, hardware, watch, explain=explain)
    finally:
        hardware.close()


def document(reading: HardwareReading) -> dict[str, Any]:
    """The reference's four keys first, then ours."""
    found = hardware_document(reading)
    host = {
        "hostname": platform.node(),
        "platform": platform.system().lower(),
        "release": platform.release(),
        "arch": reading.cpu.arch,
    }
    return {
        "host": host,
        "gpus": found.pop("gpus"),
        "cpus": [found.pop("cpu")],
        "interconnects": found.pop("interconnects"),
    } | found


def _watch(output: Output, hardware: Hardware, seconds: float, *, explain: bool) -> None:
    frames = Frames(output)
    while True:
        reading = hardware.read()
        if output.json:
            output.event("reading", **document(reading))
        else:
            frames.show(iso_time(reading.measured_at), _lines(output, reading, explain))
        pause(seconds)


def _lines(output: Output, reading: HardwareReading, explain: bool) -> list[str]:
    lines = summary(output, reading)
    return [*lines, "", *explanation(output, reading.probes)] if explain else lines
