"""What the engine asks of the world for a shop's closed days and their bills: rows, reads and writes.

`SettlementBooks` is the part of `Books` that only settlement needs.
"""

import abc
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.bill import BillLine
from points_engine.settlement import Totals


class DayRow(NamedTuple):
    """A closed day of a shop: the transfers after number `after_transfer` up to and with `last_transfer`.

    `id` is 0 until stored; `shop` is the shop's own number.
    """

    id: int
    shop: int
    day: date
    after_transfer: int
    last_transfer: int
    at: datetime


class SettlementRow(NamedTuple):
    """What a closed day comes to for one asset; `settled_day` is the DayRow's id.

    The worths are of `totals`' taken, reversed, refunded and net units, in minor money units; None without
    an exchange rate.
    """

    settled_day: int
    asset: Asset
    number: int
    totals: Totals
    taken_minor: int | None
    reversed_minor: int | None
    refunded_minor: int | None
    net_minor: int | None


class SettlementBooks(abc.ABC):
    """The reads and writes for settlement."""

    # --- reads

    @abc.abstractmethod
    def shop_number(self, shop_id: str) -> int | None:
        """A shop's own number."""

    @abc.abstractmethod
    def clearing_accounts(self, shop: int) -> Mapping[Asset, int]:
        """A shop's clearing account for each asset."""

    @abc.abstractmethod
    def settled_day(self, shop: int, day: date) -> DayRow | None:
        """A closed day."""

    @abc.abstractmethod
    def last_settled_day(self, shop: int) -> DayRow | None:
        """A shop's newest closed day."""

    @abc.abstractmethod
    def settlements(self, settled_day: int) -> Sequence[SettlementRow]:
        """What a closed day comes to, by asset."""

    @abc.abstractmethod
    def settlement_count(self, shop: int, asset: Asset) -> int:
        """How many of a shop's days were settled for an asset."""

    @abc.abstractmethod
    def first_moved_at(self, clearing_ids: Sequence[int]) -> datetime | None:
        """When the first transfer of these accounts was stamped."""

    @abc.abstractmethod
    def last_transfer_before(self, after_transfer: int, end: datetime) -> int:
        """The number of the last transfer before the first one, after `after_transfer`, that is at `end` or later.

        `after_transfer` itself when there is none between.
        """

    @abc.abstractmethod
    def moved(self, clearing_id: int, after_transfer: int, last_transfer: int) -> Totals:
        """What moved on a clearing account between two numbers, the first left out."""

    @abc.abstractmethod
    def bill_lines(
        self, clearing_ids: Sequence[int], after_transfer: int, last_transfer: int
    ) -> Sequence[BillLine]:
        """Every payment, reversal and refund on these accounts between two numbers, the first left out."""

    # --- writes

    @abc.abstractmethod
    def settled_account(self, shop: int, asset: Asset) -> int:
        """The ledger account of what a shop was settled for; made when it is needed first."""

    @abc.abstractmethod
    def add_settled_day(self, day: DayRow) -> int:
        """Keep a closed day and return its id."""

    @abc.abstractmethod
    def add_settlement(self, settlement: SettlementRow) -> None:
        """Keep what a closed day comes to for one asset."""

    # --- the whole, for verification

    @abc.abstractmethod
    def all_settled_days(self) -> Iterator[DayRow]:
        """Every closed day, in the order they were closed."""

    @abc.abstractmethod
    def all_settlements(self) -> Iterator[SettlementRow]:
        """Every settlement, in the order they were made."""
