"""An asset, a whole number of its smallest unit, and what it is worth."""

import enum
from dataclasses import dataclass

MAX_UNITS = 10**15
"""The largest amount there is: far above any balance, far below what 64 bits and a JSON number hold exactly."""


class AmountInvalid(ValueError):
    """An amount that is no whole number of units between 0 and MAX_UNITS: a bug or unchecked input."""


class Asset(enum.StrEnum):
    """What an account holds. All assets live by the same machinery."""

    POINTS = "points"
    WALLET = "wallet"
    STORED_VALUE = "stored_value"


@dataclass(frozen=True, slots=True)
class Amount:
    """A whole number of an asset's smallest unit, never negative (a direction is a transfer's business).

    Raises AmountInvalid when `units` is not an int from 0 to MAX_UNITS.
    """

    asset: Asset
    units: int

    def __post_init__(self) -> None:
        if isinstance(self.units, bool) or not isinstance(self.units, int):
            raise AmountInvalid(f"units must be a whole number, not {type(self.units).__name__}")
        if not 0 <= self.units <= MAX_UNITS:
            raise AmountInvalid(f"units must be from 0 to {MAX_UNITS}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an asset is worth in money: `asset_units` of it are worth `money_minor` (cents, fen).

    Raises AmountInvalid when either side is not a positive whole number.
    """

    asset_units: int
    money_minor: int

    def __post_init__(self) -> None:
        if self.asset_units <= 0 or self.money_minor <= 0:
            raise AmountInvalid("an exchange needs a positive whole number on both sides")

    def to_money_minor(self, units: int) -> int:
        """The worth of `units` in minor money units, rounded half up: for showing alone.

        Half up because it is what a customer does in the head; it is done once, on a whole amount,
        never on its parts, so that parts cannot add up to something else. What is taken for a price, and how that
        is rounded, is said in `points_engine.distribution`.
        """
        return (2 * units * self.money_minor + self.asset_units) // (2 * self.asset_units)
