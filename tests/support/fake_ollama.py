"""An Ollama server on a loopback socket: the parts of its API that a node uses."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from tests.support.fake_answers import Answer, Behaviour, serving

DIGEST = "sha256:" + "ab" * 32


@dataclass
class FakeOllama:
    """What it serves, and what it saw."""

    models: list[str] = field(default_factory=lambda: ["fake:latest"])
    behaviour: Behaviour = field(default_factory=lambda: Behaviour(junk=b"{{{ \xff\xfe not json\n"))
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    kept_alive: dict[str, Any] = field(default_factory=dict)
    open_answers: int = 0

    def application(self) -> web.Application:
        """Its routes."""
        application = web.Application()
        application.router.add_get("/api/version", self._version)
        application.router.add_get("/api/tags", self._tags)
        application.router.add_post("/api/show", self._show)
        application.router.add_post("/api/pull", self._pull)
        application.router.add_delete("/api/delete", self._delete)
        application.router.add_post("/api/generate", self._generate)
        application.router.add_post("/api/chat", self._chat)
        return application

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "0.13.0"})

    async def _tags(self, request: web.Request) -> web.Response:
        details = {"family": "qwen2", "parameter_size": "494M", "quantization_level": "Q4_K_M"}
        entries = [
            {
                "name": name,
                "model": name,
                "size": 397_821_319,
                "digest": DIGEST,
                "modified_at": "2026-01-02T03:04:05Z",
                "details": details,
            }
            for name in self.models
        ]
        return web.json_response({"models": entries})

    async def _show(self, request: web.Request) -> web.Response:
        name = (await request.json())["model"]
        if name not in self.models:
            return self._unknown(name)
        info = {"general.architecture": "qwen2", "qwen2.context_length": 32768}
        return web.json_response({"model_info": info, "capabilities": ["completion", "tools"]})

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        name = (await request.json())["model"]
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        if "missing" in name:
            await response.write(_line({"error": "pull model manifest: file does not exist"}))
            return response
        await response.write(_line({"status": "pulling manifest"}))
        for completed in (0, 50, 100):
            step = {"status": "pulling abab", "digest": DIGEST, "total": 100}
            await response.write(_line(step | {"completed": completed}))
        await response.write(_line({"status": "success"}))
        self.models.append(name)
        return response

    async def _delete(self, request: web.Request) -> web.Response:
        name = (await request.json())["model"]
        if name not in self.models:
            return self._unknown(name)
        self.models.remove(name)
        return web.Response()

    async def _generate(self, request: web.Request) -> web.Response:
        body = await request.json()
        if body["model"] not in self.models:
            return self._unknown(body["model"])
        self.kept_alive[body["model"]] = body.get("keep_alive")
        return web.json_response({"model": body["model"], "response": "", "done": True})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.bodies.append(body)
        if self.behaviour.status != 200:
            return web.json_response({"error": self.behaviour.error}, status=self.behaviour.status)
        if body["model"] not in self.models:
            return self._unknown(body["model"])
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        self.open_answers += 1
        try:
            answer = Answer.to(body, body["options"].get("num_predict"))
            await self._stream(request, response, answer)
        finally:
            self.open_answers -= 1
        return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, answer: Answer
    ) -> None:
        sent = 0
        for index, piece in enumerate(answer.pieces):
            if await self.behaviour.misbehaves(index, request, response):
                return
            message = {"role": "assistant", "content": piece}
            await response.write(_line({"message": message, "done": False}))
            sent += 1
        message = {"role": "assistant", "content": ""} | self.behaviour.last_delta
        last = {"message": message, "done": True, "done_reason": answer.reason}
        await response.write(_line(last | {"prompt_eval_count": 7, "eval_count": sent}))

    @staticmethod
    def _unknown(name: str) -> web.Response:
        return web.json_response({"error": f"model '{name}' not found"}, status=404)


def _line(data: dict[str, Any]) -> bytes:
    return orjson.dumps(data) + b"\n"


@contextlib.asynccontextmanager
async def fake_ollama(**settings: Any) -> AsyncIterator[FakeOllama]:
    """Run one."""
    fake = FakeOllama(**settings)
    async with serving(fake.application()) as fake.url:
        yield fake
