"""Do the payments agree with the transfers made for them? A part of verification."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from points_engine import ledger
from points_engine.amounts import Asset
from points_engine.audit_ports import AccountRow, AuditedPayment
from points_engine.contract import PaymentState
from points_engine.engine.findings import Check
from points_engine.ledger import AccountKind, Transfer, TransferKind
from points_engine.part_ports import PartRow
from points_engine.ports import Books

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
"""The transfers each part of a payment in each state can have behind it, in order, its refunds left out."""

_BESIDE = frozenset({TransferKind.CLAW_BACK, TransferKind.DEBT})
"""What comes of a payment's refunds for somebody's earned points moves nothing of the payment itself."""

_COUNTED = frozenset({PaymentState.REQUIRES_ACTION, PaymentState.SUCCEEDED})
"""A payment that was given back counts in its day no more."""

Find = Callable[[Check, str, object], None]
"""Takes a finding: the check, what about, what was seen."""


class _Booked(NamedTuple):
    """What the transfers of one part of a payment come to; 0 for an account that none of them touched."""

    history: tuple[TransferKind, ...]
    units: int
    customer_id: int
    clearing_id: int


_NOTHING = _Booked((), 0, 0, 0)
_NEVER = (0, 0)


class PaymentsAudit:
    """One reading of the payments: first every transfer made for one (`read`), then all payments (`check`)."""

    def __init__(self, books: Books, accounts: Mapping[int, AccountRow], find: Find) -> None:
        self._books = books
        self._accounts = accounts
        self._find = find
        # By payment and asset: a payment has one part of each.
        self._booked: dict[tuple[int, Asset | None], _Booked] = {}
        self._parts: dict[int, list[PartRow]] = defaultdict(list)
        self._refunded: Counter[tuple[int, Asset | None]] = Counter()
        self.refunded_units: dict[int, int] = {}
        """The units of every payment of which something was refunded, once `check` has run."""
        self._on_hold: Counter[Asset] = Counter()
        # How many payments of how many units, by account and day.
        self._pin_free: dict[tuple[int, int], tuple[int, int]] = {}
        self._paid: dict[tuple[int, int], tuple[int, int]] = {}

    def read(self, transfer: Transfer, payment_id: int) -> None:
        """Take in a transfer made for a payment."""
        if transfer.kind in _BESIDE:
            return
        account = self._accounts.get(transfer.debit_id)
        key = (payment_id, account.asset if account else None)
        if transfer.kind is TransferKind.REFUND:
            self._read_refund(transfer, key)
            return
        before = self._booked.get(key, _Booked((), transfer.units, 0, 0))
        debit, credit = ledger.SIDES[transfer.kind]
        _, _, customer_id, clearing_id = before
        if debit is AccountKind.CUSTOMER:
            customer_id = transfer.debit_id
        elif debit is AccountKind.CLEARING:
            clearing_id = transfer.debit_id
        if credit is AccountKind.CUSTOMER:
            customer_id = transfer.credit_id
        elif credit is AccountKind.CLEARING:
            clearing_id = transfer.credit_id
        after = _Booked(
            (*before.history, transfer.kind), transfer.units + self._refunded[key], customer_id, clearing_id
        )
        if before.history and after[1:] != (
            before.units,
            before.customer_id or after.customer_id,
            before.clearing_id or after.clearing_id,
        ):
            self._find(
                Check.ONE_PAYMENT_ONE_AMOUNT, f"transfer {transfer.id}", f"{after[1:]} after {before[1:]}"
            )
        self._booked[key] = after

    def _read_refund(self, transfer: Transfer, key: tuple[int, Asset | None]) -> None:
        before = self._booked.get(key, _NOTHING)
        self._refunded[key] += transfer.units
        if before.history not in HISTORIES[PaymentState.SUCCEEDED] or self._refunded[key] > before.units:
            seen = f"a refund of {transfer.units} after {[str(kind) for kind in before.history]}"
            self._find(Check.REFUNDS, f"transfer {transfer.id}", seen)
        if before[2:] != (transfer.credit_id, transfer.debit_id) and 0 not in before[2:]:
            self._find(Check.REFUNDS, f"transfer {transfer.id}", "between other accounts than its payment")

    def check(self, balances: Mapping[int, int]) -> None:
        """Look at every payment; `balances` is what the ledger says about each account."""
        for payment_id, part in self._books.all_parts():
            self._parts[payment_id].append(part)
        refunded_ids = {payment_id for payment_id, _ in self._refunded}
        for row in self._books.all_payments():
            if row.id in refunded_ids:
                self.refunded_units[row.id] = row.units
            self._check_payment(row, self._parts_of(row))
        for payment_id, _ in self._booked:
            self._find(Check.PAYMENT_OF_A_TRANSFER, f"payment {payment_id}", "there is none")
        for payment_id in self._parts:
            self._find(Check.PAYMENT_PARTS, f"payment {payment_id}", "parts without a payment that has some")
        for account in self._accounts.values():
            self._check_account(account, balances)

    def _parts_of(self, row: AuditedPayment) -> Sequence[PartRow]:
        if row.is_split:
            parts = self._parts.pop(row.id, [])
            self._check_parts(row, parts)
            return parts
        if row.account_id is None:
            return ()
        return (PartRow(row.asset, row.units, row.units, row.account_id, row.clearing_id),)

    def _check_parts(self, row: AuditedPayment, parts: Sequence[PartRow]) -> None:
        subject = f"payment {row.id}"
        worth_units = sum(part.worth_units for part in parts)
        if worth_units != row.units:
            self._find(Check.PAYMENT_PARTS, subject, f"parts worth {worth_units}, not {row.units}")
        payer, shop = self._owner(row.account_id), self._owner(row.clearing_id)
        for part in parts:
            for account_id, owner in ((part.account_id, payer), (part.clearing_id, shop)):
                account = self._accounts.get(account_id)
                if account is None or (account.owner, account.asset) != (owner, part.asset):
                    self._find(Check.PAYMENT_PARTS, subject, f"account {account_id} is another's")

    def _owner(self, account_id: int | None) -> int | None:
        account = None if account_id is None else self._accounts.get(account_id)
        return account.owner if account else None

    def _check_payment(self, row: AuditedPayment, parts: Sequence[PartRow]) -> None:
        if not parts:
            self._check_history(row, ())
        for part in parts:
            self._check_part(row, part, self._booked.pop((row.id, part.asset), _NOTHING))
            if row.state is PaymentState.REQUIRES_ACTION:
                self._on_hold[part.asset] += part.units
            if row.pin_free_day is not None:
                _count(self._pin_free, (part.account_id, row.pin_free_day), part.units)
            if row.paid_day is not None and row.state in _COUNTED:
                _count(self._paid, (part.account_id, row.paid_day), part.units)

    def _check_part(self, row: AuditedPayment, part: PartRow, booked: _Booked) -> None:
        subject, history = f"payment {row.id}", booked.history
        is_all_back = booked.units and self._refunded[row.id, part.asset] == booked.units
        if row.state is PaymentState.REVERSED and is_all_back and TransferKind.REVERSAL not in history:
            # Refunds had left nothing to reverse.
            history = (*history, TransferKind.REVERSAL)
        self._check_history(row, history)
        if booked.history and (part.units, part.account_id) != (booked.units, booked.customer_id):
            self._find(Check.PAYMENT_AMOUNT, subject, f"{part.units} units, its transfers {booked.units}")
        if booked.clearing_id not in (0, part.clearing_id):
            self._find(Check.PAYMENT_SHOP, subject, f"account {booked.clearing_id} was credited")

    def _check_history(self, row: AuditedPayment, history: tuple[TransferKind, ...]) -> None:
        if history not in HISTORIES[row.state]:
            seen = f"{row.state} after {[str(kind) for kind in history]}"
            self._find(Check.PAYMENT_STATE, f"payment {row.id}", seen)

    def _check_account(self, account: AccountRow, balances: Mapping[int, int]) -> None:
        use = account.day_use
        if account.kind is AccountKind.HELD and balances[account.id] != self._on_hold[account.asset]:
            seen = f"{balances[account.id]}, open payments hold {self._on_hold[account.asset]}"
            self._find(Check.ON_HOLD, f"account {account.id}", seen)
        day = (account.id, use.day)
        for check, told, counted in (
            (Check.PIN_FREE_COUNTERS, use[1:3], self._pin_free.get(day, _NEVER)),
            (Check.DAY_COUNTERS, use[3:], self._paid.get(day, _NEVER)),
        ):
            if told != counted:
                seen = f"{told} (times, units), the payments say {counted}"
                self._find(check, f"account {account.id}", seen)


def _count(counted: dict[tuple[int, int], tuple[int, int]], day: tuple[int, int], units: int) -> None:
    times, all_units = counted.get(day, _NEVER)
    counted[day] = (times + 1, all_units + units)
