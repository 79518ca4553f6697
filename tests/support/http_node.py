"""A scripted node that only polls over HTTP, the way the existing clients do."""

import asyncio
from typing import Any

from tests.support.signed_client import SignedClient


class PollingNode:
    """Takes jobs by poll and answers them over the signed HTTP tier."""

    def __init__(self, client: SignedClient) -> None:
        self._client = client

    async def announce(self, node_id: str, *models: str) -> None:
        """Register and say what is served."""
        await self._client.register(node_id)
        specs = {"served_models": list(models)}
        await self._client.call("heartbeat", {"role": "provider", "specs": specs})

    async def next_job(self) -> dict[str, Any]:
        """The next job, as soon as there is one."""
        async with asyncio.timeout(10):
            while True:
                answer = await self._client.call("jobs/poll", {"limit": 1, "wait": 1})
                if answer["jobs"]:
                    return dict(answer["jobs"][0])

    async def answer(self, job: dict[str, Any], *texts: str) -> None:
        """Send tokens, `done` and the completion."""
        tokens = [{"event_type": "token", "data": {"text": text}} for text in texts]
        done = {"event_type": "done", "data": {"text": "".join(texts), "reason": "stop"}}
        await self._client.call(f"jobs/{job['id']}/events", {"events": [*tokens, done]})
        result = {"type": "chat", "text": "".join(texts), "token_count": len(texts)}
        await self._client.call(f"jobs/{job['id']}/complete", {"result": result})
