"""The charge: from a scanned code to points taken, a PIN asked for, or a reason why not."""

from datetime import datetime
from typing import NamedTuple

from points_engine import challenge, limits, payment_code
from points_engine.contract import Charge, PaymentState, Refusal, Refused, Reply
from points_engine.engine import bookings
from points_engine.engine.bookings import Take, expire_if_due
from points_engine.engine.replies import Replies, kinds_of
from points_engine.engine.scheme import Scheme
from points_engine.limits import PinFreeUse
from points_engine.part_ports import PartRow
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, ChargeFacts, Clock, Holder, Ids, PaymentRow, Store


class _Verdict(NamedTuple):
    """What becomes of a charge. `holder` is whoever's code it was, `use` their PIN-free use with this payment."""

    event: PaymentEvent
    refusal: Refusal | None = None
    holder: Holder | None = None
    use: PinFreeUse | None = None


def _refused(refusal: Refusal, holder: Holder | None = None) -> _Verdict:
    return _Verdict(PaymentEvent.REFUSE, refusal, holder)


class Charges:
    """Carries out Charge; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, replies: Replies) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._replies = replies

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
        verdict = self._judge(books, command, facts, now, is_code=is_code)
        event, refusal, holder, use = verdict
        due = None
        if event is PaymentEvent.CHARGE_OVER_LIMIT:
            due = challenge.expires_at(now, self._scheme.challenge_lifetime_seconds)
        takes: tuple[Take, ...] = ()
        if refusal is None and holder is not None:
            part = PartRow(
                holder.asset,
                command.amount.units,
                command.amount.units,
                holder.account_id,
                facts.till.clearing_id,
            )
            takes = (Take(part, holder, use),)
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
            balance_units=holder.balance_units - (command.amount.units if takes else 0) if holder else None,
            challenge_expires_at=due,
            pin_free_day=use.day if use else None,
            opened_at=now,
            at=now,
        )
        if refusal is None:
            # A refused charge leaves the code alive.
            books.use_code(code_key)
        row = bookings.open_payment(books, fresh, event, takes)
        return self._replies.payment(row, holder, now)

    def _charged_before(
        self, books: Books, command: Charge, code_key: int, row: PaymentRow, till: int, now: datetime
    ) -> Reply:
        """The same order again: the payment as it stands, or ORDER_MISMATCH when it was another one."""
        # A reversal that came first has no content but its till.
        is_tombstone = row.code_key is None
        asked = (command.amount.asset, command.amount.units, code_key)
        if row.till != till or not (is_tombstone or asked == (row.asset, row.units, row.code_key)):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        return self._replies.stored(books, expire_if_due(books, row, now), now)

    def _judge(
        self, books: Books, command: Charge, facts: ChargeFacts, now: datetime, *, is_code: bool
    ) -> _Verdict:
        """What becomes of it, as far as amount and code tell; then the account behind the code tells."""
        rules = self._scheme.limits.get(command.amount.asset)
        if rules is None or not rules.allows(command.amount.units):
            return _refused(Refusal.AMOUNT_NOT_ALLOWED)
        if not is_code:
            return _refused(Refusal.NOT_A_PAYMENT_CODE)
        code, holder = facts.code, facts.holder
        if code is None or holder is None:
            return _refused(Refusal.CODE_UNKNOWN)
        refusal = payment_code.refusal_of(code.state, code.expires_at, now)
        if refusal is not None:
            return _refused(refusal)
        return self._judge_holder(books, holder, command.amount.units, now)

    def _judge_holder(self, books: Books, holder: Holder, units: int, now: datetime) -> _Verdict:
        if holder.is_frozen:
            return _refused(Refusal.ACCOUNT_FROZEN, holder)
        if holder.balance_units < units:
            holder = self._with_what_is_due(books, holder, now)
        if holder.balance_units < units:
            return _refused(Refusal.BALANCE_TOO_LOW, holder)
        use = holder.pin_free_use.on(limits.shop_day(now, self._scheme.zone))
        rules = self._scheme.limits[holder.asset]
        if not limits.needs_pin(rules, holder.pin_free_limit_units, use, units):
            return _Verdict(PaymentEvent.CHARGE_WITHIN_LIMIT, None, holder, use.plus(units))
        if not kinds_of(holder, self._scheme, now):
            has_pin = holder.pin_hash is not None
            refusal = challenge.refusal_without_kinds(self._scheme.challenge_kinds, has_pin=has_pin)
            return _refused(refusal, holder)
        return _Verdict(PaymentEvent.CHARGE_OVER_LIMIT, None, holder)

    @staticmethod
    def _with_what_is_due(books: Books, holder: Holder, now: datetime) -> Holder:
        """The holder once holds whose time is up have been given back."""
        for row in books.open_payments(now, holder.account_id):
            expire_if_due(books, row, now)
        return books.holder(holder.account_id)
