"""Whether the books agree with what the tills were told: nothing lost, nothing twice, nobody stuck."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from points_engine.contract import PaymentState
from tests.ha.till import Order, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one time of trouble did. `faults` is empty when every promise was kept.

    `acknowledged` orders were told to be paid; `unknown` had at some time no answer to be relied on, `resolved` of them
    have an outcome; `gap_seconds` is the longest time in which no till was told of a payment.
    """

    acknowledged: int
    refused: int
    reversed: int
    unknown: int
    resolved: int
    gap_seconds: float
    faults: tuple[str, ...]
    refusals: Mapping[str, int]


def longest_gap(moments: Iterable[float], start: float, end: float) -> float:
    """The longest time without a moment, between start and end."""
    edges = [start, *sorted(moment for moment in moments if start <= moment <= end), end]
    return max(later - earlier for earlier, later in pairwise(edges))


def judge(
    orders: Sequence[Order],
    states: Mapping[str, PaymentState | None],
    spent: Mapping[str, int],
    findings: Sequence[str],
    *,
    broken: Sequence[str] = (),
    start: float,
    end: float,
) -> Verdict:
    """Hold the tills' journals against the books.

    `states` is every order's state in the books, None where they do not know it; `spent` what each member has less than
    in the beginning; `findings` what verify found; `broken` which tills fell over. `start` and `end` bound the selling.
    """
    faults = [*broken]
    for order in orders:
        faults += _faults_of(order, states[order.order_id])
    paid: Counter[str] = Counter()
    for order in orders:
        if order.outcome is Outcome.PAID:
            paid[order.member_no] += order.units
    faults += [
        f"{member_no} is {units - paid[member_no]:+d} points short of what was paid"
        for member_no, units in spent.items()
        if units != paid[member_no]
    ]
    faults += [f"verify: {finding}" for finding in findings]
    outcomes = Counter(order.outcome for order in orders)
    unknown = [order for order in orders if order.was_unknown]
    return Verdict(
        acknowledged=outcomes[Outcome.PAID],
        refused=outcomes[Outcome.REFUSED],
        reversed=outcomes[Outcome.REVERSED],
        unknown=len(unknown),
        resolved=sum(order.outcome is not Outcome.UNKNOWN for order in unknown),
        gap_seconds=longest_gap(
            [order.told_paid_at for order in orders if order.told_paid_at is not None], start, end
        ),
        faults=tuple(faults),
        refusals=Counter(order.why for order in orders if order.outcome is Outcome.REFUSED),
    )


def _faults_of(order: Order, state: PaymentState | None) -> list[str]:
    if order.outcome is Outcome.UNKNOWN:
        return [f"{order.order_id}: no outcome at its till, {state} in the books ({order.troubles[-1:]})"]
    is_paid = state is PaymentState.SUCCEEDED
    if is_paid != (order.outcome is Outcome.PAID):
        return [f"{order.order_id}: {order.outcome} at its till, {state} in the books"]
    return []
