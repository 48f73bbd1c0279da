"""The simulated till: whatever its line does, every order it began has an outcome that it was told."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    Charge,
    CodeIssued,
    Command,
    IssueCode,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Reverse,
    Secret,
)
from points_engine.wire.callers import CallerKind
from tests.ha import till as till_module
from tests.ha.line import Line, NoReply
from tests.ha.till import Order, Outcome, SimulatedTill

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LOST, NOT_SENT = NoReply("TimeoutError", maybe_done=True), NoReply("ConnectionRefusedError", maybe_done=False)
UNKNOWN_ORDER = Refused(refusal=Refusal.ORDER_UNKNOWN)
NOT_ENROLLED = Refused(refusal=Refusal.TILL_NOT_ENROLLED)


def payment(state: PaymentState, refusal: Refusal | None = None) -> Payment:
    """A payment as the engine has it."""
    refused = None if refusal is None else Refused(refusal=refusal)
    return Payment(order_id="order", state=state, amount=Amount(Asset.POINTS, 1), at=NOW, refused=refused)


PAID, REVERSED = payment(PaymentState.SUCCEEDED), payment(PaymentState.REVERSED)
FAILED = payment(PaymentState.FAILED, Refusal.CODE_EXPIRED)


class ScriptedLine(Line):
    """A line that gives one answer after the other, and `then` for ever; `asked` is what it was asked."""

    def __init__(self, answers: Sequence[Reply | NoReply], then: Callable[[], None]) -> None:
        super().__init__([], lambda _: "", CallerKind.TILL)
        self._answers = iter(answers)
        self._then = then
        self.asked: list[type[Command]] = []

    def ask(self, command: Command) -> Reply:
        self.asked.append(type(command))
        if isinstance(command, IssueCode):
            return CodeIssued(code=Secret("8" * 18), issued_at=NOW, expires_at=NOW)
        answer = next(self._answers, None)
        if answer is None:
            self._then()
            raise NOT_SENT
        if isinstance(answer, NoReply):
            raise answer
        return answer


def sell_one(monkeypatch: pytest.MonkeyPatch, *answers: Reply | NoReply) -> tuple[Order, list[type[Command]]]:
    """Let a till sell until its line has no more answers; its first order, and what was asked about it."""
    monkeypatch.setattr(till_module, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(till_module, "_WALKS_AWAY", 0.0)
    stop, give_up = threading.Event(), threading.Event()

    def end() -> None:
        stop.set()
        give_up.set()

    line = ScriptedLine(answers, end)
    till = SimulatedTill(
        "till-1", line, ScriptedLine([], end), ["member-1"], stop=stop, give_up=give_up, pause_seconds=0.0
    )
    till.run()
    return till.journal[0], line.asked[: len(answers)]


@pytest.mark.parametrize(
    ("answers", "outcome", "was_unknown"),
    [
        ((PAID,), Outcome.PAID, False),
        ((FAILED,), Outcome.REFUSED, False),
        ((NOT_ENROLLED,), Outcome.REFUSED, False),
        ((NOT_SENT, PAID), Outcome.PAID, False),
        ((LOST, PAID), Outcome.PAID, True),
        ((LOST, NOT_ENROLLED, PAID), Outcome.PAID, True),
        ((LOST, LOST, LOST, PAID), Outcome.PAID, True),
        ((LOST, LOST, LOST, UNKNOWN_ORDER, UNKNOWN_ORDER, REVERSED), Outcome.REVERSED, True),
        ((LOST, LOST, LOST, LOST, PAID), Outcome.PAID, True),
        ((LOST, LOST, LOST, UNKNOWN_ORDER, PAID), Outcome.PAID, True),
        ((LOST, LOST, LOST, LOST, LOST, LOST, REVERSED), Outcome.REVERSED, True),
        ((LOST, LOST, LOST, UNKNOWN_ORDER, LOST, LOST, REVERSED), Outcome.REVERSED, True),
        ((LOST, LOST, LOST, LOST, LOST, LOST, PAID, REVERSED), Outcome.REVERSED, True),
    ],
)
def test_an_order_ends_with_what_was_told(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[Reply | NoReply, ...], outcome: Outcome, was_unknown: bool
) -> None:
    """Sent again, queried, taken back: in the end the till knows what the engine knows."""
    order, _ = sell_one(monkeypatch, *answers)
    assert (outcome, was_unknown) == (order.outcome, order.was_unknown)
    assert (order.told_paid_at is not None) is (outcome is Outcome.PAID)


def test_it_asks_again_then_queries_then_takes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times the same charge, two queries, and from then on reversals alone, whatever comes late."""
    _, asked = sell_one(monkeypatch, LOST, LOST, LOST, LOST, UNKNOWN_ORDER, LOST, PAID, REVERSED)
    assert [Charge, Charge, Charge, Query, Query, Reverse, Reverse, Reverse] == asked


def test_an_order_without_an_end_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A till that is taken away keeps the order as unknown: nobody invents an outcome."""
    order, _ = sell_one(monkeypatch, LOST)
    assert order.outcome is Outcome.UNKNOWN
