"""How much may be taken at once, and how much of it without a PIN.

An amount is PIN-free when it is within the member's limit and the day's PIN-free payments, this one included, stay
within the daily count and the daily sum. The day is the shop's, from midnight to midnight in its own zone. A payment
that is given back later still counts: the limits bound how often a PIN was skipped, not what was spent.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS


class LimitsInvalid(ValueError):
    """Limits that contradict each other or are out of range; names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLimits:
    """One asset's limits, in its smallest unit. Raises LimitsInvalid.

    A payment is from `minimum_units` to `cap_units`. Up to `pin_free_units` need no PIN unless the member chose another
    value, at most `pin_free_ceiling_units`; a day has at most `pin_free_daily_count` PIN-free payments of together at
    most `pin_free_daily_units`.
    """

    minimum_units: int = 1
    cap_units: int = 100_000
    pin_free_units: int = 500
    pin_free_ceiling_units: int = 2_000
    pin_free_daily_count: int = 10
    pin_free_daily_units: int = 3_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_UNITS:
                raise LimitsInvalid(f"{name} must be a whole number from 0 to {MAX_UNITS}")
        if self.minimum_units < 1:
            raise LimitsInvalid("minimum_units must be at least 1: a payment of nothing is none")
        if self.cap_units < self.minimum_units:
            raise LimitsInvalid("cap_units must not be below minimum_units")
        if self.pin_free_units > self.pin_free_ceiling_units:
            raise LimitsInvalid("pin_free_units must not be above pin_free_ceiling_units")

    def allows(self, units: int) -> bool:
        """Whether a single payment may have this size."""
        return self.minimum_units <= units <= self.cap_units

    def pin_free_limit(self, own_units: int | None) -> int:
        """The limit that holds for a member: their own if they chose one, never above the ceiling."""
        return min(self.pin_free_units if own_units is None else own_units, self.pin_free_ceiling_units)


class PinFreeUse(NamedTuple):
    """A member's PIN-free payments of one day. `day` counts from 0001-01-01 = 1 (date.toordinal)."""

    day: int
    times: int
    units: int

    def on(self, today: int) -> "PinFreeUse":
        """The use as of today: a new day starts at nothing; a clock that went back opens no second day."""
        return PinFreeUse(today, 0, 0) if today > self.day else self

    def plus(self, units: int) -> "PinFreeUse":
        """The use with one more payment."""
        return PinFreeUse(self.day, self.times + 1, self.units + units)


def shop_day(now: datetime, zone: tzinfo) -> int:
    """The shop's day at `now` (aware), as an ordinal (date.toordinal)."""
    return now.astimezone(zone).toordinal()


def needs_pin(limits: AssetLimits, own_units: int | None, use: PinFreeUse, units: int) -> bool:
    """Whether `units` need a PIN, given today's `use` so far."""
    return (
        units > limits.pin_free_limit(own_units)
        or use.times >= limits.pin_free_daily_count
        or use.units + units > limits.pin_free_daily_units
    )
