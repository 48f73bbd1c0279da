"""Receipts, who prints them and who waits for them, and a printer's driver that is quick to try again."""

import threading
import time
from collections.abc import Callable

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
SHORT = Patience(answer=0.3, take=0.3, confirm=0.3, look=0.05, check=0.05, drawer=5.0)
CALM = Patience(check=LONG_SECONDS)
NARROW = Paper(columns=32)


def short(text: str) -> Receipt:
    """A receipt of one line."""
    return Receipt((Text(text),))


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
    """A printer driver that tries again soon."""
    return ReceiptPrinter(
        f"printer:tcp:127.0.0.1:{port}",
        PrinterSocket("127.0.0.1", port),
        paper=paper,
        replies=replies,
        patience=patience,
        most_queued=most,
        clock=clock,
        retry_seconds=0.005,
    )
