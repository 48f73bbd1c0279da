"""The charge, on whichever way it comes: points taken, a proof asked for, or a reason why not."""

from collections.abc import Callable, Mapping
from datetime import datetime

from points_engine import challenge
from points_engine.contract import Charge, ChargeMember, Command, PaymentState, Refusal, Refused, Reply
from points_engine.engine import bookings
from points_engine.engine.bookings import expire_if_due
from points_engine.engine.express import ExpressLane, PlainCharges
from points_engine.engine.judging import Judge, Verdict
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.engine.splitting import ChargeCommand
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, ChargeFacts, Clock, Ids, PaymentRow, Store, TillRow


class Charges:
    """Carries out Charge, ChargeMember and ChargeOnDelivery; thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        scheme: Scheme,
        replies: Replies,
        judge: Judge,
        plain: PlainCharges | None,
        lane: ExpressLane | None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._replies = replies
        self._judge = judge
        self._plain = plain
        self._lane = lane

    def charge(self, command: ChargeCommand) -> Reply:
        """Take the amount, open a challenge for it, or record why not."""
        outcome = self.express({0: command}).get(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome or self._store.transact(self.work(command))

    def express(self, commands: Mapping[int, Command]) -> dict[int, Reply | Exception]:
        """What came of those commands that went the express way, where there is one."""
        return self._lane.charge(commands) if self._lane is not None else {}

    def work(self, command: ChargeCommand) -> Callable[[Books], Reply]:
        """A charge as work for one transaction."""
        pays_plainly = self._plain
        plain = None if pays_plainly is None else pays_plainly.of(command)
        if plain is None or pays_plainly is None:
            is_code, payer_key = self._payer(command)
            return lambda books: self._charge(books, command, payer_key, self._clock.now(), is_code=is_code)

        def work(books: Books) -> Reply:
            now = self._clock.now()
            paid = pays_plainly.pay(books, plain, now)
            return paid or self._charge(books, command, plain.code_key, now, is_code=True)

        return work

    def _payer(self, command: ChargeCommand) -> tuple[bool, int]:
        """Whether somebody can be behind what the command names its payer by, and the number of that."""
        if isinstance(command, ChargeMember):
            # No code has a control character: a member's number is never taken for one.
            return True, self._ids.lookup_key(f"member\x1f{command.member_no}")
        text = command.code.reveal()
        return self._scheme.layout.recognises(text), self._ids.lookup_key(text)

    def _charge(
        self, books: Books, command: ChargeCommand, payer_key: int, now: datetime, *, is_code: bool
    ) -> Reply:
        facts = _facts(books, command, payer_key)
        if facts.till is None:
            return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        if facts.payment is not None:
            return self._charged_before(books, command, payer_key, facts.payment, facts.till.till, now)
        verdict = self._judge.judge(books, command, facts, now, is_code=is_code)
        fresh = self._fresh(command, payer_key, facts.till, verdict, now)
        if facts.code is not None and verdict.refusal is None:
            # A refused charge leaves the code alive.
            books.use_code(payer_key)
        row = bookings.open_payment(books, fresh, verdict.event, verdict.takes)
        return self._replies.payment(row, verdict.holder, now, parts=[take.part for take in verdict.takes])

    def _fresh(
        self, command: ChargeCommand, payer_key: int, till: TillRow, verdict: Verdict, now: datetime
    ) -> PaymentRow:
        event, refusal, holder, takes, balance_units = verdict
        due = None
        if event is PaymentEvent.CHARGE_OVER_LIMIT:
            due = challenge.expires_at(now, self._scheme.challenge_lifetime_seconds)
        day = takes[0].use.day if takes else None
        return PaymentRow(
            id=0,
            order_id=command.order_id,
            till=till.till,
            cashier=command.cashier if isinstance(command, Charge) else "",
            code_key=payer_key,
            asset=command.amount.asset,
            units=command.amount.units,
            account_id=holder.account_id if holder else None,
            clearing_id=till.clearing_id,
            state=PaymentState.NEW,
            refusal=refusal,
            canceled_by=None,
            balance_units=balance_units,
            challenge_expires_at=due,
            pin_free_day=day if event is PaymentEvent.CHARGE_WITHIN_LIMIT else None,
            opened_at=now,
            at=now,
            paid_day=day,
            pay_from=command.pay_from,
            order_total=command.order_total,
            reference=command.reference,
        )

    def _charged_before(
        self, books: Books, command: ChargeCommand, payer_key: int, row: PaymentRow, till: int, now: datetime
    ) -> Reply:
        """The same order again: the payment as it stands, or ORDER_MISMATCH when it was another one."""
        # A reversal that came first has no content but its till.
        is_tombstone = row.code_key is None
        asked = (
            command.amount.asset, command.amount.units, payer_key,
            command.pay_from, command.order_total, command.reference,
        )  # fmt: skip
        known = (row.asset, row.units, row.code_key, row.pay_from, row.order_total, row.reference)
        if row.till != till or not (is_tombstone or asked == known):
            return Refused(refusal=Refusal.ORDER_MISMATCH)
        return self._replies.stored(books, expire_if_due(books, row, now), now)


def _facts(books: Books, command: ChargeCommand, payer_key: int) -> ChargeFacts:
    if isinstance(command, ChargeMember):
        return books.member_facts(command.order_id, command.taker, command.member_no, command.amount.asset)
    return books.charge_facts(command.order_id, command.taker, payer_key, command.amount.asset)
