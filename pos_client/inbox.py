"""The one entrance to the till: whoever has something to tell puts it here, and the loop alone takes it."""

import threading
from collections import deque

from pos_client.ports import Inbox
from pos_client.till.events import Event


class QueueInbox(Inbox):
    """A queue for any number of threads that put and the one that takes. After `close` nothing more is taken in."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._events: deque[Event] = deque()
        self._is_closing = False

    def put(self, event: Event) -> None:
        with self._news:
            if not self._is_closing:
                self._events.append(event)
                self._news.notify()

    def get(self, timeout_seconds: float | None) -> Event | None:
        with self._news:
            self._news.wait_for(lambda: bool(self._events) or self._is_closing, timeout_seconds)
            return self._events.popleft() if self._events else None

    def close(self) -> None:
        with self._news:
            self._is_closing = True
            self._news.notify_all()

    @property
    def closed(self) -> bool:
        with self._news:
            return self._is_closing and not self._events
