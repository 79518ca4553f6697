"""An OpenAI-compatible server on a loopback socket; a test chooses how it misbehaves."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from tests.support.fake_answers import Answer, Behaviour, serving


@dataclass
class FakeOpenAI:
    """What it serves, and what it saw."""

    owned_by: str = "vllm"
    models: list[str] = field(default_factory=lambda: ["fake-model"])
    behaviour: Behaviour = field(default_factory=Behaviour)
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    authorization: list[str | None] = field(default_factory=list)
    open_answers: int = 0

    def application(self) -> web.Application:
        """Its routes."""
        application = web.Application()
        application.router.add_get("/v1/models", self._models)
        application.router.add_get("/version", self._version)
        application.router.add_post("/v1/chat/completions", self._chat)
        return application

    async def _models(self, request: web.Request) -> web.Response:
        entries = [
            {"id": name, "object": "model", "owned_by": self.owned_by, "max_model_len": 4096}
            for name in self.models
        ]
        return web.json_response({"object": "list", "data": entries})

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.11.0"})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.bodies.append(body)
        self.authorization.append(request.headers.get("authorization"))
        if self.behaviour.status != 200:
            error = {"message": self.behaviour.error, "type": "error", "code": None}
            return web.json_response({"error": error}, status=self.behaviour.status)
        if not body.get("stream"):
            return web.json_response({"choices": [{"message": {"content": "word0"}}]})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self.open_answers += 1
        try:
            await self._stream(request, response, Answer.to(body, body.get("max_tokens")))
        finally:
            self.open_answers -= 1
        return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, answer: Answer
    ) -> None:
        await response.write(_event({"choices": [{"delta": {"role": "assistant", "content": ""}}]}))
        sent = 0
        for index, piece in enumerate(answer.pieces):
            if await self.behaviour.misbehaves(index, request, response):
                return
            await response.write(_event({"choices": [{"index": 0, "delta": {"content": piece}}]}))
            sent += 1
        last = {"index": 0, "delta": self.behaviour.last_delta, "finish_reason": answer.reason}
        await response.write(_event({"choices": [last]}))
        usage = {"prompt_tokens": 7, "completion_tokens": sent}
        await response.write(_event({"choices": [], "usage": usage}))
        await response.write(b"data: [DONE]\n\n")


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


@contextlib.asynccontextmanager
async def fake_openai(**settings: Any) -> AsyncIterator[FakeOpenAI]:
    """Run one."""
    fake = FakeOpenAI(**settings)
    async with serving(fake.application()) as fake.url:
        yield fake
