"""The till's commands: charge, cancel, query, reverse."""

from datetime import datetime

from points_engine import challenge, limits, payment_code
from points_engine.amounts import Asset
from points_engine.contract import (
    Cancel,
    Charge,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Reverse,
)
from points_engine.engine import bookings
from points_engine.engine.bookings import expire_if_due, is_due
from points_engine.engine.replies import payment_reply, stored_reply, tries_of
from points_engine.engine.scheme import Scheme
from points_engine.limits import PinFreeUse
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, ChargeFacts, Clock, Holder, Ids, PaymentRow, Store


class Payments:
    """Carries out the commands about payments, all but the answers to challenges; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme

    # --- charge

    def charge(self, command: Charge) -> Reply:
        """Take the amount, open a challenge for it, or record why not."""
        text = command.code.reveal()
        is_code = self._scheme.layout.recognises(text)
        code_key = self._ids.lookup_key(text)
        return self._store.transact(lambda books: self._charge(books, command, code_key, is_code=is_code))

    def _charge(self, books: Books, command: Charge, code_key: int, *, is_code: bool) -> Reply:
        now = self._clock.now()
        facts = books.charge_facts(command.order_id, command.till_id, code_key, command.amount.asset)
        if facts.till is None:
            return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        if facts.payment is not None:
            return self._charged_before(books, command, code_key, facts.payment, facts.till.till, now)
        refusal, holder = self._judge(books, command, facts, now, is_code=is_code)
        fresh = PaymentRow(
            id=0,
            order_id=command.order_id,
            till=facts.till.till,
            cashier=command.cashier,
            code_key=code_key,
            asset=command.amount.asset,
            units=command.amount.units,
            account_id=holder.account_id if holder else None,
            clearing_id=facts.till.clearing_id,
            state=PaymentState.NEW,
            refusal=refusal,
            canceled_by=None,
            balance_units=None,
            challenge_expires_at=None,
            pin_free_day=None,
            opened_at=now,
            at=now,
        )
        if refusal is not None or holder is None:
            if refusal is Refusal.BALANCE_TOO_LOW and holder is not None:
                fresh = fresh._replace(balance_units=holder.balance_units)
            row = bookings.open_payment(books, fresh, PaymentEvent.REFUSE)
        else:
            books.use_code(code_key)
            row = self._take(books, fresh, holder, now)
        return payment_reply(row, holder, self._scheme)

    def _charged_before(
        self, books: Books, command: Charge, code_key: int, row: PaymentRow, till: int, now: datetime
    ) -> Reply:
        """The same order again: the payment as it stands, or ORDER_MISMATCH when it was another one."""
        # A reversal that came first has no content but its till.
        is_tombstone = row.code_key is None
        asked = (command.amount.asset, command.amount.units, code_key)
        if row.till != till or not (is_tombstone or asked == (row.asset, row.units, row.code_key)):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        return stored_reply(books, expire_if_due(books, row, now), self._scheme)

    def _judge(
        self, books: Books, command: Charge, facts: ChargeFacts, now: datetime, *, is_code: bool
    ) -> tuple[Refusal | None, Holder | None]:
        """Why this charge is refused, by precedence, and whose it is once the code is good."""
        rules = self._scheme.limits.get(command.amount.asset)
        if rules is None or not rules.allows(command.amount.units):
            return Refusal.AMOUNT_NOT_ALLOWED, None
        if not is_code:
            return Refusal.NOT_A_PAYMENT_CODE, None
        code, holder = facts.code, facts.holder
        if code is None or holder is None:
            return Refusal.CODE_UNKNOWN, None
        refusal = payment_code.refusal_of(code.state, code.expires_at, now)
        if refusal is not None:
            return refusal, None
        return self._judge_holder(books, holder, command.amount.units, now)

    def _judge_holder(
        self, books: Books, holder: Holder, units: int, now: datetime
    ) -> tuple[Refusal | None, Holder]:
        """Why this member's account does not pay, and the account as it is by then."""
        if holder.is_frozen:
            return Refusal.ACCOUNT_FROZEN, holder
        if holder.balance_units < units:
            holder = self._with_what_is_due(books, holder, now)
        if holder.balance_units < units:
            return Refusal.BALANCE_TOO_LOW, holder
        if not self._needs_pin(holder, units, now):
            return None, holder
        if holder.pin_hash is None:
            return Refusal.PIN_NOT_SET, holder
        return (Refusal.PIN_LOCKED if tries_of(holder, self._scheme).left == 0 else None), holder

    def _with_what_is_due(self, books: Books, holder: Holder, now: datetime) -> Holder:
        """The holder once holds whose time is up have been given back."""
        for row in books.open_payments(now, holder.account_id):
            expire_if_due(books, row, now)
        return books.holder(holder.account_id)

    def _use_today(self, holder: Holder, now: datetime) -> PinFreeUse:
        return holder.pin_free_use.on(limits.shop_day(now, self._scheme.zone))

    def _needs_pin(self, holder: Holder, units: int, now: datetime) -> bool:
        rules = self._scheme.limits[holder.asset]
        return limits.needs_pin(rules, holder.pin_free_limit_units, self._use_today(holder, now), units)

    def _take(self, books: Books, fresh: PaymentRow, holder: Holder, now: datetime) -> PaymentRow:
        """Charge at once, or put the amount on hold and ask for the PIN."""
        if self._needs_pin(holder, fresh.units, now):
            due = challenge.expires_at(now, self._scheme.challenge_lifetime_seconds)
            fresh = fresh._replace(challenge_expires_at=due)
            return bookings.open_payment(books, fresh, PaymentEvent.CHARGE_OVER_LIMIT, holder)
        use = self._use_today(holder, now).plus(fresh.units)
        fresh = fresh._replace(pin_free_day=use.day)
        return bookings.open_payment(books, fresh, PaymentEvent.CHARGE_WITHIN_LIMIT, holder, use)

    # --- cancel, query, reverse

    def cancel(self, command: Cancel) -> Reply:
        """End an open payment; any other stays as it is."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = books.payment(command.order_id)
            if row is None:
                return Refused(refusal=Refusal.ORDER_UNKNOWN)
            row = expire_if_due(books, row, now)
            if row.state is PaymentState.REQUIRES_ACTION:
                row = bookings.advance(
                    books, row, PaymentEvent.CANCEL, now, Refusal.PAYMENT_CANCELED, command.by
                )
            return stored_reply(books, row, self._scheme)

        return self._store.transact(work)

    def query(self, command: Query) -> Reply:
        """How an order stands; writes only when its time is up."""

        def look(books: Books) -> tuple[Reply, bool]:
            row = books.payment(command.order_id)
            if row is None:
                return Refused(refusal=Refusal.ORDER_UNKNOWN), False
            return stored_reply(books, row, self._scheme), is_due(row, self._clock.now())

        def expire(books: Books) -> Reply:
            row = books.payment(command.order_id)
            assert row is not None
            return stored_reply(books, expire_if_due(books, row, self._clock.now()), self._scheme)

        reply, due = self._store.look(look)
        return self._store.transact(expire) if due else reply

    def reverse(self, command: Reverse) -> Reply:
        """Nothing shall be taken for this order, whatever became of it."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            till = books.till(command.till_id, Asset.POINTS)
            if till is None:
                return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
            row = books.payment(command.order_id)
            if row is None:
                row = bookings.open_payment(
                    books,
                    _tombstone(command.order_id, till.till, till.clearing_id, now),
                    PaymentEvent.REVERSE,
                )
            elif row.till != till.till:
                return Refused(refusal=Refusal.NOT_PERMITTED)
            else:
                row = bookings.advance(books, expire_if_due(books, row, now), PaymentEvent.REVERSE, now)
            return stored_reply(books, row, self._scheme)

        return self._store.transact(work)

    def sweep(self, books: Books, now: datetime) -> int:
        """End every open payment whose time is up; says how many."""
        due = books.open_payments(now)
        for row in due:
            expire_if_due(books, row, now)
        return len(due)


def _tombstone(order_id: str, till: int, clearing_id: int, now: datetime) -> PaymentRow:
    """A payment that was reversed before it came: it holds the order's place, with an amount of nothing."""
    return PaymentRow(
        id=0,
        order_id=order_id,
        till=till,
        cashier="",
        code_key=None,
        asset=Asset.POINTS,
        units=0,
        account_id=None,
        clearing_id=clearing_id,
        state=PaymentState.NEW,
        refusal=None,
        canceled_by=None,
        balance_units=None,
        challenge_expires_at=None,
        pin_free_day=None,
        opened_at=now,
        at=now,
    )
