"""A price paid out of several assets: what each may and can pay, and what is taken from it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine import limits
from points_engine.amounts import Asset
from points_engine.contract import Charge, ChargeMember, ChargeOnDelivery, Refusal
from points_engine.distribution import Offer, Rate, distribute, rate_between, reach, share_of
from points_engine.engine import bookings
from points_engine.engine.bookings import Take
from points_engine.engine.scheme import Scheme
from points_engine.limits import DayUse
from points_engine.part_ports import PartRow
from points_engine.ports import Books, Holder

ChargeCommand = Charge | ChargeMember | ChargeOnDelivery
"""The ways to be charged: the same rules hold for all of them."""


class _Purse(NamedTuple):
    """An account that may pay: what it is worth, and how much of it balance, cap, share and day each leave."""

    holder: Holder
    use: DayUse
    rate: Rate
    least_units: int
    balance_units: int
    cap_units: int
    share_units: int
    day_units: int


# From the loosest to the tightest: what a payment fails for is the first of these that stops it.
_BOUNDS: Sequence[tuple[Refusal, Callable[[_Purse], int]]] = (
    (Refusal.BALANCE_TOO_LOW, lambda purse: purse.balance_units),
    (Refusal.AMOUNT_NOT_ALLOWED, lambda purse: purse.cap_units),
    (Refusal.ORDER_SHARE_TOO_LARGE, lambda purse: purse.share_units),
    (Refusal.DAILY_LIMIT_REACHED, lambda purse: purse.day_units),
)


class Splitter:
    """Distributes prices over a member's accounts, by the scheme's rules."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme

    def takes(
        self, books: Books, command: ChargeCommand, holder: Holder, now: datetime
    ) -> list[Take] | Refusal:
        """What each asset pays, with the day's use before it; or why all of them together may not, or cannot.

        `holder` is the payer's account for the price's own asset, which need not pay itself.
        """
        purses = self._purses(books, command, holder, now)
        paid = distribute(_offers(purses), command.amount.units)
        if paid is None:
            return _reason(purses, command.amount.units)
        # All parts count in one day, also where a clock that went back left one account a day ahead.
        day = max(purse.use.day for purse in purses)
        takes = []
        for purse, (units, worth_units) in zip(purses, paid, strict=True):
            if units:
                account_id, asset = purse.holder.account_id, purse.holder.asset
                till = books.till(command.taker.taker_id, asset, command.taker.channel)
                assert till is not None
                part = PartRow(asset, units, worth_units, account_id, till.clearing_id)
                takes.append(Take(part, purse.holder, purse.use.on(day)))
        return takes

    def available_units(self, books: Books, command: ChargeCommand, holder: Holder, now: datetime) -> int:
        """How much of the price the assets could pay together, each what it can in turn."""
        return reach(_offers(self._purses(books, command, holder, now)), command.amount.units)

    def share_units(self, command: ChargeCommand, asset: Asset, percent: int) -> int:
        """The most of an asset that is within a share of the order; without a total the amount is the order."""
        total, exchange = command.order_total or command.amount, self._scheme.exchange
        return share_of(percent, total.units, rate_between(exchange[total.asset], exchange[asset]))

    def _purses(self, books: Books, command: ChargeCommand, holder: Holder, now: datetime) -> list[_Purse]:
        return [
            self._purse(command, books.holder_of(holder.member, asset), books, now)
            for asset in command.pay_from
        ]

    def _purse(self, command: ChargeCommand, holder: Holder, books: Books, now: datetime) -> _Purse:
        holder = bookings.expire_lots_if_due(books, holder, now)
        rules, exchange = self._scheme.limits[holder.asset], self._scheme.exchange
        use = holder.day_use.on(limits.shop_day(now, self._scheme.zone))
        return _Purse(
            holder=holder,
            use=use,
            rate=rate_between(exchange[holder.asset], exchange[command.amount.asset]),
            least_units=rules.minimum_units,
            balance_units=holder.balance_units,
            cap_units=rules.cap_units,
            share_units=self.share_units(command, holder.asset, rules.order_share_percent),
            day_units=rules.day_room(use),
        )


def _offers(purses: Sequence[_Purse], bounds: int = len(_BOUNDS)) -> list[Offer]:
    """What the purses offer when only so many of the bounds hold."""
    return [
        Offer(purse.rate, purse.least_units, min(bound(purse) for _, bound in _BOUNDS[:bounds]))
        for purse in purses
    ]


def _reason(purses: Sequence[_Purse], price_units: int) -> Refusal:
    for bounds, (refusal, _) in enumerate(_BOUNDS, start=1):
        if distribute(_offers(purses, bounds), price_units) is None:
            return refusal
    raise AssertionError("nothing stops this payment")
