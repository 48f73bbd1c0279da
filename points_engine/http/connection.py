"""One connection: uvicorn's protocol on httptools, with what keeps slow, huge and broken requests from harming others.

uvicorn closes a connection that is idle, but waits for ever for the rest of a request, and takes heads of any size.
"""

from asyncio import TimerHandle, Transport
from time import monotonic
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from points_engine.wire.problems import MEDIA_TYPE, Trouble, encode_problem, trouble


class _HeadTooLarge(Exception):
    """Ends the parser's work on a head."""


class Connection(HttpToolsProtocol):
    """Subclassed with its limits by `connection_class`."""

    head_bytes = 16_384
    head_seconds = 10.0
    body_seconds = 10.0
    most = 4_096
    """So many connections may be open."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_size: int | None = 0
        self._due: float | None = None
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn itself does
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(Trouble.OVERLOADED)
            return
        self._due = monotonic() + self.head_seconds
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_size is not None:
            # Counts what comes together with the head as well: no body is small enough to hide a head in.
            self._head_size += len(data)
        super().data_received(data)
        if self._head_size is not None and self._head_size > self.head_bytes:
            self._head_size = None
            self._refuse(Trouble.HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._due = monotonic() + self.head_seconds
        if self._head_size is None:
            self._head_size = 0

    def on_headers_complete(self) -> None:
        if self._head_size is not None and self._head_size > self.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.head_bytes:
                raise _HeadTooLarge
        self._head_size = None
        self._due = monotonic() + self.body_seconds
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._due = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        # What a callback raises comes here as well, as what the parser found wrong.
        is_too_large = self._head_size is not None and self._head_size > self.head_bytes
        self._refuse(Trouble.HEADERS_TOO_LARGE if is_too_large else Trouble.REQUEST_INVALID, msg)

    def _look_later(self) -> None:
        # One timer for a connection's whole life: one for each request would cost more than the request itself.
        self._timer = self.loop.call_later(min(self.head_seconds, self.body_seconds) / 4, self._look)

    def _look(self) -> None:
        if self._due is not None and monotonic() >= self._due:
            self._refuse(Trouble.TIMED_OUT)
        if not self.transport.is_closing():
            self._look_later()

    def _refuse(self, kind: Trouble, detail: str | None = None) -> None:
        """Say what is wrong and close; after the answer that is still under way, if there is one."""
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's types say
        is_own_body = (
            cycle is not None and cycle.more_body and not cycle.response_started and not self.pipeline
        )
        if cycle is not None and not cycle.response_complete and not is_own_body:
            # Whoever reads the next answer must not take this for it.
            cycle.keep_alive = False
            self.transport.pause_reading()
            return
        if is_own_body:
            # Nobody acts on a request before its body is whole.
            cycle.disconnected = True
        body = encode_problem(trouble(kind, detail))
        head = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
        head += [*self.server_state.default_headers, (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % pair for pair in head)
        self.transport.write(STATUS_LINE[kind.status] + lines + b"\r\n" + body)
        self.transport.close()


def connection_class(
    *, head_bytes: int, head_seconds: float, most: int, body_seconds: float = 10.0
) -> type[Connection]:
    """The protocol with these limits. Seconds are kept to within a quarter."""
    limits = {
        "head_bytes": head_bytes, "head_seconds": head_seconds, "body_seconds": body_seconds, "most": most,
    }  # fmt: skip
    return type("LimitedConnection", (Connection,), limits)
