"""Keeps the store up to date: follows the node's state, and asks for what the visible screen shows.

One task follows the node for as long as the application runs: connects, reads states, connects
again. One task a topic asks at the topic's interval while a screen wants it. Nothing else in the
application asks a node for anything that it shows continuously.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, Protocol

from infernet_tui import store as topics
from infernet_tui.errors import InfernetError, NotSupported
from infernet_tui.node.client import NodeClient
from infernet_tui.store import Store, Topic

log = logging.getLogger(__name__)
BLURRED_SECONDS = 5.0
"""The shortest interval while the terminal is in the background."""
RIDE_SECONDS = 0.5
"""What is due within this time is asked for together with the node's next state: one waking up and
one repaint for all of it."""
RECONNECT_FIRST_SECONDS, RECONNECT_LONGEST_SECONDS = 0.5, 3.0
JOBS_PAGE = 1000
ASK_STATUS_SECONDS = 2.0


class Connector(Protocol):
    """Where the node's client comes from (`session.Session`)."""

    async def connect(self) -> NodeClient | None:
        """A client of the node; None while there is none to talk to."""
        ...

    async def ended(self) -> None:
        """Wait until a node that runs in this process has ended."""
        ...


class Feed:
    """Asks; the answers go to the store, and `notify` says which topics are new."""

    def __init__(
        self, store: Store, connector: Connector, notify: Callable[[frozenset[Topic]], None]
    ) -> None:
        self.store = store
        self.client: NodeClient | None = None
        """The node's client while it is connected."""
        self.is_blurred = False
        self._connector = connector
        self._notify = notify
        self._pollers: dict[Topic, asyncio.Task[None]] = {}
        self._intervals: dict[Topic, float] = {}
        self._wake: dict[Topic, asyncio.Event] = {}
        self._asked_at: dict[Topic, float] = {}
        self._unseen: Any = None
        """The newest state, while nobody looks and it is not worth reading."""
        self.disconnected = asyncio.Event()
        """Set while no node is connected."""
        self.disconnected.set()
        self._reconnect_now = asyncio.Event()

    # --- what screens ask for ---------------------------------------------------------------

    @property
    def watched(self) -> frozenset[Topic]:
        """What is asked for now."""
        return frozenset(self._pollers)

    def watch(self, wanted: Mapping[Topic, float]) -> None:
        """Ask for these topics, each at its interval in seconds, and for no others."""
        for topic in self._pollers.keys() - wanted.keys():
            self._pollers.pop(topic).cancel()
        self._intervals = dict(wanted)
        for topic in wanted.keys() - self._pollers.keys():
            self._wake[topic] = asyncio.Event()
            self._pollers[topic] = asyncio.create_task(self._poll(topic), name=f"poll {topic}")

    def refetch(self, *wanted: Topic) -> None:
        """Ask again now; all watched topics if none is named."""
        for topic in wanted or tuple(self._pollers):
            if topic in self._wake:
                self._wake[topic].set()

    def reconnect(self) -> None:
        """Do not wait any longer before the next try."""
        self._reconnect_now.set()

    def look(self) -> None:
        """Somebody looks again: show what is new."""
        self.is_blurred = False
        if self._unseen is not None:
            self._take(self._unseen)
        self.refetch()

    async def close(self) -> None:
        """Stop asking."""
        pollers = list(self._pollers.values())
        self._pollers.clear()
        for poller in pollers:
            poller.cancel()
        await asyncio.gather(*pollers, return_exceptions=True)

    # --- following the node -----------------------------------------------------------------

    async def run(self) -> None:
        """Stay connected, for ever."""
        pause = RECONNECT_FIRST_SECONDS
        while True:
            try:
                client = await self._connector.connect()
                if client is not None:
                    await self._follow(client)
                    pause = RECONNECT_FIRST_SECONDS
                self.store.connection_problem = None
            except InfernetError as error:
                self._lost(error)
            except Exception as error:
                log.exception("following the node failed")
                self._lost(InfernetError(f"The node's answer was not understood: {error}"))
            self.client = None
            self.disconnected.set()
            self._notify(frozenset({topics.CONNECTION}))
            self._reconnect_now.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reconnect_now.wait(), pause)
            pause = min(RECONNECT_LONGEST_SECONDS, pause * 1.5)

    async def _follow(self, client: NodeClient) -> None:
        """Take the node's states until it goes away; returns if it ended in this process.

        Raises:
            InfernetError: it hung up, or does not answer.
        """
        gone = asyncio.create_task(self._connector.ended(), name="the node's end")
        coming: asyncio.Future[dict[str, Any] | None] | None = None
        states = self._states(client)
        try:
            while not gone.done():
                coming = asyncio.ensure_future(anext(states, None))
                await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    break
                if (state := coming.result()) is None:
                    raise InfernetError("The node hung up.", hint="infernet logs")
                self._see(client, state)
            gone.result()
        finally:
            waited = [task for task in (gone, coming) if task is not None]
            for task in waited:
                task.cancel()
            await asyncio.gather(*waited, return_exceptions=True)
            await states.aclose()

    async def _states(self, client: NodeClient) -> AsyncGenerator[dict[str, Any], None]:
        """Pushed by the node; an older one, which cannot push, is asked again and again."""
        try:
            async with contextlib.aclosing(client.subscribe()) as states:
                async for state in states:
                    yield state
            return
        except NotSupported:
            log.info("this node does not push its state; asking for it")
        while True:
            yield await client.status()
            await asyncio.sleep(ASK_STATUS_SECONDS)

    def _see(self, client: NodeClient, state: dict[str, Any]) -> None:
        if self.client is None:
            self.client = client
            self.disconnected.clear()
            self._take(state, is_new=True)
        elif self.is_blurred and not self._is_old():
            self._unseen = state
        else:
            self._take(state)

    def _take(self, state: Any, *, is_new: bool = False) -> None:
        before, self._unseen = self.store.node, None
        self.store.apply(topics.NODE, state)
        assert self.store.node is not None
        if is_new or before is None or before.state != self.store.node.state:
            self.refetch()  # what could not be answered before may be now
            self._notify(frozenset({topics.NODE, topics.CONNECTION}))
            return
        now = self.store.timer()
        for topic, asked_at in self._asked_at.items():
            if topic in self._pollers and now - asked_at >= self._riding_age(topic):
                self._wake[topic].set()
        self._notify(frozenset({topics.NODE}))

    def _is_old(self) -> bool:
        """Whether even somebody who does not look wants the next state."""
        age = self.store.age(topics.NODE)
        return age is None or age >= BLURRED_SECONDS - RIDE_SECONDS

    def _riding_age(self, topic: Topic) -> float:
        """From which age on a topic is asked for together with the node's state."""
        early = BLURRED_SECONDS / 2 if self.is_blurred else RIDE_SECONDS
        return self._seconds(self._intervals[topic]) - early

    def _seconds(self, interval: float) -> float:
        return max(interval, BLURRED_SECONDS) if self.is_blurred else interval

    def _lost(self, error: InfernetError) -> None:
        self.store.connection_problem = error.message

    # --- asking for topics ------------------------------------------------------------------

    async def _poll(self, topic: Topic) -> None:
        wake = self._wake[topic]
        while True:
            wake.clear()
            if self.client is not None:
                self._asked_at[topic] = self.store.timer()
                await self.ask(topic)
            interval = self._seconds(self._intervals.get(topic, BLURRED_SECONDS))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), interval + RIDE_SECONDS)

    async def ask(self, topic: Topic) -> None:
        """Ask for one topic once."""
        client = self.client
        if client is None:
            return
        try:
            await _ASK[topic](self.store, client)
        except InfernetError as error:
            self.store.failed(topic, error.message)
        except Exception as error:
            log.exception("asking for %s failed", topic)
            self.store.failed(topic, f"The answer was not understood: {error}")
        self._notify(frozenset({topic}))


