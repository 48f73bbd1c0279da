"""What time the points server has: learnt from its answers, told for signatures, compared with this computer's."""

import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

HEADER_SECONDS = 2.0
"""A Date header has whole seconds, and servers write it anew only now and then."""


class ServerClock:
    """The server's time as far as it is known; before its first answer, this computer's. Thread-safe.

    It goes on by the monotonic clock, so that setting this computer's clock changes nothing. `wall` is seconds since
    1970, `monotonic` seconds that only go forward.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._ahead_of_monotonic: float | None = None
        self._is_told = False

    def now(self) -> float:
        """Seconds since 1970 by the server's clock."""
        with self._lock:
            ahead = self._ahead_of_monotonic
        return self._wall() if ahead is None else self._monotonic() + ahead

    @property
    def off_seconds(self) -> float:
        """How far this computer's clock is ahead of the server's; 0 while that is not known."""
        return self._wall() - self.now()

    def monotonic(self) -> float:
        """The clock that exchanges are timed with."""
        return self._monotonic()

    def be_told(self, server_seconds: float, sent_at: float) -> None:
        """Take the engine's own time (seconds since 1970) out of an answer to a request sent at `sent_at` (monotonic).

        It counts for more than any header.
        """
        with self._lock:
            self._is_told = True
        self._take(server_seconds, sent_at, margin=0.0)

    def learn(self, date: str | None, sent_at: float) -> None:
        """Take the Date header of an answer, as `be_told`, unless the engine itself has told its time."""
        try:
            said = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return
        with self._lock:
            if self._is_told:
                return
        self._take(said + 0.5, sent_at, margin=HEADER_SECONDS)

    def _take(self, server_seconds: float, sent_at: float, margin: float) -> None:
        """Believe what was said if it is further from what is known than it may be wrong."""
        heard_at = self._monotonic()
        # Somewhere between sending and hearing.
        ahead = server_seconds - (sent_at + heard_at) / 2
        margin += (heard_at - sent_at) / 2
        known = self.now() - heard_at
        with self._lock:
            if abs(ahead - known) > margin:
                self._ahead_of_monotonic = ahead
            elif self._ahead_of_monotonic is None:
                self._ahead_of_monotonic = known
