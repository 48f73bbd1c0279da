"""A serial gun made of a pseudo-terminal: the till opens the one end as it opens any serial gun."""

import os
import tty
from types import TracebackType
from typing import Self


class PtyGun:
    """The gun's end of a pseudo-terminal pair (Linux and macOS). Ends a scan with CR, as guns come set."""

    def __init__(self) -> None:
        self._gun, self._till = os.openpty()
        tty.setraw(self._gun)
        tty.setraw(self._till)
        self.port = os.ttyname(self._till)

    @property
    def path(self) -> str:
        """The device path for the registry."""
        return f"serial:{self.port}?baud=9600"

    def scan(self, text: str) -> None:
        """Send what the gun would send for a label with this text (ASCII)."""
        os.write(self._gun, text.encode("ascii") + b"\r")

    def close(self) -> None:
        """Pull the cable."""
        for end in (self._gun, self._till):
            os.close(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
