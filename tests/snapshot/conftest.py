"""Pictures of screens, compared with the baselines in `snapshots/` at the project's root.

`pytest tests/snapshot --snapshot-update` makes them anew, on purpose only, and only with the lowest
supported Python. A run that fails leaves what it saw in `snapshots/.failed/`, to be looked at.
"""

import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from tests.support.cockpit import app_of

ROOT = Path(__file__).parents[2]
BASELINES = ROOT / "snapshots"
LOWEST_PYTHON = (3, 11)
_RANDOM_ID = re.compile(r"terminal-\d+")


class ScreenPicture(SVGImageSnapshotExtension):
    """One SVG a test, in the folder of its screen: `test_jobs.py` → `snapshots/jobs/`."""

    @classmethod
    def dirname(cls, *, test_location: Any) -> str:
        """The folder of the screen."""
        return str(BASELINES / Path(test_location.filepath).stem.removeprefix("test_"))

    @classmethod
    def discovery_dirname(cls, *, test_location: Any) -> str:
        """Where to look for pictures that no test makes any more."""
        return cls.dirname(test_location=test_location)

    @classmethod
    def get_snapshot_name(cls, *, test_location: Any, index: Any = 0) -> str:
        """The test's name is the picture's."""
        name = str(test_location.snapshot_name).removeprefix("test_")
        return re.sub(r"[^a-z0-9x]+", "_", name.lower()).strip("_")


@pytest.fixture
def look(snapshot: SnapshotAssertion, request: pytest.FixtureRequest) -> Callable[..., None]:
    """`look(pilot)`: the screen is as it was when somebody last looked at it."""
    pictures = snapshot.use_extension(ScreenPicture)

    def compare(pilot: Pilot[int]) -> None:
        picture = stable(app_of(pilot).export_screenshot(title="infernet", simplify=True))
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", UserWarning
            )  # our folders have no `test_` in their name
            is_same = pictures == picture
        if not is_same:
            failed = BASELINES / ".failed"
            failed.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^a-z0-9x]+", "_", request.node.name.lower()).strip("_")
            (failed / f"{name}.svg").write_text(picture)
            pytest.fail(
                f"The screen looks different: compare {failed.name}/{name}.svg with the baseline;"
                " if it is meant, run pytest tests/snapshot --snapshot-update",
                pytrace=False,
            )

    return compare


def stable(svg: str) -> str:
    """Without the number that Rich draws for each picture."""
    return _RANDOM_ID.sub("terminal", svg)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Another Python's pictures would differ in nothing that matters: only one makes them."""
    if config.getoption("update_snapshots", False) and sys.version_info[:2] != LOWEST_PYTHON:
        raise pytest.UsageError("Baselines are made with Python 3.11 only.")
