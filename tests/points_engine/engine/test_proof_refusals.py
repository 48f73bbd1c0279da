"""Every refusal of a proof, by precedence: each line is wrong in its own way and in all later ways that go with it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from points_engine.bootstrap import PinEntry, Settings, SmsRules
from points_engine.contract import (
    AnswerChallenge,
    Approve,
    ChallengeKind,
    Command,
    Decline,
    Payment,
    PaymentState,
    Refusal,
    Refused,
    SealedPin,
    Secret,
    SendSmsCode,
    ShowWaiting,
    SmsSent,
)
from tests.points_engine.shop import EVERY_KIND, RIGHT_PIN, WRONG_PIN, Shop, payment, refused

R = Refusal
K = ChallengeKind
WRONG_CODE = "000000"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that offers every proof."""
    with Shop(tmp_path, EVERY_KIND) as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()


def waiting(shop: Shop, *, phone: bool = True, pin: str | None = RIGHT_PIN, order_id: str = "o-1") -> str:
    """A payment of m-1's that waits."""
    shop.member("m-1", 5_000, pin)
    if phone:
        shop.bind("m-1")
    assert PaymentState.REQUIRES_ACTION == shop.pay("m-1", 800, order_id).state
    return order_id


def answer(
    order_id: str, kind: ChallengeKind = K.SMS_CODE, text: str = WRONG_CODE, answer_id: str = "a-1"
) -> AnswerChallenge:
    """An answer, wrong unless said otherwise."""
    return AnswerChallenge(order_id=order_id, answer_id=answer_id, kind=kind, answer=Secret(text))


def approval_typed(shop: Shop) -> Command:
    """An approval is not typed; nothing is known of the order."""
    return answer("order-none", K.PHONE_APPROVAL)


def sealed_sms_code(shop: Shop) -> Command:
    """Only PINs are sealed; nothing is known of the order."""
    return replace(answer("order-none"), answer=SealedPin(bytes(80)))


def answered_in_another_kind(shop: Shop) -> Command:
    """The answer's id was used for a PIN; no SMS was sent."""
    shop.answer(waiting(shop), WRONG_PIN, "a-1")
    return answer("o-1")


def sms_answer_to_no_order(shop: Shop) -> Command:
    """Nobody has seen the order."""
    return answer("order-none")


def sms_answer_after_decline(shop: Shop) -> Command:
    """Declined on the phone, then frozen, then too late; no SMS was sent."""
    waiting(shop)
    shop.ask(Decline(order_id="o-1", member_no="m-1"))
    shop.freeze("m-1")
    shop.clock.advance(120)
    return answer("o-1")


def sms_answer_too_late(shop: Shop) -> Command:
    """The payment's time is up; its payer was frozen, and no SMS was sent."""
    waiting(shop)
    shop.freeze("m-1")
    shop.clock.advance(120)
    return answer("o-1")


def sms_answer_when_frozen(shop: Shop) -> Command:
    """Frozen while it waited; no SMS was sent."""
    waiting(shop)
    shop.freeze("m-1")
    return answer("o-1")


def sms_answer_never_sent(shop: Shop) -> Command:
    """Nothing was sent, and it is wrong."""
    return answer(waiting(shop))


def sms_answer_replaced(shop: Shop) -> Command:
    """The right code of a phone that was changed since."""
    code = shop.sms_code(waiting(shop))
    shop.bind("m-1", "+8613800000000")
    return answer("o-1", text=code)


def sms_answer_used(shop: Shop) -> Command:
    """The code of another payment, which it has paid; none was sent for this one."""
    code = shop.sms_code(waiting(shop))
    shop.answer_sms("o-1", code)
    shop.pay("m-1", 800, "o-2")
    return answer("o-2", text=code)


def sms_answer_wrong(shop: Shop) -> Command:
    """Just wrong."""
    shop.sms_code(waiting(shop))
    return answer("o-1", text="x")


def pin_where_none_is_set(shop: Shop) -> Command:
    """No PIN, in a payment that waits for an SMS code; sealed for nobody as well."""
    waiting(shop, pin=None)
    return replace(answer("o-1", K.PIN), answer=SealedPin(bytes(80)))


def sealed_for_nobody(shop: Shop) -> Command:
    """Noise instead of a sealed PIN, and the PIN is locked."""
    waiting(shop)
    shop.lock_pin("m-1")
    return replace(answer("o-1", K.PIN), answer=SealedPin(bytes(80)))


