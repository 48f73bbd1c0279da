"""A request's body, as long as it is not too large."""

from typing import Any

from points_engine.wire.problems import Trouble


class CallerGone(Exception):
    """The connection was closed before the request was whole: there is nobody to answer."""


async def read_body(receive: Any, headers: dict[bytes, bytes], most_bytes: int) -> bytes | Trouble:
    """The body, or TOO_LARGE. Raises CallerGone; the connection itself sees to it that it comes in time."""
    length = headers.get(b"content-length")
    if length is None and b"transfer-encoding" not in headers:
        return b""
    if length is not None and int(length) > most_bytes:
        return Trouble.TOO_LARGE
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        body += message.get("body", b"")
        if len(body) > most_bytes:
            return Trouble.TOO_LARGE
        if not message.get("more_body", False):
            return bytes(body)
