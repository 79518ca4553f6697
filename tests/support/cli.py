"""Run `infernet`: in this process (fast), or as one of its own (pipes, signals, imports)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

from infernet_tui.cli import main
from infernet_tui.cli.schema import load_schema


@dataclass(frozen=True)
class Finished:
    """What a command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout, which fits the schema it names."""
        document: dict[str, Any] = json.loads(self.out)
        jsonschema.validate(document, load_schema(document["schema"]))
        return document

    @property
    def error(self) -> dict[str, Any]:
        """The `error` of a failed command's document; its exit code is the real one."""
        document = self.document
        assert document["schema"] == "infernet.error/1"
        error: dict[str, Any] = document["error"]
        assert error["exit"] == self.code
        return error

    def lines(self, schema: str) -> list[dict[str, Any]]:
        """The NDJSON lines on stdout, each of which fits `schema`."""
        lines = [json.loads(line) for line in self.out.splitlines()]
        for line in lines:
            jsonschema.validate(line, load_schema(schema))
        return lines


Infernet = Callable[..., Finished]


def in_process(capsys: pytest.CaptureFixture[str]) -> Infernet:
    """A function that runs one command line in this process."""

    def infernet(*arguments: str) -> Finished:
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return infernet


def as_process(*arguments: str, stdin: str | None = None, **environ: str) -> Finished:
    """Run one command line in a fresh interpreter; without `stdin` its input is /dev/null."""
    result = subprocess.run(
        [sys.executable, "-m", "infernet_tui", *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        env=os.environ | environ,
        timeout=60,
    )
    return Finished(result.returncode, result.stdout, result.stderr)
