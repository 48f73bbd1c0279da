"""A bill is written and read again; what is not one is an error that says where."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.bill import (
    BYTE_ORDER_MARK,
    COLUMNS,
    Bill,
    BillInvalid,
    BillKind,
    BillLine,
    BillTotal,
    bill_text,
    parse_bill,
)
from points_engine.contract import Channel

AT = datetime(2026, 3, 2, 4, 0, 0, 1, tzinfo=UTC)
DAY = date(2026, 3, 2)


def line(transfer: int, kind: BillKind = BillKind.PAYMENT, units: int = 70, **other: str) -> BillLine:
    """A line; whatever is not said is unremarkable."""
    refund = "r-1" if kind is BillKind.REFUND else ""
    made = BillLine(kind, Asset.POINTS, units, AT, "o-1", refund, Channel.TILL, "till-1", "lin", "", transfer)
    return made._replace(**other)  # type: ignore[arg-type] # texts for fields that are texts


BILL = Bill(
    "shop-1",
    DAY,
    (Asset.POINTS, Asset.WALLET),
    (
        line(3),
        line(8, BillKind.REVERSAL),
        line(9, units=30, order_id="o-2"),
        line(12, BillKind.REFUND, 12, order_id="o-2"),
    ),
)

texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
named = texts.filter(bool)


@st.composite
def bills(draw: st.DrawFn) -> Bill:
    """Any bill that a shop could have."""
    kinds = draw(st.lists(st.sampled_from(BillKind), max_size=6))
    numbers = sorted(draw(st.sets(st.integers(0, MAX_UNITS), min_size=len(kinds), max_size=len(kinds))))
    lines = tuple(
        BillLine(
            kind,
            draw(st.sampled_from(Asset)),
            draw(st.integers(0, MAX_UNITS)),
            draw(st.datetimes(timezones=st.just(UTC))),
            draw(named),
            draw(named) if kind is BillKind.REFUND else "",
            draw(st.sampled_from(Channel)),
            draw(texts),
            draw(texts),
            draw(texts),
            number,
        )
        for kind, number in zip(kinds, numbers, strict=True)
    )
    assets = draw(st.permutations(list(Asset)))
    return Bill(draw(named), draw(st.dates(date(2000, 1, 1), date(2100, 1, 1))), tuple(assets), lines)


@given(bills(), st.booleans())
def test_what_is_written_is_read_again(bill: Bill, with_mark: bool) -> None:
    """As text and as a file's bytes, with a byte order mark and without."""
    text = bill_text(bill, with_byte_order_mark=with_mark)
    assert with_mark == text.startswith(BYTE_ORDER_MARK)
    assert bill == parse_bill(text)
    assert bill == parse_bill(text.encode())


