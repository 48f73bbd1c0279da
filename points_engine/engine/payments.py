"""What the till does about an order that was sent: cancel, query, reverse."""

from datetime import datetime

from points_engine.amounts import Asset
from points_engine.contract import Cancel, PaymentState, Query, Refusal, Refused, Reply, Reverse
from points_engine.engine import bookings, debts
from points_engine.engine.bookings import expire_if_due, is_due
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, Clock, PaymentRow, Store


class Payments:
    """Carries out Cancel, Query and Reverse; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme, replies: Replies) -> None:
        self._store = store
        self._scheme = scheme
        self._clock = clock
        self._replies = replies

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
            return self._replies.stored(books, row, now)

        return self._store.transact(work)

    def query(self, command: Query) -> Reply:
        """How an order stands; writes only when its time is up."""

        def look(books: Books) -> tuple[Reply, bool]:
            row = books.payment(command.order_id)
            if row is None:
                return Refused(refusal=Refusal.ORDER_UNKNOWN), False
            now = self._clock.now()
            return self._replies.stored(books, row, now), is_due(row, now)

        def expire(books: Books) -> Reply:
            row = books.payment(command.order_id)
            assert row is not None
            now = self._clock.now()
            return self._replies.stored(books, expire_if_due(books, row, now), now)

        reply, due = self._store.look(look)
        return self._store.transact(expire) if due else reply

    def reverse(self, command: Reverse) -> Reply:
        """Nothing shall be taken for this order, whatever became of it."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            till = books.till(command.till_id, Asset.POINTS, command.channel)
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
                row = self._reverse(books, expire_if_due(books, row, now), now)
            return self._replies.stored(books, row, now)

        return self._store.transact(work)

    def _reverse(self, books: Books, before: PaymentRow, now: datetime) -> PaymentRow:
        """Give back what is left of a payment, and take back what its order earned."""
        after = bookings.advance(books, before, PaymentEvent.REVERSE, now)
        if before.state is not PaymentState.SUCCEEDED or before.account_id is None:
            return after
        taken = debts.take_back(books, before, before.units, self._scheme.claw_back, now, None, "reversal")
        if taken.units:
            after = after._replace(balance_units=books.holder(before.account_id).balance_units)
            books.set_payment(after)
        return after

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
