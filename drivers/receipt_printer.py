"""A receipt printer on a thread of its own: its queue takes at once, and it prints when it can.

A receipt that could not be sent whole is sent again, whole, after waits that grow from `retry_seconds` to 10 s, until
it is printed, discarded, or the printer is stopped: none is lost. Some may come out twice: when the connection breaks
after a part was sent, nobody knows what the printer made of that part. Then, and for every reprint, the paper bears
the receipt's copy mark. A printer that runs out of paper in the middle keeps the rest and goes on by itself, so as
long as it says that this is what has happened, the till waits for it and sends nothing twice.

Nothing here raises into the caller of `print`, `reprint`, `open_drawer` or `discard`, and none of them waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from drivers.device import Clock, Reading, State, Step, ThreadedDevice
from drivers.errors import (
    DeviceError,
    DeviceLost,
    DriverMissing,
    PrinterCoverOpen,
    PrinterNotReady,
    PrinterOutOfPaper,
)
from drivers.print_jobs import Act, Job, OnProgress, PrintQueue, Progress, Ticket
from drivers.printer_link import (
    ASK_CAUSE,
    ASK_PAPER,
    ASK_PRINTER,
    ASK_WHEN_TAKEN,
    Condition,
    PrinterLink,
    condition_of,
    is_offline,
    is_status,
    is_taken,
)
from drivers.receipt import Receipt
from drivers.receipt_bytes import Paper, drawer_bytes, escpos_printers, receipt_bytes
from drivers.repeats import RepeatFilter

_log = logging.getLogger(__name__)

_NOT_READY: dict[Condition, type[PrinterNotReady]] = {
    Condition.NO_PAPER: PrinterOutOfPaper,
    Condition.COVER_OPEN: PrinterCoverOpen,
    Condition.NOT_READY: PrinterNotReady,
}
_MOST_RETRY_SECONDS = 10.0
_POLL_SECONDS = 0.2


class Replies(StrEnum):
    """Whether the printer says how it is when it is asked."""

    YES = "yes"
    NO = "no"
    AUTO = "auto"  # as it did when it was asked first


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a printer may take, in seconds."""

    answer: float = 1.0  # to say how it is
    take: float = 10.0  # to take anything more of a receipt
    confirm: float = 10.0  # to say that it has taken all of one
    look: float = 2.0  # until it is asked how it is while it has not said so
    check: float = 15.0  # between two looks at a printer that has nothing to print
    drawer: float = 5.0  # after that, a drawer that did not open stays shut


