"""What the engine asks of the world for the parts of a payment: rows, reads and writes.

`PartBooks` is the part of `Books` that only payments out of several assets, and the risk hook, need.
"""

import abc
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.amounts import Asset


class PartRow(NamedTuple):
    """What a payment takes out of one account: `units` of its asset, worth `worth_units` of the payment's own.

    `account_id` is the payer's, `clearing_id` the shop's, both for `asset`.
    """

    asset: Asset
    units: int
    worth_units: int
    account_id: int
    clearing_id: int


class PartBooks(abc.ABC):
    """The reads and writes for the parts of payments."""

    @abc.abstractmethod
    def parts(self, payment_id: int) -> Sequence[PartRow]:
        """The stored parts of a payment, in the order in which they were taken; see `bookings.parts_of`."""

    @abc.abstractmethod
    def member_since(self, member: int) -> datetime | None:
        """When a member was enrolled, if that was written down."""

    @abc.abstractmethod
    def add_parts(self, payment_id: int, parts: Sequence[PartRow]) -> None:
        """Keep the parts of a payment that has more than the one obvious part."""

    @abc.abstractmethod
    def all_parts(self) -> Iterator[tuple[int, PartRow]]:
        """Every stored part with its payment's id, by payment and in order."""
