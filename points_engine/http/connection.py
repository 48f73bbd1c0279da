"""One connection: uvicorn's protocol on httptools, with what keeps slow, huge and broken requests from harming others.

uvicorn closes a connection that is idle, but waits for ever for the rest of a head, and takes heads of any size.
"""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from points_engine.wire.problems import MEDIA_TYPE, Trouble, encode_problem, trouble


class _HeadTooLarge(Exception):
    """Ends the parser's work on a head."""


class Connection(HttpToolsProtocol):
    """Subclassed with its limits by `connection_class`."""

    head_bytes = 16_384
    head_seconds = 10.0
    most = 4_096
    """So many connections may be open."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_timer: TimerHandle | None = None
        self._head_size: int | None = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn itself does
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._refuse(Trouble.OVERLOADED)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_size is not None:
            # Counts what comes together with the head as well: no body is small enough to hide a head in.
            self._head_size += len(data)
        super().data_received(data)
        if self._head_size is not None and self._head_size > self.head_bytes:
            self._refuse(Trouble.HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._head_size is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        if self._head_size is not None and self._head_size > self.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if size > self.head_bytes:
                raise _HeadTooLarge
        self._head_size = None
        self._stop_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        # What a callback raises comes here as well, as what the parser found wrong.
        is_too_large = self._head_size is not None and self._head_size > self.head_bytes
        self._refuse(Trouble.HEADERS_TOO_LARGE if is_too_large else Trouble.REQUEST_INVALID, msg)

    def _await_head(self) -> None:
        self._head_size = 0
        self._stop_timer()
        self._head_timer = self.loop.call_later(self.head_seconds, self._refuse, Trouble.TIMED_OUT)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, kind: Trouble, detail: str | None = None) -> None:
        """Say what is wrong and close; after the answer that is still under way, if there is one."""
        self._stop_timer()
        self._head_size = None
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's types say
        is_own_body = cycle is not None and cycle.more_body and not cycle.response_started
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


def connection_class(*, head_bytes: int, head_seconds: float, most: int) -> type[Connection]:
    """The protocol with these limits."""
    limits = {"head_bytes": head_bytes, "head_seconds": head_seconds, "most": most}
    return type("LimitedConnection", (Connection,), limits)
