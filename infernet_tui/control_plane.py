"""Calls to the control plane over HTTP: signed ones of the node tier, and public ones.

`ControlPlane` is the node's asynchronous client (connections kept, proxy supported). The `…_once`
functions make one request with the standard library alone, so that the command line does not pay
for an HTTP framework.

Envelopes are version 2, which also covers the host. A server that answers `unsupported envelope
version: 2` (the existing network's) is remembered for the life of the process and gets version 1.
"""

import asyncio
import http.client
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode, urlsplit

import orjson

from infernet_protocol import envelope
from infernet_protocol.keys import SecretKey
from infernet_tui.errors import (
    ConfigError,
    ControlPlaneError,
    ControlPlaneUnreachable,
    NotFound,
    Refused,
    RequestFailed,
    TimedOut,
)

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)
MAX_ANSWER_BYTES = 16 * 1024 * 1024
UNSUPPORTED_V2 = "unsupported envelope version: 2"
_JSON = {"content-type": "application/json", "accept": "application/json"}
_version_1_servers: set[str] = set()
"""Authorities that know envelope version 1 only."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A control plane's base URL, taken apart."""

    scheme: str
    host: str
    port: int | None
    authority: str
    """Host and, unless it is the scheme's own, port: the Host header, and what is signed."""
    prefix: str
    """Path in front of every route; usually empty."""

    @classmethod
    def parse(cls, url: str) -> "ServerAddress":
        """Take `url` apart.

        Raises:
            ConfigError: it is not an http(s) URL.
        """
        hint = "infernet config set controlPlane.url https://your-control-plane.example"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigError(f"{url!r} is not a usable URL: {error}.", hint=hint) from None
        if parts.scheme not in ("http", "https") or not host:
            raise ConfigError(f"{url!r} is not an http:// or https:// URL.", hint=hint)
        own = {"http": 80, "https": 443}[parts.scheme]
        name = f"[{host}]" if ":" in host else host
        authority = name if port in (None, own) else f"{name}:{port}"
        return cls(parts.scheme, host, port, authority, parts.path.rstrip("/"))

    def target(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """The request target of a route, as it goes on the wire."""
        return self.prefix + path + (f"?{urlencode(params)}" if params else "")

    def url(self, target: str, *, websocket: bool = False) -> str:
        """The absolute URL of a target."""
        scheme = self.scheme.replace("http", "ws", 1) if websocket else self.scheme
        return f"{scheme}://{self.authority}{target}"

    def signature(self, key: SecretKey, method: str, target: str, body: bytes) -> str:
        """The X-Infernet-Auth header of one request made now."""
        return envelope.sign(
            key,
            method,
            target,
            body,
            created_at=int(time.time()),
            host=self.authority,
            version=1 if self.authority in _version_1_servers else 2,
        )

    def wants_version_1(self, answer: bytes) -> bool:
        """Whether a 401's body says that version 2 is unknown here; if so it is remembered."""
        if self.authority in _version_1_servers or UNSUPPORTED_V2.encode() not in answer:
            return False
        log.info("%s knows signed envelopes of version 1 only", self.authority)
        _version_1_servers.add(self.authority)
        return True


class ControlPlane:
    """The node's client of one control plane.

    Every method raises `ControlPlaneUnreachable`, `TimedOut`, `Refused` (401, 403, 409),
    `NotFound` (404) or `RequestFailed`, whose `retryable` says if the same call may work later.
    """

    def __init__(
        self,
        url: str,
        key: SecretKey | None,
        *,
        proxy: str | None = None,
        timeout_seconds: float = 15.0,
    ) -> None:
        self.address = ServerAddress.parse(url)
        self.proxy = proxy
        self._key = key
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def call(self, path: str, body: Any, *, timeout_seconds: float | None = None) -> Any:
        """POST a signed request; the answer's `data`."""
        target = self.address.target(path)
        content = orjson.dumps(body)
        status, answer = await self._signed("POST", target, content, timeout_seconds)
        if status == 401 and self.address.wants_version_1(answer):
            status, answer = await self._signed("POST", target, content, timeout_seconds)
        return _data(_checked(status, answer, self.address))

    @property
    def public_key(self) -> str:
        """The key it signs with, as x-only hex."""
        return _required(self._key).public_hex

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """GET a public route; the JSON body."""
        return await self._public("GET", self.address.target(path, params))

    async def post(self, path: str, body: Any) -> Any:
        """POST JSON to a public route, unsigned; the JSON body."""
        return await self._public("POST", self.address.target(path), orjson.dumps(body))

    async def delete(self, path: str, *, timeout_seconds: float | None = None) -> Any:
        """DELETE on a public route; the JSON body."""
        return await self._public("DELETE", self.address.target(path), b"", timeout_seconds)

    async def stream(
        self, path: str, headers: Mapping[str, str], *, silence_seconds: float
    ) -> AsyncGenerator[bytes, None]:
        """GET a public stream; its bytes as they come. Closing this generator hangs up."""
        import httpx

        request = self._http().build_request(
            "GET",
            self.address.url(self.address.target(path)),
            headers={"host": self.address.authority, "accept-encoding": "identity", **headers},
            timeout=httpx.Timeout(None, connect=self._timeout_seconds, read=silence_seconds),
        )
        try:
            response = await self._http().send(request, stream=True)
            try:
                if not response.is_success:
                    _checked(response.status_code, await response.aread(), self.address)
                async for chunk in response.aiter_bytes():
                    yield chunk
            finally:
                await response.aclose()
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise _unreachable(self.address, error, self.proxy) from None

    def signature(self, method: str, path: str, body: bytes = b"") -> str:
        """The X-Infernet-Auth header of a request that someone else sends (the channel)."""
        return self.address.signature(_required(self._key), method, self.address.target(path), body)

    async def aclose(self) -> None:
        """Close the kept connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _signed(
        self, method: str, target: str, body: bytes, seconds: float | None
    ) -> tuple[int, bytes]:
        key = _required(self._key)
        signed = {envelope.HEADER: self.address.signature(key, method, target, body)}
        return await self._send(method, target, body, signed, seconds)

    async def _public(
        self, method: str, target: str, body: bytes = b"", seconds: float | None = None
    ) -> Any:
        status, answer = await self._send(method, target, body, {}, seconds)
        return _checked(status, answer, self.address)

    def _http(self) -> "httpx.AsyncClient":
        import httpx  # 100 ms: only a process that stays pays for it

        if self._client is None:
            self._client = httpx.AsyncClient(
                proxy=self.proxy, verify=ssl.create_default_context(), timeout=None
            )
        return self._client

    async def _send(
        self, method: str, target: str, body: bytes, headers: dict[str, str], seconds: float | None
    ) -> tuple[int, bytes]:
        import httpx

        seconds = seconds or self._timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await self._http().request(
                    method,
                    self.address.url(target),
                    content=body,
                    headers={**_JSON, "host": self.address.authority, **headers},
                )
        except TimeoutError:
            raise _timed_out(self.address, seconds) from None
        except (httpx.TransportError, httpx.InvalidURL, OSError) as error:
            raise _unreachable(self.address, error, self.proxy) from None
        return response.status_code, response.content


def call_once(
    url: str, key: SecretKey | None, path: str, body: Any, *, timeout_seconds: float = 15.0
) -> Any:
    """POST one signed request; the answer's `data`."""
    address, secret = ServerAddress.parse(url), _required(key)
    target, content = address.target(path), orjson.dumps(body)

    def attempt() -> tuple[int, bytes]:
        signed = {envelope.HEADER: address.signature(secret, "POST", target, content)}
        return _request_once(address, "POST", target, content, signed, timeout_seconds)

    status, answer = attempt()
    if status == 401 and address.wants_version_1(answer):
        status, answer = attempt()
    return _data(_checked(status, answer, address))


def get_once(url: str, path: str, *, timeout_seconds: float = 15.0) -> Any:
    """GET a public route once; the JSON body."""
    address = ServerAddress.parse(url)
    status, answer = _request_once(address, "GET", address.target(path), b"", {}, timeout_seconds)
    return _checked(status, answer, address)


def post_once(url: str, path: str, body: Any, *, timeout_seconds: float = 15.0) -> Any:
    """POST JSON to a public route once, unsigned; the JSON body."""
    address, content = ServerAddress.parse(url), orjson.dumps(body)
    status, answer = _request_once(
        address, "POST", address.target(path), content, {}, timeout_seconds
    )
    return _checked(status, answer, address)


def _request_once(
    address: ServerAddress,
    method: str,
    target: str,
    body: bytes,
    headers: dict[str, str],
    timeout_seconds: float,
) -> tuple[int, bytes]:
    secure = address.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = connect(address.host, address.port, timeout=timeout_seconds)
    try:
        all_headers = {**_JSON, "host": address.authority, **headers}
        connection.request(method, target, body or None, all_headers)
        response = connection.getresponse()
        return response.status, response.read(MAX_ANSWER_BYTES)
    except TimeoutError:
        raise _timed_out(address, timeout_seconds) from None
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(address, error) from None
    finally:
        connection.close()


def _required(key: SecretKey | None) -> SecretKey:
    if key is None:
        raise ConfigError("Signing needs an identity; there is none yet.", hint="infernet init")
    return key


def _checked(status: int, answer: bytes, address: ServerAddress) -> Any:
    """The body of a 2xx answer, or the error it stands for."""
    try:
        body = orjson.loads(answer)
    except orjson.JSONDecodeError:
        body = None
    if 200 <= status < 300 and body is not None:
        return body
    _fail(status, body if isinstance(body, dict) else {}, address)


def _fail(status: int, body: dict[str, Any], address: ServerAddress) -> NoReturn:
    reason = body.get("error")
    if not isinstance(reason, str) or not reason:
        reason = f"HTTP {status}" if status >= 300 else "an answer that is not JSON"
    hint = body.get("hint") if isinstance(body.get("hint"), str) else None
    message = f"The control plane at {address.authority} answered: {reason}"
    if status in (401, 403, 409):
        if "replay window" in reason:
            hint = hint or "set this machine's clock: timedatectl set-ntp true"
        raise Refused(message, hint=hint)
    if status == 404:
        raise NotFound(message, hint=hint)
    if 300 <= status < 400:
        hint = "use the address it redirects to: infernet config set controlPlane.url <url>"
    failed = RequestFailed(message, hint=hint)
    failed.retryable = status >= 500 or status in (408, 425, 429)
    raise failed


def _data(body: Any) -> Any:
    return body.get("data") if isinstance(body, dict) else None


def _timed_out(address: ServerAddress, seconds: float) -> TimedOut:
    return TimedOut(
        f"The control plane at {address.authority} did not answer within {seconds:g} s.",
        hint="infernet doctor",
    )


def _unreachable(
    address: ServerAddress, error: Exception, proxy: str | None = None
) -> ControlPlaneError:
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    way = " through the proxy" if proxy else ""
    return ControlPlaneUnreachable(
        f"Cannot reach the control plane at {address.authority}{way}: {why}.",
        hint="infernet doctor",
    )
