"""A serial gun made of a pseudo-terminal: the till opens the one end as it opens any serial gun."""

import os
import tty
from types import TracebackType
from typing import Self


class PtyGun:
    """The gun's end of a pseudo-terminal pair (Linux and macOS). Ends a scan with CR, as guns come set."""

    def __init__(self) -> None:
        gun, till = os.openpty()
        self._ends = [till, gun]
        for end in self._ends:
            tty.setraw(end)
        self.port = os.ttyname(till)

    @property
    def path(self) -> str:
        """The device path for the registry."""
        return f"serial:{self.port}?baud=9600"

    def scan(self, text: str) -> None:
        """Send what the gun would send for a label with this text (ASCII)."""
        _, gun = self._ends
        os.write(gun, text.encode("ascii") + b"\r")

    def unplug(self) -> None:
        """Pull the cable: whoever reads the other end finds the line dead. Its name is nobody else's until `close`."""
        while len(self._ends) > 1:
            os.close(self._ends.pop())

    def close(self) -> None:
        """Put the gun away, when nobody looks for it any more; safe to call again."""
        while self._ends:
            os.close(self._ends.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
