"""Do refunds, what was taken back with them, and debts agree with the transfers? A part of verification."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from points_engine.amounts import Asset
from points_engine.audit_ports import AccountRow
from points_engine.engine.findings import Check
from points_engine.ledger import AccountKind, Transfer, TransferKind
from points_engine.ports import Books
from points_engine.refund_ports import RefundPartRow, RefundRow

Find = Callable[[Check, str, object], None]
"""Takes a finding: the check, what about, what was seen."""


class _Given(NamedTuple):
    """What a transfer gave back: of which payment, how many units."""

    payment_id: int | None
    units: int


class RefundsAudit:
    """One reading of the refunds: first every transfer (`read`), then all refunds and debts (`check`)."""

    def __init__(self, books: Books, accounts: Mapping[int, AccountRow], find: Find) -> None:
        self._books = books
        self._accounts = accounts
        self._find = find
        self._given: dict[tuple[str | None, Asset | None], _Given] = {}
        self._taken: Counter[str | None] = Counter()
        self._owed: Counter[str | None] = Counter()
        self._taken_of: Counter[tuple[int, Asset]] = Counter()

    def read(self, transfer: Transfer) -> None:
        """Take in a transfer."""
        kind = transfer.kind
        if kind is TransferKind.REFUND:
            account = self._accounts.get(transfer.credit_id)
            key = (transfer.command_id, account.asset if account else None)
            if key in self._given:
                self._find(Check.REFUNDS, f"transfer {transfer.id}", "the same refund twice")
            self._given[key] = _Given(transfer.payment_id, transfer.units)
        elif kind in (TransferKind.CLAW_BACK, TransferKind.DEBT):
            account = self._accounts.get(transfer.debit_id)
            if account is not None:
                self._taken_of[account.owner, account.asset] += transfer.units
            self._taken[transfer.command_id] += transfer.units
            if kind is TransferKind.DEBT:
                self._owed[transfer.command_id] += transfer.units

    def check(self, balances: Mapping[int, int], payment_units: Mapping[int, int]) -> None:
        """Compare; `balances` are the accounts' as the ledger says, `payment_units` those of refunded payments."""
        parts: dict[int, list[RefundPartRow]] = defaultdict(list)
        for refund, part in self._books.all_refund_parts():
            parts[refund].append(part)
        back_units: Counter[int] = Counter()
        for row in self._books.all_refunds():
            made = parts.pop(row.id, [])
            if row.refusal is None:
                self._check_refund(row, made, back_units[row.payment])
                back_units[row.payment] += row.units
            elif made or row.taken_back_units:
                self._find(Check.REFUNDS, f"refund {row.id}", "it was refused and gave something back")
        for refund in parts:
            self._find(Check.REFUNDS, f"refund {refund}", "parts of none")
        for refund_id, _ in self._given:
            self._find(Check.REFUNDS, "a transfer", f"for refund {refund_id!r}, which is not known")
        for payment_id, units in back_units.items():
            if units > payment_units.get(payment_id, 0):
                seen = f"{units} of {payment_units.get(payment_id, 0)} given back"
                self._find(Check.REFUNDS, f"payment {payment_id}", seen)
        self._check_earnings()
        self._check_debts(balances)

    def _check_refund(self, row: RefundRow, parts: list[RefundPartRow], before_units: int) -> None:
        subject = f"refund {row.id}"
        if (row.before_units, row.units) != (before_units, sum(part.worth_units for part in parts)):
            self._find(
                Check.REFUNDS, subject, f"{row.units} units after {row.before_units}, not {before_units}"
            )
        for part in parts:
            given = self._given.pop((row.refund_id, part.asset), _Given(row.payment, 0))
            if given != (row.payment, part.units):
                self._find(Check.REFUNDS, subject, f"{part.units} of {part.asset}, its transfer {given}")
        taken = (self._taken[row.refund_id], self._owed[row.refund_id])
        if (row.taken_back_units, row.owed_units) != taken:
            seen = f"{row.taken_back_units} taken back, {row.owed_units} owed, its transfers {taken}"
            self._find(Check.TAKEN_BACK, subject, seen)

    def _check_earnings(self) -> None:
        taken: Counter[tuple[int, Asset]] = Counter()
        for earning in self._books.all_earnings():
            account = self._accounts.get(earning.account_id)
            if earning.taken_back_units and account is not None:
                taken[account.owner, account.asset] += earning.taken_back_units
        for owner, asset in sorted(taken.keys() | self._taken_of.keys()):
            told, booked = taken[owner, asset], self._taken_of[owner, asset]
            if told != booked:
                self._find(Check.TAKEN_BACK, f"member {owner}", f"{told} of {asset}, the transfers {booked}")

    def _check_debts(self, balances: Mapping[int, int]) -> None:
        debts = {debt.owed_id: debt for debt in self._books.all_debts()}
        for account in self._accounts.values():
            if account.kind is not AccountKind.OWED:
                continue
            debt, units = debts.pop(account.id, None), -balances[account.id]
            if units < 0 or units != (debt.units if debt else 0):
                seen = f"{debt.units if debt else 0} owed, the ledger says {units}"
                self._find(Check.DEBTS, f"account {account.id}", seen)
        for owed_id in debts:
            self._find(Check.DEBTS, f"account {owed_id}", "there is none")
