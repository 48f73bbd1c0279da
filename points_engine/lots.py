"""Lots: units that expire. Which are spent first, which come back, and when their time is up.

Only units that expire are in lots; the rest of a balance never expires and is spent last. Lots are spent oldest expiry
first, and given back in the opposite order, so that a payment that is refunded in part leaves exactly what a smaller
payment would have left.
"""

import calendar
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from points_engine.amounts import Asset

MOST_MONTHS = 1_200
MOST_GRACE_DAYS = 366
LAST_DAY = date(9998, 12, 31)
"""The last day that anything can be good on: the day after it still has a moment in every zone."""


class LotRulesInvalid(ValueError):
    """Rules about expiry that make no sense; names the field."""


class MoreThanTaken(AssertionError):
    """More is given back than was taken: a bug in the caller."""


def _is_whole(value: object, lowest: int, highest: int) -> bool:
    """Whether settings wrote a whole number of this range, and not, say, a truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


class ExpiryKind(enum.StrEnum):
    """How the scheme says when something expires."""

    NEVER = "never"
    MONTHS = "months"
    """At the end of the shop's day that is `count` months later; of a shorter month, at its last day's."""
    YEAR_END = "year_end"
    """At the end of the shop's year, or `count` years after that."""


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """When something given today expires. Raises LotRulesInvalid."""

    kind: ExpiryKind = ExpiryKind.NEVER
    count: int = 0

    def __post_init__(self) -> None:
        lowest, highest = {
            ExpiryKind.NEVER: (0, 0),
            ExpiryKind.MONTHS: (1, MOST_MONTHS),
            ExpiryKind.YEAR_END: (0, MOST_MONTHS // 12),
        }[self.kind]
        if not _is_whole(self.count, lowest, highest):
            raise LotRulesInvalid(f"count must be a whole number from {lowest} to {highest} with {self.kind}")

    def last_day(self, today: date) -> date | None:
        """The last day it is good on; None: it never expires."""
        if self.kind is ExpiryKind.NEVER:
            return None
        if self.kind is ExpiryKind.YEAR_END:
            return date(today.year + self.count, 12, 31)
        months = today.year * 12 + today.month - 1 + self.count
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


def _never() -> Mapping[Asset, ExpiryRule]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRules:
    """A scheme's rules about expiry. Raises LotRulesInvalid.

    `expiry` has the rule of each asset; one without never expires. `grace_days`: what comes back from a payment after
    its time was up is good for so many more days than today; with 0 it expires at once. Both are the terms under which
    something is given: a change is for what is given from then on.
    """

    expiry: Mapping[Asset, ExpiryRule] = field(default_factory=_never)
    grace_days: int = 7

    def __post_init__(self) -> None:
        if not _is_whole(self.grace_days, 0, MOST_GRACE_DAYS):
            raise LotRulesInvalid(f"grace_days must be a whole number from 0 to {MOST_GRACE_DAYS}")


class Lot(NamedTuple):
    """What is left of a lot, above zero, and the aware UTC moment from which it is not good any more."""

    id: int
    left_units: int
    expires_at: datetime


class Taken(NamedTuple):
    """Units taken out of a lot; out of what never expires when `lot_id` is None."""

    lot_id: int | None
    units: int


class Use(NamedTuple):
    """What a payment took out of a lot and has not given back; `lot_id` and `expires_at` as in Taken and Lot."""

    id: int
    lot_id: int | None
    units: int
    expires_at: datetime | None


class Return(NamedTuple):
    """Units of a use that come back; `is_late` when their time is up."""

    use: Use
    units: int
    is_late: bool


class Terms(NamedTuple):
    """What was agreed when a lot was given: see LotRules. `zone` is an IANA name."""

    grace_days: int
    zone: str


def is_due(expires_at: datetime | None, now: datetime) -> bool:
    """Whether its time is up."""
    return expires_at is not None and now >= expires_at


def take(live: Iterable[Lot], units: int, first_id: int | None = None) -> list[Taken]:
    """Take units out of lots given oldest expiry first, and the rest out of what never expires.

    The lot `first_id`, if it is among them, goes before all others.
    """
    taken: list[Taken] = []
    for lot in sorted(live, key=lambda lot: lot.id != first_id):
        if not units:
            return taken
        part = min(lot.left_units, units)
        taken.append(Taken(lot.id, part))
        units -= part
    return [*taken, Taken(None, units)] if units else taken


def give_back(uses: Sequence[Use], units: int, now: datetime) -> list[Return]:
    """Give units back to where they were taken from; `uses` in the order of taking. Raises MoreThanTaken."""
    returns = []
    for use in reversed(uses):
        part = min(use.units, units)
        if part:
            returns.append(Return(use, part, is_due(use.expires_at, now)))
            units -= part
    if units:
        raise MoreThanTaken(f"{units} units more than were taken")
    return returns


def start_of(day: date, zone: tzinfo) -> datetime:
    """The UTC moment at which a day begins in a zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of(last_day: date, zone: tzinfo) -> datetime:
    """The UTC moment at which a day is over in a zone: from then on what was good on it is not any more."""
    return start_of(last_day + timedelta(days=1), zone)


def day_of(at: datetime, zone: tzinfo) -> date:
    """The day it is in a zone."""
    return at.astimezone(zone).date()


def last_day_of(expires_at: datetime, zone: tzinfo) -> date:
    """The last day on which something is still good."""
    return day_of(expires_at - timedelta(microseconds=1), zone)


def renewed_until(now: datetime, grace_days: int, zone: tzinfo) -> datetime | None:
    """When something that came back too late expires at last; None: at once."""
    return end_of(day_of(now, zone) + timedelta(days=grace_days), zone) if grace_days else None
