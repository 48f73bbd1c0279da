"""The speed of a serial line, found by a label whose text is known. Pure; times are monotonic seconds.

At a wrong speed a label is noise, or nothing that makes sense; that it is all there at a right one is beyond chance. So
the same label is scanned again and again, and after each scan that is not it the next speed is tried.
"""

from __future__ import annotations

from collections.abc import Sequence

RATES = (9600, 115200, 38400, 19200, 57600, 4800, 2400, 1200)
"""What guns are set to, the commonest first."""

SILENCE_SECONDS = 0.3
"""So long nothing comes: the label is over."""

_MOST_BYTES = 4096


class BaudSearch:
    """Tries one rate after the other, round and round. `rate` is the one to listen at now, `found` the right one.

    `labels` are the texts of which any may be scanned. ValueError without rates or labels.
    """

    def __init__(self, labels: Sequence[str], rates: Sequence[int] = RATES) -> None:
        if not rates or not all(labels) or not labels:
            raise ValueError("a search needs rates and labels")
        self._labels = [label.encode() for label in labels]
        self._rates = rates
        self._place = 0
        self._heard = bytearray()
        self._last_at = 0.0
        self.found: int | None = None

    @property
    def rate(self) -> int:
        """The rate to listen at."""
        return self._rates[self._place]

    def feed(self, data: bytes, at: float) -> None:
        """Take bytes that arrived at `at`; look at `found` and `rate` afterwards."""
        self.idle(at)
        if self.found is not None or not data:
            return
        self._last_at = at
        self._heard += data[: _MOST_BYTES - len(self._heard)]
        if any(label in self._heard for label in self._labels):
            self.found = self.rate
            self._heard.clear()

    def idle(self, at: float) -> None:
        """Say that nothing has come up to `at`: a label that was none is over, and the next rate is tried."""
        if self._heard and at - self._last_at >= SILENCE_SECONDS:
            self._heard.clear()
            self._place = (self._place + 1) % len(self._rates)
