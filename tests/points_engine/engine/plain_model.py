"""What the engine should do, said a second time: plain dicts and no rule of the engine's own.

The model knows contract values alone (no rule, no table, no store). It answers each command with what the reply must
be, cut down to what a till goes by (`telling`).
"""

import math

from points_engine.contract import AnswerChallenge, ChallengeKind, FinishRecovery, Refund, SealedPin
from tests.points_engine.engine.model_charges import (
    CODE_KEPT_SECONDS,
    LOCK_SECONDS,
    TRIES,
    ChargeCommand,
    Order,
    SmsCode,
    Taker,
)
from tests.points_engine.engine.model_ledger import DAY_SECONDS
from tests.points_engine.engine.model_office import ModelOffice
from tests.points_engine.engine.telling import Told, told_payment, told_refusal

SMS_SECONDS, RESEND_SECONDS, SMS_A_DAY = 300, 60, 5
_WRONG = {ChallengeKind.PIN: "pin_wrong", ChallengeKind.SMS_CODE: "sms_code_wrong"}


class PlainModel(ModelOffice):
    """The whole engine. `now` counts seconds from midnight in the shop."""

    def __init__(self, now: float, grace_days: int, kinds: tuple[str, ...], *, is_owed: bool) -> None:
        super().__init__(now, grace_days, kinds, is_owed=is_owed)
        self.sms: dict[str, SmsCode] = {}
        self.answers: dict[str, tuple[str, ChallengeKind, int | None]] = {}
        self.boxes: set[SealedPin] = set()
        self.recoveries: dict[str, tuple[str, int | None]] = {}
        self.refunds: dict[str, tuple[Refund, Told]] = {}
        self.settled: dict[str, dict[int, dict[str, tuple[int, ...]]]] = {}

    # --- what can be seen

    def told(self, order: Order) -> Told:
        """An order as a till sees it."""
        challenge = None
        if order.state == "requires_action":
            assert order.member is not None
            kinds = tuple(self.kinds_of(order.member))
            code, left = self._live_sms(order.member, order.order_id), self.tries_left(order.member)
            if "sms_code" in kinds:
                left = left or max(0, TRIES - (code.wrong if code else 0))
            challenge = (kinds, left, "sms_code" in kinds and code is not None)
        refused = None
        if order.why is not None and order.state in {"failed", "canceled"}:
            refused = told_refusal(order.why)
            if order.why == "pin_locked":
                refused = self.locked(order.member)
            elif order.why == "balance_too_low":
                refused = told_refusal(order.why, available=order.available)
        parts = ((part.purse.asset, part.units, part.worth) for part in order.parts)
        return told_payment(order.state, order.balance, tuple(parts), challenge, refused)

    def locked(self, name: str | None) -> Told:
        """The tries are used up, and for how long: None for good."""
        assert name is not None
        member = self.members[name]
        wait: int | None = 0
        if not self.tries_left(name):
            wait = None if member.locks > len(LOCK_SECONDS) else math.ceil(member.locked_until - self.now)
        return told_refusal("pin_locked", tries_left=0, wait_seconds=wait)

    def open_orders(self) -> list[str]:
        """Orders that wait for a proof, as far as anybody has looked."""
        return [key for key, order in self.orders.items() if order.state == "requires_action"]

    def paid_orders(self) -> list[str]:
        """Orders of which something may be given back."""
        return [key for key, order in self.orders.items() if order.state == "succeeded"]

    def _still_waiting(self, order_id: str) -> Order | None:
        order = self.orders[order_id]
        self.expire(order)
        if order.state != "requires_action":
            return None
        assert order.member is not None
        if self.members[order.member].frozen:
            self.end(order, "canceled", "account_frozen")
            return None
        return order

    # --- at the till

    def charge(self, command: ChargeCommand, *, is_code: bool) -> Told:
        """A charge, or the same one again."""
        order = self.charged(command, is_code=is_code)
        return told_refusal(order) if isinstance(order, str) else self.told(order)

    def query(self, order_id: str) -> Told:
        """How an order stands."""
        if order_id not in self.orders:
            return told_refusal("order_unknown")
        self.expire(self.orders[order_id])
        return self.told(self.orders[order_id])

    def cancel(self, order_id: str) -> Told:
        """Customer or till cancels."""
        told = self.query(order_id)
        order = self.orders.get(order_id)
        if order is None or order.state != "requires_action":
            return told
        self.end(order, "canceled", "payment_canceled")
        return self.told(order)

    def reverse(self, order_id: str, taker: Taker) -> Told:
        """Nothing shall be taken."""
        if taker not in self.shops:
            return told_refusal("till_not_enrolled")
        order = self.orders.get(order_id)
        if order is None:
            order = Order(order_id, taker, self.shops[taker], None, "points", 0, state="reversed")
            self.orders[order_id] = order
        if order.taker != taker:
            return told_refusal("not_permitted")
        self.expire(order)
        if order.state == "requires_action":
            self.end(order, "reversed")
        elif order.state == "succeeded":
            self.end(order, "reversed")
            taken, _ = self.take_back(order_id, order.units, order.units)
            if taken:
                assert order.member is not None
                order.balance = self.balance(self.purse(order.member, order.asset))
        return self.told(order)

    def sweep(self) -> None:
        """All orders past their time end; codes long expired are forgotten."""
        for order in self.orders.values():
            self.expire(order)
        for text in [text for text, code in self.codes.items() if self.now >= code.end + CODE_KEPT_SECONDS]:
            del self.codes[text]

    # --- proof

    def _live_sms(self, name: str, order_id: str | None) -> SmsCode | None:
        found = [code for code in self.sms.values() if (code.member, code.order_id) == (name, order_id)]
        return found[-1] if found and found[-1].live else None

    def _usable(self, name: str, order_id: str | None) -> SmsCode | None:
        code = self._live_sms(name, order_id)
        return code if code is not None and self.now < code.end else None

    def may_send(self, name: str, order_id: str | None) -> Told | None:
        """Why no SMS code can be sent; None when one is."""
        phone = self.members[name].phone
        if phone is None:
            return told_refusal("phone_not_bound")
        lately = [
            code.sent
            for code in self.sms.values()
            if code.member == name and code.sent > self.now - DAY_SECONDS
        ]
        if lately and self.now < lately[-1] + RESEND_SECONDS:
            wait = math.ceil(lately[-1] + RESEND_SECONDS - self.now)
            return told_refusal("sms_too_soon", wait_seconds=wait)
        if len(lately) >= SMS_A_DAY:
            wait = math.ceil(lately[0] + DAY_SECONDS - self.now)
            return told_refusal("sms_limit_reached", wait_seconds=wait)
        return None

    def sent(self, request_id: str, name: str, order_id: str | None, text: str) -> None:
        """A code was sent; an older one for the same is void."""
        older = self._live_sms(name, order_id)
        if older is not None:
            older.live = False
        self.sms[request_id] = SmsCode(text, name, order_id, self.now, self.now + SMS_SECONDS)

    def before_sending(self, order_id: str) -> Told | None:
        """Why no SMS code goes out for an order: it is told how it stands; None when it waits."""
        if "sms_code" not in self.kinds:
            return told_refusal("not_permitted")
        if order_id not in self.orders:
            return told_refusal("order_unknown")
        order = self._still_waiting(order_id)
        if order is None:
            return self.told(self.orders[order_id])
        assert order.member is not None
        return self.may_send(order.member, order_id)

    def answer(self, command: AnswerChallenge, typed: str | None) -> Told:
        """An answer, perhaps sent before; `typed` is None when it was sealed for something else."""
        if command.kind not in _WRONG or command.kind not in self.kinds:
            return told_refusal("not_permitted")
        known = self.answers.get(command.answer_id)
        if known is not None and known[:2] != (command.order_id, command.kind):
            return told_refusal("order_mismatch")
        if command.order_id not in self.orders:
            return told_refusal("order_unknown")
        if known is not None and known[2]:
            return told_refusal(_WRONG[command.kind], tries_left=known[2])
        order = self._still_waiting(command.order_id)
        if order is None:
            return self.told(self.orders[command.order_id])
        if command.kind is ChallengeKind.SMS_CODE:
            return self._answer_sms(order, command, typed)
        return self._answer_pin(order, command, typed)

    def _answer_pin(self, order: Order, command: AnswerChallenge, typed: str | None) -> Told:
        assert order.member is not None
        member, sealed = self.members[order.member], None
        if member.pin is None:
            return told_refusal("pin_not_set")
        if isinstance(command.answer, SealedPin):
            sealed = command.answer
            if typed is None or sealed in self.boxes:
                return told_refusal("sealed_pin_invalid")
        left = self.tries_left(order.member)
        if not left and self.kinds_of(order.member):
            return self.locked(order.member)
        if sealed is not None:
            self.boxes.add(sealed)
        if not left:
            return self._exhausted(order, command)
        if typed == member.pin:
            return self._passed(order, command)
        self._count_wrong(order.member)
        left = self.tries_left(order.member)
        return self._wrong(order, command, left)

    def _answer_sms(self, order: Order, command: AnswerChallenge, typed: str | None) -> Told:
        assert order.member is not None
        code = self._usable(order.member, order.order_id)
        if code is None:
            return told_refusal("sms_code_expired")
        left = self.tries_left(order.member)
        if typed == code.text:
            code.live = False
            return self._passed(order, command)
        code.wrong += 1
        code.live = code.wrong < TRIES
        if not left:
            return self._wrong(order, command, max(0, TRIES - code.wrong))
        self._count_wrong(order.member)
        return self._wrong(order, command, self.tries_left(order.member))

    def _wrong(self, order: Order, command: AnswerChallenge, left: int) -> Told:
        if not left:
            return self._exhausted(order, command)
        self.answers[command.answer_id] = (order.order_id, command.kind, left)
        return told_refusal(_WRONG[command.kind], tries_left=left)

    def _exhausted(self, order: Order, command: AnswerChallenge) -> Told:
        self.answers[command.answer_id] = (order.order_id, command.kind, 0)
        self.end(order, "failed", "pin_locked")
        return self.told(order)

    def _passed(self, order: Order, command: AnswerChallenge) -> Told:
        assert order.member is not None
        member = self.members[order.member]
        if self.tries_left(order.member):
            member.wrong = member.locks = 0
        self.answers[command.answer_id] = (order.order_id, command.kind, None)
        return self._succeeds(order)

    def _succeeds(self, order: Order) -> Told:
        order.state = "succeeded"
        for part in order.parts:
            self.book("post", part.purse.asset, part.units, shop=order.shop)
            if part.purse.asset == order.asset:
                order.balance = self.balance(part.purse)
        return self.told(order)

    def _count_wrong(self, name: str) -> None:
        if not self.tries_left(name):
            return
        member = self.members[name]
        member.wrong += 1
        if member.wrong == TRIES:
            member.locked_until = self.now + LOCK_SECONDS[min(member.locks, len(LOCK_SECONDS) - 1)]
            member.locks += 1

    def decide(self, order_id: str, name: str, *, approves: bool) -> Told:
        """Yes or no on the customer's own phone."""
        if "phone_approval" not in self.kinds:
            return told_refusal("not_permitted")
        if order_id not in self.orders:
            return told_refusal("order_unknown")
        if self.orders[order_id].member != name:
            return told_refusal("not_permitted")
        order = self._still_waiting(order_id)
        if order is None:
            return self.told(self.orders[order_id])
        if approves:
            return self._succeeds(order)
        self.end(order, "canceled", "payment_canceled")
        return self.told(order)

    def set_pin(self, name: str, pin: str) -> None:
        """A new PIN starts all tries again."""
        member = self.members[name]
        member.pin, member.wrong, member.locks = pin, 0, 0

    def bind(self, name: str, phone: str) -> None:
        """Codes sent to another phone are void."""
        if self.members[name].phone != phone:
            self.members[name].phone = phone
            self._void_sms(name)

    def _void_sms(self, name: str) -> None:
        for code in self.sms.values():
            if code.member == name:
                code.live = False

    def finish_recovery(self, command: FinishRecovery) -> Told:
        """A code and a new PIN."""
        name, pin = command.member_no, command.new_pin.reveal()
        known = self.recoveries.get(command.answer_id)
        if known is not None and known[0] != name:
            return told_refusal("order_mismatch")
        if known is not None and known[1] is None:
            return ("done",)
        if known is not None:
            return told_refusal("sms_code_wrong", tries_left=known[1])
        if self.members[name].frozen:
            return told_refusal("account_frozen")
        code = self._usable(name, None)
        if code is None:
            return told_refusal("sms_code_expired")
        if command.sms_code.reveal() != code.text:
            self._count_wrong(name)
            code.wrong += 1
            code.live = code.wrong < TRIES
            self.recoveries[command.answer_id] = (name, TRIES - code.wrong)
            return told_refusal("sms_code_wrong", tries_left=TRIES - code.wrong)
        self._void_sms(name)
        self.set_pin(name, pin)
        self.recoveries[command.answer_id] = (name, None)
        for order in self.orders.values():
            if order.member != name:
                continue
            self.expire(order)
            if order.state == "requires_action":
                self.end(order, "canceled", "payment_canceled")
        return ("done",)
