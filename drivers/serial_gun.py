"""A gun on a serial port: RS-232, USB CDC or a pseudo-terminal."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from drivers.baud_search import BaudSearch
from drivers.calibration_labels import LABELS
from drivers.device import Clock, Reading, Repeats, State, ThreadedDevice
from drivers.framing import FrameMode
from drivers.repeats import RepeatFilter
from drivers.serial_port import READ_TIMEOUT_SECONDS, LineSettings, PortInfo, SerialPort
from drivers.serial_protocols import COMMANDS, SerialParser, SerialProtocol, parser_of


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """The port (`/dev/ttyACM0`, `COM3`) and how the gun is set; 9600 8N1 is what guns are sold with.

    Without a `baud` it is searched for: scan a calibration label until the gun is enabled and `found_baud` is known.
    """

    port: str
    baud: int | None = 9600
    bytesize: int = 8
    parity: str = "N"
    stopbits: float = 1
    frame: FrameMode = FrameMode.AUTO
    silence_seconds: float = 0.3
    protocol: SerialProtocol = SerialProtocol.PLAIN
    prefix: str = ""
    suffix: str = ""


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
        self._search = BaudSearch(LABELS) if settings.baud is None else None
        baud = settings.baud or BaudSearch(LABELS).rate
        line = LineSettings(settings.port, baud, settings.bytesize, settings.parity, settings.stopbits)
        self._port = SerialPort(line, read_timeout_seconds=read_timeout_seconds, ports=ports)
        self._parser = self._new_parser()
        self._commands = COMMANDS[settings.protocol]
        self._outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    @property
    def found_baud(self) -> int | None:
        """The speed that was searched for, once it is found; from any thread."""
        return None if self._search is None else self._search.found

    def accept(self) -> bool:
        """Beep that the scan was taken; False when the protocol has no way."""
        return self._tell(self._commands.accept)

    def reject(self) -> bool:
        """Beep that the scan was not taken; False when the protocol has no way."""
        return self._tell(self._commands.reject)

    def trigger(self, on: bool) -> bool:
        """Pull the trigger, or let it go; False when the protocol has no way."""
        return self._tell(self._commands.trigger_on if on else self._commands.trigger_off)

    def _tell(self, commands: Sequence[bytes]) -> bool:
        if not commands or self.health().state is not State.ENABLED:
            return False
        for command in commands:
            self._outbox.put(command)
        return True

    def _open(self) -> None:
        self._port.open(self._known_identity)
        if self._search is not None:
            self._port.set_baud(self._search.found or self._search.rate)
        self._parser = self._new_parser()

    def _read(self) -> Reading:
        while not self._outbox.empty():
            self._port.write(self._outbox.get())
        data = self._port.read()
        at = self._clock()
        self._heard(data, at)
        if self._search is not None and self._search.found is None:
            return self._listen(self._search, data, at)
        scans = self._parser.feed(data, at) if data else self._parser.idle(at)
        self._port.write(self._parser.take_replies())
        return Reading(scans, self._parser.take_misreads())

    def _listen(self, search: BaudSearch, data: bytes, at: float) -> Reading:
        """Look for the speed; what comes meanwhile is no scan, and what is not the label counts as not read."""
        before = search.rate
        search.feed(data, at)
        if search.found is not None:
            self._report()
        if search.rate == before:
            return Reading()
        self._port.set_baud(search.rate)
        return Reading(misreads=1)

    def _close(self) -> None:
        while not self._outbox.empty():
            self._outbox.get()
        self._port.close()

    def _identity(self) -> str | None:
        return self._port.identity()

    def _new_parser(self) -> SerialParser:
        settings = self._settings
        return parser_of(
            settings.protocol,
            frame=settings.frame,
            silence_seconds=settings.silence_seconds,
            prefix=settings.prefix,
            suffix=settings.suffix,
        )


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError("none of the known words")
        return text

    return read


def _baud(text: str) -> int | None:
    if text == "auto":
        return None
    value = int(text)
    if not 50 <= value <= 4_000_000:
        raise ValueError("no speed of a serial port")
    return value


def _text(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no part of a label")
    return text


def _silence(text: str) -> float:
    value = float(text)
    if not 0 < value <= 10:
        raise ValueError("no such silence")
    return value


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "baud": (_baud, "a number from 50 to 4000000, or auto"),
    "bytesize": (lambda text: int(_one_of("7", "8")(text)), "7 or 8"),
    "parity": (_one_of("N", "E", "O", "M", "S"), "N, E, O, M or S"),
    "stopbits": (lambda text: float(_one_of("1", "1.5", "2")(text)), "1, 1.5 or 2"),
    "frame": (FrameMode, f"one of {', '.join(FrameMode)}"),
    "silence_seconds": (_silence, "a number of seconds above 0, 10 at most"),
    "protocol": (SerialProtocol, f"one of {', '.join(SerialProtocol)}"),
    "prefix": (_text, "characters that can be printed"),
    "suffix": (_text, "characters that can be printed"),
}
"""The options of a `serial:` path: the fields of `SerialSettings`, how to read each, and what it may be.

The readers raise ValueError.
"""
