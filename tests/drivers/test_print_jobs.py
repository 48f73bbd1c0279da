"""The queue of receipts: its table, its bound, and that nothing in it is lost or printed twice by its own fault."""

import itertools

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from drivers.errors import DeviceStateError
from drivers.print_jobs import TABLE, Act, Job, JobState, PrintQueue, Verdict
from drivers.receipt import Receipt

RECEIPT = Receipt(())
ENDS = {JobState.PRINTED, JobState.SENT, JobState.FAILED, JobState.DISCARDED}


def ignore(_: object) -> None:
    """Nobody wants to know."""


@pytest.mark.parametrize(("state", "act"), list(itertools.product(JobState, Act)))
def test_the_table_alone_moves_a_receipt(state: JobState, act: Act) -> None:
    """A move that the table does not have is an error and changes nothing."""
    job = Job(1, RECEIPT, ignore, state=state)
    if (state, act) in TABLE:
        job.move(act)
        assert TABLE[state, act] is job.state
        return
    with pytest.raises(DeviceStateError):
        job.move(act)
    assert state is job.state


def test_every_end_is_an_end() -> None:
    """A receipt that has come to its end does not move any more, and every other state leads to one."""
    assert set(JobState) - ENDS == {state for state, _ in TABLE}


class Line(RuleBasedStateMachine):
    """The queue against a plain model of people in a line: a list of numbers, and the one at the counter."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[int, JobState]] = []
        self.queue = PrintQueue(4, lambda job: self.told.append((job.number, job.state)))
        self.line: list[int] = []
        self.current: Job | None = None
        self.accepted: set[int] = set()

    @rule(is_drawer=st.booleans())
    def put(self, is_drawer: bool) -> None:
        """Drawers go before all; nobody comes in when it is full."""
        verdict = Verdict.ACCEPTED if self.people() < 4 else Verdict.QUEUE_FULL
        ticket = self.queue.put(None if is_drawer else RECEIPT, ignore)
        assert verdict is ticket.verdict
        if ticket.number:
            self.accepted.add(ticket.number)
            self.line.insert(0 if is_drawer else len(self.line), ticket.number)

    @rule(number=st.integers(1, 12))
    def put_again(self, number: int) -> None:
        """A copy is a receipt of its own; one still on its way is not doubled."""
        ticket = self.queue.put_again(number, ignore)
        if ticket.verdict is Verdict.ACCEPTED and ticket.number not in self.accepted:
            self.accepted.add(ticket.number)
            self.line.append(ticket.number)

    @precondition(lambda self: self.current is None)
    @rule()
    def next(self) -> None:
        """First come, first served."""
        self.current = self.queue.next(0.0)
        assert (self.line.pop(0) if self.line else None) == (self.current and self.current.number)

    @precondition(lambda self: self.current is not None)
    @rule(act=st.sampled_from([Act.CONFIRM, Act.HAND_OVER, Act.BREAK, Act.FAIL]))
    def settle(self, act: Act) -> None:
        """Who could not be served stays first, unless they have given up meanwhile."""
        assert self.current is not None
        self.queue.settle(self.current, act)
        if self.current.state is JobState.WAITING:
            self.line.insert(0, self.current.number)
        self.current = None

    @rule(number=st.integers(1, 12))
    def discard(self, number: int) -> None:
        """Only who is on their way can give up."""
        is_current = self.current is not None and self.current.number == number
        assert (number in self.line or is_current) == self.queue.discard(number)
        if number in self.line:
            self.line.remove(number)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """The queue has as many as the model."""
        assert self.people() == self.queue.count()

    def people(self) -> int:
        """How many are on their way."""
        return len(self.line) + (self.current is not None)

    def teardown(self) -> None:
        """Each that was accepted comes to exactly one end."""
        if self.current is not None:
            self.queue.settle(self.current, Act.BREAK)
        self.queue.close()
        assert sorted(self.accepted) == sorted(number for number, state in self.told if state in ENDS)
        assert Verdict.CLOSED is self.queue.put(RECEIPT, ignore).verdict


TestLine = Line.TestCase


def test_only_the_last_receipts_are_kept() -> None:
    """A till that prints for months remembers fifty receipts, not all."""
    queue = PrintQueue(4, ignore)
    for _ in range(60):
        queue.put(RECEIPT, ignore)
        job = queue.next(0.0)
        assert job is not None
        queue.settle(job, Act.HAND_OVER)
    assert Verdict.UNKNOWN is queue.put_again(10, ignore).verdict
    assert Verdict.ACCEPTED is queue.put_again(11, ignore).verdict
    assert queue.progress(10) is None
