"""A benchmark of this machine's own engine: one short prompt, a few times in a row."""

import contextlib
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from infernet_tui.errors import InfernetError
from infernet_tui.screens import wording
from infernet_tui.screens.dialogs import Confirm, ShowLines, error_lines
from infernet_tui.views.reader import Reader
from infernet_tui.widgets.lines import Line, line
from infernet_tui.widgets.panel import Panel

if TYPE_CHECKING:
    from infernet_tui.app import Cockpit

PROMPT = "Count from one to forty, in words."
MAX_TOKENS = 64
DEFAULT_RUNS, MOST_RUNS = 3, 20
COMMAND = f'infernet chat --local --max-tokens {MAX_TOKENS} "{PROMPT}"'


@dataclass(frozen=True, slots=True)
class Run:
    """What one answer took."""

    tokens_per_second: float | None
    first_token_ms: float | None
    tokens: int


async def benchmark(cockpit: "Cockpit", runs: int) -> None:
    """Say what will happen; then do it, and show each run as it ends."""
    question = Confirm(
        "Measure this machine's engine?",
        [
            f"It answers a short prompt {runs} times, one after the other, with at most",
            f"{MAX_TOKENS} tokens each. Nothing leaves this machine, and nothing is paid.",
            "Jobs that run now share the GPU: both get slower meanwhile.",
        ],
        COMMAND,
        verb="Run it",
        trigger="b",
    )
    if await cockpit.ask(question):
        cockpit.log_command(COMMAND)
        await cockpit.ask(BenchmarkDialog(runs))


class BenchmarkDialog(ShowLines):
    """The runs, one line each. Closing it stops the one that goes on."""

    def __init__(self, runs: int) -> None:
        super().__init__("Benchmark · esc stops and closes")
        self._count = runs
        self._done: list[Run] = []
        self._who = ""

    async def _fill(self) -> None:
        self.run_worker(self._measure(), exit_on_error=False)

    async def _measure(self) -> None:
        panel = self.query_one("#text", Panel)
        try:
            for number in range(1, self._count + 1):
                self._done.append(await self._run_once(panel, number))
        except InfernetError as error:
            panel.fill([*self._lines(), line(""), *error_lines(error)])
        else:
            panel.fill([*self._lines(), line(""), *_verdict(self._done)])

    async def _run_once(self, panel: Panel, number: int) -> Run:
        """One answer.

        Raises:
            InfernetError: the engine gave none.
        """
        tokens = 0
        panel.fill([*self._lines(), self._waiting(number, tokens)])
        answer = self.cockpit.stream("chat", _question())
        async with contextlib.aclosing(answer) as parts:
            async for event, data in parts:
                top = Reader(data)
                if event == "meta":
                    self._who = f"{top.text('model') or '?'} on {top.text('engine') or '?'}"
                elif event == "token":
                    tokens += 1
                    if tokens % 16 == 0:
                        panel.fill([*self._lines(), self._waiting(number, tokens)])
                elif event == "error":
                    raise InfernetError(
                        top.text("message") or "The engine failed.", hint=top.text("hint")
                    )
                elif event == "done":
                    return Run(
                        top.number("tokens_per_second"),
                        top.number("first_token_ms"),
                        top.integer("tokens") or tokens,
                    )
        raise InfernetError("The answer broke off.", hint="infernet logs")

    def _lines(self) -> list[Line]:
        head = [line((f" {self._who or 'this machine’s engine'}", "title")), line("")]
        return head + [_run_line(number, run) for number, run in enumerate(self._done, 1)]

    def _waiting(self, number: int, tokens: int) -> Line:
        so_far = f"{tokens} tokens so far" if tokens else "waiting for the first token"
        return line((f" run {number} of {self._count}   {so_far}", "muted"))


def _question() -> dict[str, Any]:
    return {
        "messages": [{"role": "user", "content": PROMPT}],
        "route": "local",
        "temperature": 0,
        "max_tokens": MAX_TOKENS,
    }


def _run_line(number: int, run: Run) -> Line:
    return line(
        f" run {number:<4}",
        f"{wording.number(run.tokens_per_second, 1):>8} tok/s   ",
        ("first token ", "muted"), f"{wording.milliseconds(run.first_token_ms):>8}   ",
        (f"{run.tokens:,} tokens", "muted"),
    )  # fmt: skip


def _verdict(runs: list[Run]) -> list[Line]:
    """The middle of the runs, which one slow start does not move."""
    speeds = [run.tokens_per_second for run in runs if run.tokens_per_second is not None]
    firsts = [run.first_token_ms for run in runs if run.first_token_ms is not None]
    if not speeds:
        return [line((" The engine did not say how fast it was.", "warn"))]
    first = wording.milliseconds(median(firsts)) if firsts else "-"
    return [
        line(
            (" median  ", "muted"), (f"{median(speeds):>8.1f} tok/s", "ok"),
            ("   first token ", "muted"), f"{first:>8}",
        ),
        line((f" spread  {min(speeds):>8.1f} to {max(speeds):.1f} tok/s", "muted")),
    ]  # fmt: skip
