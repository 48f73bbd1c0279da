"""Receipts, who prints them and who waits for them, and a printer's driver that is quick to try again."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from drivers.print_jobs import JobState, Progress, Ticket
from drivers.printer_socket import PrinterSocket
from drivers.receipt import Align, QrCode, Receipt, Row, Size, Text
from drivers.receipt_bytes import Paper
from drivers.receipt_printer import Patience, ReceiptPrinter, Replies
from tests.drivers.watcher import LONG_SECONDS

RECEIPT = Receipt(
    (
        Text("街角咖啡", Align.CENTER, is_bold=True, size=Size.LARGE),
        Row("拿铁咖啡", ("2", "￥36.00"), (4, 9)),
        Row("积分支付", ("3600分",), is_bold=True),
        QrCode("R20260302-000017"),
    )
)
ON_PAPER = ["    街角咖啡", "拿铁咖啡             2   ￥36.00", "积分支付                  3600分"]
MARK = "         重印 / REPRINT"
CALM = Patience(
    answer=LONG_SECONDS, take=LONG_SECONDS, confirm=LONG_SECONDS, check=LONG_SECONDS, drawer=LONG_SECONDS
)
"""For a printer that does what it is asked: nothing is taken for silence, however busy the machine is."""
CURIOUS = replace(CALM, look=0.05, check=0.05)
"""For one that has news: it is asked again and again."""
SHORT = Patience(answer=0.3, take=0.3, confirm=0.3, look=0.05, check=0.05, drawer=5.0)
"""For one that says nothing."""
NARROW = Paper(columns=32)


def short(text: str) -> Receipt:
    """A receipt of one line."""
    return Receipt((Text(text),))


class LeapingClock:
    """The time; while `is_leaping`, each look at it is later than anybody's patience lasts."""

    def __init__(self) -> None:
        self.is_leaping = False
        self._skipped_seconds = 0.0

    def __call__(self) -> float:
        if self.is_leaping:
            self._skipped_seconds += 2 * LONG_SECONDS
        return time.monotonic() + self._skipped_seconds


class Receiver:
    """Who printed: the progress of all tickets, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[Progress] = []
        self._news = threading.Condition()

    def __call__(self, progress: Progress) -> None:
        """Keep a report."""
        with self._news:
            self.told.append(progress)
            self._news.notify_all()

    def until(self, ticket: Ticket, state: JobState) -> Progress:
        """Wait until a receipt has come to a state, and return what was told."""
        with self._news:
            found = self._news.wait_for(lambda: self._last(ticket, state), LONG_SECONDS)
        assert found is not None, f"{state} did not come: {self.told}"
        return found

    def states(self, ticket: Ticket) -> list[JobState]:
        """The states of a receipt, in order."""
        return [progress.state for progress in self.told if progress.number == ticket.number]

    def _last(self, ticket: Ticket, state: JobState) -> Progress | None:
        found = [told for told in self.told if (told.number, told.state) == (ticket.number, state)]
        return found[-1] if found else None


def printer_at(
    port: int,
    patience: Patience = CALM,
    *,
    replies: Replies = Replies.AUTO,
    paper: Paper = NARROW,
    most: int = 50,
    clock: Callable[[], float] = time.monotonic,
) -> ReceiptPrinter:
    """A printer driver that tries again soon, and hears a printer out until it closes its side."""
    printer = ReceiptPrinter(
        f"printer:tcp:127.0.0.1:{port}",
        PrinterSocket("127.0.0.1", port, clock=lambda: 0.0),
        paper=paper,
        replies=replies,
        patience=patience,
        most_queued=most,
        clock=clock,
        retry_seconds=0.005,
    )
    printer._join_seconds = LONG_SECONDS
    return printer
