"""The public tier's one endpoint shape: read, parse, call, answer. Bare ASGI, like `signed`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infernet_protocol.endpoints import Tier
from infernet_server.errors import ApiError
from infernet_server.services.client_address import client_address
from infernet_server.services.container import Services
from infernet_server.services.rate_limits import RateLimits
from infernet_server.wire import ClientGone, header, parse_object, read_body, send_error, send_json


@dataclass(frozen=True, slots=True)
class PublicCall:
    """A request of somebody unknown."""

    services: Services
    scope: Scope
    body: dict[str, Any]
    path: Mapping[str, str]
    address: str
    """Whom limits count for."""

    def header(self, name: bytes) -> str | None:
        """A request header by its lower-case name."""
        value = header(self.scope, name)
        return value.decode("latin-1") if value is not None else None


Handler = Callable[[PublicCall], Awaitable[Any]]


class PublicEndpoint:
    """An ASGI application that serves one public route with a JSON answer."""

    tier = Tier.PUBLIC

    def __init__(
        self,
        handler: Handler,
        *,
        invalid_json: str | None = None,
        limit: Callable[[RateLimits, str], None] | None = None,
    ) -> None:
        self.handler = handler
        self._invalid_json = invalid_json
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        services: Services = scope["app"].state.services
        address = client_address(scope, services.settings.trusted_proxies)
        try:
            if self._limit:  # bad requests count, too
                self._limit(services.limits, address)
            body = await read_body(scope, receive, services.settings.max_body_bytes)
            call = PublicCall(
                services,
                scope,
                parse_object(body, self._invalid_json),
                scope["path_params"],
                address,
            )
            answer = await self.handler(call)
        except ApiError as error:
            await send_error(send, error)
        except ClientGone:
            return
        else:
            await send_json(send, answer)


def public_route(path: str, method: str, handler: Handler, **options: Any) -> Route:
    """A JSON route of the public tier."""
    endpoint = PublicEndpoint(handler, **options)
    return Route(path, endpoint, methods=[method], name=handler.__name__)
