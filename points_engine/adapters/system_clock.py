"""The machine's clock."""

from datetime import UTC, datetime

from points_engine.ports import Clock


class SystemClock(Clock):
    """UTC by the operating system."""

    def now(self) -> datetime:
        return datetime.now(UTC)
