"""How a refund falls on what was taken: over the parts of a payment, over the points earned on it, over the staff.

Every rule works on totals, never on the single refund: what a refund gives is what stands given after it less what
stood before. So refunds of any sizes add up to the payment exactly, to the unit, in every asset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from points_engine.amounts import MAX_UNITS
from points_engine.contract import StaffLevel


class RefundRulesInvalid(ValueError):
    """Refund rules out of range; names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRules:
    """One asset's rules for refunds, in its smallest unit. Raises RefundRulesInvalid.

    Of one payment, cashiers may give back up to `cashier_units` together; what is above takes a manager.
    """

    cashier_units: int = 2_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_UNITS:
                raise RefundRulesInvalid(f"{name} must be a whole number from 0 to {MAX_UNITS}")

    def allow(self, level: StaffLevel, by_cashiers_units: int, units: int) -> bool:
        """Whether this level may give back `units` more, when cashiers gave `by_cashiers_units` of it before."""
        return level is StaffLevel.MANAGER or by_cashiers_units + units <= self.cashier_units


def may_ask(level: StaffLevel, *, has_till: bool, is_own_shop: bool) -> bool:
    """Whether this level may ask for a refund from here: cashiers at a till of the shop that took the payment."""
    return level is StaffLevel.MANAGER or (has_till and is_own_shop)


class Portion(NamedTuple):
    """A part of a payment: `units` of its asset, worth `worth_units` of the payment's own, and what of it is back."""

    units: int
    worth_units: int
    back_units: int = 0
    back_worth_units: int = 0

    @property
    def left_worth_units(self) -> int:
        """What can still be given back, in the payment's asset."""
        return self.worth_units - self.back_worth_units


class Share(NamedTuple):
    """What a refund gives back of one part: in the part's asset, and in the payment's."""

    units: int
    worth_units: int


class RefundTooLargeForParts(AssertionError):
    """More than is left, or nothing, was to be spread: the caller has to have looked."""


def spread(portions: Sequence[Portion], worth_units: int) -> tuple[Share, ...]:
    """How `worth_units` of a payment go back to its parts: in proportion to what is left of each.

    The odd units go to the parts that were cut the most, the earlier part first. What is left in the end is all of
    every part. A part's worth becomes units of its asset by one rounding of all that is back by then, half up. Raises
    RefundTooLargeForParts.
    """
    left = [portion.left_worth_units for portion in portions]
    total = sum(left)
    if not 0 < worth_units <= total:
        raise RefundTooLargeForParts(f"{worth_units} of {total}")
    worths = [units * worth_units // total for units in left]
    by_what_was_cut = sorted(range(len(left)), key=lambda place: -(left[place] * worth_units % total))
    for place in by_what_was_cut[: worth_units - sum(worths)]:
        worths[place] += 1
    return tuple(_share(portion, worth) for portion, worth in zip(portions, worths, strict=True))


def _share(portion: Portion, worth_units: int) -> Share:
    back_worth_units = portion.back_worth_units + worth_units
    back_units = proportion(portion.units, back_worth_units, portion.worth_units)
    return Share(back_units - portion.back_units, worth_units)


def proportion(units: int, part: int, whole: int) -> int:
    """`units` times `part` of `whole` (above zero), rounded half up; all of `units` for the whole."""
    return (2 * units * part + whole) // (2 * whole)


def earned_on(earned_units: int, payment_units: int, before_units: int, after_units: int) -> int:
    """How much of what an order earned is taken back when its refunds grow from `before_units` to `after_units`."""
    before = proportion(earned_units, before_units, payment_units)
    return proportion(earned_units, after_units, payment_units) - before
