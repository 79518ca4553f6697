"""The last check: submit a tiny real job and read its answer."""

import time

from infernet_tui import job_stream
from infernet_tui.doctor.outcome import Outcome, fail, ok

PING = job_stream.ChatJob(messages=({"role": "user", "content": "ping"},), max_tokens=8)


def probe(url: str, own_node_id: str | None, timeout_seconds: float) -> Outcome:
    """Ask the network for a few tokens; who answered, and how fast.

    Raises:
        InfernetError: the job could not be submitted or its stream broke.
    """
    began = time.monotonic()
    submitted = job_stream.submit(url, PING)
    provider = submitted.get("provider") or {}
    name, first_token = _name(provider.get("nodeId"), provider.get("name"), own_node_id), None
    for event in job_stream.follow(url, submitted["streamUrl"], timeout_seconds=timeout_seconds):
        data = event.data if isinstance(event.data, dict) else {}
        if event.event == job_stream.META:
            name = _name(data.get("provider_node_id"), data.get("provider_name"), own_node_id)
        elif event.event == job_stream.TOKEN and first_token is None:
            first_token = _milliseconds(began)
        elif event.event == job_stream.ERROR:
            return fail(str(data.get("message") or "the job failed"), "infernet logs")
    if first_token is None:
        return fail(f"provider={name} answered without a single token", "infernet model show")
    return ok(
        f"routed via={submitted.get('source')}, provider={name}, "
        f"first token {first_token}ms, total {_milliseconds(began)}ms"
    )


def _name(node_id: object, name: object, own_node_id: str | None) -> str:
    if node_id is not None and node_id == own_node_id:
        return "self"
    return str(name or node_id or "unknown")


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
