"""`GET /v1/events`: server-sent events for a customer's phone, a till, a courier, a shop's order server.

Events hold the JSON of the routes. Their ids are times; a reader that comes back with Last-Event-ID is told what moved
since then. Who cannot hold a stream polls the routes: nothing is in an event that is not there.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime

import msgspec

from points_engine.contract import EngineFault, Refusal, Refused
from points_engine.engine.authentication import Standing
from points_engine.engine.change_bus import ChangeBus
from points_engine.engine.front_door import Engine
from points_engine.http.answers import Answer, of_reply, of_trouble
from points_engine.http.authentication import Authenticator
from points_engine.http.command_door import place_of
from points_engine.http.endpoints import About, Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.live_readings import MOST_ORDERS, CustomerReading, Reading, TakerReading
from points_engine.http.live_stream import LiveRules, LiveStream, Mailbox
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.ledger import moment
from points_engine.wire.addresses import query_values
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Trouble
from points_engine.wire.routes import PREFIX

_LOG = logging.getLogger(__name__)

EVENTS_PATH = f"{PREFIX}/events"
EVENT_STREAM = b"text/event-stream"

MOST_OF_A_CALLER = 4
READS_AT_ONCE = 2
"""So many streams read at the same time: after a gap all of them want to, and commands do not wait behind that."""
_HEADERS = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))
_MOST_DIGITS = 18


class EventsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The orders that a till or courier waits for."""

    order: tuple[str, ...] = ()


_ABOUT = About(
    name="FollowEvents",
    summary="Server-sent events: what becomes of the caller's payments, and of a customer's balances",
    reply=str,
    media_type=EVENT_STREAM.decode(),
    query=EventsAsked,
    problems=(Refusal.MEMBER_UNKNOWN, Trouble.SHUTTING_DOWN, Trouble.UNAVAILABLE),
)


class _QueryInvalid(ValueError):
    """A query that names no orders."""


class Live:
    """All streams of one node. `now` is the engine's clock; `end` is called when the node stops.

    A stream whose caller's credential has come to its end, on whichever node, ends within `LiveRules.watch` and what
    the authenticator needs to hear of it.
    """

    def __init__(
        self,
        engine: Engine,
        authenticator: Authenticator,
        workers: Workers,
        bus: ChangeBus,
        now: Callable[[], datetime],
        rules: LiveRules | None,
        *,
        most_streams: int,
    ) -> None:
        self._engine = engine
        self._authenticator = authenticator
        self._workers = workers
        self._bus = bus
        self._now = now
        self._rules = rules or LiveRules()
        self._most_streams = most_streams
        self._streams: dict[LiveStream, Standing | None] = {}
        self._watching: asyncio.Task[None] | None = None
        self._of_caller: Counter[tuple[CallerKind, str]] = Counter()
        self._is_ending = False
        self._turns = asyncio.Semaphore(READS_AT_ONCE)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The one there is."""
        callers = frozenset({CallerKind.CUSTOMER, CallerKind.TILL, CallerKind.COURIER, CallerKind.MERCHANT})
        return (Endpoint("GET", EVENTS_PATH, self._answer, callers, is_logged=False, about=_ABOUT),)

    def end(self) -> None:
        """End every stream, and take no more: their readers come back, to another node. In the event loop."""
        self._is_ending = True
        for stream in self._streams:
            stream.end()

    async def _answer(self, request: Incoming, caller: Caller | None) -> Answer:
        assert caller is not None
        if (trouble := self._trouble(caller)) is not None:
            return of_trouble(trouble, request.request_id)
        try:
            orders = _orders_in(request.query)
            since = _since(request.header(b"last-event-id"))
            async with self._turns:
                reading = await self._workers.begin(lambda: self._reading(caller, orders))
        except _QueryInvalid as error:
            return of_trouble(Trouble.REQUEST_INVALID, request.request_id, str(error))
        except EngineFault:
            return of_trouble(Trouble.UNAVAILABLE, request.request_id)
        except TooMuchWaits:
            return of_trouble(Trouble.OVERLOADED, request.request_id)
        if isinstance(reading, Refused):
            return of_reply(reading, request.request_id)
        standing = self._authenticator.standing(request)
        # Once more: others may have come meanwhile.
        if (trouble := self._trouble(caller)) is not None:
            return of_trouble(trouble, request.request_id)
        return Answer(200, EVENT_STREAM, b"", _HEADERS, stream=self._stream(caller, standing, reading, since))

    def _trouble(self, caller: Caller) -> Trouble | None:
        if self._is_ending:
            return Trouble.SHUTTING_DOWN
        if self._of_caller[caller.kind, caller.caller_id] >= MOST_OF_A_CALLER:
            return Trouble.TOO_MANY
        return Trouble.OVERLOADED if len(self._streams) >= self._most_streams else None

    def _reading(self, caller: Caller, orders: tuple[str, ...]) -> Reading | Refused:
        if caller.taker is not None:
            row = self._engine.register.taker_row(caller.taker)
            if row is None:
                return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
            return TakerReading(self._engine, caller.taker, row, orders)
        if orders:
            raise _QueryInvalid("The query must be empty: a customer is told of all their payments")
        accounts = self._engine.register.account_rows(caller.caller_id)
        if accounts is None:
            return Refused(refusal=Refusal.MEMBER_UNKNOWN)
        return CustomerReading(self._engine, caller.caller_id, accounts)

    async def _stream(
        self, caller: Caller, standing: Standing | None, reading: Reading, since: datetime | None
    ) -> AsyncGenerator[bytes]:
        mailbox = Mailbox(asyncio.get_running_loop())
        stream = LiveStream(reading, mailbox, self._workers, self._rules, self._now, since, self._turns)
        # Before the state is read: what changes while it is being read is told afterwards.
        subscription = self._bus.subscribe(reading.topics, mailbox.put)
        self._streams[stream] = standing
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        who = (caller.kind, caller.caller_id)
        self._of_caller[who] += 1
        try:
            async with aclosing(stream.pieces()) as pieces:
                async for piece in pieces:
                    if piece:
                        yield piece
        finally:
            self._bus.leave(subscription)
            del self._streams[stream]
            self._of_caller[who] -= 1
            if not self._of_caller[who]:
                del self._of_caller[who]

    async def _watch(self) -> None:
        """End the streams of those who would not be let in any more, while there are streams."""
        try:
            while self._streams:
                await asyncio.sleep(self._rules.watch)
                standings = {standing for standing in self._streams.values() if standing is not None}
                ended = await self._authenticator.ended(standings) if standings else ()
                for stream, standing in self._streams.items():
                    if standing in ended:
                        stream.end()
        except Exception as bug:  # noqa: BLE001 -- nobody awaits this task, and its text may tell a credential
            _LOG.error("live streams: bug: %s", place_of(bug))
            # Nobody listens on unwatched.
            for stream in self._streams:
                stream.end()


def _orders_in(query: str) -> tuple[str, ...]:
    try:
        pairs = query_values(query)
    except ValueError:
        raise _QueryInvalid("The query is not one of names and values") from None
    if len(pairs) > MOST_ORDERS or any(name != "order" or not text for name, text in pairs):
        raise _QueryInvalid(f"The query may have `order`, {MOST_ORDERS} times at most")
    return tuple(text for _, text in pairs)


def _since(last_event_id: str | None) -> datetime | None:
    """When the reader's last event was read; an id that is none of ours tells nothing."""
    given = last_event_id or ""
    if not given.isascii() or not given.isdecimal() or len(given) > _MOST_DIGITS:
        return None
    try:
        return moment(int(given))
    except OverflowError:
        return None
