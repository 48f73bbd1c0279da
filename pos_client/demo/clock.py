"""The demo's time: the system's, which can be helped along so that nobody waits a minute for a code to expire."""

import threading
import time
from datetime import UTC, datetime, timedelta

from points_engine.bootstrap import Clock as EngineClock
from pos_client.ports import Clock


class DemoClock(Clock, EngineClock):
    """One clock for till, engine and phone, as on one machine; `advance` lets the wall clock jump ahead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        with self._lock:
            return datetime.now(UTC) + self._ahead

    def monotonic(self) -> float:
        """Seconds that only go forward, at the world's own pace."""
        return time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Jump ahead."""
        with self._lock:
            self._ahead += by
