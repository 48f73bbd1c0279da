"""A way to a receipt printer, whichever it is, and what the printer's status bytes mean.

Commands and bits: Epson's ESC/POS reference, DLE EOT n (real-time status: answered at once, also by a printer that
cannot print) and GS r n (status in the order of printing: answered when all that came before has been taken).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import ClassVar

WAIT_SECONDS = 0.2
"""How long one call to a link waits, so that the thread can be stopped in between."""

ASK_PRINTER = b"\x10\x04\x01"
ASK_CAUSE = b"\x10\x04\x02"
ASK_PAPER = b"\x10\x04\x04"
ASK_WHEN_TAKEN = b"\x1dr\x01"


class Condition(StrEnum):
    """Whether a printer can print."""

    READY = "ready"
    NO_PAPER = "no_paper"
    COVER_OPEN = "cover_open"
    NOT_READY = "not_ready"


class PrinterLink(ABC):
    """One way to one printer, for one thread. A call waits WAIT_SECONDS at most unless it says otherwise.

    `address` names it in messages. A link that `is_shared` is held only while something is printed, because others
    print there too. One that `answers` brings back what the printer says.
    """

    is_shared: ClassVar[bool] = False
    answers: ClassVar[bool] = True

    def __init__(self, address: str) -> None:
        self.address = address

    @abstractmethod
    def open(self) -> None:
        """Open the way to the printer, some seconds at most. Raises a DeviceError."""

    @abstractmethod
    def write(self, data: bytes) -> int:
        """Send what the printer takes of `data` now; how many bytes that was. Raises DeviceLost."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open; may be called again."""

    def read(self) -> bytes:
        """What the printer has said, or nothing. Raises DeviceLost."""
        return b""

    def finish(self) -> None:  # noqa: B027  # most printers need no farewell
        """Everything of one receipt was written: see it off, some seconds at most. Raises DeviceLost."""

    def condition(self) -> Condition | None:
        """What is known of the printer without asking it, if anything."""
        return None

    def identity(self) -> str | None:
        """What tells this printer from another at the same place, if anything."""
        return None


def is_status(byte: int) -> bool:
    """Whether a byte from the printer answers DLE EOT: bits 1 and 4 are set, bits 0 and 7 are not."""
    return byte & 0x93 == 0x12


def is_taken(byte: int) -> bool:
    """Whether a byte from the printer answers GS r: bits 4 and 7 are not set."""
    return byte & 0x90 == 0


def is_offline(printer: int) -> bool:
    """Whether the answer to ASK_PRINTER says that the printer cannot print."""
    return bool(printer & 0x08)


def condition_of(cause: int, paper: int) -> Condition:
    """Why an offline printer cannot print, from the answers to ASK_CAUSE and ASK_PAPER."""
    if cause & 0x04:
        return Condition.COVER_OPEN
    if paper & 0x60 or cause & 0x20:
        return Condition.NO_PAPER
    return Condition.NOT_READY
