"""Do the closed days agree with the transfers in them? A part of verification."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta

from points_engine.amounts import Asset
from points_engine.audit_ports import AccountRow
from points_engine.engine.findings import Check
from points_engine.ledger import AccountKind, Transfer, TransferKind
from points_engine.ports import Books
from points_engine.settlement import TAKEN, Totals, totals_of
from points_engine.settlement_ports import DayRow

Find = Callable[[Check, str, object], None]
"""Takes a finding: the check, what about, what was seen."""

_GIVEN_BACK = frozenset({TransferKind.REVERSAL, TransferKind.REFUND})
_SETTLED = frozenset({TransferKind.SETTLEMENT, TransferKind.SETTLEMENT_RETURN})


class SettlementsAudit:
    """One reading of the closed days: first every transfer (`read`), then all days and settlements (`check`)."""

    def __init__(
        self, books: Books, accounts: Mapping[int, AccountRow], balances: Mapping[int, int], find: Find
    ) -> None:
        self._books = books
        self._accounts = accounts
        self._balances = balances
        self._find = find
        self._days: dict[int, list[DayRow]] = defaultdict(list)
        for day in books.all_settled_days():
            self._days[day.shop].append(day)
        # By shop: which of its days the next transfer belongs to.
        self._at: dict[int, int] = dict.fromkeys(self._days, 0)
        self._moved: dict[tuple[int, Asset], list[tuple[TransferKind, int, int]]] = defaultdict(list)
        self._booked: dict[tuple[int, Asset, str | None], int] = {}
        self._settled_ids: dict[tuple[int, Asset], int] = {}

    def read(self, transfer: Transfer) -> None:
        """Take in a transfer, after the balances have it."""
        kind = transfer.kind
        if kind in TAKEN:
            self._count(transfer, transfer.credit_id)
        elif kind in _GIVEN_BACK:
            self._count(transfer, transfer.debit_id)
            self._check_below_zero(transfer, transfer.debit_id)
        elif kind in _SETTLED:
            self._book(transfer)

    def _count(self, transfer: Transfer, clearing_id: int) -> None:
        account = self._accounts.get(clearing_id)
        if account is None or account.owner not in self._at:
            return
        days, at = self._days[account.owner], self._at[account.owner]
        while at < len(days) and transfer.id > days[at].last_transfer:
            at += 1
        self._at[account.owner] = at
        if at < len(days):
            self._moved[days[at].id, account.asset].append((transfer.kind, 1, transfer.units))

    def _check_below_zero(self, transfer: Transfer, clearing_id: int) -> None:
        """A shop may give back on one day what it took on a settled one, but never more than it took in all."""
        account = self._accounts.get(clearing_id)
        units = self._balances[clearing_id]
        if account is None or units >= 0:
            return
        units += self._balances[self._settled_id(account.owner, account.asset)]
        if units < 0:
            self._find(Check.NEVER_BELOW_ZERO, f"transfer {transfer.id}", f"account {clearing_id} at {units}")

    def _settled_id(self, shop: int, asset: Asset) -> int:
        if not self._settled_ids:
            self._settled_ids.update(
                ((account.owner, account.asset), account.id)
                for account in self._accounts.values()
                if account.kind is AccountKind.SETTLED
            )
        return self._settled_ids.get((shop, asset), 0)

    def _book(self, transfer: Transfer) -> None:
        gives = transfer.kind is TransferKind.SETTLEMENT
        account = self._accounts.get(transfer.credit_id if gives else transfer.debit_id)
        clearing = self._accounts.get(transfer.debit_id if gives else transfer.credit_id)
        if account is None or clearing is None or account[2:4] != clearing[2:4]:
            self._find(
                Check.SETTLEMENTS, f"transfer {transfer.id}", "between accounts of two shops or assets"
            )
            return
        key = (account.owner, account.asset, transfer.command_id)
        if key in self._booked:
            self._find(Check.SETTLEMENTS, f"transfer {transfer.id}", "the same settlement twice")
        self._booked[key] = transfer.units if gives else -transfer.units

    def check(self) -> None:
        """Compare what was closed with what was read."""
        days: dict[int, DayRow] = {}
        for shop, closed in self._days.items():
            last, before = 0, None
            for day in closed:
                if day.after_transfer != last or (before and day.day != before + timedelta(days=1)):
                    self._find(
                        Check.CLOSED_DAYS, f"shop {shop}, {day.day}", "it does not follow the day before"
                    )
                days[day.id], last, before = day, day.last_transfer, day.day
        numbers: dict[tuple[int, Asset], int] = defaultdict(int)
        for row in self._books.all_settlements():
            closed_day = days.get(row.settled_day)
            if closed_day is None:
                self._find(Check.CLOSED_DAYS, f"settlement of day {row.settled_day}", "there is no such day")
                continue
            subject = f"shop {closed_day.shop}, {closed_day.day}, {row.asset}"
            numbers[closed_day.shop, row.asset] += 1
            if row.number != numbers[closed_day.shop, row.asset]:
                self._find(Check.SETTLEMENTS, subject, f"number {row.number}")
            self._check_totals(
                subject, row.totals, totals_of(self._moved.pop((row.settled_day, row.asset), ()))
            )
            booked = self._booked.pop((closed_day.shop, row.asset, f"settlement {row.number}"), 0)
            if booked != row.totals.net_units:
                self._find(Check.SETTLEMENTS, subject, f"net {row.totals.net_units}, its transfer {booked}")
        for settled_day, asset in self._moved:
            self._find(
                Check.SETTLEMENTS, f"closed day {settled_day}, {asset}", "what moved is in no settlement"
            )
        for shop, asset, number in self._booked:
            self._find(Check.SETTLEMENTS, f"shop {shop}, {asset}", f"{number} is not known")

    def _check_totals(self, subject: str, told: Totals, moved: Totals) -> None:
        if told != moved:
            self._find(Check.SETTLEMENTS, subject, f"{tuple(told)}, the transfers {tuple(moved)}")
