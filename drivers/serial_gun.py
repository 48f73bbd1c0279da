"""A gun on a serial port: RS-232, USB CDC or a pseudo-terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.framing import FrameMode, Framer
from drivers.repeats import RepeatFilter
from drivers.serial_port import READ_TIMEOUT_SECONDS, LineSettings, PortInfo, SerialPort


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
        line = LineSettings(
            settings.port, settings.baud, settings.bytesize, settings.parity, settings.stopbits
        )
        self._port = SerialPort(line, read_timeout_seconds=read_timeout_seconds, ports=ports)
        self._framer = self._new_framer()

    def _open(self) -> None:
        self._port.open(self._known_identity)
        self._framer = self._new_framer()

    def _read(self) -> Reading:
        data = self._port.read()
        at = self._clock()
        self._heard(data, at)
        scans = self._framer.feed(data, at)
        return Reading(scans, self._framer.take_misreads())

    def _close(self) -> None:
        self._port.close()

    def _identity(self) -> str | None:
        return self._port.identity()

    def _new_framer(self) -> Framer:
        return Framer(self._settings.frame, silence_seconds=self._settings.silence_seconds)


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
