"""Stopping by signal only what is ours."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from infernet_tui import paths
from infernet_tui.cli import main
from infernet_tui.exit_codes import ExitCode

SLEEP = "import sys, time; print('ready', flush=True); time.sleep(60)"


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-c", SLEEP, *request.param]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        paths.config_dir().mkdir(parents=True)
        paths.pid_file().write_text(str(child.pid))
        yield child
        child.kill()


@pytest.mark.parametrize("process", [["infernet", "start"]], indirect=True)
def test_a_node_without_a_socket_gets_a_signal(process: subprocess.Popen[bytes]) -> None:
    assert main(["stop"]) == 0
    assert process.wait(5) != 0


@pytest.mark.parametrize("process", [["something-else"]], indirect=True)
def test_a_stranger_with_the_same_number_is_left_alone(process: subprocess.Popen[bytes]) -> None:
    assert main(["stop"]) == ExitCode.FAILED
    assert process.poll() is None


def test_nothing_running_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop"]) == ExitCode.NODE_NOT_RUNNING
    assert "infernet start" in capsys.readouterr().err
