"""The one entrance: many threads put, one takes."""

import threading

import pytest

from pos_client.inbox import QueueInbox
from pos_client.till.events import Confirmed, DeviceChanged, DeviceLamp, Erased, NoReply
from tests.waiting import PATIENCE_SECONDS


def test_events_come_out_as_they_went_in() -> None:
    """First in, first out."""
    inbox = QueueInbox()
    inbox.put(Confirmed())
    inbox.put(Erased())
    assert [Confirmed(), Erased()] == [inbox.get(None), inbox.get(0.0)]


def test_waiting_ends_with_its_time() -> None:
    """Nothing comes: None after the time given."""
    assert QueueInbox().get(0.001) is None


def test_closing_wakes_whoever_waits() -> None:
    """A loop that waits for ever is let go."""
    inbox = QueueInbox()
    taken: list[object] = []
    waiting = threading.Thread(target=lambda: taken.append(inbox.get(None)))
    waiting.start()
    inbox.close()
    waiting.join(PATIENCE_SECONDS)
    assert [None] == taken


def test_what_was_put_before_closing_is_still_taken() -> None:
    """Closed means closed and empty; what comes afterwards is not let in."""
    inbox = QueueInbox()
    inbox.put(Confirmed())
    inbox.close()
    inbox.put(Erased())
    assert [False, Confirmed(), True, None] == [inbox.closed, inbox.get(None), inbox.closed, inbox.get(None)]


def test_nothing_is_lost_or_doubled_between_threads() -> None:
    """Four threads put a thousand events each; all arrive, each thread's in its order."""
    inbox = QueueInbox()

    def put_all(start: int) -> None:
        for number in range(start, start + 1_000):
            inbox.put(NoReply(number))

    threads = [threading.Thread(target=put_all, args=(start,)) for start in (0, 1_000, 2_000, 3_000)]
    for thread in threads:
        thread.start()
    taken = [
        event.request_id for _ in range(4_000) if isinstance(event := inbox.get(PATIENCE_SECONDS), NoReply)
    ]
    for thread in threads:
        thread.join()
    assert list(range(4_000)) == sorted(taken)
    for start in (0, 1_000, 2_000, 3_000):
        own = [number for number in taken if start <= number < start + 1_000]
        assert sorted(own) == own


@pytest.mark.parametrize("count", [1, 3])
def test_putting_never_waits(count: int) -> None:
    """Nobody takes, and putting returns all the same."""
    inbox = QueueInbox()
    for _ in range(count):
        inbox.put(DeviceChanged("sim:", DeviceLamp.READY))
    assert [DeviceChanged("sim:", DeviceLamp.READY)] * count == [inbox.get(0.0) for _ in range(count)]
