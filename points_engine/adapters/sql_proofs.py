"""Proof in SQL: what the engine keeps of SMS codes, the outbox, recoveries and tries."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from points_engine.adapters.sql_statements import Row, SqlStatements, microseconds_or_none, moment_or_none
from points_engine.challenge import Tries
from points_engine.contract import PhoneNumber, SmsDelivery
from points_engine.ledger import microseconds, moment
from points_engine.proof_ports import CredentialRow, MessageRow, ProofBooks, RecoveryRow, SmsCodeRow
from points_engine.sms_code import CodeState, Sendings, SmsKind

_CODE_WITHOUT_ID = (
    "request_id, member, payment, digest, state, failures, sent_at_us, expires_at_us, is_sign_in"
)
_CODE = f"id, {_CODE_WITHOUT_ID}"
_MESSAGE_WITHOUT_ID = """
    message_id, member, kind, code, phone, body, nonce, delivery, attempts, due_at_us, useless_at_us, created_at_us,
    at_us, problem
"""
_MESSAGE = f"id, {_MESSAGE_WITHOUT_ID}"
_CREDENTIAL = """
    SELECT id, member_no, is_frozen, pin_hash, pin_command_id, birthday, phone, pin_failures, is_pin_locked, pin_locks,
        pin_locked_until_us
    FROM member WHERE member_no = ?
