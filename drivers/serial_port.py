"""A serial port: opened for this program alone, found again under another name, its errors explained.

pyserial is imported at the first opening. Guns, keypads and printers use it, each on the one thread it has.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
    DriverMissing,
)
from drivers.remedies import Remedy

if TYPE_CHECKING:
    import serial

_T = TypeVar("_T")

_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO}
_DENIED = {errno.EACCES, errno.EPERM}
_BUSY = {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}

_REFUSALS: tuple[type[Exception], ...] = (OSError, ValueError)
"""What an opening fails with: pyserial's own error is an OSError; what a line cannot be set to is not, on POSIX."""
try:
    import termios
except ImportError:
    pass  # Windows has none
else:
    _REFUSALS = (*_REFUSALS, termios.error)

_READ_BYTES = 4096

_LIST_TRIES = 20
"""Of listing the ports: a plug comes or goes in the time of a few."""

READ_TIMEOUT_SECONDS = 0.05
"""How long a read waits: often enough to notice a silence of 0.3 s and a wish to stop."""

_WRITE_TIMEOUT_SECONDS = 1.0
"""How long a write may wait: a line that takes nothing for so long is dead or held by its flow control."""


class PortInfo(Protocol):
    """What pyserial's list of ports tells of one: its node or name, and the USB ids it has, if any."""

    device: str
    description: str
    vid: int | None
    pid: int | None
    serial_number: str | None


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
        except _REFUSALS as error:
            raise explain(self._node, error) from error
        self._receive = receiver_of(self._port)

    def read(self) -> bytes:
        """Wait for bytes, for the read time-out at most. Raises DeviceLost."""
        return self._do(self._receive)

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises DeviceLost, also when the line takes nothing for the write time-out."""
        if data:
            self._do(lambda: self._opened().write(data))

    def set_baud(self, baud: int) -> None:
        """Go on at another speed; what came at the one before is forgotten. Raises a DeviceError."""
        try:
            port = self._opened()
            port.baudrate = baud
            port.reset_input_buffer()
        except OSError as error:
            raise DeviceLost(self._node) from error
        except _REFUSALS as error:
            raise explain(self._node, error) from error

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
        return next((identity_of(port) for port in self._listed() if port.device in places), None)

    def _do(self, act: Callable[[], _T]) -> _T:
        try:
            return act()
        except OSError as error:  # pyserial's SerialException and its time-out are OSErrors
            raise DeviceLost(self._node) from error

    def _listed(self) -> Iterable[PortInfo]:
        return self._do(self._ports)

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise OSError(errno.EBADF, "the port is not open")
        return self._port

    def _find(self, known_identity: str | None) -> str:
        port = self._settings.port
        if known_identity is None:
            return port
        places = {port, str(Path(port).resolve())}
        nodes = [found.device for found in self._listed() if identity_of(found) == known_identity]
        return port if not nodes or places.intersection(nodes) else nodes[0]


def receiver_of(port: serial.Serial, platform: str = sys.platform) -> Callable[[], bytes]:
    """What waits for bytes on an open port, for its time-out, and returns all that has come; OSError when it has gone.

    On Linux it goes past pyserial, which takes two waits and two reads for a label where one of each will do. Elsewhere
    `poll` does not know terminals (macOS) or does not exist (Windows).
    """
    if not platform.startswith("linux"):

        def receive_by_pyserial() -> bytes:
            first: bytes = port.read(1)
            return first + port.read(port.in_waiting) if first else first

        return receive_by_pyserial
    descriptor, poll = port.fileno(), select.poll()
    poll.register(descriptor, select.POLLIN)
    timeout_ms = (port.timeout or 0) * 1000

    def receive() -> bytes:
        if not poll.poll(timeout_ms):
            return b""
        data = os.read(descriptor, _READ_BYTES)
        if not data:
            raise OSError(errno.EIO, "the line has hung up")
        return data

    return receive


def list_ports(list_once: Callable[[], Iterable[PortInfo]] | None = None) -> Iterable[PortInfo]:
    """The serial ports of this machine. Raises DriverMissing without pyserial, OSError when it cannot be told.

    `list_once` is pyserial's own; on Linux it fails with a TypeError when a USB port is plugged in or out meanwhile,
    for then the ids it reads are not there. It is asked again, some times.
    """
    if list_once is None:
        try:
            from serial.tools.list_ports import comports  # noqa: PLC0415  # as above
        except ImportError:
            raise DriverMissing("pyserial") from None
        list_once = comports
    for _ in range(_LIST_TRIES):
        try:
            return [*list_once()]
        except TypeError:
            continue
    raise OSError(errno.EAGAIN, "the serial ports come and go")


def identity_of(port: PortInfo) -> str | None:
    """What tells a USB port from another: ids and serial number; None for a port that is not USB."""
    if port.vid is None or port.pid is None:
        return None
    return f"{port.vid:04x}:{port.pid:04x}:{port.serial_number or ''}"


def explain(node: str, error: Exception) -> DeviceUnavailable:
    """What an error of opening `node` means, with its remedy."""
    number = getattr(error, "errno", None)
    text = str(
        error
    )  # where pyserial keeps Windows' errors: "could not open port 'COM3': FileNotFoundError(2, …)"
    if number in _ABSENT or "FileNotFoundError" in text:
        return DeviceAbsent(node)
    if number in _BUSY or "PermissionError" in text:  # Windows denies access to a port that is open elsewhere
        return DeviceBusy(node, _holder_of(node))
    if number in _DENIED:
        group = _group_of(node)
        return DevicePermission(
            f"This user may not open {node}",
            Remedy(
                "Add the user to the group {group} (sudo usermod -aG {group} $USER), then sign out and in again.",
                group=group,
            ),
        )
    return DeviceUnusable(
        f"{node} cannot be used as a serial port", Remedy("Choose another port, or check its settings.")
    )


def _group_of(node: str) -> str:
    """The group that may use the port: Debian's is dialout, others call it uucp."""
    try:
        status = Path(node).stat()
        return Path(node).group() if status.st_gid and status.st_mode & 0o060 == 0o060 else "dialout"
    except (OSError, KeyError):
        return "dialout"


def _holder_of(node: str) -> str | None:
    """The program that has the port open, as far as Linux tells this user."""
    target = Path(node).resolve()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if descriptor.readlink() == target:
                process = descriptor.parent.parent
                name = (process / "comm").read_text().strip()
                return f"{name} (process {process.name})"
        except OSError:
            continue  # it ended, closed it, or belongs to somebody else
    return None
