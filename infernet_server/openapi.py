"""`/openapi.json`: every route with its tier, also those that are bare ASGI.

Bare ASGI endpoints say which tier they belong to themselves (`endpoint.tier`); FastAPI's routes say
it in `openapi_extra`. A route without a tier is a mistake that a test catches.
"""

import inspect
import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route, WebSocketRoute

from infernet_protocol.endpoints import Tier

TIER = "x-infernet-tier"
_PLACEHOLDER = re.compile(r"{(\w+)}")
_JSON_BODY = {"content": {"application/json": {"schema": {"type": "object"}}}}
_ANSWERS = {
    "200": {"description": "Done."},
    "4XX": {"description": "`{error, code, hint?, detail?}`"},
}


def install(app: FastAPI) -> None:
    """Make `app.openapi()` cover every route."""
    generated = app.openapi

    def complete() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generated()
            for route in app.routes:
                if isinstance(route, Route | WebSocketRoute) and not isinstance(route, APIRoute):
                    _add(schema["paths"], route)
            schema["components"] = schema.get("components", {}) | {
                "securitySchemes": {
                    Tier.SIGNED.value: {
                        "type": "apiKey",
                        "in": "header",
                        "name": "X-Infernet-Auth",
                        "description": "BIP-340 envelope over method, path, time, nonce and body.",
                    }
                }
            }
        return app.openapi_schema or {}

    app.openapi = complete  # type: ignore[method-assign]  # FastAPI's documented way


def tier_of(route: BaseRoute) -> Tier | None:
    """How a route knows who is calling; None for what only serves the schema itself."""
    if isinstance(route, APIRoute):
        return Tier((route.openapi_extra or {})[TIER])
    endpoint = getattr(route, "endpoint", None)
    return getattr(endpoint, "tier", None)


def _add(paths: dict[str, Any], route: Route | WebSocketRoute) -> None:
    tier = tier_of(route)
    if tier is None:
        return
    methods = ["GET"] if isinstance(route, WebSocketRoute) else sorted(route.methods or ())
    for method in methods:
        if method != "HEAD":
            paths.setdefault(route.path, {})[method.lower()] = _operation(route, method, tier)


def _operation(route: Route | WebSocketRoute, method: str, tier: Tier) -> dict[str, Any]:
    described = getattr(route.endpoint, "handler", route.endpoint)
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": (inspect.getdoc(described) or "").partition("\n")[0],
        TIER: tier.value,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PLACEHOLDER.findall(route.path)
        ],
        "responses": _ANSWERS,
    }
    if method in ("POST", "PUT", "PATCH"):
        operation["requestBody"] = _JSON_BODY
    if tier is Tier.SIGNED:
        operation["security"] = [{Tier.SIGNED.value: []}]
    return operation
