"""The peer most people would write: FastAPI before an engine, httpx behind, bytes passed on."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

ENGINE = os.environ["ENGINE_URL"]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one client for all requests."""
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=ENGINE, limits=limits, timeout=60) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health() -> str:
    """Ready."""
    return "ok"


@app.post("/v1/chat/completions")
async def chat(request: Request) -> StreamingResponse:
    """Pass a request on and its answer back."""
    client: httpx.AsyncClient = request.app.state.client
    outgoing = client.build_request("POST", request.url.path, content=await request.body())
    answer = await client.send(outgoing, stream=True)

    async def relay() -> AsyncIterator[bytes]:
        try:
            async for part in answer.aiter_raw():
                yield part
        finally:
            await answer.aclose()

    return StreamingResponse(relay(), media_type=answer.headers["content-type"])