@given(bills())
def test_no_cell_is_a_formula(bill: Bill) -> None:
    """Spreadsheets run what begins with one of = + - @."""
    rows = csv.reader(io.StringIO(bill_text(bill), newline=""))
    assert [] == [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_the_totals_say_what_the_lines_come_to() -> None:
    """One for each kind of each asset, nothing included; a reversal and a refund go the other way."""
    assert (
        BillTotal(BillKind.PAYMENT, Asset.POINTS, 2, 100),
        BillTotal(BillKind.REVERSAL, Asset.POINTS, 1, 70),
        BillTotal(BillKind.REFUND, Asset.POINTS, 1, 12),
        BillTotal(BillKind.PAYMENT, Asset.WALLET, 0, 0),
        BillTotal(BillKind.REVERSAL, Asset.WALLET, 0, 0),
        BillTotal(BillKind.REFUND, Asset.WALLET, 0, 0),
    ) == BILL.totals()
    assert (100 - 70 - 12, 0) == (BILL.net_units(Asset.POINTS), BILL.net_units(Asset.WALLET))


def test_no_line_can_go_missing() -> None:
    """Cut off anywhere, or with any line taken out, it is no bill; all that may go is an asset that did not move."""
    whole = bill_text(BILL).splitlines(keepends=True)
    cut = ["".join(whole[:count]) for count in range(len(whole))]
    taken_out = ["".join(whole[:count] + whole[count + 1 :]) for count in range(len(whole))]
    still = [bill_or_none(text.encode()) for text in cut + taken_out]
    assert [Bill("shop-1", DAY, (Asset.POINTS,), BILL.lines)] == [bill for bill in still if bill is not None]


def cell_changed(number: int, column: str, text: str) -> str:
    """The bill with one cell of one of its lines changed; line 1 is the heading."""
    rows = list(csv.reader(io.StringIO(bill_text(BILL), newline="")))
    rows[number - 1][COLUMNS.index(column)] = text
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("number", "column", "text", "problem"),
    [
        (1, "units", "Units", "columns must be"),
        (2, "shop_id", "shop-2", "those of the first line"),
        (3, "shop_id", "shop-2", "those of the first line"),
        (2, "shop_id", "", "must not be empty"),
        (2, "day", "2.3.2026", "must be a date"),
        (2, "day", "20260302", "must be a date"),
        (2, "kind", "sale", "must be one of"),
        (6, "kind", "total_sale", "must be one of"),
        (2, "kind", "total_payment", "no more than"),
        (2, "asset", "gold", "must be one of"),
        (2, "times", "2", "whole number"),
        (2, "units", "-70", "whole number"),
        (2, "units", "７０", "whole number"),
        (2, "units", "070", "whole number"),
        (2, "units", "71", "total_payment of points says"),
        (2, "units", str(MAX_UNITS + 1), "whole number"),
        (2, "at", "2026-03-02 04:00", "must be a time"),
        (2, "order_id", "=1+1", "formula"),
        (2, "order_id", "", "must not be empty"),
        (2, "refund_id", "r-9", "empty but for a refund"),
        (5, "refund_id", "", "must not be empty"),
        (2, "channel", "smoke", "must be one of"),
        (2, "cashier", "a\x07b", "control characters"),
        (3, "transfer", "3", "must grow"),
        (6, "units", "99", "total_payment of points says"),
        (6, "cashier", "lin", "no more than"),
        (7, "kind", "total_payment", "stands where"),
        (9, "asset", "stored_value", "must be"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told(number: int, column: str, text: str, problem: str) -> None:
    """The line where it is, or the file where it is all of it; what it should be; nothing is guessed."""
    with pytest.raises(BillInvalid, match=problem) as told:
        parse_bill(cell_changed(number, column, text))
    assert told.value.line in {0, number, number + 1}


def test_nothing_comes_after_the_totals() -> None:
    """A line that was put at the end was not there when they were added up."""
    rows = bill_text(BILL).splitlines(keepends=True)
    with pytest.raises(BillInvalid, match="nothing may come after"):
        parse_bill("".join([*rows[:2], *rows[3:], rows[2]]))


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_anything_at_all_is_a_bill_or_a_clear_error(text: str | bytes) -> None:
    """Never a traceback of ours, whatever file was named by mistake."""
    with pytest.raises(BillInvalid) as told:
        parse_bill(text)
    assert told.value.problem


@given(st.data())
def test_a_damaged_bill_is_read_right_or_not_at_all(data: st.DataObject) -> None:
    """A few bytes changed, lost or doubled: what is still taken for a bill, says the same when it is written again."""
    damaged = bytearray(bill_text(data.draw(bills())).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    read = bill_or_none(bytes(damaged))
    assert read is None or read == parse_bill(bill_text(read))


def bill_or_none(text: bytes) -> Bill | None:
    """The bill, if it is one; whatever else is raised is a bug."""
    try:
        return parse_bill(text)
    except BillInvalid:
        return None


def test_a_time_is_written_in_utc() -> None:
    """Whatever zone it came in."""
    elsewhere = AT + timedelta(hours=1)
    bill = Bill("s", DAY, (Asset.POINTS,), (line(1)._replace(at=elsewhere),))
    assert "2026-03-02T05:00:00.000001Z" in bill_text(bill)
