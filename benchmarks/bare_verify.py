"""The peer of `signed.py`: FastAPI that verifies the signature and stores nothing."""

import time

from fastapi import FastAPI, Request

from infernet_protocol import endpoints, envelope

app = FastAPI()


@app.get("/health")
async def health() -> str:
    """Ready."""
    return "ok"


@app.post(endpoints.HEARTBEAT)
async def heartbeat(request: Request) -> dict[str, dict[str, str]]:
    """Verify, answer."""
    body = await request.body()
    signed = envelope.decode(request.headers.get(envelope.HEADER))
    host = request.headers["host"]
    envelope.verify(signed, "POST", host, request.url.path, body, now=time.time())
    return {"data": {"id": signed.pubkey}}
