"""The books in SQL: one prepared statement per read and write."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from points_engine.adapters.sql_callers import SqlCallerBooks
from points_engine.adapters.sql_ledger_lines import SqlLedgerBooks
from points_engine.adapters.sql_lots import SqlLotBooks
from points_engine.adapters.sql_payments import SqlPaymentBooks
from points_engine.adapters.sql_proofs import SqlProofBooks
from points_engine.adapters.sql_refunds import SqlRefundBooks
from points_engine.adapters.sql_register import SqlRegisterBooks
from points_engine.adapters.sql_settlements import SqlSettlementBooks
from points_engine.adapters.sql_statements import Row, microseconds_or_none, moment_or_none
from points_engine.adapters.sql_webhooks import SqlWebhookBooks
from points_engine.amounts import Asset
from points_engine.audit_ports import AccountRow
from points_engine.contract import Channel, PhoneNumber, Refusal, Taker
from points_engine.ledger import AccountKind, Transfer, TransferKind, microseconds, moment
from points_engine.limits import DayUse
from points_engine.payment_code import CodeState
from points_engine.ports import (
    Books,
    ChargeFacts,
    CodeRow,
    CommandRow,
    Holder,
    MemberRow,
    TillRow,
)
from points_engine.proof_ports import AnswerRow

_HOLDER = """
    a.id, a.asset, a.balance_units, a.pin_free_limit_units, a.use_day, a.pin_free_count, a.pin_free_units,
    a.paid_count, a.paid_units,
    m.id, m.member_no, m.name, m.is_frozen, m.pin_hash, m.pin_failures, m.is_pin_locked, m.pin_locks,
    m.pin_locked_until_us, m.phone, a.next_expiry_us
"""
_HOLDER_BY_ID = f"SELECT {_HOLDER} FROM account a JOIN member m ON m.id = a.owner WHERE a.id = ?"
_HOLDER_OF = f"""
    SELECT {_HOLDER} FROM account a JOIN member m ON m.id = a.owner
    WHERE a.owner = ? AND a.asset = ? AND a.kind = 'customer'
"""
_CHARGE_FACTS = f"""
    SELECT t.id, s.id, p.id, c.code_key, c.state, c.expires_at_us, {_HOLDER}
    FROM till t
    JOIN account s ON s.owner = t.shop AND s.asset = ?1 AND s.kind = 'clearing'
    LEFT JOIN payment p ON p.order_id = ?2
    LEFT JOIN payment_code c ON c.code_key = ?3
    LEFT JOIN member m ON m.id = c.member
    LEFT JOIN account a ON a.owner = m.id AND a.asset = ?1 AND a.kind = 'customer'
    WHERE t.till_id = ?4 AND t.channel = ?5
"""
_TILL = """
    SELECT t.id, s.id FROM till t JOIN account s ON s.owner = t.shop AND s.asset = ? AND s.kind = 'clearing'
    WHERE t.till_id = ? AND t.channel = ?
"""
# Read where every charge passes, or for every row there is: a dict is faster than calling the enum.
_ASSETS = {str(asset): asset for asset in Asset}
_KINDS = {str(kind): kind for kind in TransferKind}
_CODE_STATES = {str(state): state for state in CodeState}
_ACCOUNT_KINDS = {str(kind): kind for kind in AccountKind}
_REFUSALS = {refusal.code: refusal for refusal in Refusal}


def transfer_of(row: Sequence[Any]) -> Transfer:
    """A transfer out of its columns, in the order of the ledger's fields."""
    number, kind, debit, credit, units, balance, payment, command, reason, at_us, actor = row
    return Transfer(
        number, _KINDS[kind], debit, credit, units, balance, payment, command, reason, moment(at_us), actor
    )  # fmt: skip


def _holder(row: Row) -> Holder:
    account, asset, balance, limit, day, free_count, free_units, count, units = row[:9]
    member, number, name, frozen, pin_hash = row[9:14]
    failures, locked, locks, until_us, phone, next_us = row[14:]
    return Holder(
        account, _ASSETS[asset], balance, limit, DayUse(day, free_count, free_units, count, units),
        member, number, name, bool(frozen), pin_hash, failures, bool(locked), locks, moment_or_none(until_us),
        None if phone is None else PhoneNumber(phone), moment_or_none(next_us),
    )  # fmt: skip


