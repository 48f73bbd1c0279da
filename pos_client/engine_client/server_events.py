"""Server-sent events (WHATWG HTML, 9.2) out of the bytes of a stream: no IO."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LARGEST_EVENT_BYTES = 1_000_000


class ServerEvent(NamedTuple):
    """An event's name ("message" when it has none) and its data."""

    name: str
    data: bytes


class EventTooLarge(ValueError):
    """An event that does not end."""


def server_events(pieces: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events in pieces that are cut anywhere; comments and other fields are passed over.

    Lines end with LF or CRLF, as servers write them. Raises EventTooLarge.
    """
    rest, name, data = b"", "message", list[bytes]()
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            field, _, value = line.rstrip(b"\r").partition(b":")
            value = value.removeprefix(b" ")
            if field == b"event":
                name = value.decode("utf-8", "replace")
            elif field == b"data":
                data.append(value)
            elif not line.rstrip(b"\r"):
                if data:
                    yield ServerEvent(name, b"\n".join(data))
                name, data = "message", []
        if len(rest) + sum(map(len, data)) > LARGEST_EVENT_BYTES:
            raise EventTooLarge("an event of the points server does not end")
