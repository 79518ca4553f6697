"""`infernet chat`, the default command: ask the network, or this machine's own engine.

With a control plane configured (or `--url`) the prompt goes through the network, else to the local
engine. The answer alone is on stdout.
"""

import sys
from dataclasses import replace
from typing import Any

import click

from infernet_tui import config
from infernet_tui.cli.answer_printer import AnswerPrinter, LocalAnswerPrinter
from infernet_tui.cli.command import pass_output, verb
from infernet_tui.cli.network_answer import ask
from infernet_tui.cli.output import Output
from infernet_tui.config import BACKENDS, Config, EngineConfig
from infernet_tui.errors import ConfigError, UsageError
from infernet_tui.job_stream import ChatJob

EXAMPLES = """\b
Examples:
  infernet "what is 2+2?"
  infernet --local "ping"
  infernet --model qwen2.5:7b "tell me a joke"
  echo "summarize: water is wet" | infernet
  infernet chat --json "ping"
"""
FABRICS = ("rdma", "nvlink", "xgmi", "efa")
TOPOLOGIES = ("pair", "mesh", "all-to-all")


@verb("chat", epilog=EXAMPLES)
@click.argument("prompt", nargs=-1)
@click.option("--remote", is_flag=True, help="Use the network; an error if none is configured.")
@click.option("--local", is_flag=True, help="Use this machine's own engine.")
@click.option("--url", metavar="URL", help="Control plane to ask, instead of the configured one.")
@click.option("--model", metavar="NAME", help="Pin a model, like qwen2.5:7b.")
@click.option("--system", metavar="TEXT", help="Put a system message first.")
@click.option(
    "--temperature", type=click.FloatRange(0, 10), metavar="N", help="Sampling temperature."
)
@click.option(
    "--max-tokens", type=click.IntRange(1, 1_000_000), metavar="N", help="Cap on the answer."
)
@click.option("--backend", type=click.Choice(BACKENDS), help="Local engine to use; means --local.")
@click.option(
    "--interconnect",
    "interconnects",
    multiple=True,
    metavar="FABRIC",
    help="Only nodes with this fabric: rdma, nvlink, xgmi, efa, nvlink=all-to-all, ib=2. "
    "Repeatable.",
)
@pass_output
def command(
    output: Output,
    prompt: tuple[str, ...],
    remote: bool,
    local: bool,
    url: str | None,
    model: str | None,
    system: str | None,
    temperature: float | None,
    max_tokens: int | None,
    backend: str | None,
    interconnects: tuple[str, ...],
) -> None:
    """Send a prompt and stream the answer (the default command)."""
    settings = config.load()
    target = _target(settings, remote=remote, local=local or backend is not None, url=url)
    requires = {"interconnects": _required_fabric(interconnects)} if interconnects else {}
    if target is None and requires:
        raise UsageError("--interconnect is about nodes of the network; it needs --remote.")
    job = ChatJob(_messages(_prompt(prompt), system), model, max_tokens, temperature, requires)
    if output.json:
        output.begin_stream()
    if target is not None:
        ask(target, job, AnswerPrinter(output), timeout_seconds=output.timeout_seconds)
    else:
        _ask_here(output, replace(settings.engine, **_chosen(backend, model)), job)


def _target(settings: Config, *, remote: bool, local: bool, url: str | None) -> str | None:
    """The control plane to ask; None means the local engine."""
    if remote and local:
        raise UsageError("--remote and --local are mutually exclusive.")
    if url and local:
        raise UsageError("--url names a control plane; --local asks none.")
    if local:
        return None
    found = url.rstrip("/") if url else settings.control_plane_url
    if remote and not found:
        raise ConfigError(
            "--remote needs a control plane, and none is configured.",
            hint="infernet init --url https://your-control-plane.example",
        )
    return found


def _prompt(words: tuple[str, ...]) -> str:
    if words and words != ("-",):
        text = " ".join(words)
    elif words or (sys.stdin and not sys.stdin.isatty()):
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    else:
        text = ""
    if not text.strip():
        raise UsageError("There is no prompt.", hint='infernet "what is 2+2?"')
    return text


def _messages(prompt: str, system: str | None) -> tuple[dict[str, str], ...]:
    user = {"role": "user", "content": _unicode(prompt)}
    return ({"role": "system", "content": _unicode(system)}, user) if system else (user,)


def _unicode(argument: str) -> str:
    """Bytes of the command line that are no UTF-8, and that JSON could not carry, made visible."""
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _required_fabric(wanted: tuple[str, ...]) -> dict[str, Any]:
    """`requires.interconnects` (`wire.md` §14)."""
    required: dict[str, Any] = {}
    for text in wanted:
        name, _, value = text.partition("=")
        if name == "ib" and value.isdecimal() and int(value) > 0:
            required["min_active_ib_ports"] = int(value)
        elif name in ("nvlink", "xgmi") and value in TOPOLOGIES:
            required[name] = value
        elif name in FABRICS and not value:
            required[name] = True
        else:
            raise UsageError(
                f"--interconnect {text}: must be rdma, nvlink, xgmi or efa, a topology "
                "(nvlink=pair, mesh or all-to-all), or a number of InfiniBand ports (ib=2)."
            )
    return required


def _chosen(backend: str | None, model: str | None) -> dict[str, Any]:
    """What the flags say about the engine."""
    chosen = {"backend": backend, "model": model}
    return {name: value for name, value in chosen.items() if value is not None}


def _ask_here(output: Output, engine: EngineConfig, job: ChatJob) -> None:
    import asyncio
    import uuid

    from infernet_tui.cli import local_answer  # engines are slow to import
    from infernet_tui.engines.base import GenerateRequest

    printer = LocalAnswerPrinter(output)
    request = GenerateRequest(
        str(uuid.uuid4()),
        job.messages,
        job.model,
        max_tokens=job.max_tokens,
        temperature=job.temperature,
    )
    try:
        asyncio.run(local_answer.stream(engine, request, printer.event, output.timeout_seconds))
    except BaseException as reason:
        printer.leave(reason)
        raise
    printer.finish()
