"""What verification asks of the world: every account, payment and transfer there is, one after the other.

`AuditBooks` is the part of `Books` that reads the whole. Millions of rows come out of it, so that a row here has only
the fields that somebody compares.
"""

import abc
from collections.abc import Iterator
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.contract import PaymentState
from points_engine.ledger import AccountKind, Transfer
from points_engine.limits import DayUse


class AccountRow(NamedTuple):
    """A ledger account. Only customers' accounts keep a balance; the others' is the sum of their transfers."""

    id: int
    kind: AccountKind
    asset: Asset
    owner: int
    balance_units: int | None
    day_use: DayUse


class AuditedPayment(NamedTuple):
    """Those fields of a stored payment (`ports.PaymentRow`) that are compared with the ledger."""

    id: int
    asset: Asset
    units: int
    account_id: int | None
    clearing_id: int
    state: PaymentState
    pin_free_day: int | None
    paid_day: int | None
    is_split: bool


class AuditBooks(abc.ABC):
    """The reads of the whole."""

    @abc.abstractmethod
    def all_accounts(self) -> Iterator[AccountRow]:
        """Every account, by id."""

    @abc.abstractmethod
    def all_payments(self) -> Iterator[AuditedPayment]:
        """Every payment, by id."""

    @abc.abstractmethod
    def all_transfers(self) -> Iterator[tuple[Transfer, bytes]]:
        """Every transfer with the link it carries, by id."""
