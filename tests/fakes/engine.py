"""A model of the engine as its contract tells it: a few members, their codes, and the life of payments."""

from dataclasses import dataclass, replace
from datetime import timedelta

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    Cancel,
    Challenge,
    ChallengeKind,
    Charge,
    Command,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Reverse,
    Secret,
)
from tests.fakes.clock import START

LIFETIME = timedelta(seconds=120)


@dataclass
class Member:
    """An account with its one PIN."""

    balance: int
    pin: str = "123456"
    limit: int = 500
    tries: int = 3


class ModelEngine:
    """Carries out what a till sends. `codes` leads to members; a used code stays used."""

    def __init__(self, codes: dict[str, Member]) -> None:
        self.codes = codes
        self.used: set[str] = set()
        self.payments: dict[str, Payment] = {}
        self.paid_by: dict[str, Member] = {}
        self.answers: dict[str, Reply] = {}

    def execute(self, command: Command) -> Reply:
        """The engine's front door."""
        match command:
            case Charge():
                return self._charge(command)
            case AnswerChallenge():
                if command.answer_id not in self.answers:
                    self.answers[command.answer_id] = self._answer(command)
                return self.answers[command.answer_id]
            case Cancel():
                return self._end_open(command.order_id, Refusal.PAYMENT_CANCELED)
            case Query():
                return self.payments.get(command.order_id, Refused(refusal=Refusal.ORDER_UNKNOWN))
            case Reverse():
                return self._reverse(command.order_id)
            case _:
                raise AssertionError(f"a till does not send {type(command).__name__}")

    def sweep(self) -> None:
        """All open challenges are over."""
        for order_id in list(self.payments):
            self._end_open(order_id, Refusal.PAYMENT_EXPIRED)

    def _put(self, order_id: str, state: PaymentState, units: int, why: Refused | None = None) -> Payment:
        challenge = None
        if state is PaymentState.REQUIRES_ACTION:
            challenge = Challenge(
                kinds=(ChallengeKind.PIN,),
                tries_left=self.paid_by[order_id].tries,
                expires_at=START + LIFETIME,
            )
        payment = Payment(
            order_id=order_id,
            state=state,
            amount=Amount(Asset.POINTS, units),
            at=START,
            challenge=challenge,
            refused=why,
        )
        self.payments[order_id] = payment
        return payment

    def _charge(self, command: Charge) -> Reply:
        order_id, units, code = command.order_id, command.amount.units, command.code.reveal()
        if order_id in self.payments:
            return self.payments[order_id]
        member = self.codes.get(code)
        refusal = None
        if member is None:
            refusal = Refusal.CODE_UNKNOWN
        elif code in self.used:
            refusal = Refusal.CODE_USED
        elif member.balance < units:
            refusal = Refusal.BALANCE_TOO_LOW
        elif units > member.limit and not member.tries:
            refusal = Refusal.PIN_LOCKED
        if member is None or refusal is not None:
            available = Amount(Asset.POINTS, member.balance) if member else None
            why = Refused(refusal=refusal or Refusal.CODE_UNKNOWN, available=available)
            return self._put(order_id, PaymentState.FAILED, units, why)
        self.used.add(code)
        self.paid_by[order_id] = member
        member.balance -= units
        state = PaymentState.REQUIRES_ACTION if units > member.limit else PaymentState.SUCCEEDED
        return self._put(order_id, state, units)

    def _answer(self, command: AnswerChallenge) -> Reply:
        payment = self.payments.get(command.order_id)
        if payment is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN)
        if payment.state is not PaymentState.REQUIRES_ACTION:
            return payment
        member = self.paid_by[command.order_id]
        assert isinstance(command.answer, Secret), "this keypad has its PIN in the clear"
        if command.answer.reveal() == member.pin:
            member.tries = 3
            return self._put(command.order_id, PaymentState.SUCCEEDED, payment.amount.units)
        member.tries -= 1
        if member.tries > 0:
            self.payments[command.order_id] = self._put(
                command.order_id, PaymentState.REQUIRES_ACTION, payment.amount.units
            )
            return Refused(refusal=Refusal.PIN_WRONG, tries_left=member.tries)
        return self._end_open(command.order_id, Refusal.PIN_LOCKED)

    def _end_open(self, order_id: str, refusal: Refusal) -> Reply:
        payment = self.payments.get(order_id)
        if payment is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN)
        if payment.state is PaymentState.REQUIRES_ACTION:
            self.paid_by[order_id].balance += payment.amount.units
            failed = refusal is Refusal.PIN_LOCKED
            state = PaymentState.FAILED if failed else PaymentState.CANCELED
            return self._put(order_id, state, payment.amount.units, Refused(refusal=refusal))
        return payment

    def _reverse(self, order_id: str) -> Reply:
        payment = self.payments.get(order_id)
        if payment is None:
            return self._put(order_id, PaymentState.REVERSED, 0)
        if payment.state in {PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION}:
            self.paid_by[order_id].balance += payment.amount.units
            payment = replace(payment, state=PaymentState.REVERSED, challenge=None)
            self.payments[order_id] = payment
        return payment
