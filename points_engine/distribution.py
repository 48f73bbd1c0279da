"""How a price is taken out of several assets, one after the other.

The price is a whole number of its own asset's units. A part is a whole number of another asset's units, and its worth
is rounded down to whole units of the price: the one rounding there is. From that follow the two promises:

- never more worth than asked: the worths of the parts add up to the price exactly;
- never more units than needed: one unit less of any part would be worth less than what that part pays.

So a customer may give away less than one unit of the price with each part (0.4 of a cent, where 7 points are worth 5
cents and 1 cent is to be paid: 2 points), and a scheme never does.

Each asset in turn pays as much as it may and has, as long as those after it can pay the rest exactly: where a point is
worth 10 cents and 105 cents are to be paid, with 103 cents in a wallet and points after it, the wallet pays 95.
"""

from collections.abc import Sequence
from typing import NamedTuple

from points_engine.amounts import Exchange

STEPS_MAX = 1_000
"""How many smaller payments of an asset are tried for the sake of those after it. Only where a unit of a later asset is
worth more than so many units of the price, and a third one follows, can a way to pay be missed."""


class Rate(NamedTuple):
    """So many `units` of an asset are worth so many units of another."""

    units: int
    worth_units: int

    def worth_of(self, units: int) -> int:
        """What units are worth, rounded down."""
        return units * self.worth_units // self.units

    def fewest_worth(self, worth_units: int) -> int:
        """The fewest units that are worth so much, or more where no number of units is worth exactly that."""
        return -(-worth_units * self.units // self.worth_units)

    def most_worth(self, worth_units: int) -> int:
        """The most units that are worth no more than that."""
        return ((worth_units + 1) * self.units - 1) // self.worth_units


def rate_between(asset: Exchange, other: Exchange) -> Rate:
    """What an asset is worth in units of another, by what both are worth in money."""
    return Rate(asset.asset_units * other.money_minor, asset.money_minor * other.asset_units)


class Offer(NamedTuple):
    """An asset that may pay: its rate to the price, and from how many to how many units it pays, if it pays at all."""

    rate: Rate
    least_units: int
    most_units: int

    def at_most(self, worth_units: int) -> "Paid":
        """The most this asset can pay of what is asked, with the fewest units."""
        rate = self.rate
        worth = rate.worth_of(min(self.most_units, rate.most_worth(worth_units)))
        units = rate.fewest_worth(worth)
        return Paid(units, worth) if worth and units >= self.least_units else NOTHING

    def at_least(self, worth_units: int) -> int:
        """The least worth from `worth_units` on that this asset can pay, as if it had no end."""
        return self.rate.worth_of(max(self.least_units, self.rate.fewest_worth(worth_units)))


class Paid(NamedTuple):
    """What an asset pays: units of its own, and their worth in units of the price."""

    units: int
    worth_units: int


NOTHING = Paid(0, 0)


def distribute(offers: Sequence[Offer], price_units: int) -> list[Paid] | None:
    """What each asset pays of a price; None when all of them together cannot pay it."""
    if not offers:
        return None if price_units else []
    first, later = offers[0], offers[1:]
    later_units = sum(offer.at_most(price_units).worth_units for offer in later)
    asked = price_units
    for _ in range(STEPS_MAX):
        paid = first.at_most(asked)
        rest = price_units - paid.worth_units
        if rest > later_units:
            return None
        others = distribute(later, rest)
        if others is not None:
            return [paid, *others]
        asked = paid.worth_units - 1
        if len(later) == 1:
            # Nothing between is of use to it.
            asked = min(asked, price_units - later[0].at_least(rest))
        if asked < 0:
            return None
    return None


def reach(offers: Sequence[Offer], price_units: int) -> int:
    """How much of a price the assets can pay when each pays what it can, in turn."""
    left_units = price_units
    for offer in offers:
        left_units -= offer.at_most(left_units).worth_units
    return price_units - left_units


def share_of(percent: int, total_units: int, rate: Rate) -> int:
    """The most units of an asset that are within a share of an order; `rate` is that from the total to the asset."""
    return total_units * rate.worth_units * percent // (rate.units * 100)
