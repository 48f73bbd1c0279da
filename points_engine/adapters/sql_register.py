"""The register in SQL: lists for the back office, and members by the thousand."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

import abc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from points_engine.adapters.sql_statements import Row, SqlStatements, moment_or_none
from points_engine.amounts import Asset
from points_engine.contract import Channel, PhoneNumber
from points_engine.ledger import microseconds
from points_engine.lots import Terms
from points_engine.register_ports import (
    AccountRecord,
    MemberRecord,
    NewMember,
    Opening,
    RegisterBooks,
    ShopRecord,
    TakerRecord,
)

_PLACEHOLDERS = 250
"""How many numbers are looked up with one statement."""

_MEMBER = """
    SELECT id, member_no, name, phone, birthday, is_frozen, pin_hash IS NOT NULL, is_pin_locked, pin_locked_until_us
    FROM member
"""
_ACCOUNTS = """
    SELECT owner, asset, balance_units, pin_free_limit_units FROM account
    WHERE owner BETWEEN ? AND ? AND kind = 'customer' ORDER BY id
"""
_MARKS = f"""
    SELECT member_no, import_mark FROM member WHERE member_no IN ({", ".join("?" * _PLACEHOLDERS)})
"""
_MEMBER_COLUMNS = "id, member_no, name, phone, birthday, is_frozen, enrolled_at_us, import_mark"
_ACCOUNT_COLUMNS = "id, kind, asset, owner, balance_units, next_expiry_us"
_LOT_COLUMNS = "account, units, left_units, expires_at_us, terms"
# sqlite3 looks for an adapter for any subclass of str.
_ASSETS = tuple(str(asset) for asset in Asset)


class Given(NamedTuple):
    """What one account begins with."""

    account: int
    asset: str
    units: int
    member_no: str
    expires_at_us: int | None


class SqlRegisterBooks(SqlStatements, RegisterBooks):
    """The part of the books that only the back office needs, on one connection."""

    def shop_records(self) -> Sequence[ShopRecord]:
        rows = self._execute(
            "SELECT s.shop_id, count(*) FILTER (WHERE t.channel = 'till'),"
            " count(*) FILTER (WHERE t.channel = 'delivery')"
            " FROM shop s LEFT JOIN till t ON t.shop = s.id GROUP BY s.id ORDER BY s.id"
        )
        return [ShopRecord._make(row) for row in rows]

    def taker_records(self, channel: Channel) -> Sequence[TakerRecord]:
        rows = self._execute(
            "SELECT t.till_id, s.shop_id FROM till t JOIN shop s ON s.id = t.shop WHERE t.channel = ?"
            " ORDER BY s.id, t.id",
            (channel,),
        )
        return [TakerRecord._make(row) for row in rows]

    def member_count(self) -> int:
        return int(self._execute("SELECT count(*) FROM member").fetchone()[0])

    def member_record(self, member_no: str) -> MemberRecord | None:
        rows = self._execute(f"{_MEMBER} WHERE member_no = ?", (member_no,)).fetchall()
        return next(iter(self._records(rows)), None)

    def member_records(self, after: int, most: int) -> Sequence[MemberRecord]:
        rows = self._execute(f"{_MEMBER} WHERE id > ? ORDER BY id LIMIT ?", (after, most)).fetchall()
        return self._records(rows)

    def _records(self, rows: Sequence[Row]) -> Sequence[MemberRecord]:
        if not rows:
            return []
        accounts: dict[int, list[AccountRecord]] = defaultdict(list)
        for owner, asset, balance, limit in self._execute(_ACCOUNTS, (rows[0][0], rows[-1][0])):
            accounts[owner].append(AccountRecord(Asset(asset), balance, limit))
        return [_record(row, tuple(accounts[row[0]])) for row in rows]

    def import_marks(self, member_nos: Sequence[str]) -> Mapping[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for start in range(0, len(member_nos), _PLACEHOLDERS):
            some = member_nos[start : start + _PLACEHOLDERS]
            padded = (*some, *[""] * (_PLACEHOLDERS - len(some)))
            found.update(self._execute(_MARKS, padded).fetchall())
        return found

    def add_members(self, members: Sequence[NewMember], opening: Opening, at: datetime) -> None:
        ids = self._free_ids("member", len(members))
        account_ids = iter(self._free_ids("account", len(members) * len(_ASSETS)))
        self._insert_all(
            "member",
            _MEMBER_COLUMNS,
            [
                (
                    number, new.member_no, new.name, new.phone and new.phone.number,
                    new.birthday and new.birthday.isoformat(), int(new.is_frozen), microseconds(at), new.mark,
                )
                for number, new in zip(ids, members, strict=True)
            ],
        )  # fmt: skip
        expiries_us: dict[str, int] = {
            asset: microseconds(expires_at) for asset, expires_at in opening.expires_at.items()
        }
        accounts, given = list[Row](), list[Given]()
        for number, new in zip(ids, members, strict=True):
            begins_with: dict[str, int] = dict(new.opening)
            for asset in _ASSETS:
                units = begins_with.get(asset, 0)
                expires_at_us = expiries_us.get(asset) if units else None
                account = next(account_ids)
                accounts.append((account, "customer", asset, number, units, expires_at_us))
                if units:
                    given.append(Given(account, asset, units, new.member_no, expires_at_us))
        self._insert_all("account", _ACCOUNT_COLUMNS, accounts)
        self._add_credits(given, opening.reason, at)
        self._add_lots([each for each in given if each.expires_at_us is not None], opening.terms)

    @abc.abstractmethod
    def _free_ids(self, table: str, count: int) -> Sequence[int]:
        """So many ids that nobody has."""

    @abc.abstractmethod
    def _add_credits(self, given: Sequence[Given], reason: str, at: datetime) -> None:
        """Write down everything that was given as transfers, in this order."""

    def _issued_accounts(self) -> dict[str, int]:
        return dict(
            self._execute("SELECT asset, id FROM account WHERE owner = 0 AND kind = 'issued'").fetchall()
        )

    def _add_lots(self, given: Sequence[Given], terms: Terms) -> None:
        if not given:
            return
        self._execute("INSERT INTO lot_terms (grace_days, zone) VALUES (?, ?) ON CONFLICT DO NOTHING", terms)
        kept = self._execute("SELECT id FROM lot_terms WHERE grace_days = ? AND zone = ?", terms).fetchone()[
            0
        ]
        self._insert_all(
            "lot",
            _LOT_COLUMNS,
            ((each.account, each.units, each.units, each.expires_at_us, kept) for each in given),
        )


def _record(row: Row, accounts: tuple[AccountRecord, ...]) -> MemberRecord:
    number, member_no, name, phone, birthday, frozen, has_pin, locked, until_us = row
    return MemberRecord(
        number, member_no, name,
        None if phone is None else PhoneNumber(phone),
        None if birthday is None else date.fromisoformat(birthday),
        bool(frozen), bool(has_pin), bool(locked),
        moment_or_none(until_us),
        accounts,
    )  # fmt: skip
