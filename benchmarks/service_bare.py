"""The least a service can do: ``python -m benchmarks.service_bare`` answers everything with 200 and a few bytes.

The same server as the engine's, with the same limits on connections; prints its address as `points-engine serve` does.
"""

import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from points_engine.http.connection import connection_class
from points_engine.http.server import listening_socket
from points_engine.service_settings import ServiceSettings

BODY = b'{"status":"ok"}'
_HEAD = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
}


async def bare(
    scope: MutableMapping[str, Any],
    _receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer."""
    if scope["type"] == "http":
        await send(_HEAD)
        await send({"type": "http.response.body", "body": BODY})


def main() -> None:
    """Listen until SIGTERM."""
    settings = ServiceSettings(port=0)
    listening = listening_socket(settings)
    host, port = listening.getsockname()
    sys.stdout.write(json.dumps({"address": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    http = connection_class(
        head_bytes=settings.head_bytes, head_seconds=settings.head_seconds, most=settings.connections
    )
    config = uvicorn.Config(
        bare, loop="auto", http=http, ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
