"""What is to be printed: a bounded queue that takes at once, and the life of each receipt in it.

queued ──start──> printing ──confirm──> printed   the printer has said that it took all of it
   │                 │ ├────hand_over─> sent      all was handed over, to a printer that never says anything
   │                 │ └────break──> waiting ──start──> printing …
   ├──fail───────────┴──────fail────> failed      it cannot be made into bytes, or a drawer's moment has passed
   └──discard──> discarded, also from waiting, and instead of waiting
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from drivers.errors import DeviceStateError
from drivers.receipt import Receipt
from drivers.remedies import Remedy

_KEPT_FOR_REPRINT = 50


class JobState(StrEnum):
    """Where a receipt is on its way to the paper."""

    QUEUED = "queued"
    PRINTING = "printing"
    WAITING = "waiting"
    PRINTED = "printed"
    SENT = "sent"
    FAILED = "failed"
    DISCARDED = "discarded"


class Act(StrEnum):
    """What can happen to a receipt."""

    START = "start"
    CONFIRM = "confirm"
    HAND_OVER = "hand_over"
    BREAK = "break"
    FAIL = "fail"
    DISCARD = "discard"


TABLE: Mapping[tuple[JobState, Act], JobState] = {
    (JobState.QUEUED, Act.START): JobState.PRINTING,
    (JobState.QUEUED, Act.FAIL): JobState.FAILED,
    (JobState.QUEUED, Act.DISCARD): JobState.DISCARDED,
    (JobState.WAITING, Act.START): JobState.PRINTING,
    (JobState.WAITING, Act.FAIL): JobState.FAILED,
    (JobState.WAITING, Act.DISCARD): JobState.DISCARDED,
    (JobState.PRINTING, Act.CONFIRM): JobState.PRINTED,
    (JobState.PRINTING, Act.HAND_OVER): JobState.SENT,
    (JobState.PRINTING, Act.BREAK): JobState.WAITING,
    (JobState.PRINTING, Act.FAIL): JobState.FAILED,
    (JobState.PRINTING, Act.DISCARD): JobState.DISCARDED,
}


class Verdict(StrEnum):
    """What became of a wish to print."""

    ACCEPTED = "accepted"
    QUEUE_FULL = "queue_full"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # there is no such receipt any more


@dataclass(frozen=True, slots=True)
class Ticket:
    """The answer to a wish to print; `number` names the receipt from then on, and is 0 when it was not accepted."""

    number: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """How a receipt is doing. `may_be_double` when a part of it may have been printed by an earlier try as well."""

    number: int
    state: JobState
    tries: int
    may_be_double: bool


OnProgress = Callable[[Progress], None]


@dataclass(slots=True, eq=False)
class Job:
    """One receipt on its way, or one opening of the drawer (without a receipt), which expires at a monotonic time."""

    number: int
    receipt: Receipt | None
    on_progress: OnProgress
    is_copy: bool = False
    expires_at: float | None = None
    state: JobState = JobState.QUEUED
    tries: int = 0
    has_begun: bool = False  # some of it was sent, by this try or one before
    is_unwanted: bool = False  # discarded while it was being sent

    def move(self, act: Act) -> None:
        """Move by the table; DeviceStateError when it has no such move."""
        try:
            self.state = TABLE[self.state, act]
        except KeyError:
            raise DeviceStateError(
                f"A receipt that is {self.state} cannot {act}", Remedy("Print it anew.")
            ) from None

    def progress(self) -> Progress:
        """What may be told of it."""
        return Progress(self.number, self.state, self.tries, self.has_begun and self.tries > 1)


class PrintQueue:
    """The receipts of one printer, safe from any thread. `notify` is called, without any lock, when one has moved."""

    def __init__(self, most: int, notify: Callable[[Job], None]) -> None:
        self._most = most
        self._notify = notify
        self._change = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._done: OrderedDict[int, Job] = OrderedDict()
        self._last_number = 0
        self._is_closed = False

    def put(
        self,
        receipt: Receipt | None,
        on_progress: OnProgress,
        *,
        is_copy: bool = False,
        expires_at: float | None = None,
    ) -> Ticket:
        """Take a receipt, or the drawer's opening, which goes before all receipts."""
        with self._change:
            if self._is_closed:
                return Ticket(0, Verdict.CLOSED)
            if len(self._on_their_way()) >= self._most:
                return Ticket(0, Verdict.QUEUE_FULL)
            self._last_number += 1
            job = Job(self._last_number, receipt, on_progress, is_copy, expires_at)
            if receipt is None:
                self._waiting.appendleft(job)
            else:
                self._waiting.append(job)
            self._change.notify_all()
        return Ticket(job.number, Verdict.ACCEPTED)

    def put_again(self, number: int, on_progress: OnProgress) -> Ticket:
        """Take a finished receipt once more, as a copy. One still on its way stays as it is, with its own ticket."""
        with self._change:
            job = self._find(number)
        if job is None or job.receipt is None:
            return Ticket(0, Verdict.UNKNOWN)
        if job.number not in self._done:
            return Ticket(number, Verdict.ACCEPTED)
        return self.put(job.receipt, on_progress, is_copy=True)

    def next(self, timeout_seconds: float) -> Job | None:
        """The next receipt, which is then being printed; None when none has come in time."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._is_closed, timeout_seconds)
            if not self._waiting or self._is_closed:
                return None
            job = self._current = self._waiting.popleft()
            job.move(Act.START)
            job.tries += 1
        self._notify(job)
        return job

    def settle(self, job: Job, act: Act) -> None:
        """The receipt that was being printed has come to its end, or waits again."""
        with self._change:
            if act is Act.BREAK and (job.is_unwanted or self._is_closed):
                act = Act.DISCARD
            job.move(act)
            self._current = None
            if job.state is JobState.WAITING:
                self._waiting.appendleft(job)
            else:
                self._keep(job)
        self._notify(job)

    def discard(self, number: int) -> bool:
        """Give a receipt up; True when no (further) try will be made to print it."""
        with self._change:
            job = self._find(number)
            if job is None or number in self._done:
                return False
            if job is self._current:
                job.is_unwanted = True
                return True
            self._waiting.remove(job)
            job.move(Act.DISCARD)
            self._keep(job)
        self._notify(job)
        return True

    def progress(self, number: int) -> Progress | None:
        """How a receipt is doing, while it is remembered."""
        with self._change:
            job = self._find(number)
            return None if job is None else job.progress()

    def count(self) -> int:
        """How many receipts are on their way."""
        with self._change:
            return len(self._on_their_way())

    def wait_until_empty(self, timeout_seconds: float) -> None:
        """Wait until nothing is on its way, so long at most."""
        with self._change:
            self._change.wait_for(lambda: not self._on_their_way(), timeout_seconds)

    def close(self) -> None:
        """Take nothing any more, and discard what waits."""
        with self._change:
            self._is_closed = True
            left, self._waiting = self._waiting, deque()
            for job in left:
                job.move(Act.DISCARD)
                self._keep(job)
            self._change.notify_all()
        for job in left:
            self._notify(job)

    def _find(self, number: int) -> Job | None:
        return self._done.get(number) or next(
            (job for job in self._on_their_way() if job.number == number), None
        )

    def _on_their_way(self) -> list[Job]:
        return [*self._waiting, *([] if self._current is None else [self._current])]

    def _keep(self, job: Job) -> None:
        self._done[job.number] = job
        while len(self._done) > _KEPT_FOR_REPRINT:
            self._done.popitem(last=False)
        self._change.notify_all()
