"""Are the books true? Every claim the engine makes about them, checked against the transfers alone."""

import contextlib
import gc
from collections import defaultdict
from collections.abc import Iterator

from points_engine import ledger
from points_engine.audit_ports import AccountRow
from points_engine.engine.findings import Check, Finding
from points_engine.engine.verify_lots import LotsAudit
from points_engine.engine.verify_payments import PaymentsAudit
from points_engine.engine.verify_refunds import RefundsAudit
from points_engine.engine.verify_settlements import SettlementsAudit
from points_engine.ledger import AccountKind, Transfer, TransferKind
from points_engine.ports import Books, Store


def verify(store: Store) -> list[Finding]:
    """All that is wrong with the books; an empty list says that they are true.

    Checked: the chain over all transfers; that each takes from and gives to the kinds of account its kind names, and
    that all of them sum to zero; that every customer's balance is what the ledger says, after every transfer and now,
    and never below zero; that every payment's state and amount agree with its transfers, part by part; that the parts
    of a payment are worth it; that what is on hold is on hold for an open payment; that the day's counters are
    those of the day's payments; that every unit of a lot is somewhere, that lots are part of the balance, that what
    expired was in lots, what payments took out of them was taken by payments, and what was earned is known by order;
    that no refund gave back more than its payment took, that what was taken back and is owed was booked, and that
    closed days follow each other and come to what moved in them.
    """
    # Only so that an edit from now on shows: what is not chained yet is looked at as well.
    store.seal()
    return store.look(verify_books)


def verify_books(books: Books) -> list[Finding]:
    """As `verify`, within a transaction that is under way and sees one state of the books."""
    with _collector_resting():
        return _Audit(books).findings()


@contextlib.contextmanager
def _collector_resting() -> Iterator[None]:
    """Python looks for no garbage meanwhile: all that is read is kept to the end, so that it would only cost time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _may_be_below_zero(transfer: Transfer, side: AccountKind, account_id: int) -> bool:
    """Whether an account may be below zero after this transfer.

    A customer only by a claw-back, and while what comes in does not fill it up; what a shop gives back after its
    settlement is looked at by SettlementsAudit.
    """
    if side is AccountKind.CUSTOMER:
        return transfer.kind is TransferKind.CLAW_BACK or transfer.credit_id == account_id
    return side is AccountKind.CLEARING or side in ledger.MAY_BE_NEGATIVE


def _subject(transfer: Transfer) -> str:
    return f"transfer {transfer.id}"


class _Audit:
    """One reading of the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._found: list[Finding] = []
        self._accounts: dict[int, AccountRow] = {}
        self._balances: dict[int, int] = defaultdict(int)
        self._payments = PaymentsAudit(books, self._accounts, self._find)
        self._lots = LotsAudit(books, self._find)
        self._refunds = RefundsAudit(books, self._accounts, self._find)
        self._settlements = SettlementsAudit(books, self._accounts, self._balances, self._find)

    def findings(self) -> list[Finding]:
        self._accounts.update((account.id, account) for account in self._books.all_accounts())
        self._read_transfers()
        self._check_balances()
        self._payments.check(self._balances)
        self._lots.check(self._balances)
        self._refunds.check(self._balances, self._payments.refunded_units)
        self._settlements.check()
        return self._found

    def _find(self, check: Check, subject: str, seen: object) -> None:
        self._found.append(Finding(check, subject, str(seen)))

    def _read_transfers(self) -> None:
        chain, number = ledger.GENESIS, 0
        for transfer, link in self._books.all_transfers():
            number += 1
            if transfer.id != number:
                self._find(Check.NO_TRANSFER_MISSING, f"transfer {number}", f"the next one is {transfer.id}")
                number = transfer.id
            chain = ledger.chain_after(chain, transfer)
            if chain != link:
                self._find(Check.CHAIN, _subject(transfer), "its link is not that of its content")
                chain = link
            self._read_sides(transfer)
            self._lots.read(transfer)
            self._refunds.read(transfer)
            self._settlements.read(transfer)
            if transfer.payment_id is not None:
                self._payments.read(transfer, transfer.payment_id)

    def _read_sides(self, transfer: Transfer) -> None:
        balances = self._balances
        balances[transfer.debit_id] -= transfer.units
        balances[transfer.credit_id] += transfer.units
        debit, credit = ledger.SIDES[transfer.kind]
        self._check_side(transfer, debit, transfer.debit_id)
        self._check_side(transfer, credit, transfer.credit_id)

    def _check_side(self, transfer: Transfer, side: AccountKind, account_id: int) -> None:
        account, units = self._accounts.get(account_id), self._balances[account_id]
        if account is None or account.kind is not side:
            self._find(Check.SIDES, _subject(transfer), f"account {account_id} is no {side} account")
        elif side is AccountKind.CUSTOMER and units != transfer.balance_units:
            self._find(Check.RUNNING_BALANCE, _subject(transfer), f"{transfer.balance_units}, not {units}")
        if units < 0 and not _may_be_below_zero(transfer, side, account_id):
            self._find(Check.NEVER_BELOW_ZERO, _subject(transfer), f"account {account_id} at {units}")

    def _check_balances(self) -> None:
        total = 0
        for account in self._accounts.values():
            ledger_units = self._balances[account.id]
            stored_units = ledger_units if account.balance_units is None else account.balance_units
            total += stored_units
            if stored_units != ledger_units:
                seen = f"{stored_units}, the ledger says {ledger_units}"
                self._find(Check.BALANCE, f"account {account.id}", seen)
        if total != 0:
            self._find(Check.SUMS_TO_ZERO, "all accounts", total)
