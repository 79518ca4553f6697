"""The first run in a real terminal: from an empty home to a node that answers, and quitting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import COMMAND, Home, processes_of
from tests.support.ports import free_port
from tests.support.terminal import Terminal


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A control plane in another home."""
    folder = tmp_path / "control-plane"
    folder.mkdir()
    port = free_port()
    with Home(folder).start("server", "--port", str(port)) as server:
        server.wait_for("control plane at")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Home]:
    """An empty home of somebody with a terminal; what runs in the background there is stopped."""
    folder = tmp_path / "newcomer"
    folder.mkdir()
    ports = {"PORT": str(free_port()), "INFERNET_BIND_PORT": "0"}
    home = Home(folder, {"LC_ALL": "C.UTF-8", **ports})
    yield home
    home.run("stop")
    assert processes_of(home) == []


def open_application(terminal: Terminal, home: Home) -> None:
    terminal.start([*COMMAND, "tui"], (80, 24), home.environ)


def set_up(terminal: Terminal, url: str) -> None:
    """Answer what the wizard asks, from its first step to its last."""
    terminal.wait_for("Eight steps")
    terminal.send("Enter")
    terminal.wait_for("Which engine should run the models?")
    terminal.send("Enter")
    terminal.wait_for("Which model should this node serve?")
    terminal.send("g")
    terminal.wait_for("> infernet-nano")
    terminal.send("Enter")
    screen = terminal.wait_until(
        lambda screen: "Control-plane URL" in screen or "Run it now" in screen, "the next question"
    )
    if "Run it now" in screen:  # this machine has a firewall: leave it as it is
        terminal.send("x")
        terminal.wait_for("Control-plane URL")
    terminal.type(url)
    terminal.wait_for(url)
    terminal.send("Enter")
    terminal.wait_for("Human-readable node name")
    terminal.send("Enter")


def test_an_empty_home_becomes_a_node_that_answers_and_is_asked_nothing_again(
    newcomer: Home, url: str, tmp_path: Path
) -> None:
    with Terminal() as terminal:
        open_application(terminal, newcomer)
        set_up(terminal, url)
        terminal.wait_for("Setup complete", 60)
        terminal.wait_for("SERVING")
        answered = Home(tmp_path).run("--url", url, "what is 2+2?")
        assert answered.code == 0, answered.err
        assert "4" in answered.out
        assert "infernet-nano" in answered.err
        terminal.send("q")
        terminal.wait_for("> Go on in the background")
        terminal.press_while("Enter", "What becomes of it?")
        assert terminal.wait_exit(60) == 0
    assert newcomer.run("status").code == 0
    with Terminal() as terminal:
        open_application(terminal, newcomer)
        screen = terminal.wait_for("attached")
        assert "SERVING" in screen
        assert "Eight steps" not in screen
        assert "Continue" not in screen
        terminal.send("q")
        assert terminal.wait_exit() == 0


def test_setup_that_was_quit_in_the_middle_goes_on_there(newcomer: Home) -> None:
    with Terminal() as terminal:
        open_application(terminal, newcomer)
        terminal.wait_for("Eight steps")
        terminal.send("Enter")
        terminal.wait_for("Which engine should run the models?")
        terminal.send("Enter")
        terminal.wait_for("Which model should this node serve?")
        terminal.send("q")
        assert terminal.wait_exit() == 0
    with Terminal() as terminal:
        open_application(terminal, newcomer)
        screen = terminal.wait_for("Which model should this node serve?")
        assert "3/8 Model" in screen
        terminal.send("q")
        assert terminal.wait_exit() == 0
