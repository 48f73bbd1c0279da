"""The ledger's rules: transfers between named accounts, chained so that an edit shows.

A transfer is one row with a debit and a credit account: it takes `units` from the one and gives them to the other, so
every transfer, and the whole ledger, sums to zero by construction. A transfer is never edited: what undoes it is a new
one. An account's balance is what it was credited less what it was debited; a customer's is never below zero, and what
is on hold has left it.
"""

import enum
import hashlib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class AccountKind(enum.StrEnum):
    """Who an account belongs to."""

    CUSTOMER = "customer"
    """One per member and asset: what they can spend."""
    HELD = "held"
    """One per asset: what is on hold for payments that wait for their challenge."""
    CLEARING = "clearing"
    """One per shop and asset: what the shop has taken."""
    ISSUED = "issued"
    """One per asset: what the scheme has given out, as a negative balance."""
    EXPIRED = "expired"
    """One per asset: what was not spent in time."""
    ADJUSTED = "adjusted"
    """One per asset: what was put right by hand; below zero when more was given than taken."""
    OWED = "owed"
    """One per member and asset, once needed: what they owe, as a negative balance."""
    SETTLED = "settled"
    """One per shop and asset, once needed: what the shop's closed days come to."""


class TransferKind(enum.StrEnum):
    """Why units moved."""

    CREDIT = "credit"
    """Given by hand, or imported."""
    EARN = "earn"
    """What an order earned."""
    GRANT = "grant"
    """Given in the name of a campaign."""
    ADJUST_UP = "adjust_up"
    """Put right by hand: there was too little."""
    ADJUST_DOWN = "adjust_down"
    """Put right by hand: there was too much."""
    EXPIRE = "expire"
    """Not spent in time."""
    CHARGE = "charge"
    """Paid at once."""
    HOLD = "hold"
    """Put aside until the customer has proved themselves."""
    POST = "post"
    """They have: what was on hold is paid."""
    VOID = "void"
    """They have not: what was on hold is given back."""
    REVERSAL = "reversal"
    """A payment is taken back, with all that was not refunded."""
    REFUND = "refund"
    """A part of a payment is given back, or all of it."""
    CLAW_BACK = "claw_back"
    """What an order earned is taken back with its refund."""
    DEBT = "debt"
    """What could not be taken back, because it was spent, is owed."""
    RECOVERY = "recovery"
    """What is owed is taken from what comes in."""
    SETTLEMENT = "settlement"
    """A closed day of a shop."""
    SETTLEMENT_RETURN = "settlement_return"
    """A closed day on which a shop gave back more than it took."""


class Sides(NamedTuple):
    """The kinds of account a transfer takes from and gives to."""

    debit: AccountKind
    credit: AccountKind


SIDES: dict[TransferKind, Sides] = {
    TransferKind.CREDIT: Sides(AccountKind.ISSUED, AccountKind.CUSTOMER),
    TransferKind.EARN: Sides(AccountKind.ISSUED, AccountKind.CUSTOMER),
    TransferKind.GRANT: Sides(AccountKind.ISSUED, AccountKind.CUSTOMER),
    TransferKind.ADJUST_UP: Sides(AccountKind.ADJUSTED, AccountKind.CUSTOMER),
    TransferKind.ADJUST_DOWN: Sides(AccountKind.CUSTOMER, AccountKind.ADJUSTED),
    TransferKind.EXPIRE: Sides(AccountKind.CUSTOMER, AccountKind.EXPIRED),
    TransferKind.CHARGE: Sides(AccountKind.CUSTOMER, AccountKind.CLEARING),
    TransferKind.HOLD: Sides(AccountKind.CUSTOMER, AccountKind.HELD),
    TransferKind.POST: Sides(AccountKind.HELD, AccountKind.CLEARING),
    TransferKind.VOID: Sides(AccountKind.HELD, AccountKind.CUSTOMER),
    TransferKind.REVERSAL: Sides(AccountKind.CLEARING, AccountKind.CUSTOMER),
    TransferKind.REFUND: Sides(AccountKind.CLEARING, AccountKind.CUSTOMER),
    TransferKind.CLAW_BACK: Sides(AccountKind.CUSTOMER, AccountKind.ISSUED),
    TransferKind.DEBT: Sides(AccountKind.OWED, AccountKind.ISSUED),
    TransferKind.RECOVERY: Sides(AccountKind.CUSTOMER, AccountKind.OWED),
    TransferKind.SETTLEMENT: Sides(AccountKind.CLEARING, AccountKind.SETTLED),
    TransferKind.SETTLEMENT_RETURN: Sides(AccountKind.SETTLED, AccountKind.CLEARING),
}

MAY_BE_NEGATIVE = frozenset({AccountKind.ISSUED, AccountKind.ADJUSTED, AccountKind.OWED})
"""What the scheme gives comes from here, and what is owed to it is written here."""


def balance_after(kind: TransferKind, balance_units: int, units: int) -> int:
    """The customer's balance once a transfer of `kind` is booked; negative when it must not be."""
    sides = SIDES[kind]
    if sides.debit is AccountKind.CUSTOMER:
        return balance_units - units
    return balance_units + units if sides.credit is AccountKind.CUSTOMER else balance_units


class Transfer(NamedTuple):
    """One row of the ledger. `debit_id` and `credit_id` are account ids; `units` is above zero.

    `balance_units` is the balance of the transfer's customer account after it. `payment_id` names the payment it
    belongs to, `command_id` and `reason` the command that asked for it, `actor` who put something right by hand. No
    text holds a control character.
    """

    id: int
    kind: TransferKind
    debit_id: int
    credit_id: int
    units: int
    balance_units: int
    payment_id: int | None
    command_id: str | None
    reason: str | None
    at: datetime
    actor: str | None = None


GENESIS = bytes(32)
"""What the first transfer is chained to."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC: how the ledger writes a time."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at_us: int) -> datetime:
    """The aware UTC time of `microseconds`."""
    return _EPOCH + at_us * _MICROSECOND


def canonical_bytes(transfer: Transfer) -> bytes:
    """A transfer as the chain sees it: its fields as text, in order, with U+001F between them, UTF-8.

    Numbers are decimal, an absent field is empty, the time is `microseconds`; the actor is left out when there is none.
    """
    number, kind, debit, credit, units, balance, payment, command, reason, at, actor = transfer
    fields = (
        f"{number}\x1f{kind}\x1f{debit}\x1f{credit}\x1f{units}\x1f{balance}\x1f"
        f"{'' if payment is None else payment}\x1f{command or ''}\x1f{reason or ''}\x1f{microseconds(at)}"
    )
    return (fields if actor is None else f"{fields}\x1f{actor}").encode()


def chain_after(previous: bytes, transfer: Transfer) -> bytes:
    """The link a transfer carries: sha256 of the link before it and its own canonical bytes."""
    return hashlib.sha256(previous + canonical_bytes(transfer)).digest()
