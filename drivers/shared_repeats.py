"""Which scan is a repeat, for all guns of a till together and safe from their threads."""

from __future__ import annotations

import threading
from typing import Protocol, runtime_checkable

from drivers.device import Repeats
from drivers.repeats import RepeatFilter
from drivers.scan import Scan


@runtime_checkable
class WindowedRepeats(Repeats, Protocol):
    """Repeats whose window can be set for each gun."""

    def set_window(self, source: str, seconds: float) -> None:
        """Set the repeat window of one gun's path."""


class SharedRepeats:
    """One `RepeatFilter` for all guns of a till, safe from their threads: one label through two guns is one scan."""

    def __init__(self, repeats: RepeatFilter | None = None) -> None:
        self._repeats = repeats or RepeatFilter()
        self._lock = threading.Lock()

    def set_window(self, source: str, seconds: float) -> None:
        """Set the repeat window of one gun's path."""
        with self._lock:
            self._repeats.set_window(source, seconds)

    def is_repeat(self, scan: Scan) -> bool:
        """Whether any gun has delivered this text a moment ago."""
        with self._lock:
            return self._repeats.is_repeat(scan)
