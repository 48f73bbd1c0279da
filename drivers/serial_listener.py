"""A serial gun of which nothing is known yet: its port is opened and heard at one speed after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from drivers.baud_search import RATES, BaudSearch
from drivers.calibration_labels import LABELS
from drivers.device import Clock, Reading, ThreadedDevice
from drivers.repeats import RepeatFilter
from drivers.serial_port import READ_TIMEOUT_SECONDS, LineSettings, PortInfo, SerialPort
from drivers.ssi import SsiParser


class SerialListener(ThreadedDevice):
    """Reads no scan: whoever taps it hears the line. `rate` is the speed that is listened at, from any thread.

    The speed of `settings` is tried first, then the others of `rates`; once a calibration label was heard it is kept.
    Zebra's packets are acknowledged, for a gun without an answer says its label again and again.
    """

    transport: ClassVar[str] = "serial"

    def __init__(
        self,
        path: str,
        settings: LineSettings,
        *,
        rates: Sequence[int] = RATES,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        ports: Callable[[], Iterable[PortInfo]] | None = None,
    ) -> None:
        super().__init__(path, repeats=RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._search = BaudSearch(LABELS, (settings.baud, *(rate for rate in rates if rate != settings.baud)))
        self._opened_at = settings.baud
        self._port = SerialPort(settings, read_timeout_seconds=read_timeout_seconds, ports=ports)
        self._packets = SsiParser()

    @property
    def rate(self) -> int:
        """The speed in bits per second."""
        return self._search.found or self._search.rate

    def _open(self) -> None:
        self._port.open(self._known_identity)
        if self.rate != self._opened_at:
            self._port.set_baud(self.rate)

    def _read(self) -> Reading:
        data = self._port.read()
        at = self._clock()
        self._heard(data, at)
        before = self._search.rate
        self._search.feed(data, at)
        if self._search.rate != before:
            self._port.set_baud(self._search.rate)
            return Reading(misreads=1)
        is_packet = bool(self._packets.feed(data, at))
        replies = self._packets.take_replies()
        if is_packet:
            self._port.write(replies)
        return Reading()

    def _close(self) -> None:
        self._port.close()

    def _identity(self) -> str | None:
        return self._port.identity()
