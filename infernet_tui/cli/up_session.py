"""One run of `infernet up`: start the network, say how to use it, show its state, end it well."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from infernet_tui import config, paths
from infernet_tui.cli.local_network import LocalNetwork, NetworkPlan
from infernet_tui.cli.output import Output
from infernet_tui.cli.signals import StopSignals, told_to_stop
from infernet_tui.cli.status_line import StatusLine
from infernet_tui.exit_codes import ExitCode
from infernet_tui.node.logs import PlainFormatter, configure


async def run_session(output: Output, plan: NetworkPlan) -> ExitCode:
    """Run until told to stop; the exit code.

    Raises:
        InfernetError: it could not start, or a part of it failed.
    """
    with _logging(output):
        async with told_to_stop() as told:
            network, line = LocalNetwork(plan), StatusLine(output)
            output.note("starting the control plane and the node…")
            try:
                code = await told.during(network.start())
                if code is None:
                    _announce(output, plan, network)
                    code = await told.during(_show_until_ended(network, line))
            finally:
                line.end()
                await _stop(output, network, told)
    return code or ExitCode.OK


def _announce(output: Output, plan: NetworkPlan, network: LocalNetwork) -> None:
    configured = plan.config.control_plane_url
    if configured is None:
        config.update({"controlPlane": {"url": network.url}})
    elif configured != network.url:
        output.warn(
            f"config.json names {configured}, and keeps it; "
            f"to use this control plane: --url {network.url}"
        )
    url_flag = "" if configured in (None, network.url) else f"--url {network.url} "
    output.line(f"✓ control plane at {network.url}, node {plan.config.require_node().node_id}")
    output.line(f'  try: infernet {url_flag}"what is 2+2?"')
    output.note("  stop: Ctrl-C")


async def _show_until_ended(network: LocalNetwork, line: StatusLine) -> None:
    showing = asyncio.create_task(_show(network, line))
    try:
        await network.ended()
    finally:
        showing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await showing


async def _show(network: LocalNetwork, line: StatusLine) -> None:
    async with contextlib.aclosing(network.client().subscribe()) as states:
        with contextlib.suppress(OSError):  # a terminal that went away does not end the network
            async for state in states:
                line.show(state)


async def _stop(output: Output, network: LocalNetwork, told: StopSignals) -> None:
    """End everything; a second signal does not wait for running jobs."""
    if network.active_jobs:
        output.note("finishing the running jobs (Ctrl-C again gives them back)…")
    stopping = asyncio.create_task(network.stop())
    insisted = asyncio.create_task(told.again.wait())
    await asyncio.wait({stopping, insisted}, return_when=asyncio.FIRST_COMPLETED)
    insisted.cancel()
    if not stopping.done():
        network.hurry()
    await stopping


@contextlib.contextmanager
def _logging(output: Output) -> Iterator[None]:
    """Log to stderr; beside a line that rewrites itself, to the node's log file instead."""
    configure()
    if not output.live_stderr:
        yield
        return
    handler = logging.FileHandler(paths.log_file(), encoding="utf-8")
    handler.setFormatter(PlainFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    try:
        yield
    finally:
        handler.close()
