"""A shop's day in the books: what was taken and given back between two places in the ledger.

A day is the part of the ledger from where the day before it ended to the first transfer that is stamped after its end.
It is cut once. What comes later, even stamped earlier (a clock that was set back), is behind the cut and belongs to a
later day: so a closed day never changes, and no transfer is counted twice or never.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from points_engine.amounts import Exchange
from points_engine.ledger import TransferKind

TAKEN = frozenset({TransferKind.CHARGE, TransferKind.POST})
"""Kinds of transfer by which a shop takes."""


class Totals(NamedTuple):
    """What moved on one clearing account: how often, and how many units."""

    taken_times: int = 0
    taken_units: int = 0
    reversed_times: int = 0
    reversed_units: int = 0
    refunded_times: int = 0
    refunded_units: int = 0

    @property
    def net_units(self) -> int:
        """What is left to the shop; may be below zero."""
        return self.taken_units - self.reversed_units - self.refunded_units


def totals_of(moved: Iterable[tuple[TransferKind, int, int]]) -> Totals:
    """The totals of (kind, times, units); other kinds than those of payments are left out."""
    totals = Totals()
    for kind, times, units in moved:
        if kind in TAKEN:
            totals = totals._replace(
                taken_times=totals.taken_times + times, taken_units=totals.taken_units + units
            )
        elif kind is TransferKind.REVERSAL:
            totals = totals._replace(
                reversed_times=totals.reversed_times + times, reversed_units=totals.reversed_units + units
            )
        elif kind is TransferKind.REFUND:
            totals = totals._replace(
                refunded_times=totals.refunded_times + times, refunded_units=totals.refunded_units + units
            )
    return totals


def end_of(day: date, zone: tzinfo) -> datetime:
    """When a day is over in the shop's zone, as UTC: the next midnight, also on a day of 23 or 25 hours."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def day_of(at: datetime, zone: tzinfo) -> date:
    """The shop's day at `at` (aware)."""
    return at.astimezone(zone).date()


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def worth_minor(exchange: Exchange, units: int) -> int:
    """The worth of `units`, which may be below zero, in minor money units: as much as that of the opposite sum."""
    return -exchange.to_money_minor(-units) if units < 0 else exchange.to_money_minor(units)
