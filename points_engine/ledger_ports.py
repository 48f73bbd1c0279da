"""The ledger as those read it who tell of it elsewhere: webhooks and exports.

Lines come in one order that never changes and has no gaps that are filled later: whoever has read up to a position has
everything before it, however many wrote at once. On SQLite it is the order of the transfers' numbers; on PostgreSQL the
order in which they were sealed.
"""

import abc
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.contract import Channel
from points_engine.ledger import TransferKind


class LedgerLine(NamedTuple):
    """A transfer with the names of all that it is about.

    `member_no` is whose account it is, `shop_id` whose clearing account; `taker_id` on its `channel` took the payment
    `order_id`. What does not apply is None. `balance_units` is the member's balance of the asset after it.
    """

    position: int
    kind: TransferKind
    asset: Asset
    units: int
    balance_units: int
    member_no: str | None
    shop_id: str | None
    order_id: str | None
    taker_id: str | None
    channel: Channel | None
    command_id: str | None
    reason: str | None
    actor: str | None
    at: datetime


class PaymentLine(NamedTuple):
    """A payment as it stands, with the names of all that it is about."""

    number: int
    order_id: str
    state: str
    asset: Asset
    units: int
    refunded_units: int
    refusal: str | None
    member_no: str | None
    shop_id: str
    taker_id: str
    channel: Channel
    cashier: str
    reference: str
    opened_at: datetime
    at: datetime


class AccountLine(NamedTuple):
    """A member's account as it stands."""

    number: int
    member_no: str
    asset: Asset
    balance_units: int
    is_frozen: bool


class LedgerBooks(abc.ABC):
    """The reads of one transaction that tell of the ledger elsewhere."""

    @abc.abstractmethod
    def ledger_head(self) -> int:
        """The position of the newest line; 0 when there is none."""

    @abc.abstractmethod
    def ledger_lines(self, after: int, most: int) -> Sequence[LedgerLine]:
        """Lines after a position, in their order."""

    @abc.abstractmethod
    def payment_lines(self, after: int, opened_by: datetime, most: int) -> Sequence[PaymentLine]:
        """Payments after a number, in its order, up to the first that was opened later than `opened_by`."""

    @abc.abstractmethod
    def account_lines(self, after: int, most: int) -> Sequence[AccountLine]:
        """Members' accounts after a number, in its order."""
