"""What a member has, what moved, and what expires next: ShowBalance, ShowStatement, ShowExpiring."""

from collections.abc import Callable
from itertools import groupby, islice

from points_engine import lots
from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    BalanceShown,
    CommandInvalid,
    Expiring,
    ExpiringUnits,
    Refusal,
    Refused,
    Reply,
    ShowBalance,
    ShowExpiring,
    ShowStatement,
    Statement,
    StatementLine,
)
from points_engine.engine import bookings, debts
from points_engine.engine.scheme import Scheme
from points_engine.ports import Books, Clock, Holder, Store

MOST_LINES = 500


class Accounts:
    """Shows members' accounts; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme

    def balance(self, command: ShowBalance) -> Reply:
        """What a member can spend now."""
        return self._read(
            command.member_no,
            command.asset,
            lambda books, holder: BalanceShown(
                balance=Amount(command.asset, max(0, holder.balance_units)), owed=debts.owed(books, holder)
            ),
        )

    def statement(self, command: ShowStatement) -> Reply:
        """A page of what moved."""
        _check_most(command.most)
        zone = self._scheme.zone
        first_day, last_day = command.first_day, command.last_day
        since = None if first_day is None else lots.start_of(first_day, zone)
        until = None if last_day is None else lots.end_of(last_day, zone)

        def read(books: Books, holder: Holder) -> Reply:
            first, beyond = books.entry_bounds(holder.account_id, since, until)
            opening_units = books.balance_before(holder.account_id, first)
            closing_units = books.balance_before(holder.account_id, beyond)
            if command.after is not None and command.newest_first:
                beyond = min(beyond, command.after)
            elif command.after is not None:
                first = max(first, command.after + 1)
            found = books.entries(
                holder.account_id, first, beyond, command.most + 1, newest_first=command.newest_first
            )
            lines = tuple(StatementLine(**entry._asdict()) for entry in found[: command.most])
            return Statement(
                asset=command.asset,
                opening_units=opening_units,
                closing_units=closing_units,
                lines=lines,
                next_after=lines[-1].number if len(found) > command.most else None,
            )

        return self._read(command.member_no, command.asset, read)

    def expiring(self, command: ShowExpiring) -> Reply:
        """What expires next, by day."""
        _check_most(command.most)

        def read(books: Books, holder: Holder) -> Reply:
            live = books.live_lots(holder.account_id)
            days = groupby(live, lambda lot: lots.last_day_of(lot.expires_at, self._scheme.zone))
            return Expiring(
                asset=command.asset,
                days=tuple(
                    ExpiringUnits(last_day=day, units=sum(lot.left_units for lot in same))
                    for day, same in islice(days, command.most)
                ),
            )

        return self._read(command.member_no, command.asset, read)

    def _read(self, member_no: str, asset: Asset, read: Callable[[Books, Holder], Reply]) -> Reply:
        """Read a member's account as of now; writes only when something of it expires."""

        def look(books: Books) -> Reply | None:
            member = books.member(member_no)
            if member is None:
                return Refused(refusal=Refusal.MEMBER_UNKNOWN)
            holder = books.holder_of(member.member, asset)
            if lots.is_due(holder.next_expiry_at, self._clock.now()):
                return None
            return read(books, holder)

        def expire(books: Books) -> Reply:
            member = books.member(member_no)
            assert member is not None
            holder = books.holder_of(member.member, asset)
            return read(books, bookings.expire_lots_if_due(books, holder, self._clock.now()))

        return self._store.look(look) or self._store.transact(expire)


def _check_most(most: int) -> None:
    if not 1 <= most <= MOST_LINES:
        raise CommandInvalid(f"most must be a whole number from 1 to {MOST_LINES}")
