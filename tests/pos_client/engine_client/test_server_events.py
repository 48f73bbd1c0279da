"""Server-sent events out of bytes: whole, wherever the pieces were cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.engine_client.server_events import (
    LARGEST_EVENT_BYTES,
    EventTooLarge,
    ServerEvent,
    server_events,
)

STREAM = (
    b"retry: 2000\n\n"
    b": hello\n\n"
    b'id: 7\nevent: payment\ndata: {"a": 1}\n\n'
    b"data: first\r\ndata:second\r\n\r\n"
    b"event: nothing\n\n"
    b"data: \xe7\x8e\x8b\n\n"
    b"event: cut off\ndata: never told"
)
EVENTS = [
    ServerEvent("payment", b'{"a": 1}'),
    ServerEvent("message", b"first\nsecond"),
    ServerEvent("message", "王".encode()),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_stream_cut_anywhere_has_the_same_events(places: list[int]) -> None:
    """Comments, retries and what is not finished are no events."""
    edges = [0, *sorted(places), len(STREAM)]
    pieces = [STREAM[begin:end] for begin, end in pairwise(edges)]
    assert EVENTS == list(server_events(pieces))


@pytest.mark.parametrize("piece", [b"x" * 70_000, b"data: " + b"x" * 70_000 + b"\n"])
def test_an_event_that_does_not_end_is_not_kept(piece: bytes) -> None:
    """A server gone mad takes no more memory than an event may have."""
    with pytest.raises(EventTooLarge):
        list(server_events([piece] * (LARGEST_EVENT_BYTES // 60_000)))
