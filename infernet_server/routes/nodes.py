"""The node tier over HTTP (`wire.md` §3): POST only, signed."""

from typing import Any

from infernet_protocol import endpoints
from infernet_protocol.jobs import MAX_EVENTS_PER_BATCH, CompleteRequest, JobStatus
from infernet_protocol.nodes import (
    MAX_EARNINGS_DAYS,
    CommandCompleteRequest,
    HeartbeatRequest,
    PayoutRemoveRequest,
    PayoutSetRequest,
    RegisterRequest,
    Role,
)
from infernet_server.errors import Forbidden, NotFound
from infernet_server.routes.signed import SignedCall, parse, signed_route
from infernet_server.services.events import checked_events
from infernet_server.services.explanation import explained
from infernet_server.services.jobs import polled_job
from infernet_server.wire import until_hangup

MAX_WAIT_SECONDS = 30
DEFAULT_EARNINGS_DAYS = 30


async def register(call: SignedCall) -> dict[str, Any]:
    """Create or refresh this key's row."""
    role = call.role()
    words = "node_id is required, 1 to 128 printable characters"
    request = parse(RegisterRequest, call.body, words)
    if not call.services.nodes.is_registered(call.public_key):
        call.services.limits.new_node(call.address())
    identity = await call.services.nodes.register(role, call.public_key, request)
    call.services.dispatcher.serve_queues()
    return {"id": identity.id, "node_id": identity.node_id}


async def heartbeat(call: SignedCall) -> dict[str, Any]:
    """Note that this node is there; renew the leases of the jobs it names."""
    role = call.role()
    request = parse(HeartbeatRequest, call.body, "invalid heartbeat")
    identity = await call.services.nodes.heartbeat(role, call.public_key, request)
    if role is Role.PROVIDER:
        dispatcher = call.services.dispatcher
        if request.status == "offline":
            dispatcher.went_offline(identity.id)
        else:
            dispatcher.heard_from(identity.id, call.body.get("active_jobs"))
    return {"id": identity.id}


async def me(call: SignedCall) -> dict[str, Any]:
    """This key's row, or null."""
    return {"row": await call.services.nodes.own_row(call.role(), call.public_key)}


async def remove(call: SignedCall) -> dict[str, Any]:
    """Delete this key's row."""
    role = call.role()
    row_id = await call.services.nodes.remove(role, call.public_key)
    if row_id is None:
        return {"deleted": False}
    call.services.dispatcher.went_offline(row_id)
    return {"deleted": True, "id": row_id}


async def poll_jobs(call: SignedCall) -> dict[str, Any]:
    """Hand out the jobs claimed for this provider, each once; `wait` seconds for the first."""
    try:
        identity = await call.services.nodes.identify(Role.PROVIDER, call.public_key)
    except NotFound:
        raise NotFound("no provider row for this pubkey", hint="infernet register") from None
    dispatcher = call.services.dispatcher
    limit = call.limit(5, 25)
    jobs = dispatcher.take_assigned(identity.id, limit)
    wait = call.body.get("wait")
    if not jobs and isinstance(wait, int | float) and wait > 0:
        waiting = dispatcher.wait_for_assignment(identity.id, min(wait, MAX_WAIT_SECONDS))
        await until_hangup(call.receive, waiting)  # nothing is handed to a node that went away
        jobs = dispatcher.take_assigned(identity.id, limit)
    return {"provider_id": identity.id, "jobs": [polled_job(job.row) for job in jobs]}


async def job_events(call: SignedCall) -> dict[str, Any]:
    """Add events to a job; late ones of an earlier attempt are dropped, not refused."""
    events = checked_events(call.body.get("events"), MAX_EVENTS_PER_BATCH)
    dispatcher = call.services.dispatcher
    provider_id, number = await _own_attempt(call)
    job = dispatcher.current(call.path["job_id"], provider_id, number)
    if job is None:
        return {"inserted": 0, "stale": True}
    seq = call.body.get("seq")
    added = dispatcher.receive(job, events, seq if type(seq) is int and seq > 0 else None)
    return {"inserted": added}


async def complete_job(call: SignedCall) -> dict[str, Any]:
    """Finish a job. A repeat answers 200 with the stored state and changes nothing."""
    services = call.services
    request: CompleteRequest = parse(CompleteRequest, call.body, "invalid completion")
    job_id = call.path["job_id"]
    provider_id, number = await _own_attempt(call)
    job = services.dispatcher.current(job_id, provider_id, request.attempt or number)
    if job is not None:
        if request.status == JobStatus.FAILED:
            services.dispatcher.failed(job, request.error, retryable=request.retryable)
        elif request.status == JobStatus.CANCELLED:
            services.dispatcher.declined(job, "cancelled by the node")
        else:
            services.dispatcher.completed(job, request.result, request.usage)
    if live := services.dispatcher.live.get(job_id):
        await services.dispatcher.stored_final(live)  # a repeat must not be answered any sooner
    row = await services.jobs.row(job_id)
    answer = {"id": job_id, "status": row["status"]}
    return answer if job is not None else answer | {"stale": row["provider_id"] != provider_id}


