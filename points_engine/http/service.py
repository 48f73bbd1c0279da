"""Every request's way: found in the table, read, its caller asked for, answered, counted and logged."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple

from starlette.routing import BaseRoute, Match

from points_engine.contract import Refusal, Refused
from points_engine.http.answers import Answer, of_problem, of_reply, of_trouble
from points_engine.http.authentication import Authenticator
from points_engine.http.bodies import CallerGone, read_body
from points_engine.http.command_door import place_of
from points_engine.http.deadlines import within
from points_engine.http.endpoints import Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.metrics import Metrics
from points_engine.http.paths import Paths
from points_engine.http.request_ids import HEADER, RequestIds
from points_engine.http.request_log import Line, RequestLog
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Problem, Trouble

_LOG = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

NO_ROUTE = "none"
"""What metrics and log call a path that is not in the table: whatever it was, it may hold anything."""

_MOST_SECONDS_OF_A_PIECE = 60.0
"""Whoever takes nothing of a stream for so long is gone."""

_SINGLE = frozenset({b"idempotency-key", b"authorization", b"content-length", b"content-type", b"host"})
"""Headers of which a request may have one: with two, proxies and servers may each believe another."""


class RequestLimits(NamedTuple):
    """What a request may take: bytes of its body, seconds to find out who calls; and how many at once."""

    body_bytes: int
    caller_seconds: float
    requests: int


class Service(BaseRoute):
    """All endpoints as one Starlette route: nothing stands between a request and its endpoint but this."""

    def __init__(
        self,
        paths: Paths,
        authenticator: Authenticator,
        metrics: Metrics,
        log: RequestLog,
        limits: RequestLimits,
    ) -> None:
        self._paths = paths
        self._authenticator = authenticator
        self._metrics = metrics
        self._log = log
        self._limits = limits
        self._ids = RequestIds()
        self._under_way = 0
        metrics.in_flight.set_function(lambda: self._under_way)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        since = perf_counter()
        headers = dict(scope["headers"])
        request_id = self._ids.id_of(headers.get(HEADER))
        method, path = scope["method"], scope["raw_path"].decode("ascii", "replace")
        found = self._paths.find(method, path)
        caller: Caller | None = None
        self._under_way += 1
        try:
            if found.endpoint is None:
                answer = _not_found(found.methods, request_id)
            else:
                request = await self._read(scope, receive, headers, found.values, request_id)
                if isinstance(request, Answer):
                    answer = request
                else:
                    caller, answer = await self._answer(found.endpoint, request)
            follow = self._send if answer.stream is None else self._follow
            await follow(send, receive, answer, request_id)
        except CallerGone:
            answer = Answer(499, b"", b"", code="caller_gone")
        finally:
            self._under_way -= 1
        self._tell(found.endpoint, method, answer, caller, request_id, perf_counter() - since, scope)

    async def _read(
        self,
        scope: Scope,
        receive: Receive,
        headers: dict[bytes, bytes],
        values: Mapping[str, str],
        request_id: str,
    ) -> Incoming | Answer:
        if self._under_way > self._limits.requests:
            return _closing(of_trouble(Trouble.OVERLOADED, request_id))
        if len(headers) != len(scope["headers"]) and _has_doubles(scope["headers"]):
            return _closing(of_trouble(Trouble.REQUEST_INVALID, request_id, "A header comes twice"))
        body = await read_body(receive, headers, self._limits.body_bytes)
        if isinstance(body, Trouble):
            return _closing(of_trouble(body, request_id))
        if body and not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            return of_trouble(Trouble.NOT_JSON, request_id)
        client = scope.get("client")
        return Incoming(
            method=scope["method"],
            path=scope["raw_path"].decode("ascii", "replace"),
            query=scope["query_string"].decode("ascii", "replace"),
            values=values,
            headers=headers,
            body=body,
            address=client[0] if client else "",
            request_id=request_id,
        )

    async def _answer(self, endpoint: Endpoint, request: Incoming) -> tuple[Caller | None, Answer]:
        caller: Caller | None = None
        try:
            found = await self._caller_of(endpoint, request)
            if isinstance(found, Answer):
                return None, found
            caller = found
            if caller is not None and caller.kind not in endpoint.callers:
                return caller, of_reply(Refused(refusal=Refusal.NOT_PERMITTED), request.request_id)
            return caller, await endpoint.answer(request, caller)
        except Exception as bug:  # noqa: BLE001 -- its caller gets an answer, its text goes nowhere
            _LOG.error("request %s: bug: %s", request.request_id, place_of(bug))
            return caller, of_trouble(Trouble.BUG, request.request_id)

    async def _caller_of(self, endpoint: Endpoint, request: Incoming) -> Caller | Answer | None:
        """Who calls, None where anybody may; or what they are told instead."""
        found: Caller | Refused | Problem | None
        ask = self._authenticator.authenticate if endpoint.callers else self._authenticator.anybody
        try:
            found = await within(self._limits.caller_seconds, ask(request))
        except TimeoutError:
            return of_trouble(
                Trouble.UNAVAILABLE, request.request_id, "Who calls could not be looked up in time"
            )
        if isinstance(found, Problem):
            return of_problem(found)
        return of_reply(found, request.request_id) if isinstance(found, Refused) else found

    async def _follow(self, send: Send, receive: Receive, answer: Answer, request_id: str) -> None:
        """Send a stream: it waits most of its time, and takes no part of what requests may."""
        self._under_way -= 1
        self._metrics.streams.inc()
        try:
            await self._send(send, receive, answer, request_id)
        finally:
            self._under_way += 1
            self._metrics.streams.dec()

    async def _send(self, send: Send, receive: Receive, answer: Answer, request_id: str) -> None:
        headers = [(b"content-type", answer.media_type), (HEADER, request_id.encode()), *answer.headers]
        if answer.stream is None:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.stream is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        if answer.body:
            await send({"type": "http.response.body", "body": answer.body, "more_body": True})
        await _stream(send, receive, answer)

    def _tell(
        self,
        endpoint: Endpoint | None,
        method: str,
        answer: Answer,
        caller: Caller | None,
        request_id: str,
        seconds: float,
        scope: Scope,
    ) -> None:
        route = NO_ROUTE if endpoint is None else endpoint.path
        method = method if endpoint is not None else NO_ROUTE
        self._metrics.answered(route, method, answer.status, seconds)
        if endpoint is not None and not endpoint.is_logged and answer.status < 500:
            return
        client = scope.get("client")
        self._log.add(
            Line(
                at=datetime.now(UTC),
                level="error" if answer.status >= 500 else "info",
                event="request",
                request_id=request_id,
                method=method,
                route=route,
                status=answer.status,
                ms=round(seconds * 1000, 3),
                caller=_name_of(caller),
                code=answer.code,
                address=client[0] if client else "",
            )
        )


def _name_of(caller: Caller | None) -> str:
    """A caller in the log: members are people, and stay unnamed."""
    if caller is None:
        return ""
    return (
        caller.kind.value if caller.kind is CallerKind.CUSTOMER else f"{caller.kind.value}:{caller.caller_id}"
    )


def _not_found(methods: tuple[str, ...], request_id: str) -> Answer:
    if not methods:
        return of_trouble(Trouble.NOT_FOUND, request_id)
    answer = of_trouble(Trouble.METHOD_NOT_ALLOWED, request_id)
    return answer._replace(headers=((b"allow", ", ".join(methods).encode()),))


def _closing(answer: Answer) -> Answer:
    """An answer after which nothing more is read from the connection."""
    return answer._replace(headers=(*answer.headers, (b"connection", b"close")))


def _has_doubles(headers: list[tuple[bytes, bytes]]) -> bool:
    names = [name for name, _ in headers if name in _SINGLE]
    return len(names) != len(set(names))


async def _stream(send: Send, receive: Receive, answer: Answer) -> None:
    """Send pieces as they come, until there are no more or the caller is gone."""
    assert answer.stream is not None
    gone = asyncio.ensure_future(_gone(receive))
    pieces = answer.stream
    try:
        while True:
            piece = asyncio.ensure_future(anext(pieces, None))
            await asyncio.wait((piece, gone), return_when=asyncio.FIRST_COMPLETED)
            if not piece.done():
                piece.cancel()
                await asyncio.wait((piece,))
                return
            content = piece.result()
            if content is None:
                break
            sent = send({"type": "http.response.body", "body": content, "more_body": True})
            await asyncio.wait_for(sent, _MOST_SECONDS_OF_A_PIECE)
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        raise CallerGone from None
    finally:
        gone.cancel()
        await pieces.aclose()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
