"""The end of a shop's day: it is closed, what it comes to is moved to the settled account, and a bill is written."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from points_engine import settlement
from points_engine.amounts import Asset
from points_engine.bill import Bill
from points_engine.contract import Refusal, Refused, Reply, Settle, Settled, Settlement
from points_engine.engine.scheme import Scheme
from points_engine.ledger import TransferKind
from points_engine.ports import Books, Clock, Store
from points_engine.settlement import Totals
from points_engine.settlement_ports import DayRow, SettlementRow


class Settlements:
    """Carries out Settle and makes bills; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme

    def settle(self, command: Settle) -> Reply:
        """Close a shop's day, and all that are open before it; a closed one is told again."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            shop = books.shop_number(command.shop_id)
            if shop is None:
                return Refused(refusal=Refusal.SHOP_UNKNOWN)
            if command.day >= settlement.day_of(now, self._scheme.zone):
                return Refused(refusal=Refusal.DAY_NOT_OVER)
            if books.settled_day(shop, command.day) is None:
                first = self._first_open_day(books, shop, command.day)
                if first > command.day:
                    return Refused(refusal=Refusal.DAY_NOT_SETTLED)
                for day in settlement.days_between(first, command.day):
                    self._close(books, shop, day, now)
            return Settled(settlements=_told(books, command.shop_id, shop, command.day))

        return self._store.transact(work)

    def bill(self, shop_id: str, day: date) -> Bill | Refused:
        """A closed day's bill: the same whenever it is asked for."""

        def look(books: Books) -> Bill | Refused:
            shop = books.shop_number(shop_id)
            if shop is None:
                return Refused(refusal=Refusal.SHOP_UNKNOWN)
            closed = books.settled_day(shop, day)
            if closed is None:
                return Refused(refusal=Refusal.DAY_NOT_SETTLED)
            clearing_ids = tuple(books.clearing_accounts(shop).values())
            lines = books.bill_lines(clearing_ids, closed.after_transfer, closed.last_transfer)
            assets = tuple(row.asset for row in books.settlements(closed.id))
            return Bill(shop_id, day, assets, tuple(lines))

        return self._store.look(look)

    def _first_open_day(self, books: Books, shop: int, asked: date) -> date:
        last = books.last_settled_day(shop)
        if last is not None:
            return last.day + timedelta(days=1)
        began_at = books.first_moved_at(tuple(books.clearing_accounts(shop).values()))
        return asked if began_at is None else min(asked, settlement.day_of(began_at, self._scheme.zone))

    def _close(self, books: Books, shop: int, day: date, now: datetime) -> None:
        before = books.last_settled_day(shop)
        after_transfer = before.last_transfer if before else 0
        cut = books.last_transfer_before(after_transfer, settlement.end_of(day, self._scheme.zone))
        number = books.add_settled_day(DayRow(0, shop, day, after_transfer, cut, now))
        for asset, totals in self._moved(books, shop, after_transfer, cut).items():
            row = SettlementRow(
                number, asset, books.settlement_count(shop, asset) + 1, totals,
                self._worth(asset, totals.taken_units), self._worth(asset, totals.reversed_units),
                self._worth(asset, totals.refunded_units), self._worth(asset, totals.net_units),
            )  # fmt: skip
            books.add_settlement(row)
            _book(books, shop, row, day, now)

    def _moved(self, books: Books, shop: int, after_transfer: int, cut: int) -> Mapping[Asset, Totals]:
        """What moved, for every asset that is offered, and for any other that moved all the same."""
        moved = {
            asset: books.moved(clearing_id, after_transfer, cut) if cut > after_transfer else Totals()
            for asset, clearing_id in books.clearing_accounts(shop).items()
        }
        return {
            asset: totals
            for asset, totals in moved.items()
            if asset in self._scheme.limits or totals != Totals()
        }

    def _worth(self, asset: Asset, units: int) -> int | None:
        exchange = self._scheme.exchange.get(asset)
        return None if exchange is None else settlement.worth_minor(exchange, units)


def _book(books: Books, shop: int, row: SettlementRow, day: date, now: datetime) -> None:
    """Move what the day comes to from the shop's clearing account to its settled one, or back."""
    net_units = row.totals.net_units
    if not net_units:
        return
    clearing_id, settled_id = books.clearing_accounts(shop)[row.asset], books.settled_account(shop, row.asset)
    kind, debit, credit = TransferKind.SETTLEMENT, clearing_id, settled_id
    if net_units < 0:
        kind, debit, credit = TransferKind.SETTLEMENT_RETURN, settled_id, clearing_id
    # No customer takes part, so there is no balance to tell.
    books.add_transfer(
        kind, debit, credit, abs(net_units), 0, now,
        command_id=f"settlement {row.number}", reason=day.isoformat(),
    )  # fmt: skip


def _told(books: Books, shop_id: str, shop: int, day: date) -> tuple[Settlement, ...]:
    closed = books.settled_day(shop, day)
    assert closed is not None
    return tuple(
        Settlement(
            shop_id=shop_id,
            asset=row.asset,
            number=row.number,
            day=closed.day,
            **row.totals._asdict(),
            taken_minor=row.taken_minor,
            reversed_minor=row.reversed_minor,
            refunded_minor=row.refunded_minor,
            net_minor=row.net_minor,
            settled_at=closed.at,
        )
        for row in books.settlements(closed.id)
    )
