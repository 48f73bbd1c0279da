"""Is it alive, and should it be given work: what a load balancer and a supervisor ask every second or two."""

import asyncio
from collections.abc import Callable

import msgspec

from points_engine.contract import EngineFault
from points_engine.http.answers import Answer, of_trouble, of_value
from points_engine.http.endpoints import About, Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.wire.callers import Caller
from points_engine.wire.problems import Trouble

STORE_SECONDS = 2.0
"""How long the books may take to answer a look before other nodes are better."""


class Health(msgspec.Struct, frozen=True):
    """What is said when all is well."""

    status: str


_ALIVE = About(name="Healthz", summary="Is this node alive", reply=Health)
_READY = About(
    name="Readyz",
    summary="Does this node take work",
    reply=Health,
    problems=(Trouble.SHUTTING_DOWN, Trouble.UNAVAILABLE),
)


class Readiness:
    """Whether this node takes work. `look` reads something small from the books; it may block and raise EngineFault."""

    def __init__(self, workers: Workers, look: Callable[[], object]) -> None:
        self._workers = workers
        self._look = look
        self.is_stopping = False
        """Set once, when the node was told to stop."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        """/healthz and /readyz."""
        return (
            Endpoint("GET", "/healthz", self._alive, is_logged=False, about=_ALIVE),
            Endpoint("GET", "/readyz", self._ready, is_logged=False, about=_READY),
        )

    async def _alive(self, _request: Incoming, _caller: Caller | None) -> Answer:
        return of_value(Health("alive"))

    async def _ready(self, request: Incoming, _caller: Caller | None) -> Answer:
        if self.is_stopping:
            return of_trouble(Trouble.SHUTTING_DOWN, request.request_id)
        try:
            looked = self._workers.begin(self._look)
        except TooMuchWaits:
            return of_trouble(Trouble.OVERLOADED, request.request_id)
        await asyncio.wait((looked,), timeout=STORE_SECONDS)
        try:
            if looked.done() and looked.result() is not None:
                return of_value(Health("ready"))
        except EngineFault:
            pass
        return of_trouble(Trouble.UNAVAILABLE, request.request_id)
