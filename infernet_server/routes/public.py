"""Read-only routes for everybody (`wire.md` §5): thin, the rows are made in `services.public`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from infernet_protocol import endpoints
from infernet_protocol.endpoints import Tier
from infernet_protocol.nodes import Role
from infernet_server.services import public
from infernet_server.services.client_address import client_address
from infernet_server.services.container import Services
from infernet_server.services.probe import Prober

MAX_PAGE = 100
PEERS_PAGE = 20
PUBLIC = {"x-infernet-tier": Tier.PUBLIC.value}

router = APIRouter(tags=["public"])


def public_prober() -> Prober:
    """What the probe route connects with; replaced in tests, which have no public address."""
    return Prober()


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Container = Annotated[Services, Depends(_services)]
Limit = Annotated[str | None, Query(description="Rows, 1 to 100; anything else is the default.")]
Status = Annotated[str | None, Query(description="Only rows of this status.")]


def _limit(text: str | None, default: int) -> int:
    try:
        asked = int(text) if text is not None else default
    except ValueError:
        return default
    return max(1, min(asked, MAX_PAGE))


def _page(services: Services, text: str | None) -> int:
    return _limit(text, services.settings.default_page_size)


@router.get(endpoints.HEALTH, openapi_extra=PUBLIC)
async def health(services: Container) -> dict[str, Any]:
    """Whether the control plane answers."""
    return public.health(services)


@router.get(endpoints.OVERVIEW, openapi_extra=PUBLIC)
async def overview(services: Container) -> dict[str, Any]:
    """Four figures about the network."""
    return await public.overview(services)


@router.get(endpoints.PEERS, openapi_extra=PUBLIC)
async def peers(services: Container, limit: Limit = None) -> dict[str, Any]:
    """Public nodes heard of in the last ten minutes."""
    return {"data": public.peers(services, _limit(limit, PEERS_PAGE))}


@router.get("/api/nodes", openapi_extra=PUBLIC)
async def nodes(services: Container, limit: Limit = None, status: Status = None) -> dict[str, Any]:
    """Registered public keys of every role."""
    return {"data": await public.nodes(services, None, status, _page(services, limit))}


@router.get("/api/providers", openapi_extra=PUBLIC)
async def providers(
    services: Container, limit: Limit = None, status: Status = None
) -> dict[str, Any]:
    """Nodes that serve jobs."""
    return {"data": await public.nodes(services, Role.PROVIDER, status, _page(services, limit))}


@router.get("/api/aggregators", openapi_extra=PUBLIC)
async def aggregators(services: Container, limit: Limit = None) -> dict[str, Any]:
    """Registered aggregators."""
    return {"data": await public.nodes(services, Role.AGGREGATOR, None, _page(services, limit))}


@router.get("/api/clients", openapi_extra=PUBLIC)
async def clients(services: Container, limit: Limit = None) -> dict[str, Any]:
    """Registered clients."""
    return {"data": await public.nodes(services, Role.CLIENT, None, _page(services, limit))}


@router.get("/api/jobs", openapi_extra=PUBLIC)
async def jobs(services: Container, limit: Limit = None, status: Status = None) -> dict[str, Any]:
    """The newest jobs, without what is private."""
    return {"data": await public.jobs(services, status, _page(services, limit))}


@router.get("/api/models", openapi_extra=PUBLIC)
async def models(services: Container, limit: Limit = None) -> dict[str, Any]:
    """Models that public nodes serve now."""
    return {"data": public.models(services, _page(services, limit))}


@router.get(endpoints.PROBE, openapi_extra=PUBLIC)
async def probe(
    request: Request,
    services: Container,
    prober: Annotated[Prober, Depends(public_prober)],
    host: str = "",
    port: str = "",
) -> dict[str, Any]:
    """Whether a public address and port can be reached from here."""
    services.limits.probe(client_address(request.scope, services.settings.trusted_proxies))
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    result = await prober.probe(host, number)
    answer = {
        "host": host,
        "port": number,
        "reachable": result.is_reachable,
        "elapsed_ms": result.elapsed_ms,
    }
    return answer if result.is_reachable else answer | {"error": "not reachable"}