def pin_locked_with_another_way(shop: Shop) -> Command:
    """Locked by another payment; the customer may change to another kind."""
    waiting(shop)
    shop.lock_pin("m-1")
    return answer("o-1", K.PIN, WRONG_PIN)


def send_for_no_order(shop: Shop) -> Command:
    """Nobody has seen the order."""
    return SendSmsCode(order_id="order-none", request_id="r-1")


def send_under_a_taken_id(shop: Shop) -> Command:
    """The request was made for another order; this one is unknown."""
    shop.send_sms(waiting(shop), "r-1")
    return SendSmsCode(order_id="order-none", request_id="r-1")


def send_when_frozen(shop: Shop) -> Command:
    """Frozen while it waited, without a phone."""
    waiting(shop, phone=False)
    shop.freeze("m-1")
    return SendSmsCode(order_id="o-1", request_id="r-1")


def send_without_a_phone(shop: Shop) -> Command:
    """No phone is bound."""
    return SendSmsCode(order_id=waiting(shop, phone=False), request_id="r-1")


def send_too_soon(shop: Shop) -> Command:
    """Another was sent this minute."""
    shop.send_sms(waiting(shop))
    return SendSmsCode(order_id="o-1", request_id="r-1")


def send_too_often(shop: Shop) -> Command:
    """Ten were sent today."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.bind("m-1")
    for _ in range(10):
        assert isinstance(shop.start_recovery("m-1"), SmsSent)
        shop.clock.advance(60)
    shop.pay("m-1", 800, "o-1")
    return SendSmsCode(order_id="o-1", request_id="r-1")


def approve_no_order(shop: Shop) -> Command:
    """Nobody has seen the order."""
    return Approve(order_id="order-none", member_no="m-none")


def approve_somebody_elses(shop: Shop) -> Command:
    """Another member's payment, which is canceled already."""
    shop.cancel(waiting(shop))
    return Approve(order_id="o-1", member_no="m-2")


def decline_somebody_elses(shop: Shop) -> Command:
    """Another member's payment."""
    return Decline(order_id=waiting(shop), member_no="m-2")


def approve_after_cancel(shop: Shop) -> Command:
    """Canceled at the till, then frozen."""
    shop.cancel(waiting(shop))
    shop.freeze("m-1")
    return Approve(order_id="o-1", member_no="m-1")


def approve_too_late(shop: Shop) -> Command:
    """Its time is up, and the payer was frozen."""
    waiting(shop)
    shop.freeze("m-1")
    shop.clock.advance(120)
    return Approve(order_id="o-1", member_no="m-1")


def approve_when_frozen(shop: Shop) -> Command:
    """Frozen while it waited."""
    waiting(shop)
    shop.freeze("m-1")
    return Approve(order_id="o-1", member_no="m-1")


def waiting_of_nobody(shop: Shop) -> Command:
    """No such member."""
    return ShowWaiting(member_no="m-none")


REFUSALS: list[tuple[Refusal, Callable[[Shop], Command]]] = [
    (R.NOT_PERMITTED, approval_typed),
    (R.NOT_PERMITTED, sealed_sms_code),
    (R.NOT_PERMITTED, approve_somebody_elses),
    (R.NOT_PERMITTED, decline_somebody_elses),
    (R.ORDER_MISMATCH, answered_in_another_kind),
    (R.ORDER_MISMATCH, send_under_a_taken_id),
    (R.ORDER_UNKNOWN, sms_answer_to_no_order),
    (R.ORDER_UNKNOWN, send_for_no_order),
    (R.ORDER_UNKNOWN, approve_no_order),
    (R.MEMBER_UNKNOWN, waiting_of_nobody),
    (R.ACCOUNT_FROZEN, sms_answer_when_frozen),
    (R.ACCOUNT_FROZEN, send_when_frozen),
    (R.ACCOUNT_FROZEN, approve_when_frozen),
    (R.PAYMENT_CANCELED, sms_answer_after_decline),
    (R.PAYMENT_CANCELED, approve_after_cancel),
    (R.PAYMENT_EXPIRED, sms_answer_too_late),
    (R.PAYMENT_EXPIRED, approve_too_late),
    (R.PHONE_NOT_BOUND, send_without_a_phone),
    (R.PIN_NOT_SET, pin_where_none_is_set),
    (R.SEALED_PIN_INVALID, sealed_for_nobody),
    (R.PIN_LOCKED, pin_locked_with_another_way),
    (R.SMS_CODE_EXPIRED, sms_answer_never_sent),
    (R.SMS_CODE_EXPIRED, sms_answer_replaced),
    (R.SMS_CODE_EXPIRED, sms_answer_used),
    (R.SMS_CODE_WRONG, sms_answer_wrong),
    (R.SMS_TOO_SOON, send_too_soon),
    (R.SMS_LIMIT_REACHED, send_too_often),
]


