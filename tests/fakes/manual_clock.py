"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

from points_engine.ports import Clock

NOON_IN_SHANGHAI = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class ManualClock(Clock):
    """Starts at noon of a shop in Shanghai; may also be set back."""

    def __init__(self, start: datetime = NOON_IN_SHANGHAI) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Go on by `seconds`, or back by a negative number, and return the new time."""
        self._now += timedelta(seconds=seconds)
        return self._now
