"""`infernet --json` holds every field that the screens show.

The proof: the application is fed with nothing but that document, and shows the same.
"""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
import pytest

from infernet_protocol.ipc import failure, success
from infernet_tui import paths
from infernet_tui.demo import DemoNode
from infernet_tui.node.client import NodeClient
from infernet_tui.node.ipc import IpcServer
from infernet_tui.session import DemoSession
from tests.support.cockpit import NOON, app_of, cockpit, settled, text_of

SCREENS = {"home": (160, 50), "jobs": (160, 36), "models": (160, 50), "gpu": (160, 50)}
"""With their sizes. A taller Jobs has a pane about one job: `infernet jobs show --json`."""


class DocumentTransport:
    """A node that knows what the document says, and no more."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    async def request(self, message: Mapping[str, Any]) -> dict[str, Any]:
        async for answer in self.stream(message):
            return answer
        return failure("connection-closed")

    async def stream(self, message: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        document, verb = self._document, message["cmd"]
        payload = message.get("payload") or {}
        if verb in ("subscribe", "status"):
            yield success(document["node"])
            if verb == "subscribe":
                await asyncio.Event().wait()
        elif verb == "history":
            yield success(document["history"][payload["window"]])
        elif verb == "history.latest":
            yield success({"at": document["history"]["10m"]["end"]})
        elif verb == "jobs":
            rows = [_as_on_the_socket(row) for row in document["jobs"]["jobs"]]
            yield success({"jobs": rows, "total": document["node"]["jobTotal"], "next": None})
        elif verb == "node.info":
            yield success(document["info"])
        elif verb in document:
            yield success(document[verb])
        else:
            yield failure("unknown-cmd", verb)


class DocumentSession(DemoSession):
    """Attached to the document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(DemoNode(clock=lambda: NOON))
        self._client = NodeClient(DocumentTransport(document))


def _as_on_the_socket(row: Mapping[str, Any]) -> dict[str, Any]:
    def camel(name: str) -> str:
        return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)

    return {camel(name): value for name, value in row.items()}


@pytest.fixture
async def document() -> dict[str, Any]:
    """What the command line prints about the demo node, asked over the real socket."""
    server = IpcServer(DemoNode(clock=lambda: NOON), paths.socket_file())  # type: ignore[arg-type]
    await server.start()
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infernet_tui", "--json"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
    finally:
        await server.close()
    assert process.returncode == 0
    document: dict[str, Any] = orjson.loads(printed)
    return document


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_fed_by_the_document_alone_shows_the_same(
    screen: str, document: dict[str, Any]
) -> None:
    pictures = []
    for session in (DemoSession(DemoNode(clock=lambda: NOON)), DocumentSession(document)):
        async with cockpit("busy", SCREENS[screen], session=session) as pilot:
            await app_of(pilot).go_to(screen)
            await settled(pilot)
            # The document has the newest thousand jobs, and says how many there are.
            pictures.append(re.sub(r"1 of [\d,]+", "1 of many", text_of(pilot)).splitlines())
    assert pictures[0] == pictures[1]
