"""What an order earns: so many units for every full step of money, rounded down once."""

from dataclasses import dataclass

from points_engine.amounts import MAX_UNITS


class EarnRuleInvalid(ValueError):
    """A rule that cannot be; names the field."""


@dataclass(frozen=True, slots=True)
class EarnRule:
    """`units` for every full `per_minor` of money (its smallest unit): 1 for 100 is a point for each 1.00 spent.

    Rounded down, once, on the whole order: with any other rounding an order cut into pieces would earn more than the
    whole. Raises EarnRuleInvalid.
    """

    units: int
    per_minor: int

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_UNITS:
                raise EarnRuleInvalid(f"{name} must be a whole number from 1 to {MAX_UNITS}")

    def earned(self, spend_minor: int) -> int:
        """What an order of this size earns."""
        return spend_minor // self.per_minor * self.units
