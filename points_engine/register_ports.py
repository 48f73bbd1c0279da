"""What the back office asks of the books: who and what is registered, and members by the thousand.

`RegisterBooks` is the part of `Books` that only the back office needs. Rows are immutable values; times are aware UTC
datetimes; amounts are whole numbers of the asset's smallest unit.
"""

import abc
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.contract import Channel, PhoneNumber
from points_engine.lots import Terms


class TakerRecord(NamedTuple):
    """An enrolled till or courier, and its shop."""

    taker_id: str
    shop_id: str


class ShopRecord(NamedTuple):
    """A shop, how many tills stand in it, and how many couriers collect for it."""

    shop_id: str
    tills: int
    couriers: int


class AccountRecord(NamedTuple):
    """A member's account: what they can spend, and their own PIN-free limit (None: the scheme's)."""

    asset: Asset
    balance_units: int
    pin_free_limit_units: int | None


class MemberRecord(NamedTuple):
    """A member as the back office sees them; `id` orders them by when they were enrolled."""

    id: int
    member_no: str
    name: str
    phone: PhoneNumber | None
    birthday: date | None
    is_frozen: bool
    has_pin: bool
    is_pin_locked: bool
    pin_locked_until: datetime | None
    accounts: tuple[AccountRecord, ...]


class NewMember(NamedTuple):
    """A member to be imported; `opening` is what they begin with, by asset, in units (0 is left out)."""

    member_no: str
    name: str
    phone: PhoneNumber | None = None
    birthday: date | None = None
    opening: tuple[tuple[Asset, int], ...] = ()
    is_frozen: bool = False

    @property
    def mark(self) -> bytes:
        """8 bytes by which the same row is known again, so that importing it twice enrols once."""
        parts = (
            self.member_no,
            self.name,
            self.phone.number if self.phone else "",
            self.birthday.isoformat() if self.birthday else "",
            *[f"{asset}={units}" for asset, units in self.opening],
            "frozen" if self.is_frozen else "",
        )
        return hashlib.sha256("\x1f".join(parts).encode()).digest()[:8]


class Opening(NamedTuple):
    """How opening balances are booked: `expires_at` is when those of an asset expire, if they do."""

    reason: str
    terms: Terms
    expires_at: Mapping[Asset, datetime]


class RegisterBooks(abc.ABC):
    """The reads and writes of one transaction that only the back office needs."""

    @abc.abstractmethod
    def shop_records(self) -> Sequence[ShopRecord]:
        """Every shop, by id."""

    @abc.abstractmethod
    def taker_records(self, channel: Channel) -> Sequence[TakerRecord]:
        """Everybody who takes payments on a channel, by shop, in the order of enrolment."""

    @abc.abstractmethod
    def member_count(self) -> int:
        """How many members there are."""

    @abc.abstractmethod
    def member_record(self, member_no: str) -> MemberRecord | None:
        """A member by number."""

    @abc.abstractmethod
    def member_records(self, after: int, most: int) -> Sequence[MemberRecord]:
        """The next members after the one with this id (0: from the first), in the order they were enrolled."""

    @abc.abstractmethod
    def import_marks(self, member_nos: Sequence[str]) -> Mapping[str, bytes | None]:
        """Those of these members who are enrolled, each with the mark of the row they were imported from."""

    @abc.abstractmethod
    def add_members(self, members: Sequence[NewMember], opening: Opening, at: datetime) -> None:
        """Enrol members who are not there yet, each with an account per asset and what they begin with."""
