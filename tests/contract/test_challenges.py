"""The promises about proof, whatever carries it: PIN, sealed PIN, SMS code, the phone, time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from points_engine.contract import (
    AnswerChallenge,
    Approve,
    Challenge,
    ChallengeKind,
    Decline,
    Done,
    Payment,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    Secret,
    ShowWaiting,
    SmsSent,
    Waiting,
)
from points_engine.sealing import seal_pin
from tests.contract.contract_shop import ContractShop
from tests.points_engine.shop import OTHER_PIN, RIGHT_PIN, WRONG_PIN, payment, refused

K, S, R = ChallengeKind, PaymentState, Refusal


def challenge(reply: Reply) -> Challenge:
    """The challenge of a payment that waits."""
    found = payment(reply).challenge
    assert found is not None
    return found


@pytest.fixture
def member_no(shop: ContractShop) -> str:
    """A member with every proof."""
    return shop.somebody(phone=True)


@pytest.fixture
def waiting(shop: ContractShop, member_no: str) -> Payment:
    """A payment of theirs that waits."""
    return shop.pay(member_no, 800)


def test_over_the_limit_a_proof_is_wanted(shop: ContractShop, waiting: Payment) -> None:
    """All the ways there are, how long, and what to seal a PIN with; a query says the same."""
    opened = challenge(waiting)
    assert (S.REQUIRES_ACTION, tuple(K), 3) == (waiting.state, opened.kinds, opened.tries_left)
    assert 120 == (opened.expires_at - waiting.at).total_seconds()
    assert opened.seal_to is not None
    assert opened == challenge(shop.query(waiting.order_id))


def test_the_right_pin_pays(shop: ContractShop, waiting: Payment, member_no: str) -> None:
    """Once, though it was typed again."""
    paid = payment(shop.answer(waiting.order_id, RIGHT_PIN))
    assert (S.SUCCEEDED, 8_200) == (paid.state, paid.balance.units if paid.balance else None)
    assert paid == shop.answer(waiting.order_id, RIGHT_PIN)
    assert 8_200 == shop.balance(member_no)


def test_a_wrong_pin_sent_twice_is_one_try(shop: ContractShop, waiting: Payment) -> None:
    """By its id, also when both come at once."""
    with ThreadPoolExecutor(4) as callers:
        answers = list(
            callers.map(lambda _: shop.answer(waiting.order_id, WRONG_PIN, f"{waiting.order_id}-a"), range(4))
        )
    assert [Refused(refusal=R.PIN_WRONG, tries_left=2)] * 4 == answers
    assert 2 == challenge(shop.query(waiting.order_id)).tries_left


def test_three_wrong_pins_fail_the_payment_and_lock(
    shop: ContractShop, waiting: Payment, member_no: str
) -> None:
    """The rest is as it was; the next payment offers other ways."""
    last = [shop.answer(waiting.order_id, WRONG_PIN) for _ in range(3)][-1]
    assert (S.FAILED, R.PIN_LOCKED, 60) == (
        payment(last).state, refused(last).refusal, refused(last).wait_seconds
    )  # fmt: skip
    assert 9_000 == shop.balance(member_no)
    assert K.PIN not in challenge(shop.pay(member_no, 800)).kinds


def test_a_sealed_pin_pays(shop: ContractShop, waiting: Payment) -> None:
    """Sealed for this payment; wrong, it is a try like any other; replayed, it is none."""
    seal_to = challenge(waiting).seal_to
    assert seal_to is not None
    wrong = seal_pin(Secret(WRONG_PIN), waiting.order_id, seal_to)
    right = seal_pin(Secret(RIGHT_PIN), waiting.order_id, seal_to)
    answers = [
        shop.ask(
            AnswerChallenge(order_id=waiting.order_id, answer_id=shop.fresh("answer"), kind=K.PIN, answer=pin)
        )
        for pin in (wrong, wrong, right)
    ]
    assert Refused(refusal=R.PIN_WRONG, tries_left=2) == answers[0]
    assert Refused(refusal=R.SEALED_PIN_INVALID) == answers[1]
    assert S.SUCCEEDED is payment(answers[2]).state


def test_an_sms_code_pays(shop: ContractShop, waiting: Payment) -> None:
    """Sent once for one request; a wrong one is a try."""
    sent = shop.send_sms(waiting.order_id, f"{waiting.order_id}-sms")
    assert isinstance(sent, SmsSent)
    assert sent == shop.send_sms(waiting.order_id, f"{waiting.order_id}-sms")
    code = shop.read_sms()
    assert R.SMS_TOO_SOON is refused(shop.send_sms(waiting.order_id)).refusal
    wrong = "000000" if code != "000000" else "000001"
    assert Refused(refusal=R.SMS_CODE_WRONG, tries_left=2) == shop.answer_sms(waiting.order_id, wrong)
    assert S.SUCCEEDED is payment(shop.answer_sms(waiting.order_id, code)).state


def test_the_phone_approves(shop: ContractShop, waiting: Payment, member_no: str) -> None:
    """It sees what waits and at which shop; the till learns it by asking."""
    seen = shop.ask(ShowWaiting(member_no=member_no))
    assert isinstance(seen, Waiting)
    assert [(waiting.order_id, "shop-1")] == [(each.payment.order_id, each.shop_id) for each in seen.payments]
    approved = payment(shop.ask(Approve(order_id=waiting.order_id, member_no=member_no)))
    assert S.SUCCEEDED is approved.state
    assert approved == shop.query(waiting.order_id)
    assert approved == shop.ask(Approve(order_id=waiting.order_id, member_no=member_no))


def test_the_phone_declines(shop: ContractShop, waiting: Payment, member_no: str) -> None:
    """Nothing is taken."""
    declined = payment(shop.ask(Decline(order_id=waiting.order_id, member_no=member_no)))
    assert (S.CANCELED, R.PAYMENT_CANCELED) == (declined.state, refused(declined).refusal)
    assert 9_000 == shop.balance(member_no)


def test_nobody_elses_phone_approves(shop: ContractShop, waiting: Payment) -> None:
    """It waits on."""
    other = shop.somebody(phone=True)
    assert R.NOT_PERMITTED is refused(shop.ask(Approve(order_id=waiting.order_id, member_no=other))).refusal
    assert S.REQUIRES_ACTION is payment(shop.query(waiting.order_id)).state


def test_the_time_ends_it(shop: ContractShop, waiting: Payment, member_no: str) -> None:
    """By the engine's clock, for whoever looks first."""
    shop.clock.advance(121)
    late = shop.answer(waiting.order_id, RIGHT_PIN)
    assert (S.CANCELED, R.PAYMENT_EXPIRED) == (payment(late).state, refused(late).refusal)
    assert 9_000 == shop.balance(member_no)