@pytest.mark.parametrize(("refusal", "wrong"), REFUSALS, ids=[wrong.__name__ for _, wrong in REFUSALS])
def test_a_proof_is_refused_for_the_first_reason(
    shop: Shop, refusal: Refusal, wrong: Callable[[Shop], Command]
) -> None:
    """Each is refused for the first reason, and asked again, for the same."""
    command = wrong(shop)
    reply = shop.ask(command)
    assert refusal == refused(reply).refusal
    assert reply == shop.ask(command)


def test_the_table_follows_the_enum() -> None:
    """The lines stand in the order of Refusal."""
    given = [refusal for refusal, _ in REFUSALS]
    assert sorted(given, key=lambda refusal: refusal.precedence) == given


def refused_alone(refusal: Refusal, reply: object) -> bool:
    """Whether the reply is this refusal and no payment."""
    return isinstance(reply, Refused) and reply.refusal is refusal


@pytest.mark.parametrize("kinds", [(K.PIN,), (K.SMS_CODE,), (K.PHONE_APPROVAL,)])
def test_a_kind_that_the_scheme_does_not_offer(tmp_path: Path, kinds: tuple[ChallengeKind, ...]) -> None:
    """Nothing of it is taken, whatever else is right or wrong about it."""
    asked: dict[ChallengeKind, list[Command]] = {
        K.PIN: [answer("o-1", K.PIN)],
        K.SMS_CODE: [answer("o-1"), SendSmsCode(order_id="o-1", request_id="r-1")],
        K.PHONE_APPROVAL: [
            Approve(order_id="o-1", member_no="m-1"),
            Decline(order_id="o-1", member_no="m-1"),
        ],
    }
    with Shop(tmp_path, Settings(challenge_kinds=kinds)) as shop:
        waiting(shop)
        for kind, commands in asked.items():
            for command in commands:
                assert refused_alone(R.NOT_PERMITTED, shop.ask(command)) == (kind not in kinds)


@pytest.mark.parametrize(
    ("entry", "plain", "sealed"),
    [
        (PinEntry.PLAIN, R.PIN_WRONG, R.NOT_PERMITTED),
        (PinEntry.PLAIN_OR_SEALED, R.PIN_WRONG, R.SEALED_PIN_INVALID),
        (PinEntry.SEALED, R.NOT_PERMITTED, R.SEALED_PIN_INVALID),
    ],
)
def test_a_form_of_pin_that_the_scheme_does_not_take(
    tmp_path: Path, entry: PinEntry, plain: Refusal, sealed: Refusal
) -> None:
    """A shop over the network takes sealed ones alone; an engine in the till's process plain ones."""
    with Shop(tmp_path, Settings(pin_entry=entry)) as shop:
        waiting(shop)
        assert plain == refused(shop.ask(answer("o-1", K.PIN, WRONG_PIN))).refusal
        noise = replace(answer("o-1", K.PIN, answer_id="a-2"), answer=SealedPin(b"noise"))
        assert sealed == refused(shop.ask(noise)).refusal


def test_a_charge_nobody_can_prove(tmp_path: Path) -> None:
    """Over the limit without any way to prove it: SMS codes alone, and no phone; a balance too low comes first."""
    with Shop(tmp_path, Settings(challenge_kinds=(K.SMS_CODE,), sms=SmsRules())) as shop:
        shop.member("m-1", 900, RIGHT_PIN)
        assert R.BALANCE_TOO_LOW == refused(shop.pay("m-1", 901)).refusal
        lost = shop.pay("m-1", 800)
        assert (PaymentState.FAILED, R.PHONE_NOT_BOUND) == (lost.state, refused(lost).refusal)


def test_a_refused_answer_leaves_the_payment_as_it_was(shop: Shop) -> None:
    """What is refused without being counted costs no try: expired codes, noise, another form."""
    waiting(shop)
    before = payment(shop.query("o-1"))
    shop.ask(answer("o-1"))
    shop.ask(replace(answer("o-1", K.PIN), answer=SealedPin(b"noise")))
    shop.ask(answer("o-1", K.PHONE_APPROVAL))
    assert before == shop.query("o-1")
    assert isinstance(before, Payment)
