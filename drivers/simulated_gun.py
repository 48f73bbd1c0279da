"""A gun made of software, for demonstrations and tests: its bytes take the way a serial gun's take."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import DeviceAbsent, DeviceLost
from drivers.framing import FrameMode, Framer
from drivers.repeats import RepeatFilter

_AROUND: dict[FrameMode, tuple[bytes, bytes]] = {
    FrameMode.CR: (b"", b"\r"),
    FrameMode.LF: (b"", b"\n"),
    FrameMode.CR_LF: (b"", b"\r\n"),
    FrameMode.STX_ETX: (b"\x02", b"\x03"),
    FrameMode.SILENCE: (b"", b""),
    FrameMode.AUTO: (b"", b"\r"),
}
"""What this gun sends before and after a label, by how its bytes are framed."""


class SimulatedGun(ThreadedDevice):
    """Device `sim:`, with a trigger and a cable that can be pulled; both from any thread, neither waits."""

    transport: ClassVar[str] = "sim"

    def __init__(
        self,
        path: str = "sim:",
        *,
        frame: FrameMode = FrameMode.AUTO,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = 0.05,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._frame = frame
        self._framer = Framer(frame)
        self._read_timeout_seconds = read_timeout_seconds
        self._cable = threading.Lock()
        self._is_plugged = True
        # None stands for the cable being pulled: what was sent before it is still read.
        self._line: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def trigger(self, text: str) -> None:
        """Read a label with this text; does nothing while the gun is unplugged."""
        before, after = _AROUND[self._frame]
        self.send(before + text.encode() + after)

    def send(self, data: bytes) -> None:
        """Put raw bytes on the line, as a gun with a fault would; does nothing while it is unplugged."""
        with self._cable:
            if self._is_plugged:
                self._line.put(data)

    def unplug(self) -> None:
        """Pull the cable."""
        with self._cable:
            if self._is_plugged:
                self._is_plugged = False
                self._line.put(None)

    def replug(self) -> None:
        """Put the cable back; the gun is found again within `retry_seconds`."""
        with self._cable:
            self._is_plugged = True

    def _open(self) -> None:
        with self._cable:
            if not self._is_plugged:
                while not self._line.empty():
                    self._line.get_nowait()
                raise DeviceAbsent(self.path)
        self._framer = Framer(self._frame)

    def _read(self) -> Reading:
        try:
            data = self._line.get(timeout=self._read_timeout_seconds)
        except queue.Empty:
            data = b""
        if data is None:
            raise DeviceLost(self.path)
        at = self._clock()
        self._heard(data, at)
        scans = self._framer.feed(data, at)
        return Reading(scans, self._framer.take_misreads())

    def _close(self) -> None:
        """Nothing is open."""

    def _identity(self) -> str | None:
        return self.path


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "frame": (FrameMode, f"one of {', '.join(FrameMode)}"),
}
"""The options of a `sim:` path, how to read each, and what it may be. The readers raise ValueError."""
