"""A signed HTTP line to the engine's nodes, as a till's or a phone's: one request at a time, and no guessing."""

import http.client
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from points_engine.contract import Command, Reply
from points_engine.signing import Key, authorization
from points_engine.wire.addresses import KEY_HEADER
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import Request, encode_command
from points_engine.wire.problems import Problem
from points_engine.wire.replies import ResponseInvalid, decode_reply

_READ_SECONDS = 4.0

Credential = Callable[[Request], str]
"""What a caller's Authorization header says with a request."""


def signed_by(key: Key) -> Credential:
    """Sign every request with this key, by this machine's clock."""

    def sign(request: Request) -> str:
        return authorization(
            key,
            request.method,
            request.path,
            request.body,
            at=int(time.time()),
            idempotency_key=request.headers.get(KEY_HEADER, ""),
        )

    return sign


class NoReply(Exception):
    """Nobody said what became of a command; `maybe_done` is False when it surely was not carried out."""

    def __init__(self, why: str, *, maybe_done: bool) -> None:
        super().__init__(why)
        self.maybe_done = maybe_done


@dataclass(slots=True)
class Line:
    """Sends commands to `nodes` ("host:port"): to the `first`, after each that failed to the next. For one thread."""

    nodes: Sequence[str]
    credential: Credential
    caller: CallerKind
    read_seconds: float = _READ_SECONDS
    first: int = 0
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def ask(self, command: Command) -> Reply:
        """Send a command once and return what was said to it; raises NoReply."""
        request = encode_command(command, self.caller)
        headers = {**request.headers, "Authorization": self.credential(request)}
        connection = self._connected()
        try:
            connection.request(request.method, request.path, request.body, headers)
            response = connection.getresponse()
            reply = decode_reply(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise NoReply(type(error).__name__, maybe_done=True) from error
        except ResponseInvalid as error:
            # The balancer's own page, e.g. 503 without a node, or 502 after one died.
            raise NoReply(str(error), maybe_done=True) from error
        if response.will_close:
            self.close()
        if isinstance(reply, Problem):
            raise NoReply(reply.code, maybe_done=not reply.nothing_changed)
        return reply

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            address = self.nodes[self.first % len(self.nodes)]
            connection = http.client.HTTPConnection(address, timeout=self.read_seconds)
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                self.first += 1
                raise NoReply(type(error).__name__, maybe_done=False) from error
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Hang up; the next command dials the next node."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None
            self.first += 1
