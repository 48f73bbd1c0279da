"""What is given to members, and put right by hand: Credit, Accumulate, Grant, Adjust; each with its expiry."""

from collections.abc import Sequence
from datetime import date, datetime

from points_engine import lots
from points_engine.amounts import MAX_UNITS, Amount, Asset
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Adjust,
    CommandInvalid,
    Credit,
    Expiry,
    Grant,
    Refusal,
    Reply,
)
from points_engine.engine import bookings, debts, lots_kept
from points_engine.engine.command_log import Outcome, once, reply_of
from points_engine.engine.scheme import Scheme
from points_engine.ledger import TransferKind
from points_engine.lot_ports import EarningRow
from points_engine.lots import ExpiryRule, Terms
from points_engine.ports import Books, Clock, Holder, Ids, Store

Giving = Credit | Grant | Accumulate | Adjust
Gift = Credit | Grant


class Accumulation:
    """Carries out the commands that give and put right; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme

    # --- commands

    def credit(self, command: Gift) -> Reply:
        """Give a member an amount, by hand or in the name of a campaign."""
        return self.credit_all([command])[0]

    def credit_all(self, commands: Sequence[Gift]) -> list[Reply]:
        """Give many amounts in one transaction: all of them are durable, or none; a refused one stops no other."""
        for command in commands:
            _check_expires_on(command)

        def work(books: Books) -> list[Reply]:
            now = self._clock.now()
            return [self._credit(books, command, now) for command in commands]

        return self._store.transact(work)

    def _credit(self, books: Books, command: Gift, now: datetime) -> Reply:
        def act() -> Outcome:
            kind, reason = TransferKind.CREDIT, command.reason if isinstance(command, Credit) else None
            if isinstance(command, Grant):
                kind, reason = TransferKind.GRANT, command.campaign
            amount = command.amount
            found = self._recipient(books, command, amount.asset, amount.units, now)
            if isinstance(found, Refusal):
                return Outcome(refusal=found)
            balance_units, _ = self._give(books, command, kind, found, amount.units, now, reason)
            return Outcome(balance_units=balance_units)

        row = once(books, command, now, act)
        return reply_of(command, row, self._scheme.layout, self._ids)

    def accumulate(self, command: Accumulate) -> Reply:
        """Give a member what an order earns."""
        _check_whole("spend_minor", command.spend_minor, 0)
        _check_expires_on(command)

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: self._accumulate(books, command, now))
            earning = books.earning(command.order_id)
            if row is None or row.refusal is not None or row.balance_units is None or earning is None:
                return reply_of(command, row, self._scheme.layout, self._ids)
            expires_at = earning.expires_at
            return Accumulated(
                earned=Amount(command.asset, earning.units),
                balance=Amount(command.asset, max(0, row.balance_units)),
                last_day=None if expires_at is None else lots.last_day_of(expires_at, self._scheme.zone),
            )

        return self._store.transact(work)

    def _accumulate(self, books: Books, command: Accumulate, now: datetime) -> Outcome:
        till = books.till(command.till_id, command.asset)
        if till is None:
            return Outcome(refusal=Refusal.TILL_NOT_ENROLLED)
        if books.earning(command.order_id) is not None:
            return Outcome(refusal=Refusal.ORDER_MISMATCH)
        rule = self._scheme.earning.get(command.asset)
        if rule is None:
            return Outcome(refusal=Refusal.AMOUNT_NOT_ALLOWED)
        units = rule.earned(command.spend_minor)
        holder = self._recipient(books, command, command.asset, units, now, may_be_nothing=True)
        if isinstance(holder, Refusal):
            return Outcome(refusal=holder)
        balance_units, lot_id = holder.balance_units, None
        if units:
            balance_units, lot_id = self._give(books, command, TransferKind.EARN, holder, units, now)
        last_day = self._last_day(command, command.asset, now) if units else None
        expires_at = None if last_day is None else lots.end_of(last_day, self._scheme.zone)
        earning = EarningRow(
            id=0,
            order_id=command.order_id,
            command_id=command.command_id,
            till=till.till,
            account_id=holder.account_id,
            spend_minor=command.spend_minor,
            units=units,
            lot_id=lot_id,
            expires_at=expires_at,
            taken_back_units=0,
            at=now,
        )
        books.add_earning(earning)
        return Outcome(balance_units=balance_units)

    def adjust(self, command: Adjust) -> Reply:
        """Put a balance right, never below zero."""
        _check_whole("units", command.units, -MAX_UNITS)
        if not command.reason.strip():
            raise CommandInvalid("reason must say why")
        _check_expires_on(command)

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: self._adjust(books, command, now))
            return reply_of(command, row, self._scheme.layout, self._ids)

        return self._store.transact(work)

    def _adjust(self, books: Books, command: Adjust, now: datetime) -> Outcome:
        units = command.units
        holder = self._recipient(books, command, command.asset, max(units, 0), now, may_be_nothing=units < 0)
        if isinstance(holder, Refusal):
            return Outcome(refusal=holder)
        if units > 0:
            kind, reason, actor = TransferKind.ADJUST_UP, command.reason, command.actor
            balance_units, _ = self._give(books, command, kind, holder, units, now, reason, actor)
            return Outcome(balance_units=balance_units)
        if holder.balance_units < -units:
            return Outcome(refusal=Refusal.BALANCE_TOO_LOW)
        balance_units = bookings.transfer(
            books, TransferKind.ADJUST_DOWN, holder, -units, now,
            command_id=command.command_id, reason=command.reason, actor=command.actor,
        )  # fmt: skip
        return Outcome(balance_units=balance_units)

    # --- steps

    def _recipient(
        self,
        books: Books,
        command: Giving,
        asset: Asset,
        units: int,
        now: datetime,
        *,
        may_be_nothing: bool = False,
    ) -> Holder | Refusal:
        """Whose account `units` are given to, as of now, or why not."""
        member = books.member(command.member_no)
        holder = books.holder_of(member.member, asset) if member else None
        if holder is not None:
            holder = bookings.expire_lots_if_due(books, holder, now)
        balance_units = holder.balance_units if holder else 0
        if (units == 0 and not may_be_nothing) or balance_units + units > MAX_UNITS:
            return Refusal.AMOUNT_NOT_ALLOWED
        last_day = self._last_day(command, asset, now)
        if last_day is not None and not self._today(now) <= last_day <= lots.LAST_DAY:
            return Refusal.EXPIRY_NOT_ALLOWED
        return Refusal.MEMBER_UNKNOWN if holder is None else holder

    def _give(
        self,
        books: Books,
        command: Giving,
        kind: TransferKind,
        holder: Holder,
        units: int,
        now: datetime,
        reason: str | None = None,
        actor: str | None = None,
    ) -> tuple[int, int | None]:
        """Book what is given, keep it as a lot if it expires, take what is owed; the balance then, and the lot's id."""
        balance_units = bookings.transfer(
            books, kind, holder, units, now, command_id=command.command_id, reason=reason, actor=actor
        )
        last_day, lot_id = self._last_day(command, holder.asset, now), None
        if last_day is not None:
            terms = Terms(self._scheme.lots.grace_days, str(self._scheme.zone))
            expires_at = lots.end_of(last_day, self._scheme.zone)
            lot_id = lots_kept.add(books, holder, units, balance_units, expires_at, terms)
        return debts.recover(books, holder.account_id, now, command.command_id, lot_id), lot_id

    def _last_day(self, command: Giving, asset: Asset, now: datetime) -> date | None:
        """The last day that what is given is good on; None: it never expires."""
        if command.expires_on is Expiry.NEVER:
            return None
        if command.expires_on is Expiry.BY_SCHEME:
            return self._scheme.lots.expiry.get(asset, ExpiryRule()).last_day(self._today(now))
        return command.expires_on

    def _today(self, now: datetime) -> date:
        return lots.day_of(now, self._scheme.zone)


def _check_whole(name: str, value: object, lowest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= MAX_UNITS:
        raise CommandInvalid(f"{name} must be a whole number from {lowest} to {MAX_UNITS}")


def _check_expires_on(command: Giving) -> None:
    if isinstance(command.expires_on, datetime) or not isinstance(command.expires_on, date | Expiry):
        raise CommandInvalid("expires_on must be a date, or one of Expiry")
