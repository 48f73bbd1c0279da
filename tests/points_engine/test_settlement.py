"""A shop's day: when it ends, and what it comes to."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from points_engine.amounts import Exchange
from points_engine.ledger import TransferKind
from points_engine.settlement import Totals, day_of, days_between, end_of, totals_of, worth_minor

K = TransferKind
BERLIN = ZoneInfo("Europe/Berlin")


def test_every_kind_counts_where_it_belongs() -> None:
    """A charge and a PIN's payment are both takings; what is no payment's is left out."""
    moved = [
        (K.CHARGE, 2, 100), (K.POST, 1, 30), (K.REVERSAL, 1, 10), (K.REVERSAL, 2, 5), (K.REFUND, 3, 7),
        (K.REFUND, 1, 1), (K.SETTLEMENT, 9, 999), (K.HOLD, 9, 999),
    ]  # fmt: skip
    assert Totals(3, 130, 3, 15, 4, 8) == totals_of(moved)


def test_what_is_left_to_the_shop_may_be_below_zero() -> None:
    """A day on which more came back than was taken."""
    assert 130 - 15 - 8 == Totals(3, 130, 3, 15, 4, 8).net_units
    assert -3 == Totals(reversed_units=1, refunded_units=2).net_units


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_also_when_it_has_23_or_25_hours(day: date, expected: datetime) -> None:
    """The end is the first moment of the next day."""
    assert expected == end_of(day, BERLIN)
    assert day < day_of(expected, BERLIN)


def test_days_are_told_one_by_one() -> None:
    """Both ends included; none when the last is before the first."""
    days = [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert days == list(days_between(days[0], days[-1]))
    assert [days[0]] == list(days_between(days[0], days[0]))
    assert [] == list(days_between(days[1], days[0]))


@pytest.mark.parametrize(
    ("units", "expected"), [(0, 0), (1, 1), (50, 1), (49, 0), (-49, 0), (-50, -1), (150, 2)]
)
def test_a_loss_is_worth_what_the_gain_would_be(units: int, expected: int) -> None:
    """Rounded alike on both sides of nothing."""
    exchange = Exchange(1, 1) if units == 1 else Exchange(100, 1)
    assert expected == worth_minor(exchange, units)
