"""A printer with a network port (9100, "raw" or "AppSocket"): one connection for each receipt."""

from __future__ import annotations

import select
import socket
import time
from typing import ClassVar

from drivers.device import Clock
from drivers.errors import DeviceAbsent, DeviceLost, DeviceUnavailable
from drivers.printer_link import WAIT_SECONDS, PrinterLink
from drivers.remedies import Remedy

_CONNECT_SECONDS = 3.0
_FINISH_SECONDS = 1.0
"""How long the printer may take to close its side. Many do not, and wait for ours."""


class PrinterSocket(PrinterLink):
    """A link to `host`:`port`. Most such printers serve one connection at a time, so none is held in between."""

    is_shared: ClassVar[bool] = True

    def __init__(self, host: str, port: int = 9100, *, clock: Clock = time.monotonic) -> None:
        super().__init__(f"{host}:{port}")
        self._place = (host, port)
        self._clock = clock
        self._socket: socket.socket | None = None

    def open(self) -> None:
        self.close()
        try:
            self._socket = socket.create_connection(self._place, timeout=_CONNECT_SECONDS)
        except OSError as error:
            raise _absent_or_busy(self.address, error) from error
        # A question after a receipt would otherwise wait for the receipt's acknowledgement, 40 ms each time.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)

    def write(self, data: bytes) -> int:
        try:
            connection = self._opened()
            _, writable, _ = select.select([], [connection], [], WAIT_SECONDS)
            return connection.send(data) if writable else 0
        except OSError as error:
            raise DeviceLost(self.address) from error

    def read(self) -> bytes:
        data = self._receive(WAIT_SECONDS)
        if data is None:
            raise DeviceLost(self.address)
        return data

    def finish(self) -> None:
        """Close our side and hear the printer out: to hang up on unread answers would tear down what is on its way."""
        deadline = self._clock() + _FINISH_SECONDS
        try:
            self._opened().shutdown(socket.SHUT_WR)
        except OSError as error:
            raise DeviceLost(self.address) from error
        left = _FINISH_SECONDS
        while left > 0:
            left = deadline - self._clock()
            if self._receive(max(left, 0.0)) is None:
                return

    def close(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()

    def _receive(self, timeout_seconds: float) -> bytes | None:
        """What has come, nothing after waiting in vain, None when the printer has closed its side."""
        try:
            connection = self._opened()
            readable, _, _ = select.select([connection], [], [], timeout_seconds)
            return (connection.recv(4096) or None) if readable else b""
        except OSError as error:
            raise DeviceLost(self.address) from error

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise DeviceLost(self.address)
        return self._socket


def _absent_or_busy(address: str, error: OSError) -> DeviceUnavailable:
    if isinstance(error, ConnectionRefusedError):
        return DeviceUnavailable(
            f"The printer at {address} takes no connection",
            Remedy("Look whether it is printing for another till; else switch it off and on."),
        )
    return DeviceAbsent(address)
