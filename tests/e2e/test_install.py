"""install.sh in scratch homes, against a stand-in Python so that each run takes milliseconds.

The stand-in makes "environments" and "installs" programs that only print their arguments; whether
the real pip can install the real project is what `.ci/run` shows.
"""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STAND_IN_PYTHON = f"""#!/bin/sh
case "$*" in
"-m venv "*)
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    ;;
"-m pip "*)
    echo "$@" >>"$PIP_CALLS"
    if [ -n "${{PIP_BLOCKS:-}}" ]; then : >"$PIP_BLOCKS"; exec sleep 60; fi
    if [ -n "${{PIP_FAILS:-}}" ]; then echo "$PIP_FAILS"; exit 1; fi
    for program in infernet ruff mypy pytest; do
        printf '#!/bin/sh\\necho "%s $*"\\nexit "${{PROGRAM_EXITS:-0}}"\\n' $program \\
            >"${{0%/*}}/$program"
        chmod +x "${{0%/*}}/$program"
    done
    ;;
*) exec '{sys.executable}' "$@" ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A scratch home and checkout, and the shell that runs install.sh there."""

    folder: Path
    shell: tuple[str, ...]

    @property
    def home(self) -> Path:
        return self.folder / "a home"

    @property
    def checkout(self) -> Path:
        return self.folder / "a check'out"

    @property
    def shim(self) -> Path:
        return self.home / ".local/bin/infernet"

    @property
    def environment(self) -> Path:
        return self.home / ".infernet/venv"

    @property
    def pip_calls(self) -> list[str]:
        log = self.folder / "pip-calls"
        return log.read_text().splitlines() if log.exists() else []

    def variables(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        variables: dict[str, str | None] = {
            "HOME": str(self.home),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHON": str(self.folder / "python"),
            "PIP_CALLS": str(self.folder / "pip-calls"),
            "SHELL": "/bin/bash",
            "TMPDIR": str(self.folder),
            **changes,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def run(
        self, *arguments: str, stdin: str | None = None, **changes: str | None
    ) -> subprocess.CompletedProcess[str]:
        """`install.sh ARGUMENTS`; with `stdin`, the script is piped in as curl would."""
        script = ("-s", "--") if stdin is not None else (str(self.checkout / "install.sh"),)
        return subprocess.run(
            [*self.shell, *script, *arguments],
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.variables(changes),
            timeout=60,
        )

    def add_tool(self, name: str, body: str) -> None:
        """A program that comes before the real one on the PATH."""
        _write_program(self.folder / "bin" / name, body)

    def files(self) -> set[str]:
        """What is in the home, as relative paths."""
        return {str(path.relative_to(self.home)) for path in self.home.rglob("*")}


in_every_shell = pytest.mark.parametrize("machine", ["dash", "bash", "busybox sh"], indirect=True)


def _write_program(path: Path, body: str) -> None:
    path.write_text(body)
    path.chmod(0o755)


@pytest.fixture
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    """A fresh machine, whose shell is /bin/sh unless the test is `in_every_shell`."""
    shell = tuple(getattr(request, "param", "sh").split())
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    machine = Machine(tmp_path, shell)
    machine.home.mkdir()
    (tmp_path / "bin").mkdir()
    machine.checkout.mkdir()
    for name in ("install.sh", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, machine.checkout)
    for package in ("infernet_protocol", "infernet_server", "infernet_tui", "themes"):
        (machine.checkout / package).mkdir()
        (machine.checkout / package / "__init__.py").write_text("")
    _write_program(tmp_path / "python", STAND_IN_PYTHON)
    return machine


def test_the_script_passes_shellcheck() -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed: apt-get install shellcheck")
    result = subprocess.run([shellcheck, ROOT / "install.sh"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


@in_every_shell
def test_an_install_puts_a_working_command_in_place(machine: Machine) -> None:
    result = machine.run()
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert machine.shim.stat().st_mode & 0o777 == 0o755
    answer = subprocess.run(
        [machine.shim, "status", "two words"], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "infernet status two words\n"


@in_every_shell
def test_a_second_install_changes_nothing_and_runs_no_pip(machine: Machine) -> None:
    machine.run()
    before = machine.files()
    result = machine.run()
    assert result.returncode == 0
    assert "unchanged" in result.stderr
    assert len(machine.pip_calls) == 1
    assert machine.files() == before


def test_changed_source_is_installed_into_the_same_environment(machine: Machine) -> None:
    machine.run()
    kept = machine.environment / "kept"
    kept.write_text("")
    (machine.checkout / "infernet_tui/__init__.py").write_text("changed = True\n")
    assert machine.run().returncode == 0
    assert len(machine.pip_calls) == 2
    assert kept.exists()


def test_a_broken_environment_is_made_anew(machine: Machine) -> None:
    machine.run()
    (machine.environment / "bin/python").unlink()
    assert machine.run().returncode == 0
    assert (machine.environment / "bin/python").exists()


def test_an_environment_that_was_killed_while_being_made_is_made_anew(machine: Machine) -> None:
    machine.run()
    (machine.environment / "infernet-stamp").write_text("unfinished\n")
    left_over = machine.environment / "left over"
    left_over.write_text("")
    assert machine.run().returncode == 0
    assert not left_over.exists()


@in_every_shell
def test_uninstall_leaves_the_home_as_it_was_found(machine: Machine) -> None:
    config = machine.home / ".config/infernet/config.json"
    config.parent.mkdir(parents=True)
    config.write_text("{}")
    before = machine.files()
    machine.run()
    result = machine.run("--uninstall")
    assert result.returncode == 0
    assert machine.files() == before
    assert str(config.parent) in result.stderr


def test_uninstall_keeps_files_that_others_put_beside_ours(machine: Machine) -> None:
    machine.run()
    neighbours = [machine.shim.with_name("other"), machine.home / ".infernet/deployments"]
    for path in neighbours:
        path.write_text("")
    machine.shim.write_text("#!/bin/sh\nsomeone else's\n")
    result = machine.run("--uninstall")
    assert "no longer ours" in result.stderr
    assert all(path.exists() for path in [machine.shim, *neighbours])
    assert not machine.environment.exists()


def test_uninstalling_twice_says_that_nothing_is_there(machine: Machine) -> None:
    machine.run()
    machine.run("--uninstall")
    result = machine.run("--uninstall")
    assert result.returncode == 0
    assert "Nothing to remove" in result.stderr


def test_uninstall_stops_a_running_node_first(machine: Machine) -> None:
    machine.run()
    pid_file = machine.home / ".config/infernet/daemon.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text("1")
    assert "infernet stop" in machine.run("--uninstall").stderr


@pytest.mark.parametrize("kind", ["file", "link that leads nowhere"])
def test_a_foreign_command_is_never_overwritten(machine: Machine, kind: str) -> None:
    machine.shim.parent.mkdir(parents=True)
    if kind == "file":
        machine.shim.write_text("#!/usr/bin/env node\n")
    else:
        machine.shim.symlink_to("/nonexistent/infernet")
    before = machine.files()
    result = machine.run()
    assert result.returncode == 10
    assert "INFERNET_BIN_DIR" in result.stderr
    assert machine.files() == before


def test_other_folders_can_be_chosen(machine: Machine) -> None:
    places = {
        "INFERNET_HOME": str(machine.folder / "elsewhere"),
        "INFERNET_BIN_DIR": "relative/bin",
    }
    assert machine.run(**places).returncode == 0
    assert (machine.folder / "elsewhere/venv/bin/infernet").exists()
    assert (machine.folder / "relative/bin/infernet").exists()
    assert machine.files() == set()
    assert machine.run("--uninstall", **places).returncode == 0
    assert not (machine.folder / "elsewhere").exists()
    assert not (machine.folder / "relative").exists()


@pytest.mark.parametrize(
    ("login_shell", "line"),
    [("/bin/bash", ">> ~/.bashrc"), ("/bin/zsh", ">> ~/.zshrc"), ("/usr/bin/fish", "fish_add")],
)
def test_a_command_that_is_not_on_the_path_is_said_with_the_line_to_add(
    machine: Machine, login_shell: str, line: str
) -> None:
    result = machine.run(SHELL=login_shell)
    assert "is not on your PATH" in result.stderr
    assert line in result.stderr


def test_an_environment_without_a_login_shell_will_do(machine: Machine) -> None:
    result = machine.run(SHELL=None)
    assert result.returncode == 0, result.stderr
    assert ">> ~/.profile" in result.stderr


def test_nothing_is_said_of_the_path_when_the_command_is_on_it(machine: Machine) -> None:
    path = f"{machine.shim.parent}:{os.environ['PATH']}"
    assert "PATH" not in machine.run(PATH=path).stderr


@in_every_shell
def test_try_sends_the_prompt_and_only_the_answer_is_on_stdout(machine: Machine) -> None:
    result = machine.run("--try", "what's $HOME + 'two'?")
    assert result.returncode == 0
    assert result.stdout == "infernet try what's $HOME + 'two'?\n"


def test_try_passes_the_exit_code_on(machine: Machine) -> None:
    assert machine.run("--try", "hello", PROGRAM_EXITS="7").returncode == 7


@in_every_shell
def test_try_on_a_terminal_offers_to_serve(machine: Machine) -> None:
    controller, terminal = pty.openpty()
    try:
        process = subprocess.Popen(
            [*machine.shell, str(machine.checkout / "install.sh"), "--try", "hello"],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
            env=machine.variables({}),
        )
        os.write(controller, b"y\n")
        answer, _ = process.communicate(timeout=60)
    finally:
        os.close(terminal)
        os.close(controller)
    assert answer.splitlines() == ["infernet try hello", "infernet up"]


@in_every_shell
def test_a_failing_pip_shows_the_end_of_its_log_and_leaves_no_environment(
    machine: Machine,
) -> None:
    result = machine.run(PIP_FAILS="ERROR: no matching distribution")
    assert result.returncode == 1
    assert "| ERROR: no matching distribution" in result.stderr
    assert not machine.environment.exists()
    assert not machine.shim.exists()
    assert machine.run().returncode == 0


def test_a_full_disk_is_named_as_such(machine: Machine) -> None:
    result = machine.run(PIP_FAILS="ERROR: [Errno 28] No space left on device")
    assert result.returncode == 1
    assert "the disk is full" in result.stderr


def test_too_little_room_is_said_before_anything_is_made(machine: Machine) -> None:
    machine.add_tool("df", "#!/bin/sh\necho header\necho /dev/x 100000 90000 10240 90% /\n")
    result = machine.run()
    assert result.returncode == 1
    assert "10 MiB free" in result.stderr
    assert machine.files() == set()


def test_a_home_that_cannot_be_written_is_said_with_the_way_out(machine: Machine) -> None:
    (machine.home / "file").write_text("")
    result = machine.run(INFERNET_HOME=str(machine.home / "file/infernet"))
    assert result.returncode == 1
    assert "Cannot write" in result.stderr
    assert "INFERNET_HOME=" in result.stderr


def test_an_account_without_a_home_is_told_to_name_one(machine: Machine) -> None:
    machine.add_tool("id", "#!/bin/sh\necho no-such-account\n")
    result = machine.run(HOME=None)
    assert result.returncode == 2
    assert "HOME is not set" in result.stderr


@in_every_shell
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_install_leaves_nothing_half_made(
    machine: Machine, number: signal.Signals, code: int
) -> None:
    at_work = machine.folder / "pip is at work"
    process = subprocess.Popen(
        [*machine.shell, str(machine.checkout / "install.sh")],
        stderr=subprocess.PIPE,
        text=True,
        env=machine.variables({"PIP_BLOCKS": str(at_work)}),
        start_new_session=True,
        # A shell cannot trap what was ignored when it started, as under nohup or in the background.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 30
    while not at_work.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, number)
    _, words = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Interrupted" in words
    assert not machine.environment.exists()
    assert not (machine.home / ".infernet/lock").exists()
    assert machine.run().returncode == 0
    assert machine.run("--uninstall").returncode == 0
    assert machine.files() == set()


def test_two_installs_at_once_do_not_mix(machine: Machine) -> None:
    lock = machine.home / ".infernet/lock"
    lock.mkdir(parents=True)
    (lock / "pid").write_text(str(os.getpid()))
    assert machine.run().returncode == 10
    (lock / "pid").write_text("999999999")
    assert machine.run().returncode == 0


def test_no_suitable_python_is_answered_with_the_package_to_install(machine: Machine) -> None:
    machine.add_tool("apt-get", "#!/bin/sh\n")
    old = machine.folder / "old"
    _write_program(old, "#!/bin/sh\n[ $1 = --version ] || exit 1\necho Python 3.9.2\n")
    result = machine.run(PYTHON=str(old))
    assert result.returncode == 6
    assert "found: Python 3.9.2" in result.stderr
    assert "apt-get install python3" in result.stderr
    assert machine.files() == set()


def test_a_python_without_venv_is_answered_with_its_package(machine: Machine) -> None:
    machine.add_tool("apt-get", "#!/bin/sh\n")
    bare = machine.folder / "bare"
    _write_program(
        bare,
        f"#!/bin/sh\ncase $2 in *ensurepip*) exit 1 ;; esac\nexec '{sys.executable}' \"$@\"\n",
    )
    result = machine.run(PYTHON=str(bare))
    assert result.returncode == 6
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"apt-get install python{version}-venv" in result.stderr


def test_piped_without_a_release_it_says_so_and_makes_nothing(machine: Machine) -> None:
    result = machine.run(stdin=(ROOT / "install.sh").read_text())
    assert result.returncode == 6
    assert "no release" in result.stderr
    assert machine.files() == set()


@in_every_shell
def test_piped_with_a_release_it_installs_that(machine: Machine) -> None:
    url = "https://example.invalid/infernet-1.0-py3-none-any.whl"
    result = machine.run(
        "--try", "hi", stdin=(ROOT / "install.sh").read_text(), INFERNET_RELEASE_URL=url
    )
    assert result.returncode == 0, result.stderr
    assert machine.pip_calls[0].endswith(f"infernet @ {url}")
    assert result.stdout == "infernet try hi\n"


def test_a_download_cut_short_does_nothing(machine: Machine) -> None:
    script = (ROOT / "install.sh").read_text()
    machine.run(stdin=script[: script.rindex("\nmain ")])
    assert machine.files() == set()


@in_every_shell
def test_the_check_runs_every_tool_in_an_environment_of_the_checkout(machine: Machine) -> None:
    result = machine.run("--test")
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "ruff",
        "ruff",
        "mypy",
        "pytest",
    ]
    assert machine.files() == set()
    assert not list(machine.folder.glob("infernet-install.*"))
    assert machine.run("--test").returncode == 0
    assert len(machine.pip_calls) == 2
    assert machine.run("--uninstall").returncode == 0
    assert not (machine.checkout / ".venv").exists()


def test_a_failing_check_fails_the_run(machine: Machine) -> None:
    assert machine.run("--test", PROGRAM_EXITS="4").returncode == 4


def test_an_environment_that_the_developer_made_is_left_alone(machine: Machine) -> None:
    theirs = machine.checkout / ".venv/theirs"
    theirs.parent.mkdir()
    theirs.write_text("")
    assert machine.run("--test").returncode == 10
    machine.run("--uninstall")
    assert theirs.exists()


@pytest.mark.parametrize("arguments", [("--nonsense",), ("--try", "two", "words"), ("",)])
def test_wrong_words_are_a_usage_error(machine: Machine, arguments: tuple[str, ...]) -> None:
    assert machine.run(*arguments).returncode == 2
    assert machine.files() == set()


def test_help_names_every_option(machine: Machine) -> None:
    result = machine.run("--help")
    assert result.returncode == 0
    for option in ("--try", "--test", "--uninstall", "INFERNET_HOME"):
        assert option in result.stdout
