"""A gun on a serial port: RS-232, USB CDC or a pseudo-terminal, through pyserial, imported at the first opening."""

from __future__ import annotations

import errno
import os
import select
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
    DriverMissing,
)
from drivers.framing import FrameMode, Framer
from drivers.repeats import RepeatFilter

if TYPE_CHECKING:
    import serial

_ABSENT = {errno.ENOENT, errno.ENODEV, errno.ENXIO}
_DENIED = {errno.EACCES, errno.EPERM}
_BUSY = {errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK}

_READ_BYTES = 4096

READ_TIMEOUT_SECONDS = 0.05
"""How long a read waits: often enough to notice a silence of 0.3 s and a wish to stop."""


class PortInfo(Protocol):
    """What pyserial's list of ports tells of one: its node or name, and the USB ids it has, if any."""

    device: str
    description: str
    vid: int | None
    pid: int | None
    serial_number: str | None


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """The port (`/dev/ttyACM0`, `COM3`) and how the gun is set; 9600 8N1 is what guns are sold with."""

    port: str
    baud: int = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    frame: FrameMode = FrameMode.AUTO
    silence_seconds: float = 0.3


class SerialGun(ThreadedDevice):
    """Device `serial:`. The port is held for this program alone; a read waits in the kernel, nothing is polled.

    A USB gun that comes back under another name is found by its ids.
    """

    transport: ClassVar[str] = "serial"

    def __init__(
        self,
        path: str,
        settings: SerialSettings,
        *,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        ports: Callable[[], Iterable[PortInfo]] | None = None,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._settings = settings
        self._read_timeout_seconds = read_timeout_seconds
        self._ports = ports or list_ports
        self._node = settings.port
        self._port: serial.Serial | None = None
        self._receive: Callable[[], bytes] = bytes
        self._framer = self._new_framer()

    def _open(self) -> None:
        try:
            import serial  # noqa: PLC0415  # a till without a serial gun starts without it
        except ImportError:
            raise DriverMissing("pyserial") from None
        settings = self._settings
        self._node = self._find_node()
        try:
            self._port = serial.Serial(
                self._node,
                baudrate=settings.baud,
                bytesize=settings.bytesize,
                parity=settings.parity,
                stopbits=settings.stopbits,
                timeout=self._read_timeout_seconds,
                exclusive=True,
            )
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise explain(self._node, error) from error
        self._receive = receiver_of(self._port)
        self._framer = self._new_framer()

    def _read(self) -> Reading:
        try:
            data = self._receive()
        except OSError as error:
            raise DeviceLost(self._node) from error
        at = self._clock()
        self._heard(data, at)
        scans = self._framer.feed(data, at)
        return Reading(scans, self._framer.take_misreads())

    def _close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _identity(self) -> str | None:
        places = {self._node, str(Path(self._node).resolve())}
        return next((identity_of(port) for port in self._ports() if port.device in places), None)

    def _find_node(self) -> str:
        """The port of the settings, or where the gun known from before is now."""
        port = self._settings.port
        if self._known_identity is None:
            return port
        places = {port, str(Path(port).resolve())}
        nodes = [found.device for found in self._ports() if identity_of(found) == self._known_identity]
        return port if not nodes or places.intersection(nodes) else nodes[0]

    def _new_framer(self) -> Framer:
        return Framer(self._settings.frame, silence_seconds=self._settings.silence_seconds)


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


def list_ports() -> Iterable[PortInfo]:
    """The serial ports of this machine. Raises DriverMissing without pyserial."""
    try:
        from serial.tools.list_ports import comports  # noqa: PLC0415  # as above
    except ImportError:
        raise DriverMissing("pyserial") from None
    return comports()


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
            f"Add the user to the group {group} (sudo usermod -aG {group} $USER), then sign out and in again.",
        )
    return DeviceUnusable(
        f"{node} cannot be used as a serial port", "Choose another port, or check its settings."
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


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("none of the known words")
        return text

    return read


def _baud(text: str) -> int:
    value = int(text)
    if not 50 <= value <= 4_000_000:
        raise ValueError("no speed of a serial port")
    return value


def _silence(text: str) -> float:
    value = float(text)
    if not 0 < value <= 10:
        raise ValueError("no such silence")
    return value


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "baud": (_baud, "a number from 50 to 4000000"),
    "bytesize": (lambda text: int(_one_of("7", "8")(text)), "7 or 8"),
    "parity": (_one_of("N", "E", "O", "M", "S"), "N, E, O, M or S"),
    "stopbits": (lambda text: float(_one_of("1", "1.5", "2")(text)), "1, 1.5 or 2"),
    "frame": (FrameMode, f"one of {', '.join(FrameMode)}"),
    "silence_seconds": (_silence, "a number of seconds above 0, 10 at most"),
}
"""The options of a `serial:` path: the fields of `SerialSettings`, how to read each, and what it may be.

The readers raise ValueError.
"""
