"""Where the points are, said a second time: accounts, lots and debts in plain dicts, with no rule of the engine's own.

Times are seconds from midnight of the first day in the shop; days are counted from there.
"""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

DAY_SECONDS = 86_400

SIDES = {
    "credit": ("issued", "customer"),
    "grant": ("issued", "customer"),
    "earn": ("issued", "customer"),
    "adjust_up": ("adjusted", "customer"),
    "adjust_down": ("customer", "adjusted"),
    "expire": ("customer", "expired"),
    "charge": ("customer", "clearing"),
    "hold": ("customer", "held"),
    "post": ("held", "clearing"),
    "void": ("held", "customer"),
    "reversal": ("clearing", "customer"),
    "refund": ("clearing", "customer"),
    "claw_back": ("customer", "issued"),
    "debt": ("owed", "issued"),
    "recovery": ("customer", "owed"),
    "settlement": ("clearing", "settled"),
    "settlement_return": ("settled", "clearing"),
}
_OWNERS = {"customer": "member", "owed": "member", "clearing": "shop", "settled": "shop"}


def half_up(value: Fraction) -> int:
    """The nearest whole number; of two, the greater."""
    return (value + Fraction(1, 2)).__floor__()


@dataclass(eq=False)
class Lot:
    """Units that are good up to and including `last_day`; `expired` is what of them never came to use."""

    last_day: int
    left: int
    expired: int = 0


@dataclass(eq=False)
class Use:
    """What a payment took out of a lot (None: of what never expires), and has not given back."""

    lot: Lot | None
    units: int


@dataclass(eq=False)
class Purse:
    """A member's account of an asset, its balance aside: `lots` in the order in which they came."""

    member: str
    asset: str
    lots: list[Lot] = field(default_factory=list)
    debt: int = 0
    own_limit: int | None = None
    days: dict[int, list[int]] = field(default_factory=dict)
    """By day: PIN-free payments, their units, all payments, their units."""
    lines: list[tuple[str, int]] = field(default_factory=list)

    def on(self, day: int) -> list[int]:
        """The day's use."""
        return self.days.setdefault(day, [0, 0, 0, 0])

    def take(self, units: int, first: Lot | None = None) -> list[Use]:
        """The soonest to end first, `first` before all; what never ends last."""
        uses = []
        for lot in sorted(self.lots, key=lambda lot: (lot is not first, lot.last_day)):
            part = min(lot.left, units)
            if part:
                lot.left -= part
                units -= part
                uses.append(Use(lot, part))
        return [*uses, Use(None, units)] if units else uses


@dataclass
class Earning:
    """What an order earned, and what of it was taken back."""

    purse: Purse
    units: int
    lot: Lot | None
    taken_back: int = 0


@dataclass
class ShopMove:
    """What a payment moved on a shop's clearing account."""

    at: float
    shop: str
    asset: str
    kind: str
    units: int