class SqlBooks(
    SqlCallerBooks,
    SqlWebhookBooks,
    SqlLedgerBooks,
    SqlSettlementBooks,
    SqlRefundBooks,
    SqlLotBooks,
    SqlRegisterBooks,
    SqlPaymentBooks,
    SqlProofBooks,
    Books,
):
    """Reads and writes on one connection; serves one transaction after the other.

    Where every charge passes, words of an enum are bound as plain `str`: sqlite3 looks for an adapter for any subclass.
    """

    def __init__(self) -> None:
        super().__init__()
        # The ends of the ledger never change, so that they need be read once.
        self._scheme_accounts: dict[tuple[AccountKind, Asset], int] = {}

    # --- reads

    def till(self, till_id: str, asset: Asset, channel: Channel = Channel.TILL) -> TillRow | None:
        row = self._one(_TILL, asset, till_id, channel)
        return None if row is None else TillRow._make(row)

    def member(self, member_no: str) -> MemberRow | None:
        row = self._one(
            "SELECT id, member_no, pin_hash, pin_command_id FROM member WHERE member_no = ?", member_no
        )
        return None if row is None else MemberRow._make(row)

    def holder(self, account_id: int) -> Holder:
        row = self._one(_HOLDER_BY_ID, account_id)
        assert row is not None
        return _holder(row)

    def holder_of(self, member: int, asset: Asset) -> Holder:
        row = self._one(_HOLDER_OF, member, asset)
        assert row is not None
        return _holder(row)

    def scheme_account(self, kind: AccountKind, asset: Asset) -> int:
        account_id = self._scheme_accounts.get((kind, asset))
        if account_id is None:
            row = self._one("SELECT id FROM account WHERE owner = 0 AND asset = ? AND kind = ?", asset, kind)
            assert row is not None
            account_id = self._scheme_accounts[kind, asset] = int(row[0])
        return account_id

    def has_code(self, code_key: int) -> bool:
        return self._one("SELECT 1 FROM payment_code WHERE code_key = ?", code_key) is not None

    def charge_facts(self, order_id: str, taker: Taker, code_key: int, asset: Asset) -> ChargeFacts:
        channel, till_id = taker
        row = self._one(_CHARGE_FACTS, str(asset), order_id, code_key, till_id, str(channel))
        if row is None:
            return ChargeFacts(None, None, None, None)
        till, clearing_id, payment_id, known_key, state, expires_at_us = row[:6]
        code = holder = None
        if known_key is not None:
            holder = _holder(row[6:])
            code = CodeRow(known_key, holder.member, _CODE_STATES[state], moment(expires_at_us))
        payment = None if payment_id is None else self.payment(order_id)
        return ChargeFacts(TillRow(till, clearing_id), payment, code, holder)

    def member_facts(self, order_id: str, taker: Taker, member_no: str, asset: Asset) -> ChargeFacts:
        till = self.till(taker.taker_id, asset, taker.channel)
        known = self.member(member_no)
        holder = None if known is None else self.holder_of(known.member, asset)
        return ChargeFacts(till, self.payment(order_id), None, holder)

    def answer(self, answer_id: str) -> AnswerRow | None:
        row = self._one(
            "SELECT answer_id, payment, kind, tries_left, at_us, sealed_key FROM answer WHERE answer_id = ?",
            answer_id,
        )
        return None if row is None else AnswerRow(row[0], row[1], row[2], row[3], moment(row[4]), row[5])

    def command(self, command_id: str) -> CommandRow | None:
        row = self._one(
            "SELECT fingerprint, refusal, balance_units, nonce, at_us, expires_at_us FROM command WHERE command_id = ?",
            command_id,
        )
        if row is None:
            return None
        mark, refusal, balance_units, nonce, at_us, expires_at_us = row
        return CommandRow(
            command_id, mark, refusal and _REFUSALS[refusal], balance_units, nonce, moment(at_us),
            moment_or_none(expires_at_us),
        )  # fmt: skip

    # --- writes

    def put_till(self, till_id: str, shop_id: str, channel: Channel = Channel.TILL) -> None:
        self._execute("INSERT INTO shop (shop_id) VALUES (?) ON CONFLICT DO NOTHING", (shop_id,))
        row = self._one("SELECT id FROM shop WHERE shop_id = ?", shop_id)
        assert row is not None
        shop = row[0]
        for asset in Asset:
            self._execute(
                "INSERT INTO account (kind, asset, owner) VALUES ('clearing', ?, ?) ON CONFLICT DO NOTHING",
                (asset, shop),
            )
        for taker_id, way in ((till_id, channel), (shop_id, Channel.ONLINE)):
            self._execute(
                "INSERT INTO till (till_id, shop, channel) VALUES (?, ?, ?)"
                " ON CONFLICT (till_id, channel) DO UPDATE SET shop = excluded.shop",
                (taker_id, shop, way),
            )

    def add_member(
        self, member_no: str, name: str, birthday: date | None = None, at: datetime | None = None
    ) -> None:
        member = self._insert(
            "INSERT INTO member (member_no, name, birthday, enrolled_at_us) VALUES (?, ?, ?, ?)",
            (member_no, name, birthday and birthday.isoformat(), microseconds_or_none(at)),
        )
        for asset in Asset:
            self._execute(
                "INSERT INTO account (kind, asset, owner, balance_units) VALUES ('customer', ?, ?, 0)",
                (asset, member),
            )

    def set_frozen(self, member: int, *, is_frozen: bool) -> None:
        self._execute("UPDATE member SET is_frozen = ? WHERE id = ?", (int(is_frozen), member))

    def set_pin(self, member: int, pin_hash: str, command_id: str) -> None:
        self._execute(
            "UPDATE member SET pin_hash = ?, pin_command_id = ?, pin_failures = 0, is_pin_locked = 0, pin_locks = 0,"
            " pin_locked_until_us = NULL WHERE id = ?",
            (pin_hash, command_id, member),
        )

    def set_pin_free_limit(self, account_id: int, units: int | None) -> None:
        self._execute("UPDATE account SET pin_free_limit_units = ? WHERE id = ?", (units, account_id))

    def add_code(self, code: CodeRow) -> None:
        self._execute(
            "INSERT INTO payment_code (code_key, member, state, expires_at_us) VALUES (?, ?, ?, ?)",
            (code.code_key, code.member, code.state, microseconds(code.expires_at)),
        )

    def use_code(self, code_key: int) -> None:
        self._execute("UPDATE payment_code SET state = 'used' WHERE code_key = ?", (code_key,))

    def void_live_codes(self, member: int, now: datetime) -> None:
        self._execute(
            "DELETE FROM payment_code WHERE member = ? AND state = 'live' AND expires_at_us > ?",
            (member, microseconds(now)),
        )

    def drop_codes(self, expired_by: datetime) -> int:
        return self._changed("DELETE FROM payment_code WHERE expires_at_us <= ?", microseconds(expired_by))

    def drop_code_commands(self, answered_by: datetime) -> int:
        return self._changed(
            "DELETE FROM command WHERE nonce IS NOT NULL AND at_us <= ?", microseconds(answered_by)
        )

    def add_answer(self, answer: AnswerRow) -> None:
        self._execute(
            "INSERT INTO answer (answer_id, payment, kind, tries_left, at_us, sealed_key) VALUES (?, ?, ?, ?, ?, ?)",
            (*answer[:4], microseconds(answer.at), answer.sealed_key),
        )

    def add_command(self, command: CommandRow) -> None:
        self._execute(
            "INSERT INTO command (command_id, fingerprint, refusal, balance_units, nonce, at_us, expires_at_us)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                command.command_id, command.fingerprint, command.refusal and command.refusal.code,
                command.balance_units, command.nonce, microseconds(command.at),
                microseconds_or_none(command.expires_at),
            ),
        )  # fmt: skip

    # --- the whole, for verification

    def all_accounts(self) -> Iterator[AccountRow]:
        for number, kind, asset, owner, balance, *use in self._each(
            "SELECT id, kind, asset, owner, balance_units, use_day, pin_free_count, pin_free_units, paid_count,"
            " paid_units FROM account ORDER BY id"
        ):
            yield AccountRow(number, _ACCOUNT_KINDS[kind], _ASSETS[asset], owner, balance, DayUse._make(use))

    def all_transfers(self) -> Iterator[tuple[Transfer, bytes]]:
        for *row, chain in self._each(
            "SELECT id, kind, debit, credit, units, balance_units, payment, command_id, reason, at_us, actor, chain"
            f" FROM {self._SEALED} ORDER BY id"
        ):
            yield transfer_of(row), chain
