"""The judge of the fault table: every broken promise has its name, and nothing else is called one."""

import pytest

from points_engine.contract import PaymentState
from tests.ha.till import Order, Outcome
from tests.ha.verdict import Verdict, judge, longest_gap

PAID_STATE, REVERSED_STATE, FAILED_STATE = PaymentState.SUCCEEDED, PaymentState.REVERSED, PaymentState.FAILED


def order(
    outcome: Outcome, *, was_unknown: bool = False, at: float | None = None, order_id: str = "order-1"
) -> Order:
    """An order of 7 points."""
    return Order(order_id, "member-1", 7, 0.0, outcome, was_unknown, at)


def verdict(
    orders: list[Order],
    state: PaymentState | None,
    spent: int,
    findings: tuple[str, ...] = (),
    broken: tuple[str, ...] = (),
) -> Verdict:
    """Judge orders that all have one state in the books."""
    states = dict.fromkeys((each.order_id for each in orders), state)
    return judge(orders, states, {"member-1": spent}, findings, broken=broken, start=0.0, end=10.0)


@pytest.mark.parametrize(
    ("outcome", "state", "spent"),
    [
        (Outcome.PAID, PAID_STATE, 7),
        (Outcome.REVERSED, REVERSED_STATE, 0),
        (Outcome.REVERSED, None, 0),
        (Outcome.REFUSED, FAILED_STATE, 0),
        (Outcome.REFUSED, None, 0),
    ],
)
def test_what_agrees_is_no_fault(outcome: Outcome, state: PaymentState | None, spent: int) -> None:
    """Till and books say the same: no fault."""
    assert () == verdict([order(outcome)], state, spent).faults


@pytest.mark.parametrize(
    ("outcome", "state", "spent", "told"),
    [
        (Outcome.PAID, None, 0, "paid at its till, None in the books"),
        (Outcome.PAID, REVERSED_STATE, 0, "paid at its till, reversed in the books"),
        (Outcome.PAID, PAID_STATE, 14, "+7 points short"),
        (Outcome.PAID, PAID_STATE, 0, "-7 points short"),
        (Outcome.REVERSED, PAID_STATE, 7, "reversed at its till, succeeded in the books"),
        (Outcome.REFUSED, PAID_STATE, 7, "refused at its till, succeeded in the books"),
        (Outcome.UNKNOWN, PAID_STATE, 7, "no outcome at its till"),
        (Outcome.UNKNOWN, None, 0, "no outcome at its till"),
    ],
    ids=[
        "lost",
        "taken back",
        "doubled",
        "not taken",
        "not taken back",
        "taken all the same",
        "stuck",
        "stuck, unknown",
    ],
)
def test_a_broken_promise_is_named(
    outcome: Outcome, state: PaymentState | None, spent: int, told: str
) -> None:
    """Lost, doubled, taken without a word, stuck: each is a fault that says what is wrong."""
    faults = verdict([order(outcome)], state, spent).faults
    assert any(told in fault for fault in faults), faults


def test_what_verify_found_and_tills_that_fell_over_are_faults() -> None:
    """Neither a broken chain nor a till that ended on a bug is passed over."""
    assert ("till-1: KeyError()", "verify: chain") == verdict(
        [], None, 0, ("chain",), ("till-1: KeyError()",)
    ).faults


def test_the_figures_are_counted() -> None:
    """Acknowledged, refused, reversed, unknown, resolved, and the gap between acknowledgements."""
    orders = [
        order(Outcome.PAID, at=1.0, order_id="a"),
        order(Outcome.PAID, at=6.5, was_unknown=True, order_id="b"),
        order(Outcome.REVERSED, was_unknown=True, order_id="c"),
        order(Outcome.UNKNOWN, was_unknown=True, order_id="d"),
        order(Outcome.REFUSED, order_id="e"),
    ]
    seen = verdict(orders, None, 14)
    assert (2, 1, 1, 3, 2) == (seen.acknowledged, seen.refused, seen.reversed, seen.unknown, seen.resolved)
    assert seen.gap_seconds == 5.5


@pytest.mark.parametrize(
    ("moments", "gap"),
    [([], 10.0), ([9.0], 9.0), ([1.0], 9.0), ([2.0, 3.0, 7.0, 9.0], 4.0), ([-5.0, 5.0, 15.0], 5.0)],
)
def test_the_gap_counts_from_start_to_end(moments: list[float], gap: float) -> None:
    """Silence before the first and after the last moment counts; what is outside does not."""
    assert gap == longest_gap(moments, 0.0, 10.0)
