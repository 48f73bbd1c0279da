"""A serial port to talk to: opened for this program alone, found again under another name, its errors explained.

pyserial is imported at the first opening. A gun only listens and has its own way (`serial_gun`); this is for devices
that are also told something: keypads and printers.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from drivers.errors import DeviceLost, DriverMissing
from drivers.serial_gun import READ_TIMEOUT_SECONDS, PortInfo, explain, identity_of, list_ports, receiver_of

if TYPE_CHECKING:
    import serial

_T = TypeVar("_T")

_WRITE_TIMEOUT_SECONDS = 1.0
"""How long a write may wait: a line that takes nothing for so long is dead or held by its flow control."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The port (`/dev/ttyUSB0`, `COM3`) and how its line is set."""

    port: str
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    dsrdtr: bool = False  # the device stops us by its DTR line, as RS-232 printers do


class SerialPort:
    """One port, opened and closed as often as need be, by one thread."""

    def __init__(
        self,
        settings: LineSettings,
        *,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        write_timeout_seconds: float = _WRITE_TIMEOUT_SECONDS,
        ports: Callable[[], Iterable[PortInfo]] | None = None,
    ) -> None:
        self._settings = settings
        self._read_timeout_seconds = read_timeout_seconds
        self._write_timeout_seconds = write_timeout_seconds
        self._ports = ports or list_ports
        self._node = settings.port
        self._port: serial.Serial | None = None
        self._receive: Callable[[], bytes] = bytes

    def open(self, known_identity: str | None = None) -> None:
        """Open the port, or the one where the USB device `known_identity` is now. Raises a DeviceError."""
        try:
            import serial  # noqa: PLC0415  # a till without serial devices starts without it
        except ImportError:
            raise DriverMissing("pyserial") from None
        settings = self._settings
        self._node = self._find(known_identity)
        try:
            self._port = serial.Serial(
                self._node,
                baudrate=settings.baud,
                bytesize=settings.bytesize,
                parity=settings.parity,
                stopbits=settings.stopbits,
                dsrdtr=settings.dsrdtr,
                timeout=self._read_timeout_seconds,
                write_timeout=self._write_timeout_seconds,
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise explain(self._node, error) from error
        self._receive = receiver_of(self._port)

    def read(self) -> bytes:
        """Wait for bytes, for the read time-out at most. Raises DeviceLost."""
        return self._do(self._receive)

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises DeviceLost, also when the line takes nothing for the write time-out."""
        if data:
            self._do(lambda: self._opened().write(data))

    def drop_input(self) -> None:
        """Forget what has come and was not read. Raises DeviceLost."""
        self._do(lambda: self._opened().reset_input_buffer())

    def close(self) -> None:
        """Close the port, if it is open."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def identity(self) -> str | None:
        """What tells the USB device at the port from another: ids and serial number; None for other ports."""
        places = {self._node, str(Path(self._node).resolve())}
        return next((identity_of(port) for port in self._ports() if port.device in places), None)

    def _do(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except OSError as error:  # pyserial's SerialException and its time-out are OSErrors
            raise DeviceLost(self._node) from error

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise OSError(errno.EBADF, "the port is not open")
        return self._port

    def _find(self, known_identity: str | None) -> str:
        port = self._settings.port
        if known_identity is None:
            return port
        places = {port, str(Path(port).resolve())}
        nodes = [found.device for found in self._ports() if identity_of(found) == known_identity]
        return port if not nodes or places.intersection(nodes) else nodes[0]
