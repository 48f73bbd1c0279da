"""Who calls, in SQL: credentials, enrolment codes, sessions, sign-ins and counts."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Sequence
from datetime import datetime

from points_engine.adapters.sql_statements import Row, SqlStatements, microseconds_or_none, moment_or_none
from points_engine.caller_ports import (
    CallCount,
    CallerBooks,
    CredentialOfCaller,
    EnrolmentRow,
    PhonesOwner,
    SessionRow,
    SignInRow,
)
from points_engine.calling import CallerKind
from points_engine.contract import Channel, PhoneNumber, StaffLevel, Taker
from points_engine.ledger import microseconds, moment

_KEY_WITHOUT_ID = """
    key_id, kind, caller_id, level, generation, nonce, pepper, request_digest, created_at_us, used_at_us, ends_at_us,
    change
"""
_KEY = f"id, {_KEY_WITHOUT_ID}"
_SET_KEY = """
    UPDATE credential SET used_at_us = ?, ends_at_us = ?, change = (SELECT coalesce(max(change), 0) + 1 FROM credential)
    WHERE id = ?
"""
_SIGN_IN_WITHOUT_ID = (
    "request_id, phone_key, has_code, is_live, failures, answer_digest, sent_at_us, expires_at_us"
)
_SIGN_IN = f"id, {_SIGN_IN_WITHOUT_ID}"
_SESSION = """
    SELECT s.id, s.digest, s.member, m.member_no, s.created_at_us, s.seen_at_us
    FROM session s JOIN member m ON m.id = s.member WHERE s.digest
"""
_MOST_AT_ONCE = 512
_COUNT_CALLS = """
    INSERT INTO call_count (subject, counted_in, calls, ends_at_us) VALUES (?, ?, ?, ?)
    ON CONFLICT (subject, counted_in) DO UPDATE SET calls = call_count.calls + excluded.calls
    RETURNING calls
