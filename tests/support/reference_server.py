"""A control plane that speaks only the existing network's HTTP routes (`wire.md` §3), its way.

Version 1 signatures alone; a poll claims nothing and lists the same assigned job until it is
complete; `complete` does its work again at every call; there is no channel and no `wait`.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from infernet_protocol import envelope

Body = dict[str, Any]


class ReferenceServer:
    """Run it with `async with`; `url` is where it listens."""

    def __init__(self) -> None:
        self.url = ""
        self.rows: dict[str, Body] = {}
        """By public key."""
        self.heartbeats: list[Body] = []
        self.jobs: dict[str, Body] = {}
        self.events: dict[str, list[Body]] = {}
        self.completions: list[tuple[str, Body]] = []
        self.commands: list[Body] = []
        self.command_results: dict[str, Body] = {}
        self.requests: Counter[str] = Counter()
        self.fail_next: dict[str, list[int]] = {}
        """Statuses to answer with, by route name, before it works again."""
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> "ReferenceServer":
        app = web.Application()
        for path, name, handler in (
            ("register", "register", self._register),
            ("heartbeat", "heartbeat", self._heartbeat),
            ("me", "me", self._me),
            ("jobs/poll", "poll", self._poll),
            ("jobs/{id}/events", "events", self._events),
            ("jobs/{id}/complete", "complete", self._complete),
            ("commands/poll", "commands", self._commands),
            ("commands/{id}/complete", "command_complete", self._command_complete),
        ):
            app.router.add_post(f"/api/v1/node/{path}", self._signed(name, handler))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def submit(self, text: str, *, kind: str = "chat") -> str:
        """Assign a job; its id."""
        job_id = str(uuid.uuid4())
        self.events[job_id] = []
        self.jobs[job_id] = {
            "id": job_id,
            "title": text[:80],
            "type": kind,
            "status": "assigned",
            "payment_offer": 0,
            "payment_coin": None,
            "model_name": None,
            "input_spec": {
                "messages": [{"role": "user", "content": text}],
                "max_tokens": 512,
                "temperature": 0.7,
            },
            "created_at": "2026-11-23T09:52:09.638+00:00",
        }
        return job_id

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        """Wait until a request has made `condition` true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _signed(
        self, name: str, handler: Callable[[web.Request, str, Body], Awaitable[Any]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            raw = await request.read()
            try:
                found = envelope.decode(request.headers.get(envelope.HEADER))
                if found.version != 1:
                    raise envelope.EnvelopeError(f"unsupported envelope version: {found.version}")
                envelope.verify(found, "POST", "", request.path_qs, raw, now=time.time())
            except envelope.EnvelopeError as error:
                return web.json_response({"error": str(error)}, status=401)
            self.requests[name] += 1
            try:
                if statuses := self.fail_next.get(name):
                    return web.json_response({"error": "db down"}, status=statuses.pop(0))
                data = await handler(request, found.pubkey, await request.json())
                return web.json_response({"data": data})
            except _Refusal as refusal:
                return web.json_response({"error": refusal.text}, status=refusal.status)
            finally:
                self._changed.set()

        return serve

    async def _register(self, _request: web.Request, key: str, body: Body) -> Body:
        self.rows[key] = {"id": str(uuid.uuid4()), **body}
        return {"id": self.rows[key]["id"], "node_id": body["node_id"]}

    async def _heartbeat(self, _request: web.Request, key: str, body: Body) -> Body:
        if key not in self.rows:
            raise _Refusal(404, "no row for this pubkey — call /register first")
        self.heartbeats.append(body)
        return {"id": self.rows[key]["id"]}

    async def _me(self, _request: web.Request, key: str, _body: Body) -> Body:
        return {"row": self.rows.get(key)}

    async def _poll(self, _request: web.Request, key: str, body: Body) -> Body:
        if key not in self.rows:
            raise _Refusal(404, "no provider row for this pubkey")
        assigned = [job for job in self.jobs.values() if job["status"] == "assigned"]
        return {"provider_id": self.rows[key]["id"], "jobs": assigned[: body.get("limit", 5)]}

    async def _events(self, request: web.Request, _key: str, body: Body) -> Body:
        job_id, events = request.match_info["id"], body["events"]
        if job_id not in self.jobs:
            raise _Refusal(404, "job not found")
        if not 1 <= len(events) <= 200:
            raise _Refusal(400, "too many events (max 200)")
        if any(e["event_type"] not in ("meta", "token", "done", "error") for e in events):
            raise _Refusal(400, "bad event_type")
        self.events[job_id] += events
        return {"inserted": len(events)}

    async def _complete(self, request: web.Request, _key: str, body: Body) -> Body:
        job_id = request.match_info["id"]
        status = "failed" if body.get("status") == "failed" else "completed"
        self.jobs[job_id]["status"] = status
        self.completions.append((job_id, body))
        return {"id": job_id, "status": status}

    async def _commands(self, _request: web.Request, _key: str, _body: Body) -> Body:
        commands, self.commands = self.commands, []
        return {"commands": commands}

    async def _command_complete(self, request: web.Request, _key: str, body: Body) -> Body:
        self.command_results[request.match_info["id"]] = body
        return {"id": request.match_info["id"], "status": body["status"]}


class _Refusal(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
