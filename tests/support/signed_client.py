"""A node's side of the signed HTTP tier, as small as a test wants it."""

import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson

from infernet_protocol import envelope
from infernet_protocol.keys import SecretKey


class SignedClient:
    """Signs each request with its key; `version` 1 is what the existing clients speak."""

    def __init__(self, http: httpx.AsyncClient, key: SecretKey, version: int = 1) -> None:
        self.http = http
        self.key = key
        self._version = version

    @property
    def public_key(self) -> str:
        """The key's public half, hex."""
        return self.key.public_hex

    def envelope(self, method: str, path: str, body: bytes = b"", **changes: Any) -> str:
        """The header of a request."""
        fields = {
            "created_at": int(time.time()),
            "host": self.http.base_url.netloc.decode(),
            "version": self._version,
        }
        return envelope.sign(self.key, method, path, body, **(fields | changes))

    async def send(self, path: str, content: bytes, header: str | None = None) -> httpx.Response:
        """One POST of exact bytes, signed unless a `header` is given."""
        path = f"/api/v1/node/{path}"
        headers = {
            "x-infernet-auth": header or self.envelope("POST", path, content),
            "content-type": "application/json",
        }
        return await self.http.post(path, content=content, headers=headers)

    async def post(self, path: str, body: Any) -> httpx.Response:
        """One signed POST of a JSON body."""
        return await self.send(path, orjson.dumps(body))

    async def call(self, path: str, body: Any) -> Any:
        """One signed POST that must work; its `data`."""
        answer = await self.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def register(self, node_id: str, **fields: Any) -> str:
        """Register as a provider that is there now; the provider id."""
        body = {"role": "provider", "node_id": node_id, "status": "available"} | fields
        return str((await self.call("register", body))["id"])


@contextlib.asynccontextmanager
async def signed_client(
    url: str, version: int = 1, key: SecretKey | None = None
) -> AsyncIterator[SignedClient]:
    """A client with a key of its own."""
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        yield SignedClient(http, key or SecretKey.generate(), version)
