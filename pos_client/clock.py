"""The system's clocks."""

import time
from datetime import UTC, datetime

from pos_client.ports import Clock


class SystemClock(Clock):
    """The wall clock for stamps, the monotonic one for waits."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()