class ReceiptPrinter(ThreadedDevice):
    """Device `printer:`. It never delivers a scan; its health is that of the printer, its paper included."""

    transport: ClassVar[str] = "printer"

    def __init__(
        self,
        path: str,
        link: PrinterLink,
        *,
        paper: Paper | None = None,
        replies: Replies = Replies.AUTO,
        patience: Patience | None = None,
        most_queued: int = 50,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
    ) -> None:
        super().__init__(path, repeats=RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._link = link
        self._paper = paper or Paper()
        self._patience = patience or Patience()
        self._replies = replies if link.answers else Replies.NO
        self._jobs = PrintQueue(most_queued, self._tell)
        self._first_retry_seconds = retry_seconds
        # The rest belongs to the printer's thread alone.
        self._failures = 0
        self._check_at = 0.0
        self._is_connected = False
        self._is_paused = False
        self._talks = replies is Replies.YES
        self._confirms = True
        self._said = bytearray()

    def print(self, receipt: Receipt, on_progress: OnProgress | None = None) -> Ticket:
        """Queue a receipt; the ticket says whether there was room.

        `on_progress` is called on the printer's thread each time the receipt has moved, and must be quick.
        """
        return self._jobs.put(receipt, on_progress or _ignore)

    def reprint(self, number: int, on_progress: OnProgress | None = None) -> Ticket:
        """Queue a finished receipt once more; one that is still on its way is left as it is."""
        return self._jobs.put_again(number, on_progress or _ignore)

    def open_drawer(self, on_progress: OnProgress | None = None) -> Ticket:
        """Open the cash drawer now, before anything is printed, or not at all: never minutes later."""
        return self._jobs.put(None, on_progress or _ignore, expires_at=self._clock() + self._patience.drawer)

    def discard(self, number: int) -> bool:
        """Give a receipt up; True when no (further) try will be made. One that is being sent is sent to its end."""
        return self._jobs.discard(number)

    def progress(self, number: int) -> Progress | None:
        """How the receipt is doing; None when it is not remembered."""
        return self._jobs.progress(number)

    @property
    def queued(self) -> int:
        """How many receipts are on their way."""
        return self._jobs.count()

    def stop(self) -> None:
        """Close the printer; one in order first gets 2 s for what is queued, the rest is discarded."""
        if self.health().state is State.ENABLED and threading.current_thread() is not self._thread:
            self._jobs.wait_until_empty(self._join_seconds)
        self._jobs.close()
        super().stop()

    def _open(self) -> None:
        self._retry_seconds = min(_MOST_RETRY_SECONDS, self._first_retry_seconds * 2**self._failures)
        self._failures += 1
        self._is_paused = False
        escpos_printers()  # its absence is to be known before a receipt waits
        if self._replies is Replies.AUTO and not self._talks:
            self._confirms = True
        self._look(is_first=True)
        if not self._jobs.count():
            self._begin_afresh()

    def _identity(self) -> str | None:
        return self._link.identity()

    def _close(self) -> None:
        self._is_connected = False
        self._link.close()

    def _read(self) -> Reading:
        job = self._jobs.next(_POLL_SECONDS)
        if job is not None:
            self._serve(job)
        elif self._clock() >= self._check_at:
            self._look()
            self._begin_afresh()
        return Reading()

    def _serve(self, job: Job) -> None:
        act = Act.BREAK
        try:
            is_late = job.expires_at is not None and self._clock() > job.expires_at
            data = None if is_late else self._bytes_of(job)
            act = Act.FAIL if data is None else self._send_whole(data, job)
        finally:
            self._jobs.settle(job, act)
            self._release()
        self._begin_afresh()

    def _bytes_of(self, job: Job) -> bytes | None:
        if job.receipt is None:
            return drawer_bytes(self._paper)
        try:
            return receipt_bytes(
                job.receipt, self._paper, is_copy=job.is_copy or job.has_begun, is_after_torn=job.has_begun
            )
        except DriverMissing:
            raise
        except Exception as error:  # noqa: BLE001  # one receipt that cannot be drawn must not hold up the others
            _log.error("%s: a receipt cannot be drawn: %s", self.path, type(error).__name__)
            return None

    def _send_whole(self, data: bytes, job: Job) -> Act:
        self._connect()
        if job.receipt is not None:
            self._require_ready()
        self._send(data, job)
        if job.receipt is not None and self._is_taken():
            return Act.CONFIRM
        self._link.finish()
        return Act.HAND_OVER

    def _send(self, data: bytes, job: Job | None = None) -> None:
        deadline = self._clock() + self._patience.take
        while data:
            now = self._clock()
            count = self._link.write(data)
            data = data[count:]
            if count:
                deadline = self._clock() + self._patience.take
                if job is not None:
                    job.has_begun = True
            elif now > deadline or self._stopping.is_set():
                raise DeviceLost(self._link.address)

    def _is_taken(self) -> bool:
        """Wait until the printer says that it has taken everything; False when it is none that says so."""
        if not (self._talks and self._confirms):
            return False
        self._send(ASK_WHEN_TAKEN)
        deadline, look_at = self._clock() + self._patience.confirm, self._clock() + self._patience.look
        while not self._stopping.is_set():
            now = self._clock()
            self._said += self._link.read()
            if self._pick(is_taken) is not None:
                self._resume()
                return True
            if now < look_at:
                continue
            look_at = self._clock() + self._patience.look
            condition = self._ask()
            if condition is not Condition.READY:
                self._pause(_NOT_READY[condition](self._link.address))
                deadline = self._clock() + self._patience.confirm
            elif now >= deadline:
                self._confirms = False  # in order and silent: it does not know this question
                return False
            else:
                self._resume()
        return False

    def _pause(self, error: DeviceError) -> None:
        """Out of paper in the middle: show it, and stay; the printer has the rest and will go on by itself."""
        self._is_paused = True
        self._move(Step.LOSE, error)

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._move(Step.CLAIM)
            self._move(Step.ENABLE)

    def _look(self, *, is_first: bool = False) -> None:
        """See whether the printer is there and in order."""
        self._connect()
        if is_first and self._replies is Replies.AUTO:
            self._talks = self._talks or self._answer(ASK_PRINTER) is not None
        self._require_ready()
        self._release()
        self._check_at = self._clock() + self._patience.check

    def _connect(self) -> None:
        if not self._is_connected:
            self._link.open()
            self._is_connected = True
        self._said.clear()

    def _release(self) -> None:
        if self._link.is_shared:
            self._close()

    def _begin_afresh(self) -> None:
        self._failures = 0
        self._retry_seconds = self._first_retry_seconds

    def _require_ready(self) -> None:
        condition = self._link.condition()
        if condition in (None, Condition.READY) and self._talks:
            condition = self._ask()
        if condition in _NOT_READY:
            raise _NOT_READY[condition](self._link.address)

    def _ask(self) -> Condition:
        """How the printer says it is. DeviceLost when it says nothing."""
        printer = self._answer(ASK_PRINTER)
        if printer is None:
            raise DeviceLost(self._link.address)
        if not is_offline(printer):
            return Condition.READY
        cause, paper = self._answer(ASK_CAUSE), self._answer(ASK_PAPER)
        return condition_of(cause or 0, paper or 0)

    def _answer(self, question: bytes) -> int | None:
        self._send(question)
        deadline, is_late = self._clock() + self._patience.answer, False
        while (answer := self._pick(is_status)) is None and not is_late:
            # Looked at before the read: what came while this thread had no turn is heard before silence is.
            is_late = self._clock() >= deadline
            self._said += self._link.read()
        return answer

    def _pick(self, is_wanted: Callable[[int], bool]) -> int | None:
        """Take the first such byte out of what the printer has said."""
        place = next((place for place, byte in enumerate(self._said) if is_wanted(byte)), None)
        return None if place is None else self._said.pop(place)

    def _tell(self, job: Job) -> None:
        self._call(job.on_progress, job.progress())


def _ignore(progress: Progress) -> None:
    """The receiver of somebody who does not want to know."""
