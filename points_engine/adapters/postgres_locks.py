"""Who may change what: the reads of a writing transaction lock the accounts they are about, before they look.

All that happens to a member is guarded by their customer accounts: whoever reads a member, an account, a payment or a
code in order to write locks all of that member's accounts, and reads once it has them. So whatever was read stays as it
is until the transaction ends. Accounts are locked in the order of their ids and before anything else that belongs to
them, so that two who want the same ones wait for each other and never in a circle; work on several members one after
the other may still meet another such, and is then run again.

What has no account to guard it is guarded by a unique index: an order, a command, a refund, a shop's day. Credentials,
codes to enrol with and sign-ins are locked themselves.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from points_engine.adapters.postgres_connections import Connection
from points_engine.adapters.postgres_statements import PostgresStatements
from points_engine.adapters.sql_books import SqlBooks
from points_engine.amounts import Asset
from points_engine.contract import Taker
from points_engine.ledger import microseconds
from points_engine.ports import ChargeFacts, Holder, MemberRow, PaymentRow
from points_engine.proof_ports import CredentialRow

SWEPT_AT_ONCE = 200
"""So many members' payments are ended in one transaction at most: others wait for their accounts meanwhile."""

_LOCK = """
    SELECT id, owner FROM account WHERE kind = 'customer' AND owner IN ({owners}) ORDER BY id FOR NO KEY UPDATE
"""
_OF_MEMBER_NO = "SELECT id FROM member WHERE member_no = ?"
_OF_ACCOUNT = "SELECT owner FROM account WHERE id = ?"
_OF_CODE = "SELECT member FROM payment_code WHERE code_key = ?"
# An order may have earned for somebody else than who paid it.
_OF_ORDER = """
    SELECT a.owner FROM payment p JOIN account a ON a.id = p.account WHERE p.order_id = ?1
    UNION SELECT a.owner FROM earning e JOIN account a ON a.id = e.account WHERE e.order_id = ?1
"""
_OF_DUE_PAYMENTS = """
    SELECT a.owner FROM (
        SELECT account FROM payment WHERE state = 'requires_action' AND challenge_expires_at_us <= ? LIMIT ?
    ) p JOIN account a ON a.id = p.account
"""
_DUE_ACCOUNTS = "SELECT id FROM account WHERE next_expiry_us <= ? ORDER BY next_expiry_us LIMIT ?"
_OF_ACCOUNTS = "SELECT owner FROM account WHERE id = ANY (?)"
_STILL_DUE = "SELECT id FROM account WHERE id = ANY (?) AND next_expiry_us <= ? ORDER BY next_expiry_us"


class LockingBooks(PostgresStatements, SqlBooks):
    """Reads that lock, where `writes` says that it is a writing transaction."""

    def __init__(self, connection: Connection, *, writes: bool) -> None:
        super().__init__(connection)
        self._writes = writes
        self._locked_accounts: set[int] = set()
        self._locked_members: set[int] = set()
        if writes:
            self._unless_taken = "FOR NO KEY UPDATE SKIP LOCKED"
            self._to_change = "FOR NO KEY UPDATE"

    def _lock(self, owners: str, *values: Any) -> None:
        for account, owner in self._execute(_LOCK.format(owners=owners), values):
            self._locked_accounts.add(account)
            self._locked_members.add(owner)

    def _is_open(self, account_id: int | None) -> bool:
        """Whether an account has to be locked first."""
        return self._writes and account_id is not None and account_id not in self._locked_accounts

    def _lock_member(self, member: int) -> None:
        if self._writes and member not in self._locked_members:
            self._lock("?", member)

    # --- reads that lock

    def member(self, member_no: str) -> MemberRow | None:
        if self._writes:
            self._lock(_OF_MEMBER_NO, member_no)
        return super().member(member_no)

    def credential(self, member_no: str, tries_allowed: int) -> CredentialRow | None:
        if self._writes:
            self._lock(_OF_MEMBER_NO, member_no)
        return super().credential(member_no, tries_allowed)

    def holder(self, account_id: int) -> Holder:
        if self._is_open(account_id):
            self._lock(_OF_ACCOUNT, account_id)
        return super().holder(account_id)

    def holder_of(self, member: int, asset: Asset) -> Holder:
        self._lock_member(member)
        return super().holder_of(member, asset)

    def payment(self, order_id: str) -> PaymentRow | None:
        row = super().payment(order_id)
        if row is not None and self._is_open(row.account_id):
            # It may have moved on until its account was ours.
            self._lock(_OF_ORDER, order_id)
            row = super().payment(order_id)
        return row

    def charge_facts(self, order_id: str, taker: Taker, code_key: int, asset: Asset) -> ChargeFacts:
        if self._writes:
            self._lock(_OF_CODE, code_key)
        facts = super().charge_facts(order_id, taker, code_key, asset)
        if facts.holder is not None and self._is_open(facts.holder.account_id):
            # The code was issued a moment ago, after its account was to be locked.
            self._lock_member(facts.holder.member)
            facts = super().charge_facts(order_id, taker, code_key, asset)
        return facts

    def open_payments(self, due_by: datetime, account_id: int | None = None) -> Sequence[PaymentRow]:
        if self._is_open(account_id):
            self._lock(_OF_ACCOUNT, account_id)
        if account_id is not None or not self._writes:
            return super().open_payments(due_by, account_id)
        self._lock(_OF_DUE_PAYMENTS, microseconds(due_by), SWEPT_AT_ONCE)
        due = super().open_payments(due_by)
        return [row for row in due if not self._is_open(row.account_id)]

    def open_payments_of(self, member: int, due_by: datetime) -> Sequence[PaymentRow]:
        self._lock_member(member)
        return super().open_payments_of(member, due_by)

    def accounts_due(self, now: datetime, most: int) -> Sequence[int]:
        if not self._writes:
            return super().accounts_due(now, most)
        now_us = microseconds(now)
        while found := [row[0] for row in self._execute(_DUE_ACCOUNTS, (now_us, most))]:
            self._lock(_OF_ACCOUNTS, found)
            # Another run may have been there first; then there is perhaps more behind what it did.
            if still := [row[0] for row in self._execute(_STILL_DUE, (found, now_us))]:
                return still
        return []
