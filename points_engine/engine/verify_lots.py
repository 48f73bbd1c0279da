"""Do the lots agree with the transfers, and with the balances they are part of? A part of verification."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from points_engine.engine.findings import Check
from points_engine.engine.lots_kept import GIVEN_BACK, TAKEN_BY_PAYMENTS
from points_engine.ledger import Transfer, TransferKind
from points_engine.ports import Books

Find = Callable[[Check, str, object], None]
"""Takes a finding: the check, what about, what was seen."""


class LotsAudit:
    """One reading of the lots: first every transfer (`read`), then all lots, uses and earnings (`check`)."""

    def __init__(self, books: Books, find: Find) -> None:
        self._books = books
        self._find = find
        self._expired: Counter[int] = Counter()
        self._earned: dict[str, int] = {}
        # Only of payments that took something out of a lot: by payment and account, what is kept and what was booked.
        self._used: dict[tuple[int, int], int] = {}
        self._used_of_lot: Counter[int] = Counter()
        for use in books.all_uses():
            key = (use.payment_id, use.account_id)
            self._used[key] = self._used.get(key, 0) + use.units
            if use.lot_id is not None:
                self._used_of_lot[use.lot_id] += use.units
        self._booked = dict.fromkeys(self._used, 0)

    def read(self, transfer: Transfer) -> None:
        """Take in a transfer."""
        kind = transfer.kind
        if kind is TransferKind.EXPIRE:
            self._expired[transfer.debit_id] += transfer.units
        elif kind is TransferKind.EARN and transfer.command_id is not None:
            self._earned[transfer.command_id] = transfer.units
        elif self._booked and transfer.payment_id is not None:
            if kind in TAKEN_BY_PAYMENTS:
                self._book(transfer.payment_id, transfer.debit_id, transfer.units)
            elif kind in GIVEN_BACK:
                self._book(transfer.payment_id, transfer.credit_id, -transfer.units)

    def _book(self, payment_id: int, account_id: int, units: int) -> None:
        key = (payment_id, account_id)
        if key in self._booked:
            self._booked[key] += units

    def check(self, balances: Mapping[int, int]) -> None:
        """Compare; `balances` are the accounts' as the ledger says."""
        self._check_lots(balances)
        for (payment_id, account_id), booked in self._booked.items():
            used = self._used[payment_id, account_id]
            if used != booked:
                seen = f"{used} of account {account_id}, its transfers {booked}"
                self._find(Check.LOT_USES, f"payment {payment_id}", seen)
        self._check_earnings()

    def _check_lots(self, balances: Mapping[int, int]) -> None:
        left: Counter[int] = Counter()
        expired: Counter[int] = Counter()
        next_expiries: dict[int, datetime] = {}
        for lot in self._books.all_lots():
            account_id = lot.account_id
            found = lot.left_units + lot.expired_units + lot.withdrawn_units + self._used_of_lot[lot.id]
            if found != lot.units:
                self._find(Check.LOT_UNITS, f"lot {lot.id}", f"{found} found of {lot.units}")
            expired[account_id] += lot.expired_units
            if lot.left_units:
                left[account_id] += lot.left_units
                known = next_expiries.get(account_id, lot.expires_at)
                next_expiries[account_id] = min(known, lot.expires_at)
        for account_id, units in left.items():
            if units > balances.get(account_id, 0):
                seen = f"{units} left in lots of {balances.get(account_id, 0)}"
                self._find(Check.LOTS_WITHIN_BALANCE, f"account {account_id}", seen)
        for account_id in sorted(expired.keys() | self._expired.keys()):
            if expired[account_id] != self._expired[account_id]:
                seen = f"{expired[account_id]} of its lots, its transfers {self._expired[account_id]}"
                self._find(Check.EXPIRED_UNITS, f"account {account_id}", seen)
        stored = dict(self._books.next_expiries())
        for account_id in sorted(stored.keys() | next_expiries.keys()):
            if stored.get(account_id) != next_expiries.get(account_id):
                seen = f"{stored.get(account_id)}, its lots say {next_expiries.get(account_id)}"
                self._find(Check.NEXT_EXPIRY, f"account {account_id}", seen)

    def _check_earnings(self) -> None:
        for earning in self._books.all_earnings():
            booked = self._earned.pop(earning.command_id, 0)
            if earning.units != booked:
                self._find(
                    Check.EARNINGS, f"order {earning.order_id}", f"{earning.units}, its transfer {booked}"
                )
        for command_id, units in self._earned.items():
            self._find(Check.EARNINGS, f"command {command_id}", f"{units} earned on no order")
