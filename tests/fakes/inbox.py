"""An inbox for one thread: waiting for an event that does not come takes no time but on the clock."""

from collections import deque

from pos_client.ports import Inbox
from pos_client.till.events import Event
from tests.fakes.clock import HandClock


class TickingInbox(Inbox):
    """Waits by moving the clock. One that would wait for ever closes itself."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self._closed = False
        self.events: deque[Event] = deque()

    def put(self, event: Event) -> None:
        self.events.append(event)

    def get(self, timeout_seconds: float | None) -> Event | None:
        if self.events:
            return self.events.popleft()
        if timeout_seconds is None:
            self.close()
        else:
            self._clock.advance(timeout_seconds)
        return None

    def close(self) -> None:
        self._closed = True

    @property
    def closed(self) -> bool:
        return self._closed and not self.events
