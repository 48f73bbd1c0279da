"""What callers and the engine say to each other about money that goes back, and about the end of a shop's day.

A part of the contract, which hands all of it out: callers import it from `points_engine.contract`.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from points_engine.amounts import Amount, Asset


class StaffLevel(enum.StrEnum):
    """What somebody of the shop's staff may decide."""

    CASHIER = "cashier"
    """Refunds up to the scheme's limit, of what their own shop took."""
    MANAGER = "manager"
    """Refunds of any size, of any shop, and without a till."""


class ClawBackRule(enum.StrEnum):
    """What becomes of points that were earned on what is given back when they are spent already."""

    NEGATIVE = "negative"
    """The balance goes below zero; what comes in fills it up first."""
    OWED = "owed"
    """The balance stops at zero; the rest is owed, and taken from the next credit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks, as the till or the back office signed them in: the engine takes their word for name and level."""

    name: str
    level: StaffLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Give back a part of a payment, or all of it. `refund_id` is made and stored by the caller first.

    `amount` is in the payment's own asset, like the charge's; it goes back to the assets it came from. `till_id` is
    None in the back office. Points earned on what is given back are taken back. Replies Refunded.

    Refuses TILL_NOT_ENROLLED, NOT_PERMITTED (above what this level may), ORDER_MISMATCH (the id stands for another
    refund), ORDER_UNKNOWN, AMOUNT_NOT_ALLOWED (nothing, or another asset), NOT_REFUNDABLE, REFUND_TOO_LARGE.
    """

    refund_id: str
    order_id: str
    till_id: str | None
    actor: Actor
    amount: Amount
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunded:
    """A refund that was made, now or when it was asked for first.

    `parts` is what went back to which asset. `refunded` is all that was given back of the payment up to and with this
    one, `refundable` what could be given back after it. `taken_back` is what had been earned on it, `owed` how much of
    that was spent already and is owed now. `balance` is the payer's in the payment's asset, if the scheme shows it.
    """

    refund_id: str
    order_id: str
    amount: Amount
    parts: tuple[Amount, ...]
    refunded: Amount
    refundable: Amount
    at: datetime
    taken_back: Amount | None = None
    owed: Amount | None = None
    balance: Amount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Close a shop's day for good, and before it every day that is still open. Replies Settled.

    Asked again it gives the same answer. Refuses SHOP_UNKNOWN, DAY_NOT_OVER (the day has not ended in the shop's zone)
    and DAY_NOT_SETTLED (a day before the shop's first).
    """

    shop_id: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a shop took and gave back of one asset on one day. Never changed once made.

    `number` counts the shop's settlements of the asset from 1, a day each. `taken_units`, `reversed_units` and
    `refunded_units` are what the `…_times` payments, reversals and refunds moved. Money is in minor units: each is the
    worth of its own total, rounded once, so that they need not add up: `net_minor` is what counts. None: the scheme has
    no exchange rate for the asset.
    """

    shop_id: str
    asset: Asset
    number: int
    day: date
    taken_times: int
    taken_units: int
    taken_minor: int | None
    reversed_times: int
    reversed_units: int
    reversed_minor: int | None
    refunded_times: int
    refunded_units: int
    refunded_minor: int | None
    net_minor: int | None
    settled_at: datetime

    @property
    def net_units(self) -> int:
        """What the shop is to be paid for; below zero when it gave back more than it took."""
        return self.taken_units - self.reversed_units - self.refunded_units


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A shop's closed day, an asset each."""

    settlements: tuple[Settlement, ...]
