"""Commands over HTTP: decoded, carried out by the engine's front door, and answered.

The Idempotency-Key is the command's own id, so the engine itself replays what it carried out before; a node only keeps
two equal requests from running beside each other.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Sequence
from typing import Protocol

from points_engine.contract import Command, CommandInvalid, EngineFault, Refused, Reply
from points_engine.http.answers import Answer, of_reply, of_trouble
from points_engine.http.deadlines import settled
from points_engine.http.endpoints import Endpoint
from points_engine.http.gathering import GATHERED, Gatherer
from points_engine.http.incoming import Incoming
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.wire.addresses import KEY_HEADER, unquoted
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import RequestInvalid, decode_command
from points_engine.wire.problems import Trouble
from points_engine.wire.routes import Route

_LOG = logging.getLogger(__name__)

_KEY = KEY_HEADER.lower().encode()


class Ownership(Protocol):
    """What of the engine's gate is asked about a command."""

    def asks_the_store(self, caller: Caller, command: Command) -> bool:
        """Whether `refusal` has to look something up."""

    def refusal(self, caller: Caller, command: Command) -> Refused | None:
        """Why this caller may not send this command; None when they may."""


class Engine(Protocol):
    """The engine's front door, as far as commands need it. Thread-safe."""

    def execute(self, command: Command) -> Reply:
        """Carry a command out; durable when it returns."""

    def execute_together(self, commands: Sequence[Command]) -> list[Reply | Exception]:
        """Carry commands out together; durable when it returns."""


class CommandDoor:
    """Carries commands out. `seconds` is how long a caller waits at most; `on_outcome` hears every outcome.

    `ownership` says whether a command is its caller's.
    """

    def __init__(
        self,
        engine: Engine,
        ownership: Ownership,
        workers: Workers,
        gatherer: Gatherer,
        *,
        seconds: float,
        on_outcome: Callable[[Command, Reply | Trouble], None],
    ) -> None:
        self._engine = engine
        self._ownership = ownership
        self._workers = workers
        self._gatherer = gatherer
        self._seconds = seconds
        self._on_outcome = on_outcome
        self._in_flight: set[tuple[CallerKind | None, str, Route, str]] = set()

    def endpoint(self, route: Route) -> Endpoint:
        """A route of the wire as an endpoint."""

        async def answer(request: Incoming, caller: Caller | None) -> Answer:
            return await self._answer(route, request, caller)

        return Endpoint(route.method, route.path, answer, route.callers, route.is_logged, about=route)

    async def _answer(self, route: Route, request: Incoming, caller: Caller | None) -> Answer:
        key = _key_of(request)
        if route.id_field is not None and not key:
            return of_trouble(Trouble.KEY_MISSING, request.request_id)
        try:
            command = decode_command(route, caller, request.values, key, request.query, request.body)
        except RequestInvalid as error:
            return of_trouble(Trouble.REQUEST_INVALID, request.request_id, error.detail)
        if (
            not isinstance(command, Refused)
            and caller
            and not self._ownership.asks_the_store(caller, command)
        ):
            command = self._ownership.refusal(caller, command) or command
        if isinstance(command, Refused):
            return of_reply(command, request.request_id)
        if key is None:
            return await self._carried_out(command, caller, request.request_id, None)
        mark = (*((caller.kind, caller.caller_id) if caller else (None, "")), route, key)
        if mark in self._in_flight:
            return of_trouble(Trouble.IN_FLIGHT, request.request_id)
        return await self._carried_out(command, caller, request.request_id, mark)

    async def _carried_out(
        self,
        command: Command,
        caller: Caller | None,
        request_id: str,
        mark: tuple[CallerKind | None, str, Route, str] | None,
    ) -> Answer:
        try:
            future = self._begin(command, caller)
        except TooMuchWaits:
            return self._trouble(command, Trouble.OVERLOADED, request_id)
        if mark is not None:
            self._in_flight.add(mark)
            future.add_done_callback(lambda _: self._in_flight.discard(mark))
        # Not `wait_for`: what was begun goes on when its caller is gone or has waited long enough.
        if not await settled(future, self._seconds):
            return self._trouble(command, Trouble.LATE, request_id)
        try:
            reply = future.result()
        except CommandInvalid as error:
            return self._trouble(command, Trouble.REQUEST_INVALID, request_id, str(error))
        except EngineFault as fault:
            _LOG.error("request %s: %s", request_id, fault)
            kind = Trouble.UNAVAILABLE if fault.nothing_changed else Trouble.OUTCOME_UNKNOWN
            return self._trouble(command, kind, request_id)
        except Exception as bug:  # noqa: BLE001 -- the caller must hear that the outcome is not known
            _LOG.error("request %s: bug: %s", request_id, place_of(bug))
            return self._trouble(command, Trouble.BUG, request_id)
        self._on_outcome(command, reply)
        return of_reply(reply, request_id)

    def _begin(self, command: Command, caller: Caller | None) -> asyncio.Future[Reply]:
        if type(command) in GATHERED:
            return self._gatherer.begin(command)
        if caller is not None and self._ownership.asks_the_store(caller, command):
            return self._workers.begin(lambda: self._own(command, caller))
        return self._workers.begin(lambda: self._engine.execute(command))

    def _own(self, command: Command, caller: Caller) -> Reply:
        return self._ownership.refusal(caller, command) or self._engine.execute(command)

    def _trouble(self, command: Command, kind: Trouble, request_id: str, detail: str | None = None) -> Answer:
        self._on_outcome(command, kind)
        return of_trouble(kind, request_id, detail)


def _key_of(request: Incoming) -> str | None:
    given = request.header(_KEY)
    if given is None:
        return None
    try:
        return unquoted(given)
    except ValueError:
        return None


def place_of(error: BaseException) -> str:
    """An exception's type and where it was raised, without its text: that may tell what it was about."""
    frames = traceback.extract_tb(error.__traceback__)
    return (
        f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}"
        if frames
        else type(error).__name__
    )
