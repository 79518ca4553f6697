"""The way to the control plane: the channel where it works, polling where it does not.

Registers first, then keeps a channel open for as long as the node runs. Nothing about the control
plane being away or odd ends the link: it waits, with jitter, and tries again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from infernet_tui.errors import ControlPlaneError, NotFound, TimedOut
from infernet_tui.node.backoff import Backoff
from infernet_tui.node.channel import Channel
from infernet_tui.node.channel_socket import ChannelUnsupported
from infernet_tui.node.heartbeat import Heartbeat
from infernet_tui.node.polling import Polling
from infernet_tui.node.stats import Stats

log = logging.getLogger(__name__)
POLLING_STRETCH_SECONDS = 300.0
"""How long to poll before the channel is tried again."""
HEALTHY_SESSION_SECONDS = 10.0


class Link:
    """Keeps this node connected."""

    def __init__(
        self,
        role: str,
        heartbeat: Heartbeat,
        channel: Channel,
        polling: Polling,
        stats: Stats,
        *,
        polling_stretch_seconds: float = POLLING_STRETCH_SECONDS,
    ) -> None:
        self._role = role
        self._heartbeat = heartbeat
        self._channel = channel
        self._polling = polling
        self._stats = stats
        self._polling_stretch_seconds = polling_stretch_seconds
        self._backoff = Backoff()

    @property
    def mode(self) -> Literal["channel", "polling", "offline"]:
        """How the node is connected now."""
        if self._channel.is_open:
            return "channel"
        is_polling = self._polling.is_active and self._stats.last_heartbeat_error is None
        return "polling" if is_polling else "offline"

    async def run(self) -> None:
        """Stay connected, for ever."""
        await self._insist(self._heartbeat.register)
        while True:
            if self._role == "provider":
                await self._insist(self._session)
            await self._polling.run_for(self._polling_stretch_seconds)

    async def once(self) -> None:
        """One round of polling, registered first.

        Raises:
            ControlPlaneError, TimedOut: registration failed.
        """
        await self._heartbeat.register()
        await self._polling.once()

    async def _session(self) -> None:
        """Channel sessions, one after the other, until it turns out that there is no channel."""
        while True:
            opened_at = time.monotonic()
            try:
                stay_away = await self._channel.session()
            except ChannelUnsupported as why:
                log.info("no node channel here (%s); polling over HTTP", why)
                return
            if time.monotonic() - opened_at > HEALTHY_SESSION_SECONDS:
                self._backoff.reset()
            await asyncio.sleep(max(stay_away, self._backoff.next()))

    async def _insist(self, call: Callable[[], Awaitable[None]]) -> None:
        """Try until it works; a node that is not known registers."""
        while True:
            try:
                await call()
            except NotFound as error:
                await self._failed(error)
                await self._register_again()
            except (ControlPlaneError, TimedOut) as error:
                await self._failed(error)
            else:
                self._backoff.reset()
                return

    async def _failed(self, error: ControlPlaneError | TimedOut) -> None:
        wait = self._backoff.next()
        hint = f" ({error.hint})" if error.hint else ""
        log.warning("%s%s; trying again in %.1f s", error, hint, wait)
        self._stats.heartbeat_failed(error.message)
        await asyncio.sleep(wait)

    async def _register_again(self) -> None:
        try:
            await self._heartbeat.register()
        except (ControlPlaneError, TimedOut) as error:
            log.warning("registration failed: %s", error)