def test_of_an_approval_and_a_cancel_at_once_one_wins(
    shop: ContractShop, waiting: Payment, member_no: str
) -> None:
    """And everybody is told the same afterwards."""
    with ThreadPoolExecutor(2) as callers:
        yes = callers.submit(shop.ask, Approve(order_id=waiting.order_id, member_no=member_no))
        no = callers.submit(shop.cancel, waiting.order_id)
        states = {payment(yes.result()).state, payment(no.result()).state}
    end = payment(shop.query(waiting.order_id)).state
    assert end in {S.SUCCEEDED, S.CANCELED}
    assert {end} == states
    assert (8_200 if end is S.SUCCEEDED else 9_000) == shop.balance(member_no)


def test_a_forgotten_pin_is_replaced_by_phone(shop: ContractShop, member_no: str) -> None:
    """A code from the phone and a new PIN; the lock is gone."""
    shop.lock_pin(member_no)
    assert isinstance(shop.start_recovery(member_no), SmsSent)
    assert Done() == shop.finish_recovery(member_no, shop.read_sms())
    order_id = shop.pay(member_no, 800).order_id
    assert R.PIN_WRONG is refused(shop.answer(order_id, RIGHT_PIN)).refusal
    assert S.SUCCEEDED is payment(shop.answer(order_id, OTHER_PIN)).state
