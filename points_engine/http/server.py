"""One node that listens: uvicorn with our limits, and a way to stop that loses nothing."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from points_engine.http.app import PointsService
from points_engine.http.connection import connection_class
from points_engine.service_settings import ServiceSettings


class ServiceServer(uvicorn.Server):
    """Listens until it is told to stop: by a signal, or by `stop`.

    First /readyz says so while all is taken as before, so that load balancers look elsewhere; after `drain_seconds`
    there are no new connections, and what was taken is finished. A second signal skips the first part.
    """

    def __init__(
        self,
        service: PointsService,
        settings: ServiceSettings,
        *,
        tls: ssl.SSLContext | None = None,
        on_listening: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                service.app,
                loop="auto",
                http=connection_class(
                    head_bytes=settings.head_bytes,
                    head_seconds=settings.head_seconds,
                    body_seconds=settings.body_seconds,
                    most=settings.connections,
                ),
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=2_048,
                timeout_keep_alive=settings.idle_seconds,
                timeout_graceful_shutdown=settings.finish_seconds,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )
        self._service = service
        self._drain_seconds = settings.drain_seconds
        self._on_listening = on_listening
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.end_streams()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 -- as uvicorn calls it
        self.stop()

    def stop(self) -> None:
        """Begin to stop. Any thread may call it, and a signal handler."""
        if self._loop is None or self._service.readiness.is_stopping:
            self.should_exit = True
            return
        self._service.readiness.is_stopping = True
        with contextlib.suppress(RuntimeError):  # the loop is over already
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        assert self._loop is not None
        self._loop.call_later(self._drain_seconds, self._exit)

    def _exit(self) -> None:
        self.should_exit = True


def listening_socket(settings: ServiceSettings) -> socket.socket:
    """A socket bound as the settings say. Raises OSError."""
    if settings.uds:
        _remove_left_over(settings.uds)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            bound.bind(settings.uds)
        except OSError:
            bound.close()
            raise
        return bound
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.create_server(
        (settings.host, settings.port), family=family, backlog=2_048, reuse_port=False
    )
    # Connections inherit it. uvloop sets it for each by itself, asyncio does not for those of a socket made like this:
    # an answer's head and body would wait for one another, 40 ms long.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _remove_left_over(path: str) -> None:
    """A socket's file outlives a process that was killed: away with it when nobody listens."""
    if not Path(path).is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