async def _hardware(store: Store, client: NodeClient) -> None:
    store.apply(topics.HARDWARE, await client.request("hardware", timeout_seconds=10))


async def _history(store: Store, client: NodeClient) -> None:
    """The whole window at first and after a pause; then only what is new."""
    ends_at, is_known = store.history.ends_at, store.age(topics.HISTORY) is not None
    if is_known and ends_at is not None and store.clock() - ends_at < 2 * BLURRED_SECONDS:
        store.apply(topics.HISTORY, await client.request("history.latest"))
    else:
        store.apply(topics.HISTORY, await client.request("history", {"window": "10m"}))


async def _jobs(store: Store, client: NodeClient) -> None:
    """All pages once; afterwards the newest, which the snapshots may have run past."""
    payload: dict[str, Any] = {"limit": JOBS_PAGE}
    while True:
        page = await client.request("jobs", payload, timeout_seconds=10)
        store.apply(topics.JOBS, page)
        before = page.get("next")
        if before is None or len(store.jobs) >= (store.jobs.total or 0):
            return
        payload = {"limit": JOBS_PAGE, "before": before}


def _simple(topic: Topic, payload: dict[str, Any] | None = None, seconds: float = 15.0) -> "Ask":
    async def ask(store: Store, client: NodeClient) -> None:
        verb = "node.info" if topic == topics.INFO else topic
        store.apply(topic, await client.request(verb, payload, timeout_seconds=seconds))

    return ask


Ask = Callable[[Store, NodeClient], Awaitable[None]]
_ASK: Mapping[Topic, Ask] = {
    topics.HARDWARE: _hardware,
    topics.HISTORY: _history,
    topics.JOBS: _jobs,
    topics.MODELS: _simple(topics.MODELS),
    topics.PEERS: _simple(topics.PEERS, {"limit": 1000}),
    topics.PAYOUTS: _simple(topics.PAYOUTS),
    topics.PAYMENTS: _simple(topics.PAYMENTS, {"limit": 100}),
    topics.EARNINGS: _simple(topics.EARNINGS, {"days": 30}),
    topics.INFO: _simple(topics.INFO),
}
