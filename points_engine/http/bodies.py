"""A request's body, as long as it is not too large and comes in time."""

from typing import Any

from points_engine.http.deadlines import within
from points_engine.wire.problems import Trouble


class CallerGone(Exception):
    """The connection was closed before the request was whole: there is nobody to answer."""


async def read_body(
    receive: Any, headers: dict[bytes, bytes], *, most_bytes: int, seconds: float
) -> bytes | Trouble:
    """The body; TOO_LARGE or TIMED_OUT when it is not to be had. Raises CallerGone."""
    length = headers.get(b"content-length")
    if length is None and b"transfer-encoding" not in headers:
        return b""
    if length is not None and int(length) > most_bytes:
        return Trouble.TOO_LARGE
    try:
        return await within(seconds, _read(receive, most_bytes))
    except TimeoutError:
        return Trouble.TIMED_OUT


async def _read(receive: Any, most_bytes: int) -> bytes | Trouble:
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
