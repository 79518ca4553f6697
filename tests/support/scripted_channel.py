"""A control plane's end of the node channel whose every message a test decides."""

import asyncio
import uuid
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from infernet_protocol import endpoints, envelope

Message = dict[str, Any]


class Session:
    """One connection of the node."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.hello: Message = {}
        self.over = asyncio.Event()

    async def receive(self, *kinds: str) -> Message:
        """The next message of one of `kinds`; others are passed over."""
        async with asyncio.timeout(15):
            while True:
                frame = await self.socket.receive()
                if frame.type is not WSMsgType.TEXT:
                    raise ConnectionError(f"the node closed: {frame.type}")
                message: Message = orjson.loads(frame.data)
                if message["type"] in kinds:
                    return message

    async def send(self, kind: str, **fields: object) -> None:
        """Send one message."""
        await self.socket.send_str(orjson.dumps({"type": kind, **fields}).decode())

    async def greet(self, resume: list[Message] | None = None, **fields: object) -> Message:
        """Take hello, answer welcome; the hello."""
        self.hello = await self.receive("hello")
        welcome = {"session": "s", "server_time": "", "heartbeat_seconds": 30, "lease_seconds": 15}
        await self.send("welcome", **{**welcome, **fields}, resume=resume or [])
        return self.hello

    async def offer(self, text: str, attempt: int = 1, job_id: str | None = None) -> str:
        """Push a chat job; its id."""
        job_id = job_id or str(uuid.uuid4())
        job = {
            "id": job_id,
            "type": "chat",
            "model_name": None,
            "input_spec": {"messages": [{"role": "user", "content": text}]},
        }
        await self.send("job", job=job, attempt=attempt, lease_seconds=15)
        return job_id

    def cut(self) -> None:
        """Tear the connection down with no closing handshake."""
        transport = self.socket._req.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.abort()
        self.over.set()


class ChannelServer:
    """Run it with `async with`; `await session()` is the node's next connection."""

    def __init__(self) -> None:
        self.url = ""
        self.registrations = 0
        self.answer_upgrades_with: list[int] = []
        self._sessions: asyncio.Queue[Session] = asyncio.Queue()
        self._open: list[Session] = []
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "ChannelServer":
        app = web.Application()
        app.router.add_get(endpoints.CHANNEL, self._upgrade)
        app.router.add_post(endpoints.REGISTER, self._register)
        app.router.add_post(endpoints.HEARTBEAT, self._heartbeat)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._open:
            session.over.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def session(self) -> Session:
        """The next connection of the node."""
        async with asyncio.timeout(15):
            return await self._sessions.get()

    async def _upgrade(self, request: web.Request) -> web.StreamResponse:
        assert envelope.decode(request.headers[envelope.HEADER]).version == 2
        if self.answer_upgrades_with:
            return web.json_response({"error": "no"}, status=self.answer_upgrades_with.pop(0))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        session = Session(socket)
        self._open.append(session)
        self._sessions.put_nowait(session)
        await session.over.wait()
        return socket

    async def _register(self, _request: web.Request) -> web.Response:
        self.registrations += 1
        return web.json_response({"data": {"id": "row-1", "node_id": "n"}})

    async def _heartbeat(self, _request: web.Request) -> web.Response:
        return web.json_response({"data": {"id": "row-1"}})
