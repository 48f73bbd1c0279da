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

    def learn(self, date: str | None, sent_at: float) -> bool:
        """Take the Date header of an answer that has just come to a request sent at `sent_at` (monotonic).

        Says whether the time told now is another than before by more than the answer's own inaccuracy.
        """
        try:
            said = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return False
        heard_at = self._monotonic()
        # Somewhere in that second, somewhere between sending and hearing.
        ahead = said + 0.5 - (sent_at + heard_at) / 2
        margin = HEADER_SECONDS + (heard_at - sent_at) / 2
        known = self.now() - heard_at
        with self._lock:
            is_news = abs(ahead - known) > margin
            if is_news or self._ahead_of_monotonic is None:
                self._ahead_of_monotonic = ahead if is_news else known
        return is_news
