"""When scans were received, and times as a line."""

import statistics
import time
from collections.abc import Sequence

from drivers.scan import Scan
from tests.drivers.watcher import Watcher

SETTLED_SECONDS = 0.3
"""After a HID gun is enabled: by then what it drops as stale is over."""


class TimedWatcher(Watcher):
    """A receiver that looks at the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.received_at: list[float] = []

    def on_scan(self, scan: Scan) -> None:
        """Keep a scan, and when it came."""
        self.received_at.append(time.monotonic())
        super().on_scan(scan)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """The time that so many of a hundred do not exceed."""
    return sorted(seconds)[len(seconds) * percent // 100]


def spread(seconds: Sequence[float]) -> str:
    """Median and 99th percentile of some times."""
    return f"median {1000 * statistics.median(seconds):.2f} ms, p99 {1000 * percentile(seconds, 99):.2f} ms"
