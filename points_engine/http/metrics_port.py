"""A node's metrics at a port of its own: of several nodes behind one socket, each is asked by itself."""

import logging
from types import TracebackType
from typing import Self
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server

_LOG = logging.getLogger(__name__)


class MetricsPort:
    """Answers on `host` and `port`, in plain HTTP, until the block ends; port 0: nowhere.

    A port that is taken is logged and costs the metrics alone: what is paid counts for more.
    """

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self._registry = registry
        self._host = host
        self._port = port
        self._server: WSGIServer | None = None

    def __enter__(self) -> Self:
        if self._port:
            try:
                self._server, _ = start_http_server(self._port, self._host, self._registry)
            except OSError as error:
                _LOG.error(
                    "metrics cannot be shown on port %d (%s): choose another service.metrics_port",
                    self._port,
                    error.strerror,
                )
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
