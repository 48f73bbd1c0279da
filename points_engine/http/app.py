"""The service put together: one engine, one table of endpoints, one ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from points_engine.engine.change_bus import ChangeBus
from points_engine.engine.front_door import Engine
from points_engine.http.answers import Answer
from points_engine.http.authentication import Authenticator
from points_engine.http.command_door import CommandDoor
from points_engine.http.endpoints import About, Endpoint
from points_engine.http.export_lists import ExportLists
from points_engine.http.gathering import Gatherer
from points_engine.http.health import Readiness
from points_engine.http.incoming import Incoming
from points_engine.http.live import Live
from points_engine.http.live_stream import LiveRules
from points_engine.http.metrics import CONTENT_TYPE, Metrics
from points_engine.http.openapi import document_endpoint
from points_engine.http.paths import Paths
from points_engine.http.register_lists import RegisterLists
from points_engine.http.request_log import RequestLog, Writer
from points_engine.http.service import RequestLimits, Service
from points_engine.http.workers import Workers
from points_engine.service_settings import ServiceSettings
from points_engine.wire.callers import Caller
from points_engine.wire.routes import ROUTES


class _Application(Starlette):
    """A Starlette whose requests all go straight to the service, which answers every error itself.

    Its middleware and its router would find that out for each request anew, at a sixth of what the service costs.
    """

    def __init__(
        self, service: Service, lifespan: Callable[[Any], AbstractAsyncContextManager[None]]
    ) -> None:
        super().__init__(routes=[service], lifespan=lifespan)
        self._service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._service.handle(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class PointsService:
    """One node: `app` is the ASGI application. It does not close the engine.

    `more` are endpoints of other rooms. `write_log` takes the request log; it may block. `look` is what readiness asks
    of the surroundings, besides a read of the books: None is not ready. `changes` is what the engine tells of its
    commits; without it live streams only read anew from time to time.
    """

    def __init__(
        self,
        engine: Engine,
        authenticator: Authenticator,
        settings: ServiceSettings,
        *,
        write_log: Writer,
        more: Iterable[Endpoint] = (),
        look: Callable[[], object] = lambda: True,
        changes: ChangeBus | None = None,
        live_rules: LiveRules | None = None,
    ) -> None:
        self.metrics = Metrics()
        self.workers = Workers(settings.threads, settings.waiting_commands)
        self._log = RequestLog(write_log)
        self._gatherer = Gatherer(
            engine.execute_together,
            writers=settings.charge_groups or engine.charge_groups,
            together_most=settings.charges_together,
            most=settings.waiting_commands,
            on_size=self.metrics.went_together,
        )
        self.readiness = Readiness(
            self.workers, lambda: (engine.register.shops() is not None and look()) or None
        )
        door = CommandDoor(
            engine,
            engine.gate.ownership,
            self.workers,
            self._gatherer,
            seconds=settings.deadline_seconds,
            on_outcome=self.metrics.outcome,
        )
        self._live = Live(
            engine,
            authenticator,
            self.workers,
            changes or ChangeBus(),
            engine.register.now,
            live_rules,
            most_streams=settings.streams,
        )
        endpoints = [
            *self._live.endpoints(),
            *(door.endpoint(route) for route in ROUTES),
            *RegisterLists(engine, self.workers).endpoints(),
            *ExportLists(engine.exports, self.workers).endpoints(),
            *self.readiness.endpoints(),
            *([self._metrics_endpoint()] if settings.shows_metrics and not settings.metrics_port else []),
            *more,
            document_endpoint(lambda: self.endpoints),
        ]
        self.endpoints = tuple(endpoints)
        limits = RequestLimits(settings.body_bytes, settings.deadline_seconds, settings.requests)
        service = Service(Paths(endpoints), authenticator, self.metrics, self._log, limits)
        self.app = _Application(service, self._lifespan)

    @asynccontextmanager
    async def _lifespan(self, _app: Any) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(self.close)

    def end_streams(self) -> None:
        """No stream outlasts the node: their readers come back, to another one. In the event loop."""
        self._live.end()

    def close(self) -> None:
        """Wait for what the engine was given, and write what is left of the log."""
        self._gatherer.close()
        self.workers.close()
        self._log.close()

    def _metrics_endpoint(self) -> Endpoint:
        async def answer(_request: Incoming, _caller: Caller | None) -> Answer:
            return Answer(200, CONTENT_TYPE, self.metrics.page())

        about = About(name="Metrics", summary="Counters, for Prometheus", reply=str, media_type="text/plain")
        return Endpoint("GET", "/metrics", answer, is_logged=False, about=about)
