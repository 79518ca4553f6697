"""The command line, in this process."""

import pytest

from tests.support.cli import Infernet, in_process


@pytest.fixture
def infernet(capsys: pytest.CaptureFixture[str]) -> Infernet:
    """Runs one command line."""
    return in_process(capsys)
