"""A bill held against a till's own list: every order on which they differ, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import Asset
from points_engine.bill import Bill, BillInvalid, BillKind, BillLine
from points_engine.contract import Channel, PaymentState
from points_engine.reconciliation import (
    DifferenceKind,
    TillOrder,
    parse_till_list,
    reconcile,
)
from tests.points_engine.test_bill import AT, DAY

SUCCEEDED, REVERSED, FAILED, CANCELED, WAITING = (
    PaymentState.SUCCEEDED, PaymentState.REVERSED, PaymentState.FAILED, PaymentState.CANCELED,
    PaymentState.REQUIRES_ACTION,
)  # fmt: skip
D = DifferenceKind


def bill(*moved: tuple[BillKind, str, int], till_id: str = "till-1", asset: Asset = Asset.POINTS) -> Bill:
    """A shop's day of these payments and reversals."""
    lines = tuple(
        BillLine(kind, asset, units, AT, order_id, "", Channel.TILL, till_id, "lin", "", number)
        for number, (kind, order_id, units) in enumerate(moved, start=1)
    )
    return Bill("shop-1", DAY, (asset,), lines)


PAID = (BillKind.PAYMENT, "o-1", 70)
GIVEN_BACK = (BillKind.REVERSAL, "o-1", 70)


@pytest.mark.parametrize(
    ("on_the_bill", "at_the_till", "expected"),
    [
        ([PAID], [("o-1", 70, SUCCEEDED)], []),
        ([], [], []),
        ([], [("o-1", 70, SUCCEEDED)], [D.NOT_ON_THE_BILL]),
        ([], [("o-1", 70, FAILED)], []),
        ([], [("o-1", 70, CANCELED)], []),
        ([], [("o-1", 70, REVERSED)], []),
        ([PAID], [], [D.NOT_AT_THE_TILL]),
        ([PAID], [("o-1", 71, SUCCEEDED)], [D.UNITS_DIFFER]),
        ([PAID], [("o-1", 70, FAILED)], [D.STATE_DIFFERS]),
        ([PAID], [("o-1", 70, CANCELED)], [D.STATE_DIFFERS]),
        ([PAID], [("o-1", 70, WAITING)], [D.STATE_DIFFERS]),
        ([PAID], [("o-1", 71, FAILED)], [D.STATE_DIFFERS, D.UNITS_DIFFER]),
        ([PAID, GIVEN_BACK], [("o-1", 70, REVERSED)], []),
        ([PAID, GIVEN_BACK], [("o-1", 70, SUCCEEDED)], [D.STATE_DIFFERS]),
        # Given back on a later day: that is on the later day's bill.
        ([PAID], [("o-1", 70, REVERSED)], []),
        ([PAID], [("o-1", 70, SUCCEEDED), ("o-1", 70, SUCCEEDED)], [D.TWICE_AT_THE_TILL]),
        ([PAID], [("o-2", 70, SUCCEEDED)], [D.NOT_ON_THE_BILL, D.NOT_AT_THE_TILL]),
    ],
)  # fmt: skip
def test_what_differs(
    on_the_bill: list[tuple[BillKind, str, int]],
    at_the_till: list[tuple[str, int, PaymentState]],
    expected: list[DifferenceKind],
) -> None:
    """Missing on either side, other units, another state, twice; and nothing else."""
    found = reconcile(bill(*on_the_bill), "till-1", [TillOrder(*each) for each in at_the_till])
    assert expected == [each.kind for each in found]
    assert [] == [each for each in found if not each.on_the_bill + each.at_the_till]


def test_another_tills_orders_are_its_own() -> None:
    """A bill is of the whole shop; a list is of one till."""
    theirs = bill(PAID, till_id="till-2")
    assert () == reconcile(theirs, "till-1", [])
    assert [D.NOT_AT_THE_TILL] == [each.kind for each in reconcile(theirs, "till-2", [])]


def test_an_order_out_of_several_assets_is_compared_by_its_state() -> None:
    """The till counts it in the one it asked for."""
    split = Bill(
        "shop-1",
        DAY,
        (Asset.POINTS, Asset.WALLET),
        bill(PAID).lines + tuple(each._replace(transfer=9) for each in bill(PAID, asset=Asset.WALLET).lines),
    )
    assert () == reconcile(split, "till-1", [TillOrder("o-1", 999, SUCCEEDED)])
    assert [D.STATE_DIFFERS] == [
        each.kind for each in reconcile(split, "till-1", [TillOrder("o-1", 999, FAILED)])
    ]


def test_a_list_is_read() -> None:
    """The three columns in any order, others beside them, a mark before the first."""
    text = "\ufeffstate,note,order_id,units\r\nsucceeded,,o-1,70\r\n\r\nreversed,x,o-2,5\r\n"
    expected = (TillOrder("o-1", 70, SUCCEEDED), TillOrder("o-2", 5, REVERSED))
    assert expected == parse_till_list(text)
    assert expected == parse_till_list(text.encode())


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "columns"),
        ("order_id,units\n", 1, "columns"),
        ("order_id,units,state,state\n", 1, "columns"),
        ("order_id,units,state\no-1,70\n", 2, "2 cells"),
        ("order_id,units,state\n,70,succeeded\n", 2, "order_id"),
        ("order_id,units,state\no-1,-70,succeeded\n", 2, "units"),
        ("order_id,units,state\no-1,70,paid\n", 2, "state must be"),
        ('order_id,units,state\n"o-1,70,paid\n', 2, "not CSV"),
        (b"order_id,units,state\n\xff,70,succeeded\n", 2, "not UTF-8"),
        ("Order,Points,Kind code\n,70,succeeded\n", 2, "Order"),
    ],
)
def test_a_list_that_is_none_is_told(text: str | bytes, line: int, problem: str) -> None:
    """With its line."""
    with pytest.raises(BillInvalid, match=problem) as told:
        parse_till_list(text)
    assert line == told.value.line


@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=200)), st.sampled_from(["", "order_id,units,state\n"])
)
def test_anything_at_all_is_a_list_or_a_clear_error(text: str | bytes, heading: str) -> None:
    """Never a traceback of ours."""
    whole = heading.encode() + text if isinstance(text, bytes) else heading + text
    assert [] == [order for order in orders_or_none(whole) if not order.order_id]


def orders_or_none(text: str | bytes) -> tuple[TillOrder, ...]:
    """The orders, if it is a list of them; whatever else is raised is a bug."""
    try:
        return parse_till_list(text)
    except BillInvalid:
        return ()
