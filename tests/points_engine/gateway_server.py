"""A real SMS gateway on this machine: an HTTP server that answers as it is told and keeps what it was sent."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass
class GatewayServer:
    """What it answers next: (status, body, headers); None says nothing until the server closes."""

    address: str = ""
    answers: list[tuple[int, str, Mapping[str, str]] | None] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, status: int, body: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Give this answer to the next request that has none yet."""
        self.answers.append((status, body, headers or {}))


@contextmanager
def gateway_server(tls: ssl.SSLContext | None = None) -> Iterator[GatewayServer]:
    """A running server; without answers it says 200."""
    state = GatewayServer()

    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            state.received.append(Received(self.command, self.path, dict(self.headers), body))
            answer = state.answers.pop(0) if state.answers else (200, "", {})
            if answer is None:
                state.closing.wait(PATIENCE_SECONDS)
                return
            status, text, headers = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _take  # noqa: N815 -- http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- http.server's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    state.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
