"""The engine's gate before the service: whose a request is, and whether they call too often."""

import logging
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import Self, TypeVar

import msgspec

from points_engine.calling import CallerKind
from points_engine.contract import EngineFault, Refusal, Refused
from points_engine.engine.authentication import Call, NotAccepted, Reason, Standing
from points_engine.engine.gate import Gate
from points_engine.http.authentication import Authenticator
from points_engine.http.incoming import Incoming
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.rates import RateKind, RateRules, client_address
from points_engine.wire.addresses import KEY_HEADER
from points_engine.wire.callers import Caller
from points_engine.wire.problems import Problem, Trouble, trouble
from points_engine.wire.routes import PREFIX

T = TypeVar("T")

_LOG = logging.getLogger(__name__)

_KEY = KEY_HEADER.lower().encode()
_THREADS = 2
_MOST_WAITING = 256

_RATE_OF = {
    CallerKind.TILL: RateKind.TILL,
    CallerKind.COURIER: RateKind.COURIER,
    CallerKind.MERCHANT: RateKind.MERCHANT,
    CallerKind.CUSTOMER: RateKind.CUSTOMER,
    CallerKind.BACK_OFFICE: RateKind.BACK_OFFICE,
}
_STRICT = {
    f"{PREFIX}/enrolments": (RateKind.ENROLMENT, RateKind.ALL_ENROLMENTS),
    f"{PREFIX}/sign-ins": (RateKind.SIGN_IN,),
    f"{PREFIX}/sessions": (RateKind.SIGN_IN,),
    f"{PREFIX}/sign-outs": (RateKind.SIGN_IN,),
}
"""What anybody may call, and guess at."""

_TROUBLES = {Reason.NOT_SIGNED_IN: Trouble.NOT_SIGNED_IN, Reason.CLOCK_WRONG: Trouble.CLOCK_WRONG}


class Gatekeeper(Authenticator):
    """Asks an engine's gate, and keeps it up to date until it is closed: a context manager."""

    def __init__(self, gate: Gate, rules: RateRules, *, catches_up_every_seconds: float = 1.0) -> None:
        self._gate = gate
        self._trusted = rules.networks()
        self._every_seconds = catches_up_every_seconds
        # Threads of its own: whoever signs in does not wait behind slow hashes, nor a charge behind a flood of keys.
        self._workers = Workers(_THREADS, _MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._catch_up_on, name="engine gate", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing.set()
        self._thread.join()
        self._workers.close()

    def _catch_up_on(self) -> None:
        while True:
            try:
                self._gate.catch_up()
            except EngineFault:
                # Until it can again, every credential is looked up, and every node counts by itself.
                _LOG.warning("the gate could not learn what other nodes did", exc_info=True)
            if self._closing.wait(self._every_seconds):
                return

    # --- the port

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        call = Call(
            request.method,
            f"{request.path}?{request.query}" if request.query else request.path,
            request.body,
            request.header(b"authorization") or "",
            request.header(_KEY) or "",
        )
        found: Caller | NotAccepted | Problem | None = self._gate.authentication.recognise(call)
        if found is None:
            found = await self._looked_up(call, request)
        if isinstance(found, Problem):
            return found
        if isinstance(found, NotAccepted):
            return self._turned_away(found, request)
        wait_seconds = self._gate.rates.admit(_RATE_OF[found.kind], found.caller_id)
        return found if wait_seconds is None else _too_many(wait_seconds, request)

    async def anybody(self, request: Incoming) -> Problem | None:
        for kind in _STRICT.get(request.path, ()):
            subject = "" if kind is RateKind.ALL_ENROLMENTS else self._address(request)
            waits = await self._on_thread(partial(self._gate.rates.attempt, kind, subject), request)
            if isinstance(waits, Problem):
                return waits
            if waits is not None:
                return _too_many(waits, request)
        return None

    def standing(self, request: Incoming) -> Standing | None:
        return self._gate.authentication.standing(request.header(b"authorization") or "")

    async def ended(self, standings: Collection[Standing]) -> Collection[Standing]:
        try:
            return await self._workers.begin(lambda: self._gate.authentication.ended(standings))
        except (EngineFault, TooMuchWaits):
            # Without the books a stream has nothing to tell either; `catch_up` says that they are away.
            return ()

    # --- what is not in memory

    async def _looked_up(self, call: Call, request: Incoming) -> Caller | NotAccepted | Problem:
        if not self._gate.authentication.has_met(call):
            # Guesses cost a look each: an address that has made too many of them gets no further ones.
            wait_seconds = self._gate.rates.would_wait(RateKind.ADDRESS, self._address(request))
            if wait_seconds is not None:
                return _too_many(wait_seconds, request)
        return await self._on_thread(lambda: self._gate.authentication.authenticate(call), request)

    async def _on_thread(self, work: Callable[[], T], request: Incoming) -> T | Problem:
        try:
            return await self._workers.begin(work)
        except TooMuchWaits:
            return trouble(Trouble.OVERLOADED, request_id=request.request_id)
        except EngineFault as fault:
            _LOG.error("request %s: %s", request.request_id, fault)
            return trouble(Trouble.UNAVAILABLE, request_id=request.request_id)

    def _turned_away(self, found: NotAccepted, request: Incoming) -> Refused | Problem:
        wait_seconds = self._gate.rates.admit(RateKind.ADDRESS, self._address(request))
        if wait_seconds is not None:
            return _too_many(wait_seconds, request)
        if found.reason is Reason.NOT_ENROLLED:
            return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        problem = trouble(_TROUBLES[found.reason], found.problem, request.request_id)
        return msgspec.structs.replace(problem, server_time=found.now)

    def _address(self, request: Incoming) -> str:
        return client_address(request.address, request.header(b"x-forwarded-for") or "", self._trusted)


def _too_many(wait_seconds: int, request: Incoming) -> Problem:
    problem = trouble(Trouble.TOO_MANY, request_id=request.request_id)
    return msgspec.structs.replace(problem, wait_seconds=wait_seconds)
