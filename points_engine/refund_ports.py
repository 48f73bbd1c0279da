"""What the engine asks of the world for money that goes back: rows, reads and writes.

`RefundBooks` is the part of `Books` that only refunds, and what is taken back with them, need.
"""

import abc
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.contract import Refusal, StaffLevel


class RefundRow(NamedTuple):
    """A refund that was made, or refused; `id` is 0 until stored, `fingerprint` what was asked for.

    `units` is in the payment's own asset, like `before_units`, what was given back of it before. `till` is None in the
    back office. `balance_units` is the payer's afterwards, in the payment's asset; `taken_back_units` what the order
    had earned on it, `owed_units` how much of that is owed.
    """

    id: int
    refund_id: str
    fingerprint: bytes
    payment: int
    units: int
    before_units: int
    till: int | None
    actor: str
    level: StaffLevel
    reason: str
    refusal: Refusal | None
    balance_units: int | None
    taken_back_units: int
    owed_units: int
    at: datetime


class RefundPartRow(NamedTuple):
    """What a refund gave back to one account: `units` of its asset, worth `worth_units` of the payment's."""

    asset: Asset
    units: int
    worth_units: int


class BackRow(NamedTuple):
    """What of one part of a payment is back: in its asset, in the payment's, and how much of that by cashiers."""

    units: int = 0
    worth_units: int = 0
    by_cashiers_units: int = 0


class DebtRow(NamedTuple):
    """What a customer account owes, on a ledger account of its own."""

    account_id: int
    owed_id: int
    units: int


class RefundBooks(abc.ABC):
    """The reads and writes for refunds."""

    # --- reads

    @abc.abstractmethod
    def refund(self, refund_id: str) -> RefundRow | None:
        """A refund that was made or refused."""

    @abc.abstractmethod
    def refund_parts(self, refund: int) -> Sequence[RefundPartRow]:
        """What a refund gave back to which asset, in the order of the payment's parts."""

    @abc.abstractmethod
    def refunded(self, payment_id: int) -> Mapping[Asset, BackRow]:
        """What is back of each part of a payment; a part of which nothing is back is missing."""

    @abc.abstractmethod
    def debt(self, account_id: int) -> DebtRow | None:
        """What a customer account owes; None when it never owed anything."""

    @abc.abstractmethod
    def expired_units(self, lot_id: int) -> int:
        """How many units of a lot expired."""

    # --- writes

    @abc.abstractmethod
    def add_refund(self, row: RefundRow, parts: Sequence[RefundPartRow] = ()) -> None:
        """Keep a refund with its parts."""

    @abc.abstractmethod
    def owed_account(self, member: int, asset: Asset) -> int:
        """The ledger account of what a member owes; made when it is needed first."""

    @abc.abstractmethod
    def set_debt(self, debt: DebtRow) -> None:
        """Write down what a customer account owes."""

    @abc.abstractmethod
    def allow_overdraft(self, account_id: int, units: int) -> None:
        """Let a customer's balance be as low as `-units`; what comes in takes the leave back."""

    # --- the whole, for verification

    @abc.abstractmethod
    def all_refunds(self) -> Iterator[RefundRow]:
        """Every refund, by id."""

    @abc.abstractmethod
    def all_refund_parts(self) -> Iterator[tuple[int, RefundPartRow]]:
        """Every part of a refund with the refund's id."""

    @abc.abstractmethod
    def all_debts(self) -> Iterator[DebtRow]:
        """Every debt, by account."""
