"""A reading as JSON: what the node's verb `hardware` answers and `infernet gpu --json` prints."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from infernet_tui.hardware.base import HardwareReading
from infernet_tui.hardware.interconnects import interconnects_document


def hardware_document(reading: HardwareReading) -> dict[str, Any]:
    """Every key is always there; what is not known is null."""
    return {
        "measured_at": iso_time(reading.measured_at),
        "backend": reading.backend,
        "gpus": [asdict(gpu) for gpu in reading.gpus],
        "cpu": asdict(reading.cpu),
        "ram": asdict(reading.ram),
        "disk": asdict(reading.disk),
        "interconnects": interconnects_document(reading.interconnects),
        "engine_environment": dict(reading.engine_environment),
        "probes": [asdict(probe) for probe in reading.probes],
    }


def iso_time(seconds: float) -> str:
    """A Unix time as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