"""
_SENT_LATELY = (
    "SELECT count(*), min(created_at_us) FROM sms_message WHERE code IS NOT NULL AND created_at_us > ?"
)


def _code(row: Row) -> SmsCodeRow:
    number, request_id, member, payment, digest, state, failures, sent_at_us, expires_at_us, is_sign_in = row
    return SmsCodeRow(
        number, request_id, member, payment, digest, CodeState(state), failures, moment(sent_at_us),
        moment(expires_at_us), bool(is_sign_in),
    )  # fmt: skip


def _message(row: Row) -> MessageRow:
    number, message_id, member, kind, code, phone, body, nonce, delivery, attempts = row[:10]
    due_at_us, useless_at_us, created_at_us, at_us, problem = row[10:]
    return MessageRow(
        number, message_id, member, SmsKind(kind), code, PhoneNumber(phone), body, nonce, SmsDelivery(delivery),
        attempts, moment(due_at_us), moment(useless_at_us), moment(created_at_us), moment(at_us), problem,
    )  # fmt: skip


class SqlProofBooks(SqlStatements, ProofBooks):
    """The part of the books that only proof needs, on one connection."""

    # --- reads

    def credential(self, member_no: str, tries_allowed: int) -> CredentialRow | None:
        row = self._one(_CREDENTIAL, member_no)
        if row is None:
            return None
        member, number, frozen, pin_hash, command_id, birthday, phone, failed, locked, locks, until_us = row
        return CredentialRow(
            member, number, bool(frozen), pin_hash, command_id, birthday and date.fromisoformat(birthday),
            None if phone is None else PhoneNumber(phone),
            Tries(tries_allowed, failed, bool(locked), locks, moment_or_none(until_us)),
        )  # fmt: skip

    def shop_of(self, till: int) -> str:
        row = self._one("SELECT s.shop_id FROM till t JOIN shop s ON s.id = t.shop WHERE t.id = ?", till)
        assert row is not None
        return str(row[0])

    def live_code(self, member: int, payment: int | None, *, is_sign_in: bool = False) -> SmsCodeRow | None:
        row = self._one(
            f"SELECT {_CODE} FROM sms_code WHERE member = ? AND payment IS ? AND is_sign_in = ? AND state = 'live'"
            " ORDER BY id DESC LIMIT 1",
            member,
            payment,
            int(is_sign_in),
        )
        return None if row is None else _code(row)

    def code_of_request(self, request_id: str) -> SmsCodeRow | None:
        row = self._one(f"SELECT {_CODE} FROM sms_code WHERE request_id = ? {self._to_change}", request_id)
        return None if row is None else _code(row)

    def message_of_code(self, code: int) -> MessageRow:
        row = self._one(f"SELECT {_MESSAGE} FROM sms_message WHERE code = ?", code)
        assert row is not None
        return _message(row)

    def sendings(self, member: int, phone: PhoneNumber, since: datetime) -> Sendings:
        since_us = microseconds(since)
        last = self._one(
            "SELECT max(created_at_us) FROM sms_message"
            " WHERE code IS NOT NULL AND member = ? AND created_at_us > ? AND delivery <> 'failed'",
            member, since_us,
        )  # fmt: skip
        counted: list[Any] = []
        for condition, *values in ((" AND member = ?", member), (" AND phone = ?", phone.number), ("",)):
            row = self._one(_SENT_LATELY + str(condition), since_us, *values)
            assert row is not None
            counted += [row[0], moment_or_none(row[1])]
        return Sendings(moment_or_none(last[0] if last else None), *counted)

    def due_message(self, now: datetime) -> MessageRow | None:
        row = self._one(
            f"SELECT {_MESSAGE} FROM sms_message WHERE delivery IN ('waiting', 'sending') AND due_at_us <= ?"
            f" ORDER BY due_at_us LIMIT 1 {self._unless_taken}",
            microseconds(now),
        )
        return None if row is None else _message(row)

    def messages(self, most: int) -> Sequence[MessageRow]:
        rows = self._execute(f"SELECT {_MESSAGE} FROM sms_message ORDER BY id DESC LIMIT ?", (most,))
        return [_message(row) for row in rows]

    def was_sealed(self, sealed_key: int) -> bool:
        return self._one("SELECT 1 FROM answer WHERE sealed_key = ?", sealed_key) is not None

    def recovery(self, answer_id: str) -> RecoveryRow | None:
        row = self._one(
            "SELECT answer_id, member, tries_left, at_us FROM recovery_answer WHERE answer_id = ?", answer_id
        )
        return None if row is None else RecoveryRow(row[0], row[1], row[2], moment(row[3]))

    # --- writes

    def set_tries(self, member: int, tries: Tries) -> None:
        self._execute(
            "UPDATE member SET pin_failures = ?, is_pin_locked = ?, pin_locks = ?, pin_locked_until_us = ?"
            " WHERE id = ?",
            (
                tries.failed,
                int(tries.is_locked),
                tries.locks,
                microseconds_or_none(tries.locked_until),
                member,
            ),
        )

    def set_phone(self, member: int, phone: PhoneNumber) -> None:
        self._execute("UPDATE member SET phone = ? WHERE id = ?", (phone.number, member))

    def add_sms_code(self, row: SmsCodeRow) -> int:
        return self._insert(
            f"INSERT INTO sms_code ({_CODE_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *row[1:5],
                str(row.state),
                row.failures,
                microseconds(row.sent_at),
                microseconds(row.expires_at),
                int(row.is_sign_in),
            ),
        )

    def set_sms_code(self, code: int, state: CodeState, failures: int) -> None:
        self._execute(
            "UPDATE sms_code SET state = ?, failures = ? WHERE id = ?", (str(state), failures, code)
        )

    def void_sms_codes(self, member: int) -> None:
        self._execute("UPDATE sms_code SET state = 'void' WHERE member = ? AND state = 'live'", (member,))

    def add_message(self, row: MessageRow) -> int:
        return self._insert(
            f"INSERT INTO sms_message ({_MESSAGE_WITHOUT_ID}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.message_id, row.member, str(row.kind), row.code, row.phone.number, row.body, row.nonce,
                str(row.delivery), row.attempts, *map(microseconds, row[10:14]), row.problem,
            ),
        )  # fmt: skip

    def set_message(self, row: MessageRow) -> None:
        self._execute(
            "UPDATE sms_message SET nonce = ?, delivery = ?, attempts = ?, due_at_us = ?, at_us = ?, problem = ?"
            " WHERE id = ?",
            (
                row.nonce, str(row.delivery), row.attempts, microseconds(row.due_at), microseconds(row.at),
                row.problem, row.id,
            ),
        )  # fmt: skip

    def add_recovery(self, row: RecoveryRow) -> None:
        self._execute(
            "INSERT INTO recovery_answer (answer_id, member, tries_left, at_us) VALUES (?, ?, ?, ?)",
            (*row[:3], microseconds(row.at)),
        )

    def forget_sms(self, now: datetime, kept_since: datetime) -> int:
        self._execute(
            "UPDATE sms_message SET nonce = NULL WHERE nonce IS NOT NULL AND useless_at_us <= ?",
            (microseconds(now),),
        )
        kept_since_us = microseconds(kept_since)
        codes = self._execute(
            "SELECT code FROM sms_message WHERE created_at_us < ? AND code IS NOT NULL", (kept_since_us,)
        ).fetchall()
        gone = self._changed("DELETE FROM sms_message WHERE created_at_us < ?", kept_since_us)
        for code in codes:
            self._execute("DELETE FROM sms_code WHERE id = ?", code)
        return gone
