"""A database that cannot grow: SQLite's own limit gives the error that a full disk gives."""

import httpx
import orjson
from sqlalchemy import Connection

from tests.support.channel_node import channel_node
from tests.support.control_plane import RunningControlPlane
from tests.support.signed_client import SignedClient
from tests.support.sse import read_stream, text_of

BIG = {"messages": [{"role": "user", "content": "x" * 50_000}]}


def _fill(connection: Connection) -> None:
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def _empty(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA max_page_count=1000000")


async def test_a_full_disk_is_507_and_nothing_is_lost(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    write = plane.services.database.write
    async with channel_node(provider) as node:
        await write(_fill)
        refused = await http.post("/api/chat", content=orjson.dumps(BIG))
        assert refused.status_code == 507
        assert refused.json()["hint"].startswith("free some space")
        # It was pushed while its row was on the way to disk; the node is told to forget it.
        offer = await node.next("job")
        assert (await node.next("cancel"))["job_id"] == offer["job"]["id"]
        assert not plane.services.dispatcher.live

        await write(_empty)
        job = (await http.post("/api/chat", content=orjson.dumps(BIG))).json()
        await node.answer(await node.next("job"), "fine")
        assert text_of(await read_stream(http, job["streamUrl"])) == "fine"


async def test_an_answer_that_cannot_be_stored_yet_is_stored_when_there_is_space(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    write = plane.services.database.write
    async with channel_node(provider) as node:
        job = (await http.post("/api/chat", content=orjson.dumps(BIG))).json()
        offer = await node.next("job")
        await write(_fill)
        await node.answer(offer, "y" * 50_000)
        # The client has its answer at once; only the books wait.
        assert len(text_of(await read_stream(http, job["streamUrl"]))) == 50_000
        assert job["jobId"] in plane.services.dispatcher.live
        await write(_empty)
        acknowledged = await node.next("ack")
        while not acknowledged.get("final"):
            acknowledged = await node.next("ack")
        assert job["jobId"] not in plane.services.dispatcher.live
        assert len(text_of(await read_stream(http, job["streamUrl"]))) == 50_000