async def _own_attempt(call: SignedCall) -> tuple[str, int | None]:
    """This key's provider id and the attempt it names.

    Raises:
        NotFound: no such job.
        Forbidden: the job was never this provider's.
    """
    services, job_id = call.services, call.path["job_id"]
    row = await services.jobs.row(job_id)
    try:
        identity = await services.nodes.identify(Role.PROVIDER, call.public_key)
    except NotFound:
        raise Forbidden("job not assigned to this provider") from None
    if row["provider_id"] != identity.id and not await _tried(call, identity.id):
        raise Forbidden(
            "job not assigned to this provider",
            hint="the key that polls must be the key that answers: infernet register, then restart",
        )
    number = call.body.get("attempt")
    return identity.id, number if type(number) is int else None


async def _tried(call: SignedCall, provider_id: str) -> bool:
    live = call.services.dispatcher.live.get(call.path["job_id"])
    if live is not None and provider_id in live.failed_providers | live.lost_providers:
        return True
    tries = await call.services.jobs.attempts(call.path["job_id"])
    return any(attempt["provider_id"] == provider_id for attempt in tries)


async def poll_commands(call: SignedCall) -> dict[str, Any]:
    """Hand out an owner's orders, each once."""
    limit = call.limit(5, 10)
    return {"commands": await call.services.nodes.claim_commands(call.public_key, limit)}


async def complete_command(call: SignedCall) -> dict[str, Any]:
    """Store how an order ended."""
    words = "status must be completed | failed"
    request = parse(CommandCompleteRequest, call.body, words)
    command_id = call.path["command_id"]
    await call.services.nodes.complete_command(call.public_key, command_id, request)
    return {"id": command_id, "status": request.status}


async def list_payments(call: SignedCall) -> dict[str, Any]:
    """This key's payments, newest first."""
    role = call.role()
    try:
        rows = await call.services.nodes.payments(role, call.public_key, call.limit(20, 100))
    except NotFound:
        raise NotFound("no row for this pubkey", hint="infernet register") from None
    return {"rows": rows}


async def list_payouts(call: SignedCall) -> dict[str, Any]:
    """This provider's payout addresses."""
    return {"rows": await call.services.nodes.payouts(call.public_key)}


async def set_payout(call: SignedCall) -> dict[str, Any]:
    """Set where this provider is paid in one coin."""
    words = "coin, network, and address are required"
    request = parse(PayoutSetRequest, call.body, words)
    return {"row": await call.services.nodes.set_payout(call.public_key, request)}


async def remove_payout(call: SignedCall) -> dict[str, Any]:
    """Forget where this provider is paid in one coin on one network."""
    request = parse(PayoutRemoveRequest, call.body, "coin and network are required")
    return {"removed": await call.services.nodes.remove_payout(call.public_key, request)}


async def earnings(call: SignedCall) -> dict[str, Any]:
    """What this provider earned, by day and in all."""
    days = call.body.get("days")
    count = days if type(days) is int and 1 <= days <= MAX_EARNINGS_DAYS else DEFAULT_EARNINGS_DAYS
    return await call.services.nodes.earnings(call.public_key, count)


async def explain_job(call: SignedCall) -> dict[str, Any]:
    """Why each try of a job went to its node; for providers that tried it."""
    identity = await call.services.nodes.identify(Role.PROVIDER, call.public_key)
    return await explained(call.services, call.path["job_id"], identity.id)


ROUTES = [
    signed_route(endpoints.REGISTER, register),
    signed_route(endpoints.HEARTBEAT, heartbeat),
    signed_route(endpoints.ME, me),
    signed_route(endpoints.REMOVE, remove),
    signed_route(endpoints.JOBS_POLL, poll_jobs),
    signed_route(endpoints.JOB_EVENTS, job_events),
    signed_route(endpoints.JOB_COMPLETE, complete_job),
    signed_route(endpoints.JOB_EXPLAIN, explain_job),
    signed_route(endpoints.COMMANDS_POLL, poll_commands),
    signed_route(endpoints.COMMAND_COMPLETE, complete_command),
    signed_route(endpoints.PAYMENTS_LIST, list_payments),
    signed_route(endpoints.PAYOUTS_LIST, list_payouts),
    signed_route(endpoints.PAYOUTS_SET, set_payout),
    signed_route(endpoints.PAYOUTS_REMOVE, remove_payout),
    signed_route(endpoints.EARNINGS, earnings),
]
