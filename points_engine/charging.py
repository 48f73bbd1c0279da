"""What callers and the engine say to each other about being charged: who takes a payment, on which way, out of what.

A part of the contract, which hands all of it out: callers import it from `points_engine.contract`.
"""

import enum
from dataclasses import dataclass
from typing import NamedTuple

from points_engine.amounts import Amount, Asset
from points_engine.secrecy import Secret


class Channel(enum.StrEnum):
    """The way on which a payment comes to be charged, and with it the kind of who takes it."""

    TILL = "till"
    """At a till, by the customer's one-minute code: Charge."""
    ONLINE = "online"
    """By a shop's own order page, for a member who is signed in there: ChargeMember."""
    DELIVERY = "delivery"
    """At the customer's door, by a courier who scans the code: ChargeOnDelivery."""


class Taker(NamedTuple):
    """Who takes a payment: a till, a courier, or a shop's order page. Ids are told apart by channel."""

    channel: Channel
    taker_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolCourier:
    """Make a courier known, who collects for a shop. Replies Done."""

    command_id: str
    courier_id: str
    shop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeMember:
    """Take an amount from a member who is signed in at a shop's order page: no code, else all as with Charge.

    The caller vouches for the signing-in. Every shop with a till or a courier has an order page; `reference` is
    the page's own number for the order, if it has another.
    """

    order_id: str
    shop_id: str
    member_no: str
    amount: Amount
    pay_from: tuple[Asset, ...] = ()
    order_total: Amount | None = None
    reference: str = ""

    @property
    def taker(self) -> Taker:
        """The shop's order page."""
        return Taker(Channel.ONLINE, self.shop_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOnDelivery:
    """Take an amount at the door, from whoever stands behind the code: all as with Charge.

    `delivery_order` is the number of the delivery that is paid: the payment's external reference.
    """

    order_id: str
    courier_id: str
    delivery_order: str
    code: Secret
    amount: Amount
    pay_from: tuple[Asset, ...] = ()
    order_total: Amount | None = None

    @property
    def taker(self) -> Taker:
        """The courier."""
        return Taker(Channel.DELIVERY, self.courier_id)

    @property
    def reference(self) -> str:
        """What the payment is for, outside the engine."""
        return self.delivery_order


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentPart:
    """What a payment took from one asset, or has on hold, and what it is worth in the payment's own asset."""

    taken: Amount
    worth: Amount
