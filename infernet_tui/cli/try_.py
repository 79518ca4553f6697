"""`infernet try`: one prompt through a whole network of one's own, which is gone afterwards.

Control plane, node and engine run in this process on a free loopback port, with a new identity and
data in a temporary folder; nothing of the user's is read (but for downloaded models) or written.
"""

import logging
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

from infernet_tui import identity
from infernet_tui.cli.answer_printer import AnswerPrinter
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.network_answer import ask
from infernet_tui.cli.output import Output
from infernet_tui.config import Config, EngineConfig
from infernet_tui.errors import UsageError
from infernet_tui.exit_codes import ExitCode
from infernet_tui.job_stream import ChatJob
from infernet_tui.node.logs import configure


@verb("try", hidden=True)
@click.argument("prompt", nargs=-1)
@click.option("--model", metavar="NAME", help="Serve this model instead of the built-in one.")
@pass_output
def command(output: Output, prompt: tuple[str, ...], model: str | None) -> None:
    """Answer one prompt through a network of its own, and leave nothing behind."""
    text = " ".join(prompt)
    if not text.strip():
        raise UsageError("There is no prompt.", hint='infernet try "what is 2+2?"')
    if output.json:
        output.begin_stream()
    job = ChatJob(({"role": "user", "content": text},), temperature=0.0)
    # What goes wrong is told by the answer; the logs of the parts are for who asks for them.
    configure(logging.INFO if output.verbose else logging.CRITICAL)
    with _tidy_on_sigterm():
        output.note("starting a control plane and a node in a scratch folder…")
        with _network(model) as url:
            output.note(f"asking {url}")
            printer = AnswerPrinter(output)
            ask(url, job, printer, timeout_seconds=output.timeout_seconds)
    answer = printer.answer
    output.note(f"  served by {answer.server}, model {answer.model}, job {answer.job_id}")


@contextmanager
def _network(model: str | None) -> Iterator[str]:
    from infernet_tui.cli.background_network import background_network
    from infernet_tui.cli.local_network import NetworkPlan
    from infernet_tui.engines.nano import MODEL_NAME
    from infernet_tui.node.options import NodeOptions

    engine = EngineConfig(model=model) if model else EngineConfig("llamacpp", model=MODEL_NAME)
    config = Config(node=identity.new_identity("provider", "try"), engine=engine)
    options = NodeOptions(no_p2p=True, no_advertise=True, no_healthz=True)
    with tempfile.TemporaryDirectory(prefix="infernet-try-") as folder:
        plan = NetworkPlan(
            config,
            Path(folder),
            options,
            socket_path=Path(folder, "node.sock"),
            environ=os.environ if model else _without_engines(os.environ),
        )
        with background_network(plan) as url:
            yield url


def _without_engines(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment that does not send the built-in engine to a server elsewhere."""
    return {name: value for name, value in environ.items() if not name.startswith("LLAMACPP_")}


@contextmanager
def _tidy_on_sigterm() -> Iterator[None]:
    """SIGTERM unwinds like an exception, so that it leaves nothing behind either."""

    def leave(_number: int, _frame: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: tidying takes a moment
        raise SystemExit(ExitCode.TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
