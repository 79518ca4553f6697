"""The connection to one OpenAI-compatible server.

The key travels in a header and appears nowhere else: not in a message, not in a `repr`.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from infernet_tui.config import Secret
from infernet_tui.errors import EngineError

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 3.0
"""For questions that a living server answers at once."""
HAND_BACK_SECONDS = 0.02
MAX_BODY_BYTES = 4 * 1024 * 1024
CHAT = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class OpenAIServer:
    """Where a server is and how to speak to it."""

    base_url: str
    """Without a trailing slash and without `/v1`."""
    api_key: Secret = field(default_factory=Secret)
    flavour: str = "openai"
    """What runs there: openai | vllm | lmstudio | sglang | max | llamacpp."""
    keeps_connections: bool = True
    """False when the server closes each connection after an answer without saying so."""

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"{self.flavour} @ {self.base_url}"


class OpenAIConnection:
    """Requests to one server."""

    def __init__(self, server: OpenAIServer, silence_seconds: float) -> None:
        self.server = server
        self.silence_seconds = silence_seconds
        """How long the server may send nothing before a request counts as failed."""
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection; what is under way fails."""
        if self._session:
            await self._session.close()
            self._session = None

    async def post_chat(self, body: dict[str, Any]) -> aiohttp.ClientResponse:
        """Ask for a completion; the caller closes the response.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError: the server is not answering.
        """
        return await self._open().post(
            CHAT, data=orjson.dumps(body), headers={"content-type": "application/json"}
        )

    async def get(self, path: str) -> Any:
        """What the server answers `path` with, parsed.

        Raises:
            EngineError: it is not there, refuses, or answers what is not JSON.
        """
        title = self.server.title
        try:
            async with asyncio.timeout(LOOK_SECONDS), self._open().get(path) as response:
                body = await response.content.read(MAX_BODY_BYTES)
                status = response.status
            if status != 200:
                raise EngineError(f"{title} answered {path} with status {status}.", hint=_HINT)
            return orjson.loads(body)
        except (aiohttp.ClientError, OSError) as error:
            raise EngineError(f"{title} is not answering: {reason(error)}.", hint=_HINT) from None
        except ValueError:
            raise EngineError(f"{title} answered {path} with what is not JSON.") from None

    async def get_object(self, path: str) -> dict[str, Any]:
        """As `get`, but an empty object where the server does not have it."""
        try:
            found = await self.get(path)
        except EngineError:
            return {}
        return found if isinstance(found, dict) else {}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            key = self.server.api_key
            self._session = aiohttp.ClientSession(
                self.server.base_url,
                connector=aiohttp.TCPConnector(
                    limit=0, force_close=not self.server.keeps_connections
                ),
                headers={"authorization": f"Bearer {key}"} if key else None,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=self.silence_seconds
                ),
            )
        return self._session


async def hand_back(response: aiohttp.ClientResponse) -> None:
    """Read what follows a finished answer, so that its connection can serve the next one.

    A server writes the end of the body a moment after its last event; if it takes longer than
    `HAND_BACK_SECONDS`, a new connection is cheaper.
    """
    with contextlib.suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(HAND_BACK_SECONDS):
            while await response.content.readany():
                pass


_HINT = "start that server, or: infernet config set engine.ollamaHost <its URL>"


def reason(error: BaseException) -> str:
    """Why a connection failed, for a person; some of these exceptions have no text."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or "connection refused"
    return str(error) or type(error).__name__
