"""The signed tier's one endpoint shape: verify, parse, call, wrap in `{"data": …}`.

Bare ASGI: these are the routes every node calls all day.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infernet_protocol.endpoints import Tier
from infernet_protocol.lenient import WireModel
from infernet_protocol.nodes import Role
from infernet_server.errors import ApiError, InvalidRequest
from infernet_server.services.client_address import client_address
from infernet_server.services.container import Services
from infernet_server.wire import (
    ClientGone,
    header,
    parse_object,
    read_body,
    send_error,
    send_json,
)


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A verified request."""

    services: Services
    public_key: str
    body: dict[str, Any]
    path: Mapping[str, str]
    scope: Scope
    receive: Receive

    def address(self) -> str:
        """Whom limits count for."""
        return client_address(self.scope, self.services.settings.trusted_proxies)

    def role(self) -> Role:
        """The `role` of the body, in any case.

        Raises:
            InvalidRequest: missing, or not a role.
        """
        value = self.body.get("role")
        if isinstance(value, str) and value.lower() in set(Role):
            return Role(value.lower())
        raise InvalidRequest("role must be one of: provider, aggregator, client")

    def limit(self, default: int, highest: int) -> int:
        """The body's `limit`, clamped to 1…highest; junk is the default."""
        value = self.body.get("limit")
        if type(value) is not int:
            return default
        return max(1, min(value, highest))


Handler = Callable[[SignedCall], Awaitable[Any]]


class SignedEndpoint:
    """An ASGI application that serves one signed route."""

    tier = Tier.SIGNED

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        services: Services = scope["app"].state.services
        try:
            body = await read_body(scope, receive, services.settings.max_body_bytes)
            public_key = await authenticate(services, scope, "POST", body)
            call = SignedCall(
                services, public_key, parse_object(body), scope["path_params"], scope, receive
            )
            data = await self.handler(call)
        except ApiError as error:
            await send_error(send, error)
        except ClientGone:
            return
        else:
            await send_json(send, {"data": data})


async def authenticate(services: Services, scope: Scope, method: str, body: bytes) -> str:
    """The public key that signed an ASGI request."""
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    raw_header = header(scope, b"x-infernet-auth")
    host = header(scope, b"host") or b""
    return await services.authenticator.authenticate(
        raw_header.decode("latin-1") if raw_header else None,
        method,
        host.decode("latin-1"),
        target,
        body,
    )


def parse(model: type[WireModel], body: Mapping[str, Any], words: str) -> Any:
    """Read a body as `model`.

    Raises:
        InvalidRequest: a required field is missing or wrong; the text is the wire's own `words`.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise InvalidRequest(words, detail={"fields": fields}) from None


def signed_route(path: str, handler: Handler) -> Route:
    """A POST route of the signed tier."""
    return Route(path, SignedEndpoint(handler), methods=["POST"], name=handler.__name__)
