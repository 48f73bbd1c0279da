"""One line of JSON per request: what was asked by its template, what came of it; never a query, body, header or key."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec

FLUSH_SECONDS = 0.1
MOST_LINES = 10_000
"""So many lines wait at most; when whoever reads the log stands still, the service does not."""

Writer = Callable[[bytes], None]
"""Writes bytes and returns when they are written; may block, and is called on a thread."""


class Line(msgspec.Struct, omit_defaults=True):
    """A request in the log. `at` is when it was answered; `caller` its kind, with its id where that is no person's."""

    at: datetime
    level: str
    event: str
    request_id: str
    method: str
    route: str
    status: int
    ms: float
    caller: str = ""
    code: str = ""
    address: str = ""
    lost: int = 0


class RequestLog:
    """Lines are handed to `write` many at a time, off the event loop."""

    def __init__(self, write: Writer) -> None:
        self._write = write
        self._lines: list[Line] = []
        self._lost = 0
        self._is_flushing = False

    def add(self, line: Line) -> None:
        """A request was answered."""
        if len(self._lines) >= MOST_LINES:
            self._lost += 1
            return
        line.lost, self._lost = self._lost, 0
        self._lines.append(line)
        if not self._is_flushing:
            self._is_flushing = True
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        text = self._taken()
        asyncio.get_running_loop().run_in_executor(None, self._write, text).add_done_callback(self._flushed)

    def _flushed(self, written: "asyncio.Future[None]") -> None:
        # A log that cannot be written is no reason to stop taking payments; what could be is.
        written.exception()
        if self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        else:
            self._is_flushing = False

    def _taken(self) -> bytes:
        lines, self._lines = self._lines, []
        return _ENCODER.encode_lines(lines)

    def close(self) -> None:
        """Write what is left."""
        if self._lines:
            self._write(self._taken())


_ENCODER = msgspec.json.Encoder()
