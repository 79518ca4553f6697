"""Whatever happens becomes an exit code, and words that help."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest

from infernet_tui import paths
from infernet_tui.cli import run
from infernet_tui.cli.crash import redacted
from infernet_tui.errors import ConfigError
from tests.support.cli import Finished, Infernet, as_process

INFERNET = [sys.executable, "-m", "infernet_tui"]


def test_alone_without_a_terminal_it_prints_help_to_stderr() -> None:
    finished = as_process()
    assert (finished.code, finished.out) == (2, "")
    assert "Usage: infernet" in finished.err


def test_alone_with_json_it_asks_for_the_state_of_a_node_that_does_not_run() -> None:
    error = as_process("--json").error
    assert (error["code"], error["exit"], error["hint"]) == (
        "daemon_unreachable",
        3,
        "infernet start",
    )
    last = as_process("--json", "--follow").lines("state_follow")[-1]
    assert (last["type"], last["ok"], last["error"]["exit"]) == ("result", False, 3)


def test_version_works_as_flag_and_command(infernet: Infernet) -> None:
    assert infernet("--version").out == infernet("version").out
    assert infernet("version", "--json").document["version"] in infernet("--version").out


@pytest.mark.parametrize(
    "arguments",
    [["stauts"], ["status", "--nope"], ["logs", "-n", "many"], ["payout"], ["help", "nope"],
     ["completion", "tcsh"], ["status", "--timeout", "soon"], ["schema", "nope"]],
)  # fmt: skip
def test_wrong_words_exit_with_2_and_a_way_on(infernet: Infernet, arguments: list[str]) -> None:
    finished = infernet(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert "error: " in finished.err
    assert "→ " in finished.err
    error = infernet("--json", *arguments).error
    assert error["hint"]


def test_json_may_stand_before_or_after_the_command(infernet: Infernet) -> None:
    assert infernet("--json", "version").out == infernet("version", "--json").out


def test_fields_narrow_the_document(infernet: Infernet) -> None:
    finished = infernet("version", "--fields", "version")
    assert '"python"' not in finished.out
    assert '"version"' in finished.out


def test_no_config_is_a_usage_error_that_names_init(infernet: Infernet) -> None:
    for command in ("status", "register", "update", "remove", "payments"):
        error = infernet(command, "--json").error
        assert (error["exit"], error["code"], error["hint"]) == (2, "config", "infernet init")


def test_no_node_is_exit_code_3(infernet: Infernet) -> None:
    assert infernet("stats", "--json").error["hint"] == "infernet start"
    assert infernet("stats").code == infernet("logs").code == 3


def test_the_reader_may_leave_early() -> None:
    script = f"{' '.join(INFERNET)} schema status | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert result.stderr == ""
    assert result.returncode in (0, 141)  # 0 when all was written before the reader left


def test_a_closed_pipe_is_silent() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [*INFERNET, "help"], stdout=writer, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_stdout_is_said_and_not_ignored() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [*INFERNET, "version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 1
    assert "No space left" in result.stderr


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """`infernet version` raises `error`."""

    @click.command("version")
    @click.argument("words", nargs=-1)
    def broken(words: tuple[str, ...]) -> None:
        private_key = "f" * 64
        assert private_key
        raise error

    monkeypatch.setattr("infernet_tui.cli.version.command", broken)


def test_a_bug_leaves_a_crash_file_without_secrets(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ZeroDivisionError(f"key {'a' * 64} and nsec1{'q' * 58}"))
    finished = infernet("version")
    assert finished.code == 70
    (crash,) = paths.config_dir().glob("crash-*.txt")
    assert str(crash) in finished.err
    assert stat.S_IMODE(crash.stat().st_mode) == 0o600
    text = crash.read_text("utf-8")
    assert "ZeroDivisionError" in text
    assert "running: infernet version" in text
    for secret in ("a" * 64, "f" * 64, "nsec1"):
        assert secret not in text + finished.err


def test_a_prompt_does_not_reach_the_crash_file(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, ZeroDivisionError())
    infernet("version", "my private diary")
    (crash,) = paths.config_dir().glob("crash-*.txt")
    assert "diary" not in crash.read_text("utf-8")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (ConfigError("x"), 2),
        (BrokenPipeError(), 141),
        (OSError(5, "io"), 1),
    ],
)
def test_every_end_has_its_code(
    infernet: Infernet, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    monkeypatch.setattr(run, "_reader_left", lambda: 141)
    failing(monkeypatch, error)
    assert infernet("version").code == code


@pytest.mark.parametrize(
    "text",
    [
        "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
        "Authorization: Bearer abc.def-ghi",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwIn0.U_kE_wDtk",
        "http://operator:hunter2@proxy.example",
    ],
)
def test_secrets_are_recognised(text: str) -> None:
    assert "[redacted]" in redacted(text)
    for secret in ("vl029", "abc.def", "U_kE", "hunter2"):
        assert secret not in redacted(text)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(infernet: Infernet, shell: str) -> None:
    assert "_INFERNET_COMPLETE" in infernet("completion", shell).out
    assert infernet("completion", shell, "--json").document["shell"] == shell


def test_help_explains_a_subcommand(infernet: Infernet) -> None:
    assert "infernet payout set" in infernet("help", "payout", "set").out
    assert infernet("help", "status", "--json").document["commands"]
    assert infernet("help").out == infernet("--help").out


def test_schemas_are_listed_and_printed(infernet: Infernet) -> None:
    for name in infernet("schema", "--json").document["schemas"]:
        assert infernet("schema", name).code == 0


def test_nothing_writes_to_stdout_but_the_answer(infernet: Infernet) -> None:
    finished: Finished = infernet("init", "--json", "--url", "http://127.0.0.1:9")
    assert finished.document["ok"]
    assert "Next: infernet register" in finished.err


def test_logs_as_json_end_with_a_result(infernet: Infernet) -> None:
    paths.config_dir().mkdir(parents=True)
    paths.log_file().write_bytes("ünï \x1b[31mred\n".encode())
    assert infernet("logs").out == "ünï red\n"
    lines = infernet("logs", "--json").lines("logs")
    assert lines == [{"type": "line", "text": "ünï \x1b[31mred"}, {"type": "result", "ok": True}]


def test_logs_of_a_level_are_it_and_worse_with_what_belongs_to_them(infernet: Infernet) -> None:
    paths.config_dir().mkdir(parents=True)
    head = "2026-11-25T10:00:00.000Z"
    lines = [
        f"{head} ERROR   a: bad",
        "  traceback",
        f"{head} INFO    a: good",
        f"{head} WARNING a: hm",
    ]
    paths.log_file().write_text("\n".join(lines) + "\n")
    assert infernet("logs", "--level", "error").out.splitlines() == lines[:2]
    assert infernet("logs", "--level", "warning", "-n", "1").out.splitlines() == lines[3:]
