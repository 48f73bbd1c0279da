"""What callers and the engine say to each other about points that come and go: earned, given, adjusted, expired.

A part of the contract, which hands all of it out: callers import it from `points_engine.contract`.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from points_engine.amounts import Amount, Asset


class Expiry(enum.StrEnum):
    """When something that is given expires, if no last day is named."""

    BY_SCHEME = "by_scheme"
    """As the scheme's settings say for its asset."""
    NEVER = "never"


ExpiresOn = date | Expiry
"""The last day, in the shop's zone, on which something given is good, or how to find it."""


# --- commands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulate:
    """Give a member what they earn on an order, by the scheme's rule. Replies Accumulated.

    `spend_minor` is what they paid in money for the order, in its smallest unit (cents, fen). An order earns once:
    refuses ORDER_MISMATCH when another command earned on it, AMOUNT_NOT_ALLOWED when the asset earns nothing,
    EXPIRY_NOT_ALLOWED, MEMBER_UNKNOWN, TILL_NOT_ENROLLED.
    """

    command_id: str
    till_id: str
    member_no: str
    order_id: str
    spend_minor: int
    asset: Asset = Asset.POINTS
    expires_on: ExpiresOn = Expiry.BY_SCHEME


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Give a member an amount in the name of a campaign. Replies Credited; refuses as Credit does."""

    command_id: str
    member_no: str
    amount: Amount
    campaign: str
    expires_on: ExpiresOn = Expiry.BY_SCHEME


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjust:
    """Put a balance right by hand: `units` more, or fewer when negative. Replies Credited.

    `actor` is who does it, `reason` why; both stay in the ledger, under its chain, and neither may be empty. Never
    below zero: refuses BALANCE_TOO_LOW; AMOUNT_NOT_ALLOWED for nothing, or more than a balance holds; MEMBER_UNKNOWN.
    """

    command_id: str
    member_no: str
    asset: Asset
    units: int
    reason: str
    actor: str
    expires_on: ExpiresOn = Expiry.BY_SCHEME


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStatement:
    """What moved on a member's account: for the member's own eyes, or the back office. Replies Statement.

    From `first_day` to `last_day`, both included, in the shop's zone; None has no bound. At most `most` (1 to 500)
    lines; `after` is the last page's `next_after`. Refuses MEMBER_UNKNOWN.
    """

    member_no: str
    asset: Asset
    first_day: date | None = None
    last_day: date | None = None
    newest_first: bool = True
    after: int | None = None
    most: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowExpiring:
    """What of a member's account expires next: the next `most` days on which something does (1 to 500).

    Replies Expiring, or refuses MEMBER_UNKNOWN.
    """

    member_no: str
    asset: Asset
    most: int = 12


# --- replies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Accumulated:
    """What an order earned, which may be nothing; the balance after it, and the last day it is good (None: always)."""

    earned: Amount
    balance: Amount
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One movement. `number` is its place in the ledger, `kind` the ledger's word for it (`points_engine.ledger`).

    `units` is signed: above zero came, below went. `balance_units` is the balance after it. `order_id` and `shop_id`
    are those of its payment or of the order it was earned on.
    """

    number: int
    at: datetime
    kind: str
    units: int
    balance_units: int
    order_id: str | None
    shop_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A page of a period's movements, and the balance before its first and after its last, however many pages it has.

    `opening_units` plus all the period's `units` is `closing_units`. `next_after` asks for the next page; None: this
    was the last. What happens at a moment when the clock was set back belongs to the day it was written down on.
    """

    asset: Asset
    opening_units: int
    closing_units: int
    lines: tuple[StatementLine, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringUnits:
    """So many units are good up to and including `last_day`, in the shop's zone."""

    last_day: date
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """What expires next, the next day first; what never does is not in it."""

    asset: Asset
    days: tuple[ExpiringUnits, ...]
