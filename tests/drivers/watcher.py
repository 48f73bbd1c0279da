"""What a device tells, kept in order, and a way to wait for it."""

import threading
from collections.abc import Callable

from drivers.device import Health, State
from drivers.scan import Scan
from tests.waiting import PATIENCE_SECONDS

LONG_SECONDS = PATIENCE_SECONDS
"""Longer than anything takes on the slowest machine; only a failing test waits so long."""


class Watcher:
    """Receives scans and health from any thread."""

    def __init__(self) -> None:
        self.scans: list[Scan] = []
        self.healths: list[Health] = []
        self._news = threading.Condition()

    def on_scan(self, scan: Scan) -> None:
        """Keep a scan."""
        with self._news:
            self.scans.append(scan)
            self._news.notify_all()

    def on_health(self, health: Health) -> None:
        """Keep a report."""
        with self._news:
            self.healths.append(health)
            self._news.notify_all()

    @property
    def texts(self) -> list[str]:
        """The texts of all scans."""
        return [scan.text for scan in self.scans]

    @property
    def states(self) -> list[State]:
        """The states as they were reported; reports within one state count once."""
        states = [health.state for health in self.healths]
        return [state for place, state in enumerate(states) if place == 0 or states[place - 1] is not state]

    def until(self, condition: Callable[[], bool], timeout_seconds: float = LONG_SECONDS) -> bool:
        """Wait for something that follows from a report; False when it did not come in time."""
        with self._news:
            return self._news.wait_for(condition, timeout_seconds)

    def until_scans(self, count: int) -> None:
        """Wait for so many scans."""
        assert self.until(lambda: len(self.scans) >= count), f"{len(self.scans)} of {count} scans came"

    def until_state(self, state: State, times: int = 1) -> None:
        """Wait until a state has been entered so many times."""
        assert self.until(lambda: self.states.count(state) >= times), f"{state} did not come: {self.states}"

    def until_error(self, kind: str) -> Health:
        """Wait for a report of an error, and return it."""
        assert self.until(lambda: kind in [health.error_kind for health in self.healths]), f"no {kind} came"
        return next(health for health in self.healths if health.error_kind == kind)
