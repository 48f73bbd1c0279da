"""What lists look like in JSON, page by page: `next_after` of one page is `after` of the next."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, TypeVar

import msgspec

from points_engine.amounts import Asset
from points_engine.register_ports import MemberRecord
from points_engine.wire.addresses import query_values
from points_engine.wire.commands import RequestInvalid

Row = TypeVar("Row")


class PageAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page: at most `most` rows, those after `after` (none: from the first)."""

    after: str | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop, how many tills stand in it, how many couriers collect for it."""

    shop_id: str
    tills: int
    couriers: int


class Till(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled till and its shop."""

    till_id: str
    shop_id: str


class Courier(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolled courier and the shop they collect for."""

    courier_id: str
    shop_id: str


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A member's account: what they can spend, and their own PIN-free limit, if they have one."""

    asset: Asset
    balance_units: int
    pin_free_limit_units: int | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A member as the back office sees them. `phone` is masked; `pin_locked_until` is None when no wait helps."""

    member_no: str
    name: str
    is_frozen: bool
    has_pin: bool
    is_pin_locked: bool
    accounts: tuple[Account, ...]
    phone: str | None = None
    birthday: date | None = None
    pin_locked_until: datetime | None = None

    @classmethod
    def of(cls, record: MemberRecord) -> "Member":
        """The register's record as JSON has it."""
        return cls(
            member_no=record.member_no,
            name=record.name,
            is_frozen=record.is_frozen,
            has_pin=record.has_pin,
            is_pin_locked=record.is_pin_locked,
            accounts=tuple(Account(**account._asdict()) for account in record.accounts),
            phone=record.phone.masked if record.phone else None,
            birthday=record.birthday,
            pin_locked_until=record.pin_locked_until,
        )


class Shops(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of shops, in the order in which they came to be."""

    shops: tuple[Shop, ...]
    next_after: str | None = None


class Tills(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of tills, by shop, in the order of enrolment."""

    tills: tuple[Till, ...]
    next_after: str | None = None


class Couriers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of couriers, by shop, in the order of enrolment."""

    couriers: tuple[Courier, ...]
    next_after: str | None = None


class Members(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of members, in the order of enrolment."""

    members: tuple[Member, ...]
    next_after: str | None = None


def page_asked(query: str) -> PageAsked:
    """The page that a query asks for. Raises RequestInvalid."""
    try:
        asked: PageAsked = msgspec.convert(dict(query_values(query)), PageAsked, strict=False)
    except msgspec.ValidationError:
        raise RequestInvalid("The query may have `after`, and `most` from 1 to 500") from None
    except ValueError:
        raise RequestInvalid("The query is not one of names and values") from None
    return asked


def page_of(
    rows: Sequence[Row], asked: PageAsked, id_of: Callable[[Row], str]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page, and the `after` of the next one. Raises RequestInvalid when there is no row `after`."""
    start = 0
    if asked.after is not None:
        start = next((place for place, row in enumerate(rows, 1) if id_of(row) == asked.after), -1)
        if start < 0:
            raise RequestInvalid("`after` is not the `next_after` of a page")
    page = rows[start : start + asked.most]
    return page, id_of(page[-1]) if page and start + asked.most < len(rows) else None
