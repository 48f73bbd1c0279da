"""A clock that stands until somebody moves it."""

from datetime import UTC, datetime, timedelta

from pos_client.ports import Clock

START = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)


class HandClock(Clock):
    """Both clocks, moved by hand."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed_seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_seconds)

    def monotonic(self) -> float:
        return self._passed_seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed_seconds += seconds
