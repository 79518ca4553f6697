"""What a command says, and where: stdout is data, stderr is narration (`ux.md` §3).

One `Output` a process. With `--json`, stdout is exactly one document (`show`) or one NDJSON stream
(`event` … `end`), on failure too, in pure ASCII. Without it, stdout is for people: text that came
from elsewhere goes through `plain_text` first.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from infernet_tui.errors import Declined, InfernetError, NeedsTerminal
from infernet_tui.text import align, one_line, plain_text

if TYPE_CHECKING:
    from infernet_tui.cli.fields import FieldPath

COLOR_CHOICES = ("auto", "always", "never")


class Output:
    """The common flags of this run, and everything that writes."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self.json = False
        """One JSON document, or NDJSON, on stdout."""
        self.quiet = False
        """No narration on stderr."""
        self.verbose = False
        self.plain = False
        """As if not on a terminal: no colour, no alignment, no line that rewrites itself."""
        self.yes = False
        """Every question is answered yes."""
        self.no_input = bool(environ.get("INFERNET_NONINTERACTIVE"))
        """Never ask."""
        self.color = "auto"
        self.timeout_seconds: float | None = None
        """`--timeout`; None leaves each command its own."""
        self.fields: tuple[FieldPath, ...] = ()
        """`--fields`: the parts of the document to keep."""
        self.streaming = False
        """Whether NDJSON lines were, or will be, written: an error is then the last line."""
        self._warnings: list[str] = []

    # Where we are

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked something now."""
        return not (self.json or self.no_input) and _is_terminal(sys.stdin) and self.live_stderr

    @property
    def live_stdout(self) -> bool:
        """Whether stdout is a terminal that may be aligned and coloured."""
        return _is_terminal(sys.stdout) and not self.plain

    @property
    def live_stderr(self) -> bool:
        """Whether stderr is a terminal where a line may rewrite itself (progress)."""
        return _is_terminal(sys.stderr) and not self.plain

    def colored(self, stream: IO[str]) -> bool:
        """`--color` > NO_COLOR > CLICOLOR_FORCE > CLICOLOR=0 > a terminal that is not dumb."""
        if self.color != "auto":
            return self.color == "always"
        if self._environ.get("NO_COLOR"):
            return False
        if self._environ.get("CLICOLOR_FORCE", "0") != "0":
            return True
        if self._environ.get("CLICOLOR") == "0" or self.plain:
            return False
        return _is_terminal(stream) and self._environ.get("TERM") != "dumb"

    def style(self, text: str, color: str, *, on: IO[str] | None = None) -> str:
        """`text` in one of click's colours where `on` (default stdout) shows colours."""
        return click.style(text, fg=color) if self.colored(on or sys.stdout) else text

    # Data: stdout

    def show(
        self,
        schema: str,
        document: Mapping[str, Any],
        human: Callable[[], Iterable[str]] = tuple,
        *,
        ok: bool = True,
    ) -> None:
        """Print the one result: with `--json` the document as `infernet.<schema>/1`, else lines."""
        if not self.json:
            for line in human():
                self.line(line)
            return
        from infernet_tui.cli.fields import select

        kept = select(document, self.fields) if self.fields else document
        envelope = {"schema": f"infernet.{schema}/1", "ok": ok, **kept, "warnings": self._warnings}
        self._write_json(envelope, indent=2)

    def line(self, text: str = "") -> None:
        """One line for people on stdout. Sanitise remote parts with `one_line`."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Raw text on stdout, now: a streamed token. Sanitise remote text with `plain_text`."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
        """Lines of a table: aligned under headers on a terminal, else tab-separated rows only."""
        cells = [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
        if not self.live_stdout:
            return ["\t".join(row) for row in cells]
        return align([list(headers), *cells])

    def pairs(self, values: Mapping[str, object]) -> list[str]:
        """Lines `Label:  value`, aligned; a value of None is left out."""
        shown = {
            label: one_line(str(value)) for label, value in values.items() if value is not None
        }
        width = max(map(len, shown), default=0) + 1
        return [f"{label + ':':<{width}}  {value}" for label, value in shown.items()]

    def begin_stream(self) -> None:
        """From here on stdout is NDJSON: a failure, too, ends with a `result` line."""
        self.streaming = True

    def event(self, kind: str, **fields: Any) -> None:
        """One NDJSON line of a stream, `type` first."""
        self.begin_stream()
        self._write_json({"type": kind, **fields})

    def end(self, *, ok: bool, **fields: Any) -> None:
        """The last line of a stream: without it, a reader knows that the stream was cut."""
        self._write_json({"type": "result", "ok": ok, **fields})

    # Narration: stderr

    def note(self, text: str) -> None:
        """Say what is going on."""
        if not self.quiet:
            _write_error(text)

    def detail(self, text: str) -> None:
        """Say it only with `--verbose`."""
        if self.verbose:
            self.note(text)

    def warn(self, text: str) -> None:
        """Something is odd but the command goes on; also in the document's `warnings`."""
        self._warnings.append(text)
        self.note(f"{self.style('warning:', 'yellow', on=sys.stderr)} {text}")

    def fail(self, error: InfernetError) -> None:
        """Report what stopped the command: a line for people, and with `--json` its envelope."""
        if not (self.quiet and self.json):
            _write_error(
                f"{self.style('error:', 'red', on=sys.stderr)} {plain_text(error.message)}"
            )
            if error.hint:
                _write_error(f"  {self.style('→', 'cyan', on=sys.stderr)} {one_line(error.hint)}")
        if not self.json:
            return
        described = error_fields(error)
        if self.streaming:
            self.end(ok=False, error=described)
        else:
            self._write_json(
                {"schema": "infernet.error/1", "ok": False, "error": described}, indent=2
            )

    # Questions

    def confirm(self, question: str) -> None:
        """Go on only if the person says yes, or said `--yes`.

        Raises:
            Declined: the answer is not yes.
            NeedsTerminal: there is nobody to ask.
        """
        if self.yes:
            return
        if self.ask(f"{question} [y/N]", "n").lower() not in ("y", "yes"):
            raise Declined("Nothing was changed.")

    def ask(self, question: str, default: str) -> str:
        """The answer to a question on stderr; an empty one is the default.

        Raises:
            NeedsTerminal: there is nobody to ask.
            Declined: the input ended (Ctrl-D).
        """
        if not self.interactive:
            raise NeedsTerminal(
                f"This asks a question ({question}) and there is no terminal to ask on.",
                hint="the same command with --yes",
            )
        sys.stderr.write(f"{question} ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            sys.stderr.write("\n")
            raise Declined("Nothing was changed.")
        return answer.strip() or default

    def _write_json(self, value: Mapping[str, Any], indent: int | None = None) -> None:
        import json

        separators = (",", ":") if indent is None else None
        self.write(json.dumps(value, indent=indent, separators=separators, default=str) + "\n")


def error_fields(error: InfernetError) -> dict[str, Any]:
    """The `error` object of `infernet.error/1`."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "exit": int(error.exit_code),
        "retryable": error.retryable,
        "details": getattr(error, "details", {}),
    }


def _write_error(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
