"""Chat with the demo node: an answer about the demo itself, at a believable speed.

Over the network it becomes a job of this node, which the Jobs screen shows while it runs.
"""

import math
import re
from collections.abc import AsyncGenerator
from typing import Any

from infernet_protocol.ipc import event, success
from infernet_tui.demo import jobs
from infernet_tui.demo.catalogue import BUILT_IN, INSTALLED
from infernet_tui.demo.ledger import DemoJob
from infernet_tui.demo.models import Shelf
from infernet_tui.demo.noise import identifier
from infernet_tui.demo.world import NODE_NAME, World
from infernet_tui.errors import NotFound, UsageError

_PIECES = re.compile(r"\s*\S+")
FIRST_TOKEN_SECONDS = 0.31
MAX_PAUSES_PER_SECOND = 20
"""Tokens that are due together are sent together."""
_CANCELLED = {
    "code": "cancelled",
    "message": "The job was cancelled on this node.",
    "hint": "ask again",
}
_ANSWER = """\
This is the demo: nobody computed these words, and nothing left your machine.

A real answer arrives in the same way. The control plane draws a node that serves **{model}**, \
weighted by its measured speed and by how free it is, and the tokens stream back as they are made:

1. `meta` says who answers,
2. each `token` carries a piece of text,
3. `done` closes the answer and says what it took.

```python
for piece in answer:
    print(piece, end="", flush=True)
```

Stop it with esc: the node lets go within a second. You asked: “{prompt}”
"""


async def chat(
    world: World, shelf: Shelf, payload: dict[str, Any]
) -> AsyncGenerator[dict[str, Any], None]:
    """`chat`: who answers, the answer, and what it took."""
    model = _model(shelf, payload.get("model"))
    prompt = _prompt(payload.get("messages"))
    route = "local" if payload.get("route") == "local" else "network"
    if route == "network":
        world.ask_control_plane()
    pieces = _pieces(world, payload, model, prompt)
    speed = next((one.tokens_per_second for one in INSTALLED if one.name == model), 60.0)
    job = _begin(world, model, prompt, speed) if route == "network" else None
    try:
        yield success({"route": route})
        if job:
            yield event("job", _who(world, job, model))
        yield event("meta", _meta(world, shelf, model))
        await world.pause(FIRST_TOKEN_SECONDS)
        together = max(1, round(speed / MAX_PAUSES_PER_SECOND))
        for place, piece in enumerate(pieces, 1):
            yield event("token", {"text": piece})
            if place % together == 0:
                await world.pause(together / speed)
            if job and not _runs(world, job):
                job = None
                yield event("error", _CANCELLED)
                return
        yield event("done", _done(world, shelf, job, model, prompt, len(pieces), speed))
        if job:
            jobs.end(world, job, None)
            job = None
    finally:
        if job:
            jobs.end(world, job, "the client hung up")


def _runs(world: World, job: DemoJob) -> bool:
    now, current = world.now(), world.ledger.find(job.id)
    return current is not None and now < current.ends_at


def _model(shelf: Shelf, wanted: object) -> str:
    name = str(wanted) if wanted else shelf.default
    if name is None or name not in shelf.on_disk:
        raise NotFound(
            f"Nobody serves “{str(name)[:80]}”.", hint="infernet model list, or another model"
        )
    return name


def _prompt(messages: object) -> str:
    """The last thing that was said.

    Raises:
        UsageError: there are no messages.
    """
    said = messages if isinstance(messages, list) else []
    texts = [str(one.get("content")) for one in said if isinstance(one, dict)]
    if not texts:
        raise UsageError("There is nothing to answer.", hint='infernet chat "what is 2+2?"')
    return texts[-1]


def _pieces(world: World, payload: dict[str, Any], model: str, prompt: str) -> list[str]:
    text = _ANSWER.format(model=model, prompt=prompt[:200])
    if model == BUILT_IN.name:
        text = f"This is the demo; infernet-nano would answer “{prompt[:80]}” here."
    pieces = _PIECES.findall(world.strangers.say(text))
    limit = payload.get("max_tokens")
    return pieces[:limit] if isinstance(limit, int) and limit > 0 else pieces


def _begin(world: World, model: str, prompt: str, speed: float) -> DemoJob:
    now, number = world.now(), world.ledger.picked
    return world.ledger.add(
        DemoJob(
            sequence=0,
            id=identifier(world.seed, number, 41),
            attempt=1,
            model=model,
            base_model=model,
            started_at=now,
            ends_at=math.inf,
            first_token_ms=round(FIRST_TOKEN_SECONDS * 1000),
            tokens_per_second=speed,
            outcome="completed",
            error=None,
            prompt_tokens=_prompt_tokens(prompt),
            payment_offer=None,
            payment_coin=None,
        )
    )


def _prompt_tokens(prompt: str) -> int:
    return 8 + len(prompt) // 4


def _who(world: World, job: DemoJob, model: str) -> dict[str, Any]:
    provider = {
        "id": world.row_id,
        "name": world.strangers.say(NODE_NAME, 3),
        "nodeId": world.node_id,
        "gpuModel": "NVIDIA A100-SXM4-80GB" if world.scenario.has_gpus else None,
        "model": model,
    }
    return {"jobId": job.id, "provider": provider, "source": "p2p"}


def _meta(world: World, shelf: Shelf, model: str) -> dict[str, Any]:
    return {
        "provider_node_id": world.node_id,
        "provider_name": world.strangers.say(NODE_NAME, 3),
        "model": model,
        "engine": "ollama" if world.has_models else "llamacpp",
    }


def _done(
    world: World,
    shelf: Shelf,
    job: DemoJob | None,
    model: str,
    prompt: str,
    tokens: int,
    speed: float,
) -> dict[str, Any]:
    meta = _meta(world, shelf, model)
    return {
        "reason": "stop",
        "usage": {"prompt_tokens": _prompt_tokens(prompt), "completion_tokens": tokens},
        "job_id": job.id if job else None,
        "node_id": meta["provider_node_id"],
        "node_name": meta["provider_name"],
        "model": model,
        "engine": meta["engine"],
        "first_token_ms": round(FIRST_TOKEN_SECONDS * 1000),
        "tokens": tokens,
        "tokens_per_second": speed,
        "total_ms": round((FIRST_TOKEN_SECONDS + tokens / speed) * 1000),
    }
