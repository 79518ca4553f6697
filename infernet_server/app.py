"""Puts the control plane together: services, routes, errors, and what runs beside the requests."""

import asyncio
import contextlib
import gc
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from infernet_protocol.errors import ErrorCode
from infernet_server import openapi
from infernet_server.errors import ApiError
from infernet_server.routes import channel, jobs, nodes, openai, public
from infernet_server.services.authentication import Authenticator
from infernet_server.services.container import Services
from infernet_server.services.directory import NodeDirectory
from infernet_server.services.dispatch import Dispatcher
from infernet_server.services.jobs import JobService
from infernet_server.services.nodes import NodeService
from infernet_server.services.rate_limits import RateLimits
from infernet_server.settings import Settings
from infernet_server.storage.engine import Database
from infernet_server.wire import error_body

log = logging.getLogger(__name__)

HOUSEKEEPING_SECONDS = 60.0


class ControlPlane(FastAPI):
    """FastAPI, with a short way to the bare ASGI endpoints whose path has no placeholder.

    Middleware and routing cost more than most of these endpoints themselves do.
    """

    def add_plain_routes(self, routes: Sequence[Route | WebSocketRoute]) -> None:
        """Serve bare ASGI endpoints."""
        self.router.routes.extend(routes)
        self._short_ways |= {
            (method, route.path): route.endpoint
            for route in routes
            if isinstance(route, Route) and "{" not in route.path
            for method in route.methods or ()
        }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._short_ways: dict[tuple[str, str], ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._short_ways.get((scope["method"], scope["path"]))
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["path_params"] = self, {}
        try:
            await endpoint(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - boundary, like Starlette's error middleware
            response = await _bug(Request(scope), error)
            await response(scope, receive, send)


def create_app(
    settings: Settings | None = None, *, clock: Callable[[], float] = time.time
) -> FastAPI:
    """The ASGI application. Without `settings` they come from the environment."""
    settings = settings or Settings()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, clock) as services:
            app.state.services = services
            yield

    app = ControlPlane(
        title="Infernet control plane", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    for routes in (openai.ROUTES, jobs.ROUTES, nodes.ROUTES, channel.ROUTES):
        app.add_plain_routes(routes)
    app.include_router(public.router)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)
    openapi.install(app)
    return app


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Callable[[], float]) -> AsyncIterator[Services]:
    """Open the database, take up unfinished jobs, and keep the side tasks going meanwhile."""
    async with contextlib.aclosing(await Database.open(settings.database_url)) as database:
        services = _services(settings, database, clock)
        await services.nodes.start()
        await services.authenticator.start()
        await services.jobs.recover()
        # What lives from here on as long as the process does need not be looked at again: burst
        # latency depends on it (docs/architecture.md).
        gc.collect()
        gc.freeze()
        progress = _side_task("progress", services.dispatcher.progress.run())
        tasks = [
            _side_task("sweep", services.dispatcher.run()),
            _side_task("housekeeping", _housekeeping(services)),
        ]
        try:
            yield services
        finally:
            services.dispatcher.progress.close()
            await progress
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def _services(settings: Settings, database: Database, clock: Callable[[], float]) -> Services:
    directory = NodeDirectory(clock)
    dispatcher = Dispatcher(settings, database, directory, clock, random.Random())
    nodes_service = NodeService(database, directory, clock)
    return Services(
        settings=settings,
        database=database,
        directory=directory,
        dispatcher=dispatcher,
        jobs=JobService(settings, database, dispatcher, clock),
        nodes=nodes_service,
        authenticator=Authenticator(settings, database, nodes_service, clock),
        limits=RateLimits(settings, clock),
        clock=clock,
        started_at=clock(),
    )


async def _housekeeping(services: Services) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_SECONDS)
        try:
            await services.jobs.forget_old_prompts()
            await services.authenticator.forget_expired()
            await services.nodes.store_reputations()
        except ApiError as error:
            log.warning("housekeeping failed, next try in a minute: %s", error.message)


def _side_task(name: str, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report_death)
    return task


def _report_death(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the task %s died; restart the control plane", task.get_name(), exc_info=error)


async def _api_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return JSONResponse(error_body(error), error.status, error.headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    """Unknown paths and wrong methods."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return Response(status_code=405, headers=error.headers)
    code = ErrorCode.NOT_FOUND if error.status_code == 404 else ErrorCode.INVALID_REQUEST
    body = {"error": str(error.detail), "code": code.value}
    return JSONResponse(body, error.status_code, error.headers)


async def _bug(_request: Request, error: Exception) -> Response:
    """Our own mistake: the log has the details, the client does not."""
    log.error("a request failed", exc_info=error)
    body = {"error": "internal error", "code": ErrorCode.INTERNAL.value}
    return JSONResponse(body, 500)
