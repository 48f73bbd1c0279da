"""How much may be taken at once, in a day and of an order, and how much of it without a PIN.

An amount is PIN-free when it is within the member's limit and the day's PIN-free payments, this one included, stay
within the daily count and the daily sum. The day is the shop's, from midnight to midnight in its own zone. A payment
that is given back later still counts as PIN-free: those limits bound how often a PIN was skipped, not what was spent.
The day's caps bound what was spent, PIN or not: there a payment that was canceled or reversed counts no more, while a
refund leaves it counted. A payment counts on the day it was opened.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS


class LimitsInvalid(ValueError):
    """Limits that contradict each other or are out of range; names the field."""


class DayUse(NamedTuple):
    """What a member paid with an asset on one day, and what of it without a PIN.

    `day` counts from 0001-01-01 = 1 (date.toordinal).
    """

    day: int
    pin_free_times: int = 0
    pin_free_units: int = 0
    times: int = 0
    units: int = 0

    def on(self, today: int) -> "DayUse":
        """The use as of today: a new day starts at nothing; a clock that went back opens no second day."""
        return DayUse(today) if today > self.day else self

    def plus(self, units: int, *, is_pin_free: bool) -> "DayUse":
        """The use with one more payment."""
        day, pin_free_times, pin_free_units, times, all_units = self
        if is_pin_free:
            return DayUse(day, pin_free_times + 1, pin_free_units + units, times + 1, all_units + units)
        return DayUse(day, pin_free_times, pin_free_units, times + 1, all_units + units)

    def less(self, units: int, day: int | None) -> "DayUse":
        """The use once a payment of `day` was given back: it goes on counting as PIN-free, if it was."""
        return self._replace(times=self.times - 1, units=self.units - units) if day == self.day else self


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLimits:
    """One asset's limits, in its smallest unit. Raises LimitsInvalid.

    A payment is from `minimum_units` to `cap_units`. Up to `pin_free_units` need no PIN unless the member chose another
    value, at most `pin_free_ceiling_units`; a day has at most `pin_free_daily_count` PIN-free payments of together at
    most `pin_free_daily_units`. With or without a PIN, a day has at most `daily_count` payments of together at most
    `daily_units`. Of an order at most `order_share_percent` may be paid.
    """

    minimum_units: int = 1
    cap_units: int = 100_000
    pin_free_units: int = 500
    pin_free_ceiling_units: int = 2_000
    pin_free_daily_count: int = 10
    pin_free_daily_units: int = 3_000
    daily_count: int = MAX_UNITS
    daily_units: int = MAX_UNITS
    order_share_percent: int = 100

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_UNITS:
                raise LimitsInvalid(f"{name} must be a whole number from 0 to {MAX_UNITS}")
        if self.minimum_units < 1:
            raise LimitsInvalid("minimum_units must be at least 1: a payment of nothing is none")
        if self.cap_units < self.minimum_units:
            raise LimitsInvalid("cap_units must not be below minimum_units")
        if self.daily_count < 1 or self.daily_units < self.minimum_units:
            raise LimitsInvalid("daily_count and daily_units must allow one payment of minimum_units")
        if not 1 <= self.order_share_percent <= 100:
            raise LimitsInvalid("order_share_percent must be from 1 to 100")
        if self.pin_free_units > self.pin_free_ceiling_units:
            raise LimitsInvalid("pin_free_units must not be above pin_free_ceiling_units")

    def allows(self, units: int) -> bool:
        """Whether a single payment may have this size."""
        return self.minimum_units <= units <= self.cap_units

    def day_room(self, use: DayUse) -> int:
        """How many units may still be paid on the day, given the `use` so far; 0 when the count is reached."""
        return max(self.daily_units - use.units, 0) if use.times < self.daily_count else 0

    def pin_free_limit(self, own_units: int | None) -> int:
        """The limit that holds for a member: their own if they chose one, never above the ceiling."""
        return min(self.pin_free_units if own_units is None else own_units, self.pin_free_ceiling_units)


def shop_day(now: datetime, zone: tzinfo) -> int:
    """The shop's day at `now` (aware), as an ordinal (date.toordinal)."""
    return now.astimezone(zone).toordinal()


def needs_pin(limits: AssetLimits, own_units: int | None, use: DayUse, units: int) -> bool:
    """Whether `units` need a PIN, given today's `use` so far."""
    return (
        units > limits.pin_free_limit(own_units)
        or use.pin_free_times >= limits.pin_free_daily_count
        or use.pin_free_units + units > limits.pin_free_daily_units
    )
