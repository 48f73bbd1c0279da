"""Serial lines made of pseudo-terminal pairs, with a cable that can be pulled, and how a system lists a port."""

import os
import select
import tty
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import PATIENCE_SECONDS


class PtyLine:
    """One pair: the gun's end is written by the test, `port` is opened by the driver."""

    def __init__(self) -> None:
        self._gun, self._till = os.openpty()
        tty.setraw(self._till)
        self.port = os.ttyname(self._till)

    def send(self, data: bytes) -> None:
        """Write all of `data`; waits while the line is full."""
        while data:
            data = data[os.write(self._gun, data) :]

    def receive(self, count: int, timeout_seconds: float = PATIENCE_SECONDS) -> bytes:
        """Read so many bytes that the driver wrote; fewer when they do not come in time."""
        data = b""
        while len(data) < count and select.select([self._gun], [], [], timeout_seconds)[0]:
            data += os.read(self._gun, count - len(data))
        return data

    def pull(self) -> None:
        """Pull the cable at the gun: the driver's end hangs up."""
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, self._gun)  # what `close` closes stays this line's own
        os.close(nothing)

    def close(self) -> None:
        """Take the whole line away."""
        os.close(self._gun)
        os.close(self._till)


class PluggedLine:
    """A name that stays while lines come and go behind it, as udev gives a USB port."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._line: PtyLine | None = None
        self.plug()

    @property
    def path(self) -> str:
        """The name to open."""
        return str(self._link)

    @property
    def line(self) -> PtyLine:
        """The line that is plugged in now."""
        assert self._line is not None, "nothing is plugged in"
        return self._line

    def plug(self) -> None:
        """Put a line behind the name."""
        self._line = PtyLine()
        self._link.symlink_to(self._line.port)

    def unplug(self) -> None:
        """Take the line away, and the name with it."""
        if self._line is not None:
            self._link.unlink()
            self._line.close()
            self._line = None


@dataclass
class Port:
    """A serial port as the system lists it."""

    device: str
    description: str = "n/a"
    vid: int | None = 0x0C2E
    pid: int | None = 0x1007
    serial_number: str | None = "A1"
