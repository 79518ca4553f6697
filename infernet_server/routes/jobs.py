"""Jobs as clients see them: chat, submit, stream, status, cancel (`wire.md` §5, §15)."""

from contextlib import aclosing
from typing import Any

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infernet_protocol import endpoints
from infernet_protocol.endpoints import Tier
from infernet_protocol.jobs import EventType, JobStatus
from infernet_server.errors import ApiError, NotFound
from infernet_server.routes.job_requests import chat_job, submitted_job
from infernet_server.routes.plain import PublicCall, public_route
from infernet_server.services.client_address import client_address
from infernet_server.services.container import Services
from infernet_server.services.jobs import NewJob, StreamEvent, wire_row
from infernet_server.services.rate_limits import RateLimits
from infernet_server.timestamps import iso
from infernet_server.wire import ClientGone, header, send_error, until_hangup

SSE_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
PING = b": ping\n\n"


async def chat(call: PublicCall) -> dict[str, Any]:
    """Submit a chat; the answer is read from `streamUrl`."""
    key = call.header(b"idempotency-key")
    return await _submit(call, chat_job(call.body, caller=call.address, idempotency_key=key))


async def submit_job(call: PublicCall) -> dict[str, Any]:
    """Submit any kind of job."""
    key = call.header(b"idempotency-key")
    return await _submit(call, submitted_job(call.body, caller=call.address, idempotency_key=key))


async def _submit(call: PublicCall, new: NewJob) -> dict[str, Any]:
    row = await call.services.jobs.submit(new)
    provider_id = row["provider_id"]
    node = call.services.directory.by_provider_id(provider_id) if provider_id else None
    provider = node and {
        "id": node.provider_id,
        "name": node.name,
        "nodeId": node.node_id,
        "gpuModel": node.gpu_model,
        "model": row["model_name"],
    }
    return {
        "jobId": row["id"],
        "status": row["status"],
        "source": row["source"],
        "provider": provider,
        "streamUrl": endpoints.CHAT_STREAM.format(job_id=row["id"]),
    }


async def job_status(call: PublicCall) -> dict[str, Any]:
    """Where a job is."""
    row = await call.services.jobs.row(call.path["job_id"])
    return {
        "id": row["id"],
        "status": row["status"],
        "model_name": row["model_name"],
        "provider_id": row["provider_id"],
        "error": row["error"],
        "latest_error_message": row["error"],
        "completed_at": iso(row["completed_at"]),
        "updated_at": iso(row["updated_at"]),
    }


async def cancel_job(call: PublicCall) -> dict[str, Any]:
    """Stop a job; a finished one stays as it is."""
    job_id = call.path["job_id"]
    row = await call.services.jobs.cancel(job_id)
    is_cancelled = row["status"] == JobStatus.CANCELLED
    return {"jobId": job_id, "status": row["status"], "cancelled": is_cancelled}


class JobStream:
    """Server-sent events of one job: `job` (the row), then its log from the wanted place on."""

    tier = Tier.PUBLIC

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the job ends or the client hangs up."""
        services: Services = scope["app"].state.services
        address = client_address(scope, services.settings.trusted_proxies)
        try:
            with services.limits.stream(address):
                await until_hangup(receive, _stream(services, scope, send))
        except ApiError as error:
            await send_error(send, error)
        except ClientGone:
            return


async def _stream(services: Services, scope: Scope, send: Send) -> None:
    job_id = scope["path_params"]["job_id"]
    await send({"type": "http.response.start", "status": 200, "headers": SSE_HEADERS})
    try:
        row = await services.jobs.row(job_id)
    except NotFound as error:
        missing = StreamEvent(None, EventType.ERROR, {"message": error.message, "jobId": job_id})
        await send({"type": "http.response.body", "body": frame(missing)})
        return
    await _send_part(send, frame(StreamEvent(None, "job", wire_row(row))))
    async with aclosing(services.jobs.follow(job_id, _resume_after(scope))) as batches:
        async for batch in batches:
            await _send_part(send, b"".join(map(frame, batch)) if batch else PING)
    await send({"type": "http.response.body", "body": b""})


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


def frame(event: StreamEvent) -> bytes:
    """One server-sent event on one data line."""
    data = orjson.dumps(event.data)
    if event.id is None:
        return b"event: %b\ndata: %b\n\n" % (event.kind.encode(), data)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.id, event.kind.encode(), data)


def _resume_after(scope: Scope) -> int:
    """The last event the client has: `Last-Event-ID` or `?after=`; junk is the beginning."""
    last = header(scope, b"last-event-id")
    if last is None:
        for pair in scope["query_string"].split(b"&"):
            if pair.startswith(b"after="):
                last = pair.removeprefix(b"after=")
    return int(last) if last and last.isdigit() and len(last) < 16 else 0


_SUBMITS: dict[str, Any] = {"invalid_json": "Invalid JSON body", "limit": RateLimits.chat}

ROUTES = [
    public_route(endpoints.CHAT, "POST", chat, **_SUBMITS),
    public_route(endpoints.JOBS_SUBMIT, "POST", submit_job, **_SUBMITS),
    public_route(endpoints.CHAT_STATUS, "GET", job_status),
    public_route(endpoints.JOB, "DELETE", cancel_job),
    Route(endpoints.CHAT_STREAM, JobStream(), methods=["GET"], name="chat_stream"),
]