"""


def _key(row: Row) -> CredentialOfCaller:
    number, key_id, kind, caller_id, level, generation, nonce, pepper, digest = row[:9]
    created_at_us, used_at_us, ends_at_us, change = row[9:]
    return CredentialOfCaller(
        number, key_id, CallerKind(kind), caller_id, _level(level), generation, nonce, pepper, digest,
        moment(created_at_us), moment_or_none(used_at_us), moment_or_none(ends_at_us), change,
    )  # fmt: skip


def _level(word: str | None) -> StaffLevel | None:
    return None if word is None else StaffLevel(word)


def _session(row: Row) -> SessionRow:
    number, digest, member, member_no, created_at_us, seen_at_us = row
    return SessionRow(number, digest, member, member_no, moment(created_at_us), moment(seen_at_us))


def _sign_in(row: Row) -> SignInRow:
    number, request_id, phone_key, has_code, is_live, failures, digest, sent_at_us, expires_at_us = row
    return SignInRow(
        number, request_id, phone_key, bool(has_code), bool(is_live), failures, digest, moment(sent_at_us),
        moment(expires_at_us),
    )  # fmt: skip


class SqlCallerBooks(SqlStatements, CallerBooks):
    """The part of the books that has to do with who calls, on one connection."""

    # --- credentials

    def has_taker(self, channel: Channel, taker_id: str) -> bool:
        found = self._one("SELECT 1 FROM till WHERE till_id = ? AND channel = ?", taker_id, str(channel))
        return found is not None

    def taker_of(self, order_id: str) -> Taker | None:
        row = self._one(
            "SELECT t.channel, t.till_id FROM payment p JOIN till t ON t.id = p.till WHERE p.order_id = ?",
            order_id,
        )
        return None if row is None else Taker(Channel(row[0]), row[1])

    def payer_of(self, order_id: str) -> str | None:
        row = self._one(
            "SELECT m.member_no FROM payment p JOIN account a ON a.id = p.account JOIN member m ON m.id = a.owner"
            " WHERE p.order_id = ?",
            order_id,
        )
        return None if row is None else str(row[0])

    def enrolment(self, digest: bytes) -> EnrolmentRow | None:
        row = self._one(
            "SELECT digest, kind, caller_id, level, expires_at_us, credential FROM enrolment_code"
            f" WHERE digest = ? {self._to_change}",
            digest,
        )
        if row is None:
            return None
        return EnrolmentRow(row[0], CallerKind(row[1]), row[2], _level(row[3]), moment(row[4]), row[5])

    def add_enrolment(self, row: EnrolmentRow) -> None:
        self._execute(
            "INSERT INTO enrolment_code (digest, kind, caller_id, level, expires_at_us, credential)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                row.digest, str(row.kind), row.caller_id, row.level and str(row.level),
                microseconds(row.expires_at), row.credential,
            ),
        )  # fmt: skip

    def use_enrolment(self, digest: bytes, credential: int) -> None:
        self._execute("UPDATE enrolment_code SET credential = ? WHERE digest = ?", (credential, digest))

    def drop_enrolments(self, kind: CallerKind, caller_id: str) -> None:
        self._execute("DELETE FROM enrolment_code WHERE kind = ? AND caller_id = ?", (str(kind), caller_id))

    def key(self, key_id: str) -> CredentialOfCaller | None:
        row = self._one(f"SELECT {_KEY} FROM credential WHERE key_id = ? {self._to_change}", key_id)
        return None if row is None else _key(row)

    def key_numbered(self, number: int) -> CredentialOfCaller:
        row = self._one(f"SELECT {_KEY} FROM credential WHERE id = ?", number)
        assert row is not None
        return _key(row)

    def key_of_request(self, request_digest: bytes) -> CredentialOfCaller | None:
        row = self._one(f"SELECT {_KEY} FROM credential WHERE request_digest = ?", request_digest)
        return None if row is None else _key(row)

    def keys_of(self, kind: CallerKind, caller_id: str) -> Sequence[CredentialOfCaller]:
        rows = self._execute(
            f"SELECT {_KEY} FROM credential WHERE kind = ? AND caller_id = ? ORDER BY generation {self._to_change}",
            (str(kind), caller_id),
        )
        return [_key(row) for row in rows]

    def keys_listed(
        self, kind: CallerKind, caller_id: str | None, after: int, most: int
    ) -> Sequence[CredentialOfCaller]:
        of_caller, values = ("", ()) if caller_id is None else (" AND caller_id = ?", (caller_id,))
        rows = self._execute(
            f"SELECT {_KEY} FROM credential WHERE kind = ? AND id > ?{of_caller} ORDER BY id LIMIT {int(most)}",
            (str(kind), after, *values),
        )
        return [_key(row) for row in rows]

    def keys_changed(self, since: int) -> Sequence[CredentialOfCaller]:
        rows = self._execute(
            f"SELECT {_KEY} FROM credential WHERE change > 0 AND change >= ? ORDER BY change", (since,)
        )
        return [_key(row) for row in rows]

    def add_key(self, row: CredentialOfCaller) -> int:
        return self._insert(
            f"INSERT INTO credential ({_KEY_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.key_id, str(row.kind), row.caller_id, row.level and str(row.level), row.generation, row.nonce,
                row.pepper, row.request_digest, microseconds(row.created_at), microseconds_or_none(row.used_at),
                microseconds_or_none(row.ends_at), 0,
            ),
        )  # fmt: skip

    def set_key(self, row: CredentialOfCaller) -> None:
        self._execute(
            _SET_KEY, (microseconds_or_none(row.used_at), microseconds_or_none(row.ends_at), row.id)
        )

    # --- sessions

    def members_with_phone(self, phone: PhoneNumber, most: int) -> Sequence[PhonesOwner]:
        rows = self._execute(
            f"SELECT id, member_no FROM member WHERE phone = ? ORDER BY id LIMIT {int(most)}", (phone.number,)
        )
        return [PhonesOwner._make(row) for row in rows]

    def sign_in(self, request_id: str) -> SignInRow | None:
        row = self._one(f"SELECT {_SIGN_IN} FROM sign_in WHERE request_id = ? {self._to_change}", request_id)
        return None if row is None else _sign_in(row)

    def sign_ins_of(self, phone_key: int, since: datetime) -> Sequence[SignInRow]:
        rows = self._execute(
            f"SELECT {_SIGN_IN} FROM sign_in WHERE phone_key = ? AND sent_at_us > ? ORDER BY sent_at_us, id"
            f" {self._to_change}",
            (phone_key, microseconds(since)),
        )
        return [_sign_in(row) for row in rows]

    def add_sign_in(self, row: SignInRow) -> None:
        self._insert(
            f"INSERT INTO sign_in ({_SIGN_IN_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.request_id, row.phone_key, int(row.has_code), int(row.is_live), row.failures, row.answer_digest,
                microseconds(row.sent_at), microseconds(row.expires_at),
            ),
        )  # fmt: skip

    def set_sign_in(self, row: SignInRow) -> None:
        self._execute(
            "UPDATE sign_in SET is_live = ?, failures = ?, answer_digest = ? WHERE id = ?",
            (int(row.is_live), row.failures, row.answer_digest, row.id),
        )

    def session(self, digest: bytes) -> SessionRow | None:
        row = self._one(f"{_SESSION} = ?", digest)
        return None if row is None else _session(row)

    def sessions(self, digests: Sequence[bytes]) -> Sequence[SessionRow]:
        found = []
        for first in range(0, len(digests), _MOST_AT_ONCE):
            asked = digests[first : first + _MOST_AT_ONCE]
            # Few lengths, so that few statements are prepared: what is asked for twice is found once.
            length = 1 << (len(asked) - 1).bit_length()
            places = ", ".join("?" * length)
            values = (*asked, *[asked[-1]] * (length - len(asked)))
            found += [_session(row) for row in self._execute(f"{_SESSION} IN ({places})", values)]
        return found

    def add_session(self, row: SessionRow) -> None:
        self._insert(
            "INSERT INTO session (digest, member, created_at_us, seen_at_us) VALUES (?, ?, ?, ?)",
            (row.digest, row.member, microseconds(row.created_at), microseconds(row.seen_at)),
        )

    def see_session(self, session: int, at: datetime) -> None:
        self._execute("UPDATE session SET seen_at_us = ? WHERE id = ?", (microseconds(at), session))

    def end_session(self, digest: bytes) -> None:
        self._execute("DELETE FROM session WHERE digest = ?", (digest,))

    def end_sessions(self, member: int) -> None:
        self._execute("DELETE FROM session WHERE member = ?", (member,))

    def forget_callers(self, expired_by: datetime, started_by: datetime, sessions_by: datetime) -> None:
        self._execute("DELETE FROM enrolment_code WHERE expires_at_us <= ?", (microseconds(expired_by),))
        self._execute("DELETE FROM sign_in WHERE sent_at_us <= ?", (microseconds(started_by),))
        self._execute("DELETE FROM session WHERE created_at_us <= ?", (microseconds(sessions_by),))

    # --- how often they call

    def count_calls(self, calls: Sequence[CallCount]) -> Sequence[int]:
        counts = []
        for call in calls:
            row = self._one(_COUNT_CALLS, *call[:3], microseconds(call.ends_at))
            assert row is not None
            counts.append(int(row[0]))
        return counts

    def forget_calls(self, ended_by: datetime) -> None:
        self._execute("DELETE FROM call_count WHERE ends_at_us <= ?", (microseconds(ended_by),))
