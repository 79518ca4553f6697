"""A client that does not read must cost nobody else anything."""

import asyncio
import socket

import httpx

from tests.support.channel_node import channel_node
from tests.support.control_plane import RunningControlPlane, until
from tests.support.signed_client import SignedClient
from tests.support.sse import read_stream, text_of

MESSAGES = [{"role": "user", "content": "a long story"}]
PIECE = "x" * 10_000
COUNT = 1_200


async def test_a_follower_that_lags_is_dropped_and_the_others_are_not(
    plane: RunningControlPlane, http: httpx.AsyncClient, provider: SignedClient
) -> None:
    dispatcher = plane.services.dispatcher
    async with channel_node(provider) as node:
        job = (await http.post("/api/chat", json={"messages": MESSAGES})).json()
        offer = await node.next("job")
        with socket.socket() as sleeper:
            sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sleeper.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(sleeper, ("127.0.0.1", http.base_url.port))
            request = f"GET {job['streamUrl']} HTTP/1.1\r\nhost: x\r\n\r\n"
            await loop.sock_sendall(sleeper, request.encode())
            await until(lambda: len(dispatcher.followers) == 1)

            reading = asyncio.create_task(read_stream(http, job["streamUrl"]))
            await until(lambda: len(dispatcher.followers) == 2)
            for seq in range(1, COUNT, 100):
                await node.tokens(offer, *[PIECE] * 100, seq=seq)
            await node.answer(offer, "end", seq=COUNT + 1)
            assert len(text_of(await reading)) == COUNT * len(PIECE) + 3
            await until(lambda: not dispatcher.followers)
        assert len(text_of(await read_stream(http, f"{job['streamUrl']}?after={COUNT}"))) == 3
