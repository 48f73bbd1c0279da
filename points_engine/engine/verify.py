"""Are the books true? Every claim the engine makes about them, checked against the transfers alone."""

import enum
from collections import Counter, defaultdict
from typing import NamedTuple

from points_engine import ledger
from points_engine.amounts import Asset
from points_engine.contract import PaymentState
from points_engine.ledger import AccountKind, Transfer, TransferKind
from points_engine.ports import AccountRow, Books, PaymentRow, Store

_K = TransferKind

HISTORIES: dict[PaymentState, frozenset[tuple[TransferKind, ...]]] = {
    PaymentState.NEW: frozenset(),
    PaymentState.REQUIRES_ACTION: frozenset({(_K.HOLD,)}),
    PaymentState.SUCCEEDED: frozenset({(_K.CHARGE,), (_K.HOLD, _K.POST)}),
    PaymentState.FAILED: frozenset({(), (_K.HOLD, _K.VOID)}),
    PaymentState.CANCELED: frozenset({(_K.HOLD, _K.VOID)}),
    PaymentState.REVERSED: frozenset(
        {(), (_K.HOLD, _K.VOID), (_K.CHARGE, _K.REVERSAL), (_K.HOLD, _K.POST, _K.REVERSAL)}
    ),
}
"""The transfers a payment in each state can have behind it, in order."""


class Check(enum.StrEnum):
    """What is looked at."""

    CHAIN = "chain"
    NO_TRANSFER_MISSING = "no transfer missing"
    SIDES = "sides"
    SUMS_TO_ZERO = "sums to zero"
    BALANCE = "balance"
    RUNNING_BALANCE = "running balance"
    NEVER_BELOW_ZERO = "never below zero"
    ONE_PAYMENT_ONE_AMOUNT = "one payment, one amount"
    PAYMENT_OF_A_TRANSFER = "payment of a transfer"
    PAYMENT_STATE = "payment's state"
    PAYMENT_AMOUNT = "payment's amount"
    PAYMENT_SHOP = "payment's shop"
    ON_HOLD = "on hold"
    PIN_FREE_COUNTERS = "PIN-free counters"


class Finding(NamedTuple):
    """Something that is not as it must be: which check, what about, and what was seen."""

    check: Check
    subject: str
    seen: str


def verify(store: Store) -> list[Finding]:
    """All that is wrong with the books; an empty list says that they are true.

    Checked: the chain over all transfers; that each takes from and gives to the kinds of account its kind names, and
    that all of them sum to zero; that every customer's balance is what the ledger says, after every transfer and now,
    and never below zero; that every payment's state and amount agree with its transfers; that what is on hold is on
    hold for an open payment; that the day's PIN-free counters are those of the day's payments.
    """
    return store.look(lambda books: _Audit(books).findings())


class _Booked(NamedTuple):
    """What the transfers of one payment come to; 0 for an account that none of them touched."""

    history: tuple[TransferKind, ...]
    units: int
    customer_id: int
    clearing_id: int


class _Audit:
    """One reading of the books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._found: list[Finding] = []
        self._accounts: dict[int, AccountRow] = {}
        self._balances: dict[int, int] = defaultdict(int)
        self._booked: dict[int, _Booked] = {}

    def findings(self) -> list[Finding]:
        self._accounts = {account.id: account for account in self._books.all_accounts()}
        self._read_transfers()
        self._check_balances()
        self._check_payments()
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
                self._find(Check.CHAIN, f"transfer {transfer.id}", "its link is not that of its content")
                chain = link
            self._read_sides(transfer)
            if transfer.payment_id is not None:
                self._read_booking(transfer, transfer.payment_id)

    def _read_sides(self, transfer: Transfer) -> None:
        subject, balances = f"transfer {transfer.id}", self._balances
        balances[transfer.debit_id] -= transfer.units
        balances[transfer.credit_id] += transfer.units
        debit, credit = ledger.SIDES[transfer.kind]
        for side, account_id in ((debit, transfer.debit_id), (credit, transfer.credit_id)):
            account = self._accounts.get(account_id)
            if account is None or account.kind is not side:
                self._find(Check.SIDES, subject, f"account {account_id} is no {side} account")
            elif side is AccountKind.CUSTOMER and balances[account_id] != transfer.balance_units:
                self._find(
                    Check.RUNNING_BALANCE, subject, f"{transfer.balance_units}, not {balances[account_id]}"
                )
            if side is not AccountKind.ISSUED and balances[account_id] < 0:
                self._find(Check.NEVER_BELOW_ZERO, subject, f"account {account_id} at {balances[account_id]}")

    def _read_booking(self, transfer: Transfer, payment_id: int) -> None:
        before = self._booked.get(payment_id, _Booked((), transfer.units, 0, 0))
        sides = dict(zip(ledger.SIDES[transfer.kind], (transfer.debit_id, transfer.credit_id), strict=True))
        after = _Booked(
            (*before.history, transfer.kind),
            transfer.units,
            sides.get(AccountKind.CUSTOMER, before.customer_id),
            sides.get(AccountKind.CLEARING, before.clearing_id),
        )
        if before.history and after[1:] != (
            before.units,
            before.customer_id or after.customer_id,
            before.clearing_id or after.clearing_id,
        ):
            self._find(
                Check.ONE_PAYMENT_ONE_AMOUNT, f"transfer {transfer.id}", f"{after[1:]} after {before[1:]}"
            )
        self._booked[payment_id] = after

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

    def _check_payments(self) -> None:
        on_hold: Counter[Asset] = Counter()
        pin_free: Counter[tuple[int, int]] = Counter()
        pin_free_units: Counter[tuple[int, int]] = Counter()
        for row in self._books.all_payments():
            self._check_payment(row, self._booked.pop(row.id, _Booked((), 0, 0, 0)))
            if row.state is PaymentState.REQUIRES_ACTION:
                on_hold[row.asset] += row.units
            if row.account_id is not None and row.pin_free_day is not None:
                pin_free[row.account_id, row.pin_free_day] += 1
                pin_free_units[row.account_id, row.pin_free_day] += row.units
        for payment_id in self._booked:
            self._find(Check.PAYMENT_OF_A_TRANSFER, f"payment {payment_id}", "there is none")
        for account in self._accounts.values():
            use, key = account.pin_free_use, (account.id, account.pin_free_use.day)
            if account.kind is AccountKind.HELD and self._balances[account.id] != on_hold[account.asset]:
                seen = f"{self._balances[account.id]}, open payments hold {on_hold[account.asset]}"
                self._find(Check.ON_HOLD, f"account {account.id}", seen)
            if (use.times, use.units) != (pin_free[key], pin_free_units[key]):
                seen = (
                    f"{use.times} of {use.units}, the payments say {pin_free[key]} of {pin_free_units[key]}"
                )
                self._find(Check.PIN_FREE_COUNTERS, f"account {account.id}", seen)

    def _check_payment(self, row: PaymentRow, booked: _Booked) -> None:
        subject = f"payment {row.id}"
        if booked.history not in HISTORIES[row.state]:
            self._find(
                Check.PAYMENT_STATE, subject, f"{row.state} after {[str(kind) for kind in booked.history]}"
            )
        if booked.history and (row.units, row.account_id) != (booked.units, booked.customer_id):
            self._find(Check.PAYMENT_AMOUNT, subject, f"{row.units} units, its transfers {booked.units}")
        if booked.clearing_id not in (0, row.clearing_id):
            self._find(Check.PAYMENT_SHOP, subject, f"account {booked.clearing_id} was credited")
