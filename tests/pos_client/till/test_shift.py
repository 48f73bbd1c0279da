"""What a shift came to."""

from pos_client.till.effects import EntryKind, Record
from pos_client.till.shift import Totals, tallies, totals


def entry(
    kind: EntryKind,
    order_id: str | None = None,
    units: int = 0,
    *,
    money_minor: int | None = None,
    refusal: str | None = None,
) -> Record:
    """An entry of the journal."""
    return Record(
        kind=kind, sale_id="sale", order_id=order_id, units=units, money_minor=money_minor, refusal=refusal
    )


ENTRIES = [
    entry(EntryKind.INTENT, "1", 300),
    entry(EntryKind.SUCCEEDED, "1", 300),
    entry(EntryKind.INTENT, "2", 800),
    entry(EntryKind.WAITING_FOR_PIN, "2", 800),
    entry(EntryKind.PIN_REFUSED, "2", 800, refusal="pin_wrong"),
    entry(EntryKind.SUCCEEDED, "2", 800),
    entry(EntryKind.OTHER_TENDER, money_minor=570),
    entry(EntryKind.INTENT, "3", 50),
    entry(EntryKind.FAILED, "3", 50, refusal="code_used"),
    entry(EntryKind.FAILED, "4", 50, refusal="code_expired"),
    entry(EntryKind.FAILED, "5", 50, refusal="code_used"),
    entry(EntryKind.INTENT, "6", 70),
    entry(EntryKind.OUTCOME_UNKNOWN, "6", 70),
    entry(EntryKind.REVERSAL_INTENT, "6", 70),
    entry(EntryKind.REVERSED, "6", 70),
    entry(EntryKind.REVERSAL_INTENT, "1", 300),
    entry(EntryKind.REVERSED, "1", 300),
    entry(EntryKind.SALE_DROPPED, units=300),
    entry(EntryKind.CANCELED, "7", 90, refusal="payment_canceled"),
    entry(EntryKind.SCAN_REFUSED, refusal="not_a_payment_code"),
    entry(EntryKind.OTHER_TENDER, money_minor=30),
]

EXPECTED = Totals(
    payments=2,
    points_taken=1100,
    returns=1,
    points_returned=300,
    undone=1,
    canceled=1,
    refused=(("code_used", 2), ("code_expired", 1)),
    scans_refused=1,
    outcomes_unknown=1,
    sales_dropped=1,
    other_tenders=2,
    other_tender_minor=600,
)


def test_a_shift_adds_up() -> None:
    """Each figure counts its own entries; points given back are only those that had been taken."""
    assert EXPECTED == totals(tallies(ENTRIES))
    assert (800, 3) == (EXPECTED.points_net, EXPECTED.refused_count)


def test_an_empty_shift_is_all_zeros() -> None:
    """Nothing happened, nothing is counted."""
    assert Totals() == totals(tallies([]))


def test_points_are_no_money() -> None:
    """However many points are taken, no money appears, and the other way round."""
    taken = totals(tallies([entry(EntryKind.SUCCEEDED, "1", 10**9)]))
    assert 0 == taken.other_tender_minor
    tendered = totals(tallies([entry(EntryKind.OTHER_TENDER, money_minor=10**9)]))
    assert (0, 0) == (tendered.points_taken, tendered.payments)


def test_a_reversal_before_its_success_gives_nothing_back() -> None:
    """Only what had succeeded before counts as given back."""
    counted = totals(tallies([entry(EntryKind.REVERSED, "1", 5), entry(EntryKind.SUCCEEDED, "1", 5)]))
    assert (0, 1) == (counted.points_returned, counted.undone)
