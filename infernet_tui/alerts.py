"""What needs attention, most urgent first: one sentence, and the action that helps."""

from typing import TYPE_CHECKING, NamedTuple

from infernet_tui.actions import BY_ID
from infernet_tui.store import HARDWARE, MODELS

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit


class Alert(NamedTuple):
    """One thing that needs attention."""

    words: str
    role: str
    """Style of the words."""
    help: str = ""
    """The key that helps, and what it does."""
    action: str | None = None
    """Id of the action behind that key."""


HOT_GPU_C = 88
LOW_DISK_BYTES = 2 * 1024**3


def all_alerts(cockpit: "Cockpit") -> list[Alert]:
    """Everything that needs attention now."""
    return [*_connection(cockpit), *_serving(cockpit), *_machine(cockpit), *_setup(cockpit)]


def most_urgent(cockpit: "Cockpit") -> Alert | None:
    """The first of them."""
    return next(iter(all_alerts(cockpit)), None)


def _connection(cockpit: "Cockpit") -> list[Alert]:
    if cockpit.is_connected:
        return []
    store = cockpit.store
    if cockpit.session.mode == "starting":
        return [Alert("Starting the node: opening the engine…", "info")]
    if not store.connection_problem or cockpit.node_control.was_stopped:
        return []
    if store.node is not None:
        again = " Trying again." if cockpit.session.mode != "up" else ""
        return [Alert(f"{store.connection_problem}{again}", "error", *_way_to_start(cockpit))]
    return [Alert(store.connection_problem, "error", "0 Doctor", "go.doctor")]


def _way_to_start(cockpit: "Cockpit") -> tuple[str, str]:
    """The key that starts a node, where it does, else the way to it."""
    screen, start = cockpit.cockpit_screen, BY_ID["node.toggle"]
    if screen is not None and screen.NAME in start.screens:
        return f"{cockpit.key_of(start)} starts a node", start.id
    return "1, then t starts a node", "go.home"


def _serving(cockpit: "Cockpit") -> list[Alert]:
    node = cockpit.store.node
    if node is None or not cockpit.is_connected:
        return []
    found: list[Alert] = []
    if node.heartbeat_error:
        found.append(Alert(node.heartbeat_error, "error", "0 Doctor", "go.doctor"))
    if node.is_draining:
        found.append(Alert(f"Draining: {node.active_jobs} running jobs, no new ones.", "warn"))
    newest = node.jobs[0] if node.jobs else None
    if newest is not None and newest.state == "failed":
        words = f"Last job failed: {newest.error or 'nobody said why'}"
        found.append(Alert(words, "warn", "3 Jobs", "go.jobs"))
    models = cockpit.store.models
    if models is not None and not models.engine_ok and MODELS not in cockpit.store.problems:
        found.append(Alert(f"Engine: {models.engine_detail}", "error", "0 Doctor", "go.doctor"))
    return found


def _machine(cockpit: "Cockpit") -> list[Alert]:
    hardware = cockpit.store.hardware
    if hardware is None or HARDWARE in cockpit.store.problems:
        return []
    found = [
        Alert(f"GPU {gpu.index} is at {gpu.temperature_c:.0f}C.", "error", "4 GPU", "go.gpu")
        for gpu in hardware.gpus
        if gpu.temperature_c is not None and gpu.temperature_c >= HOT_GPU_C
    ]
    free = hardware.disk_free_bytes
    if free is not None and free < LOW_DISK_BYTES:
        words = f"{free / 1e9:.1f} GB left on {hardware.disk_path}."
        found.append(Alert(words, "warn", "2 Models", "go.models"))
    return found


def _setup(cockpit: "Cockpit") -> list[Alert]:
    """What the wizard was left with; in the wizard itself one sees it."""
    if cockpit.setup_note is None or cockpit.current_mode == "setup":
        return []
    return [Alert(cockpit.setup_note, "warn", "f2 Setup", "go.setup")]
