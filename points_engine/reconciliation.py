"""A till's own list held against a bill: every order that the two tell differently.

The till's list is what its journal says became of each order. It is read from CSV: the shift log as a till exports it,
or a list with the columns order_id, units and state; other columns may stand beside them. A till says nothing about
refunds: they are made under ids of their own.
"""

import enum
import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS
from points_engine.bill import Bill, BillInvalid, BillKind, csv_rows
from points_engine.contract import PaymentState

TILL_COLUMNS = ("order_id", "units", "state")
"""A list of one row an order."""

SHIFT_LOG_COLUMNS = (("Order", "Points", "Kind code"), ("支付单号", "积分", "类型代码"))
"""The same of an exported shift log, in each language a till speaks: one row an event, the last outcome counts."""

_DIGITS = re.compile("[0-9]{1,16}")


class TillOrder(NamedTuple):
    """An order as a till has it: `units` of the payment's own asset."""

    order_id: str
    units: int
    state: PaymentState


class DifferenceKind(enum.StrEnum):
    """How bill and till differ."""

    NOT_ON_THE_BILL = "not on the bill"
    """The till says that it was paid; nothing was taken that day."""
    NOT_AT_THE_TILL = "not at the till"
    """It was taken that day; the till does not know it."""
    UNITS_DIFFER = "units differ"
    STATE_DIFFERS = "state differs"
    """The one says that it was given back, or never taken; the other not."""
    TWICE_AT_THE_TILL = "twice at the till"


class Difference(NamedTuple):
    """One order on which bill and till do not agree; empty where the one does not have it."""

    kind: DifferenceKind
    order_id: str
    on_the_bill: str
    at_the_till: str


_OUTCOMES = frozenset(
    {PaymentState.SUCCEEDED, PaymentState.FAILED, PaymentState.CANCELED, PaymentState.REVERSED}
)
_TAKEN_STATES = frozenset({PaymentState.SUCCEEDED, PaymentState.REVERSED})


class _Billed(NamedTuple):
    """What a bill says of one order; `units` by asset."""

    units: tuple[int, ...]
    state: PaymentState


def reconcile(bill: Bill, till_id: str, orders: Iterable[TillOrder]) -> tuple[Difference, ...]:
    """What differs between a bill and the list of one till, in the order of the list, then of the bill.

    An order that was paid out of several assets is compared by its state alone: the till counts it in one of them.
    A payment that was given back on a later day is not yet given back on this one: both states are right then.
    """
    billed = _billed(bill, till_id)
    listed = list(orders)
    times = Counter(order.order_id for order in listed)
    found = [
        Difference(DifferenceKind.TWICE_AT_THE_TILL, order_id, _shown(billed.get(order_id)), f"{count} times")
        for order_id, count in times.items()
        if count > 1
    ]
    for order in listed:
        if times[order.order_id] == 1:
            found += _compared(order, billed.get(order.order_id))
    found += [
        Difference(DifferenceKind.NOT_AT_THE_TILL, order_id, _shown(seen), "")
        for order_id, seen in billed.items()
        if order_id not in times
    ]
    return tuple(found)


def _billed(bill: Bill, till_id: str) -> dict[str, _Billed]:
    found: dict[str, _Billed] = {}
    for line in bill.lines:
        if line.kind is BillKind.PAYMENT and line.till_id == till_id:
            before = found.get(line.order_id, _Billed((), PaymentState.SUCCEEDED))
            found[line.order_id] = before._replace(units=(*before.units, line.units))
    for line in bill.lines:
        if line.kind is BillKind.REVERSAL and line.order_id in found:
            found[line.order_id] = found[line.order_id]._replace(state=PaymentState.REVERSED)
    return found


def _shown(billed: _Billed | None) -> str:
    return f"{billed.state}, {' + '.join(map(str, billed.units))}" if billed else ""


def _compared(order: TillOrder, billed: _Billed | None) -> list[Difference]:
    at_the_till = f"{order.state}, {order.units}"
    if billed is None:
        # A reversal may have come before anything was taken: that leaves no trace on a bill.
        if order.state is PaymentState.SUCCEEDED:
            return [Difference(DifferenceKind.NOT_ON_THE_BILL, order.order_id, "", at_the_till)]
        return []
    found = []
    if billed.state is not order.state and (
        billed.state is PaymentState.REVERSED or order.state not in _TAKEN_STATES
    ):
        found.append(DifferenceKind.STATE_DIFFERS)
    if len(billed.units) == 1 and billed.units[0] != order.units:
        found.append(DifferenceKind.UNITS_DIFFER)
    return [Difference(kind, order.order_id, _shown(billed), at_the_till) for kind in found]


def parse_till_list(text: str | bytes) -> tuple[TillOrder, ...]:
    """The orders in a till's CSV list or shift log. Raises BillInvalid, with the line, for whatever is neither."""
    rows = csv_rows(text)
    line, columns = next(rows, (0, []))
    names = next((each for each in (TILL_COLUMNS, *SHIFT_LOG_COLUMNS) if set(each) <= set(columns)), None)
    if names is None or len(set(columns)) != len(columns):
        raise BillInvalid(
            line or 1,
            f"the columns must be {', '.join(TILL_COLUMNS)}, each once, or those of a till's shift log; others may be "
            "there",
        )
    is_log = names is not TILL_COLUMNS
    orders = []
    for line, row in rows:
        if len(row) != len(columns):
            raise BillInvalid(line, f"{len(row)} cells, and the first line has {len(columns)}")
        cells = dict(zip(columns, row, strict=True))
        if is_log and cells[names[2]] not in _OUTCOMES:
            continue
        orders.append(_order(line, names, cells))
    # An order that was paid and then given back has two rows in a log.
    return tuple({order.order_id: order for order in orders}.values()) if is_log else tuple(orders)


def _order(line: int, names: tuple[str, str, str], cells: dict[str, str]) -> TillOrder:
    order_id, units, state = (cells[name] for name in names)
    if not order_id:
        raise BillInvalid(line, f"{names[0]} must not be empty")
    if not _DIGITS.fullmatch(units) or int(units) > MAX_UNITS:
        raise BillInvalid(line, f"{names[1]} must be a whole number")
    if state not in set(PaymentState):
        raise BillInvalid(line, f"{names[2]} must be one of {', '.join(PaymentState)}")
    return TillOrder(order_id.removeprefix("'"), int(units), PaymentState(state))
