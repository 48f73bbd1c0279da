"""The register in SQLite: lists for the back office, and members by the thousand."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from points_engine.adapters.sqlite_proofs import Row, SqliteProofBooks, moment_or_none
from points_engine.amounts import Asset
from points_engine.contract import PhoneNumber
from points_engine.register_ports import (
    AccountRecord,
    MemberRecord,
    NewMember,
    RegisterBooks,
    ShopRecord,
    TillRecord,
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
_ADD_MEMBER = "INSERT INTO member (id, member_no, name, phone, birthday, is_frozen, import_mark) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ADD_ACCOUNT = "INSERT INTO account (id, kind, asset, owner, balance_units) VALUES (?, 'customer', ?, ?, 0)"

_ASSETS = tuple(str(asset) for asset in Asset)


class SqliteRegisterBooks(SqliteProofBooks, RegisterBooks):
    """The part of the books that only the back office needs, on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._executemany = connection.executemany

    def shop_records(self) -> Sequence[ShopRecord]:
        rows = self._execute(
            "SELECT s.shop_id, count(t.id) FROM shop s LEFT JOIN till t ON t.shop = s.id GROUP BY s.id ORDER BY s.id"
        )
        return [ShopRecord._make(row) for row in rows]

    def till_records(self) -> Sequence[TillRecord]:
        rows = self._execute(
            "SELECT t.till_id, s.shop_id FROM till t JOIN shop s ON s.id = t.shop ORDER BY s.id, t.id"
        )
        return [TillRecord._make(row) for row in rows]

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

    def add_members(self, members: Sequence[NewMember]) -> None:
        first = self._execute("SELECT coalesce(max(id), 0) + 1 FROM member").fetchone()[0]
        account = self._execute("SELECT max(id) + 1 FROM account").fetchone()[0]
        self._executemany(
            _ADD_MEMBER,
            [
                (
                    first + place, new.member_no, new.name, new.phone and new.phone.number,
                    new.birthday and new.birthday.isoformat(), new.is_frozen, new.mark,
                )
                for place, new in enumerate(members)
            ],
        )  # fmt: skip
        self._executemany(
            _ADD_ACCOUNT,
            [
                (account + place * len(_ASSETS) + turn, asset, first + place)
                for place in range(len(members))
                for turn, asset in enumerate(_ASSETS)
            ],
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
