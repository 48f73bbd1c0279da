"""Plain charges, and the short ways that a store may have for them.

Most charges are plain: by a code, of one asset, small enough to need no proof. A store far away, to which every read
and write is a journey, may carry out all that wait in one go (`Express`); books at hand may pay one within their
transaction (`PlainBooks`). Both must come to what the engine's own rules come to.
"""

import abc
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.charging import Taker
from points_engine.limits import AssetLimits


class PlainCharge(NamedTuple):
    """A charge whose amount is within its asset's limits, and which that asset alone may pay, all of it."""

    order_id: str
    taker: Taker
    cashier: str
    code_key: int
    asset: Asset
    units: int
    reference: str


class PlainPaid(NamedTuple):
    """What came of a plain charge that was paid: who paid, and what they have left."""

    member_name: str
    balance_units: int


class PlainBooks(abc.ABC):
    """The part of the books that pays plain charges."""

    @abc.abstractmethod
    def pay_plainly(
        self, charge: PlainCharge, limits: AssetLimits, now: datetime, day: int, /
    ) -> PlainPaid | None:
        """Pay a charge that certainly goes through without a proof; None for any other, of which nothing is kept.

        `limits` are those of its asset, `day` is the shop's day at `now` (an ordinal). Books may leave every charge to
        the rules.
        """


class Express(abc.ABC):
    """A store's express way; several threads may take it at once."""

    @abc.abstractmethod
    def charge(
        self, charges: Sequence[PlainCharge], limits: Mapping[Asset, AssetLimits], now: datetime, day: int
    ) -> list[PlainPaid | None]:
        """Pay each charge that certainly goes through without a proof; None for each other, of which nothing is kept.

        `limits` are those of the scheme, `now` is when the payments are made, `day` the shop's day then (an ordinal).
        What is paid is durable when this returns, and when it raises nothing is, unless a StoreUnavailable says that
        it may be.
        """
