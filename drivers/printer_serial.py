"""A printer on a serial line, RS-232 or USB; it holds the till back by its DTR line when its buffer is full."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from drivers.printer_link import WAIT_SECONDS, PrinterLink
from drivers.serial_port import LineSettings, PortInfo, SerialPort

_WRITE_BYTES = 64
"""Sent at a time: 64 bytes take 67 ms at 9600 baud, so one write stays within the wait of a call."""


class PrinterSerial(PrinterLink):
    """A link through a serial port."""

    def __init__(
        self, settings: LineSettings, *, ports: Callable[[], Iterable[PortInfo]] | None = None
    ) -> None:
        super().__init__(settings.port)
        self._known_identity: str | None = None
        self._port = SerialPort(settings, read_timeout_seconds=WAIT_SECONDS, ports=ports)

    def open(self) -> None:
        self._port.open(self._known_identity)

    def write(self, data: bytes) -> int:
        part = data[:_WRITE_BYTES]
        self._port.write(part)
        return len(part)

    def read(self) -> bytes:
        return self._port.read()

    def identity(self) -> str | None:
        identity = self._port.identity()
        self._known_identity = self._known_identity or identity
        return identity

    def close(self) -> None:
        self._port.close()