class ModelLedger:
    """All accounts. With `is_owed` a balance never falls below zero: what lacks is written down as a debt."""

    def __init__(self, now: float, grace_days: int, *, is_owed: bool) -> None:
        self.now = now
        self.grace_days = grace_days
        self.is_owed = is_owed
        self.accounts: Counter[tuple[str, str, str]] = Counter()
        self.purses: dict[tuple[str, str], Purse] = {}
        self.earnings: dict[str, Earning] = {}
        self.shop_moves: list[ShopMove] = []

    @property
    def today(self) -> int:
        """The shop's day."""
        return int(self.now // DAY_SECONDS)

    def purse(self, member: str, asset: str) -> Purse:
        """A member's account."""
        return self.purses.setdefault((member, asset), Purse(member, asset))

    def raw(self, purse: Purse) -> int:
        """A balance, which may be below zero."""
        return self.accounts["customer", purse.member, purse.asset]

    def balance(self, purse: Purse) -> int:
        """What can be spent."""
        return max(0, self.raw(purse))

    def owed(self, purse: Purse) -> int:
        """What is taken from what comes in."""
        return purse.debt + max(0, -self.raw(purse))

    def book(self, kind: str, asset: str, units: int, *, member: str = "", shop: str = "") -> None:
        """Move units from one side to the other."""
        owners = {"member": member, "shop": shop, "": ""}
        for side, sign in zip(SIDES[kind], (-1, 1), strict=True):
            self.accounts[side, owners[_OWNERS.get(side, "")], asset] += sign * units
            if side == "customer":
                self.purse(member, asset).lines.append((kind, sign * units))
            if side == "clearing" and not kind.startswith("settlement"):
                self.shop_moves.append(ShopMove(self.now, shop, asset, kind, units))

    def tick(self, seconds: float) -> None:
        """Time goes by; at midnight some of it is over."""
        self.now += seconds
        for purse in self.purses.values():
            over = [lot for lot in purse.lots if lot.last_day < self.today and lot.left]
            units = sum(lot.left for lot in over)
            for lot in over:
                lot.expired, lot.left = lot.expired + lot.left, 0
            if units:
                self.book("expire", purse.asset, units, member=purse.member)

    def give(self, kind: str, purse: Purse, units: int, last_day: int | None) -> Lot | None:
        """Something comes in: what is below zero, or owed, is paid back first."""
        self.book(kind, purse.asset, units, member=purse.member)
        lot, kept = None, min(units, self.raw(purse))
        if last_day is not None and kept > 0:
            lot = Lot(last_day, kept)
            purse.lots.append(lot)
        recovered = min(purse.debt, self.balance(purse))
        if recovered:
            purse.debt -= recovered
            self.take("recovery", purse, recovered, first=lot)
        return lot

    def take(
        self, kind: str, purse: Purse, units: int, shop: str = "", first: Lot | None = None
    ) -> list[Use]:
        """Something goes out."""
        self.book(kind, purse.asset, units, member=purse.member, shop=shop)
        return purse.take(units, first)

    def give_back(self, kind: str, purse: Purse, uses: list[Use], units: int, shop: str) -> None:
        """What was taken last comes back first, to where it was; what is below zero swallows it before."""
        swallowed = min(units, max(0, -self.raw(purse)))
        self.book(kind, purse.asset, units, member=purse.member, shop=shop)
        too_late = 0
        for use in reversed(uses):
            part = min(use.units, units)
            use.units -= part
            units -= part
            gone = min(swallowed, part)
            swallowed -= gone
            part -= gone
            if use.lot is None or not part:
                continue
            if use.lot.last_day >= self.today:
                use.lot.left += part
            elif self.grace_days:
                purse.lots.append(Lot(self.today + self.grace_days, part))
            else:
                use.lot.expired += part
                too_late += part
        if too_late:
            self.book("expire", purse.asset, too_late, member=purse.member)

    def take_back(self, order_id: str, paid_units: int, back_units: int) -> tuple[int, int]:
        """What an order earned on what is given back of its payment by now; all of it, and what of it is owed."""
        earning = self.earnings.get(order_id)
        if earning is None or not paid_units:
            return 0, 0
        purse, lot = earning.purse, earning.lot
        due = half_up(Fraction(earning.units * back_units, paid_units))
        there = earning.units - (lot.expired if lot else 0)
        units = max(0, min(due, there) - earning.taken_back)
        earning.taken_back += units
        owed = units - min(units, self.balance(purse)) if self.is_owed else 0
        if units - owed:
            self.take("claw_back", purse, units - owed, first=lot)
        if owed:
            self.book("debt", purse.asset, owed, member=purse.member)
            purse.debt += owed
        return units, owed

    def expiring(self, purse: Purse) -> dict[int, int]:
        """What expires, by last day."""
        days: Counter[int] = Counter()
        for lot in purse.lots:
            if lot.left:
                days[lot.last_day] += lot.left
        return dict(sorted(days.items()))
