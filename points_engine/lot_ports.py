"""What the engine asks of the world for lots, for what orders earned, and for statements: rows, reads and writes.

`LotBooks` is the part of `Books` that only these need. Rows are immutable values; times are aware UTC datetimes.
"""

import abc
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.ledger import TransferKind
from points_engine.lots import Lot, Terms, Use


class LotRow(NamedTuple):
    """A lot as stored: `units` were given, and they are all somewhere.

    Left, expired, withdrawn (by an adjustment, a taking back, or into a fresh lot), or used by payments.
    """

    id: int
    account_id: int
    units: int
    left_units: int
    expired_units: int
    withdrawn_units: int
    expires_at: datetime


class UseRow(NamedTuple):
    """What a payment took out of an account and did not give back: of a lot, or of what never expires (None)."""

    payment_id: int
    account_id: int
    lot_id: int | None
    units: int


class EarningRow(NamedTuple):
    """What an order earned. `id` is 0 until stored.

    `lot_id` is None when it never expires or there was nothing; `taken_back_units` is what refunds took of it again.
    """

    id: int
    order_id: str
    command_id: str
    till: int
    account_id: int
    spend_minor: int
    units: int
    lot_id: int | None
    expires_at: datetime | None
    taken_back_units: int
    at: datetime


class EntryRow(NamedTuple):
    """A transfer as its customer's statement shows it; `units` is signed."""

    number: int
    at: datetime
    kind: TransferKind
    units: int
    balance_units: int
    order_id: str | None
    shop_id: str | None
    reason: str | None


class Expired(NamedTuple):
    """What expired: so many lots, of so many units."""

    lots: int
    units: int


class LotBooks(abc.ABC):
    """The reads and writes of one transaction that have to do with lots, earnings and statements."""

    # --- lots

    @abc.abstractmethod
    def live_lots(self, account_id: int) -> Sequence[Lot]:
        """An account's lots with something left, oldest expiry first; also those whose time is up."""

    @abc.abstractmethod
    def add_lot(self, account_id: int, units: int, expires_at: datetime, terms: Terms) -> int:
        """Keep a fresh lot; returns its id."""

    @abc.abstractmethod
    def terms_of(self, lot_id: int) -> Terms:
        """The terms a lot was given under."""

    @abc.abstractmethod
    def move_lot(self, lot_id: int, *, left: int = 0, expired: int = 0, withdrawn: int = 0) -> None:
        """Add to what is left of a lot, has expired or was withdrawn; signed."""

    @abc.abstractmethod
    def expire_lots(self, account_id: int, now: datetime) -> Expired:
        """Empty an account's lots whose time is up; says what was in them."""

    @abc.abstractmethod
    def settle_next_expiry(self, account_id: int) -> datetime | None:
        """Write down, and return, when an account's next lot expires; None: it has no live lots."""

    @abc.abstractmethod
    def accounts_due(self, now: datetime, most: int) -> Sequence[int]:
        """Accounts with a lot whose time is up, those that waited longest first."""

    @abc.abstractmethod
    def lots_due(self, now: datetime) -> int:
        """How many lots have something left though their time is up."""

    # --- what payments took

    @abc.abstractmethod
    def add_use(self, use: UseRow) -> None:
        """Keep what a payment took."""

    @abc.abstractmethod
    def uses(self, payment_id: int, account_id: int) -> Sequence[Use]:
        """What a payment took out of an account and has not given back, in the order of taking."""

    @abc.abstractmethod
    def lower_use(self, use_id: int, units: int) -> None:
        """So much of a use was given back."""

    # --- what orders earned

    @abc.abstractmethod
    def earning(self, order_id: str) -> EarningRow | None:
        """What an order earned."""

    @abc.abstractmethod
    def add_earning(self, earning: EarningRow) -> None:
        """Keep what an order earned."""

    @abc.abstractmethod
    def set_taken_back(self, order_id: str, units: int) -> None:
        """What refunds in all took back of what an order earned."""

    # --- statements

    @abc.abstractmethod
    def entry_bounds(
        self, account_id: int, since: datetime | None, until: datetime | None
    ) -> tuple[int, int]:
        """The transfers of a period, as the number of its first and the number after its last.

        It begins with the first transfer at or after `since` and ends before the first one at or after `until`.
        """

    @abc.abstractmethod
    def balance_before(self, account_id: int, number: int) -> int:
        """A customer's balance before the transfer of this number."""

    @abc.abstractmethod
    def entries(
        self, account_id: int, first: int, beyond: int, most: int, *, newest_first: bool
    ) -> Sequence[EntryRow]:
        """A customer's transfers from number `first` up to, not including, `beyond`."""

    # --- the whole, for verification

    @abc.abstractmethod
    def all_lots(self) -> Iterator[LotRow]:
        """Every lot, by id."""

    @abc.abstractmethod
    def all_uses(self) -> Iterator[UseRow]:
        """Every use, by id."""

    @abc.abstractmethod
    def all_earnings(self) -> Iterator[EarningRow]:
        """Every earning, by id."""

    @abc.abstractmethod
    def next_expiries(self) -> Iterator[tuple[int, datetime]]:
        """Every account that has a next expiry, with it."""
