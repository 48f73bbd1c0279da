"""Which scan is the one before it again. Pure: the times are those of the scans."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping

from drivers.scan import Scan


class RepeatFilter:
    """Remembers what was let through lately: the same text within the window is a repeat, whatever its source.

    One label read through two channels is one scan. A different text is never a repeat, and a repeat does not prolong
    the window, so a cashier who pulls the trigger again and again is heard every `window_seconds`. 2.5 s for guns and
    5 s for cameras are pretixSCAN's. `window_seconds_by_source` sets the window of single device paths.
    Texts are kept as digests, `max_entries` of them.
    """

    def __init__(
        self,
        window_seconds: float = 2.5,
        window_seconds_by_source: Mapping[str, float] | None = None,
        max_entries: int = 1024,
    ) -> None:
        self._window_seconds = window_seconds
        self._window_seconds_by_source = dict(window_seconds_by_source or {})
        self._max_entries = max_entries
        self._let_through_at: OrderedDict[bytes, float] = OrderedDict()

    def set_window(self, source: str, seconds: float) -> None:
        """Set the window of one device path; 0 lets everything through. ValueError for less."""
        if not seconds >= 0:
            raise ValueError("a window is 0 s or longer")
        self._window_seconds_by_source[source] = seconds

    def is_repeat(self, scan: Scan) -> bool:
        """Whether `scan` is a repeat; one that is not is remembered. ValueError for a scan without a time."""
        if scan.at is None:
            raise ValueError("a scan without a time cannot be compared")
        digest = hashlib.blake2b(scan.text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        window_seconds = self._window_seconds_by_source.get(scan.source, self._window_seconds)
        before = self._let_through_at.get(digest)
        if before is not None and abs(scan.at - before) < window_seconds:
            return True
        self._let_through_at[digest] = scan.at
        self._let_through_at.move_to_end(digest)
        if len(self._let_through_at) > self._max_entries:
            self._let_through_at.popitem(last=False)
        return False
