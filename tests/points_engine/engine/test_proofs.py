"""Proofs at a payment that waits: what may be chosen, changing over, approval, SMS codes, sealed PINs, locks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from points_engine.contract import (
    Approve,
    CanceledBy,
    Challenge,
    ChallengeKind,
    Decline,
    Payment,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    ShowWaiting,
    SmsSent,
    Waiting,
)
from tests.points_engine.shop import EVERY_KIND, PHONE, RIGHT_PIN, WRONG_PIN, Shop, payment, refused

pytestmark = pytest.mark.both_stores

K, R, S = ChallengeKind, Refusal, PaymentState


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that offers every proof, and a member with all of them."""
    with Shop(tmp_path, EVERY_KIND) as open_shop:
        open_shop.member("m-1", 9_000, RIGHT_PIN)
        open_shop.bind("m-1")
        yield open_shop
        assert [] == open_shop.engine.verify()


def challenge(reply: Reply) -> Challenge:
    """The challenge of a payment that waits."""
    found = payment(reply).challenge
    assert found is not None
    return found


def approve(shop: Shop, order_id: str) -> Reply:
    """m-1 agrees on the phone."""
    return shop.ask(Approve(order_id=order_id, member_no="m-1"))


# --- what may be chosen


def test_a_member_with_everything_may_choose(shop: Shop) -> None:
    """All kinds in the scheme's order, the phone masked, three tries, what to seal to; and no SMS yet."""
    opened = challenge(shop.pay("m-1", 800, "o-1"))
    assert (tuple(K), "•••5678", 3, None) == (opened.kinds, opened.phone, opened.tries_left, opened.sms)
    assert opened.seal_to is not None
    assert opened == challenge(shop.query("o-1"))


@pytest.mark.parametrize(
    ("has_pin", "has_phone", "expected"),
    [
        (True, False, (K.PIN, K.PHONE_APPROVAL)),
        (False, True, (K.SMS_CODE, K.PHONE_APPROVAL)),
        (False, False, (K.PHONE_APPROVAL,)),
    ],
)
def test_what_a_member_does_not_have_is_not_offered(
    shop: Shop, *, has_pin: bool, has_phone: bool, expected: tuple[ChallengeKind, ...]
) -> None:
    """No PIN set, no phone bound; without a PIN there is nothing to seal, and the charge is no refusal."""
    shop.member("m-2", 9_000, RIGHT_PIN if has_pin else None)
    if has_phone:
        shop.bind("m-2", "+8613900000002")
    opened = challenge(shop.pay("m-2", 800))
    assert expected == opened.kinds
    assert (has_pin, has_phone) == (opened.seal_to is not None, opened.phone is not None)


def test_the_offer_follows_the_member(shop: Shop) -> None:
    """While a payment waits the PIN locks, the lock ends, another phone is bound: a query says what is possible."""
    shop.pay("m-1", 800, "o-1")
    shop.lock_pin("m-1")
    assert (K.SMS_CODE, K.PHONE_APPROVAL) == challenge(shop.query("o-1")).kinds
    shop.clock.advance(60)
    assert tuple(K) == challenge(shop.query("o-1")).kinds
    shop.bind("m-1", "+8613900000002")
    assert "•••0002" == challenge(shop.query("o-1")).phone


def test_the_customer_changes_over_while_it_waits(shop: Shop) -> None:
    """A wrong PIN, then an SMS code: the tries are one count, and the last one is told."""
    shop.pay("m-1", 800, "o-1")
    assert Refused(refusal=R.PIN_WRONG, tries_left=2) == shop.answer("o-1", WRONG_PIN)
    code = shop.sms_code("o-1")
    wrong = refused(shop.answer_sms("o-1", "x"))
    assert (Refused(refusal=R.SMS_CODE_WRONG, tries_left=1), True) == (wrong, wrong.is_last_try)
    assert challenge(shop.query("o-1")).is_last_try
    assert S.SUCCEEDED == payment(shop.answer_sms("o-1", code)).state
    assert 3 == challenge(shop.pay("m-1", 800)).tries_left


def test_the_last_try_fails_the_payment_whichever_kind_it_is(shop: Shop) -> None:
    """Two wrong PINs and a wrong SMS code: the whole of it begins again, and the PIN is locked for a minute."""
    shop.pay("m-1", 800, "o-1")
    shop.answer("o-1", WRONG_PIN)
    shop.answer("o-1", WRONG_PIN)
    code = shop.sms_code("o-1")
    failed = payment(shop.answer_sms("o-1", "x"))
    locked = Refused(refusal=R.PIN_LOCKED, tries_left=0, wait_seconds=60)
    assert (S.FAILED, locked) == (failed.state, failed.refused)
    assert failed == shop.answer_sms("o-1", code)
    assert 9_000 == shop.balance("m-1")


def test_a_locked_pin_leaves_the_other_ways(shop: Shop) -> None:
    """In a lock an SMS code pays, and does not lift it."""
    shop.lock_pin("m-1")
    opened = shop.pay("m-1", 800, "o-1")
    assert (K.SMS_CODE, K.PHONE_APPROVAL) == challenge(opened).kinds
    locked = refused(shop.answer("o-1", RIGHT_PIN))
    assert (R.PIN_LOCKED, 60) == (locked.refusal, locked.wait_seconds)
    assert S.SUCCEEDED == payment(shop.answer_sms("o-1", shop.sms_code("o-1"))).state
    assert K.PIN not in challenge(shop.pay("m-1", 800, "o-2")).kinds
    assert S.SUCCEEDED == payment(approve(shop, "o-2")).state
    assert K.PIN not in challenge(shop.pay("m-1", 800)).kinds


def test_in_a_lock_a_code_has_its_own_tries(shop: Shop) -> None:
    """Three wrong ones to one code fail the payment; the lock of the PIN does not grow by them."""
    shop.lock_pin("m-1")
    shop.pay("m-1", 800, "o-1")
    code = shop.sms_code("o-1")
    assert [2, 1] == [refused(shop.answer_sms("o-1", "x")).tries_left for _ in range(2)]
    assert 1 == challenge(shop.query("o-1")).tries_left
    assert S.FAILED == payment(shop.answer_sms("o-1", "x")).state
    assert S.FAILED == payment(shop.answer_sms("o-1", code)).state
    shop.clock.advance(60)
    assert S.SUCCEEDED == payment(shop.answer(shop.pay("m-1", 800).order_id, RIGHT_PIN)).state


def test_a_code_dies_of_its_own_wrong_answers(shop: Shop) -> None:
    """A right PIN elsewhere gives the tries back, but not to a code that was guessed at three times."""
    shop.pay("m-1", 800, "o-1")
    code = shop.sms_code("o-1")
    for _ in range(2):
        shop.answer_sms("o-1", "x")
    shop.answer(shop.pay("m-1", 800).order_id, RIGHT_PIN)
    assert 2 == refused(shop.answer_sms("o-1", "x")).tries_left
    assert R.SMS_CODE_EXPIRED == refused(shop.answer_sms("o-1", code)).refusal
    assert PaymentState.REQUIRES_ACTION == payment(shop.query("o-1")).state


def test_locks_in_a_row_grow(shop: Shop) -> None:
    """A minute, five, thirty, then until it is recovered; a right PIN in between begins anew."""
    waits = []
    for seconds in (60, 300, 1800):
        shop.lock_pin("m-1")
        shop.pay("m-1", 800, f"o-{seconds}")
        waits.append(refused(shop.answer(f"o-{seconds}", RIGHT_PIN)).wait_seconds)
        shop.clock.advance(seconds)
    shop.lock_pin("m-1")
    shop.pay("m-1", 800, "o-4")
    assert [60, 300, 1800, None] == [*waits, refused(shop.answer("o-4", RIGHT_PIN)).wait_seconds]
    shop.clock.advance(10 * 365 * 86_400)
    assert K.PIN not in challenge(shop.pay("m-1", 800)).kinds


def test_a_wait_that_is_over_is_told_as_over(shop: Shop) -> None:
    """An old failed payment asked about later says that the PIN may be typed again."""
    shop.pay("m-1", 800, "o-1")
    for _ in range(3):
        shop.answer("o-1", WRONG_PIN)
    shop.clock.advance(45)
    assert 15 == refused(shop.query("o-1")).wait_seconds
    shop.clock.advance(15)
    assert 0 == refused(shop.query("o-1")).wait_seconds
    assert S.SUCCEEDED == payment(shop.answer(shop.pay("m-1", 800).order_id, RIGHT_PIN)).state


# --- the phone


def test_the_phone_sees_what_waits_and_for_whom(shop: Shop) -> None:
    """Amount and shop of every payment that waits, oldest first; what has ended is not there."""
    shop.till("till-2", "shop-2")
    shop.pay("m-1", 800, "o-1")
    shop.charge(shop.code("m-1"), 900, "o-2", till_id="till-2")
    shop.cancel(shop.pay("m-1", 700).order_id)
    shop.pay("m-1", 100)
    waiting = shop.ask(ShowWaiting(member_no="m-1"))
    assert isinstance(waiting, Waiting)
    assert [("o-1", 800, "shop-1"), ("o-2", 900, "shop-2")] == [
        (each.payment.order_id, each.payment.amount.units, each.shop_id) for each in waiting.payments
    ]
    assert waiting.payments[0].payment == shop.query("o-1")
    shop.clock.advance(120)
    assert Waiting(payments=()) == shop.ask(ShowWaiting(member_no="m-1"))


def test_yes_and_no_on_the_phone(shop: Shop) -> None:
    """Each ends the payment once, and said again it is answered again; the other afterwards changes nothing."""
    shop.pay("m-1", 800, "o-1")
    paid = payment(approve(shop, "o-1"))
    assert S.SUCCEEDED == paid.state
    assert paid == approve(shop, "o-1") == shop.ask(Decline(order_id="o-1", member_no="m-1"))
    shop.pay("m-1", 800, "o-2")
    declined = payment(shop.ask(Decline(order_id="o-2", member_no="m-1")))
    assert (S.CANCELED, R.PAYMENT_CANCELED) == (declined.state, refused(declined).refusal)
    assert declined == approve(shop, "o-2") == shop.cancel("o-2", CanceledBy.TILL)
    assert 8_200 == shop.balance("m-1")


def test_an_approval_gives_no_tries_back(shop: Shop) -> None:
    """Who holds the unlocked phone has not shown that they know the PIN."""
    shop.pay("m-1", 800, "o-1")
    shop.answer("o-1", WRONG_PIN)
    approve(shop, "o-1")
    assert 2 == challenge(shop.pay("m-1", 800)).tries_left


# --- SMS codes


def test_a_sent_code_is_seen_at_the_payment(shop: Shop) -> None:
    """Where it went, how it fares, until when it works and when another may be asked for."""
    shop.pay("m-1", 800, "o-1")
    sent = shop.send_sms("o-1")
    assert isinstance(sent, SmsSent)
    assert "•••5678" == sent.sent_to
    assert (300, 60) == tuple(
        (at - shop.clock.now()).total_seconds() for at in (sent.expires_at, sent.resend_at)
    )
    assert sent == challenge(shop.query("o-1")).sms
    assert PHONE not in repr(sent)


def test_a_code_is_six_digits_nobody_can_guess(shop: Shop) -> None:
    """Of a hundred hardly two are alike, and none depends on what it is for."""
    codes = []
    for number in range(100):
        shop.clock.advance(3 * 3_600)
        codes.append(shop.sms_code(shop.pay("m-1", 800, f"o-{number}").order_id))
    assert {6} == {len(code) for code in codes}
    assert len(set(codes)) > 95


@pytest.mark.parametrize(("seconds", "expected"), [(89.9, S.SUCCEEDED), (90, R.SMS_CODE_EXPIRED)])
def test_a_code_is_good_until_it_is_not(
    tmp_path: Path, seconds: float, expected: PaymentState | Refusal
) -> None:
    """As long as the scheme says, to the moment."""
    sms = replace(EVERY_KIND.sms, code_lifetime_seconds=90)
    with Shop(tmp_path / "short", replace(EVERY_KIND, sms=sms)) as short:
        short.member("m-1", 9_000)
        short.bind("m-1")
        short.pay("m-1", 800, "o-1")
        code = short.sms_code("o-1")
        short.clock.advance(seconds)
        reply = short.answer_sms("o-1", code)
        assert expected == (reply.state if isinstance(reply, Payment) else refused(reply).refusal)


def test_a_newer_code_replaces_the_older(shop: Shop) -> None:
    """Only the last one works; the older is a wrong answer."""
    shop.pay("m-1", 800, "o-1")
    older = shop.sms_code("o-1")
    shop.clock.advance(60)
    newer = shop.sms_code("o-1")
    if older != newer:
        assert R.SMS_CODE_WRONG == refused(shop.answer_sms("o-1", older)).refusal
    assert S.SUCCEEDED == payment(shop.answer_sms("o-1", newer)).state


def test_a_code_is_for_one_payment(shop: Shop) -> None:
    """What was sent for the smaller amount does not pay the larger."""
    shop.pay("m-1", 800, "o-1")
    shop.pay("m-1", 2_000, "o-2")
    small = shop.sms_code("o-1")
    shop.clock.advance(60)
    large = shop.sms_code("o-2")
    if small != large:
        assert R.SMS_CODE_WRONG == refused(shop.answer_sms("o-2", small)).refusal
    assert S.SUCCEEDED == payment(shop.answer_sms("o-1", small)).state


def test_the_same_sms_answer_twice_is_one_try(shop: Shop) -> None:
    """An answer sent again under its id gets its reply again."""
    shop.pay("m-1", 800, "o-1")
    code = shop.sms_code("o-1")
    wrong = shop.answer_sms("o-1", "x", "a-1")
    assert wrong == shop.answer_sms("o-1", "x", "a-1")
    assert 1 == refused(shop.answer_sms("o-1", "x", "a-2")).tries_left
    paid = shop.answer_sms("o-1", code, "a-3")
    assert paid == shop.answer_sms("o-1", code, "a-3")


def test_a_phone_has_a_limit_of_its_own(shop: Shop) -> None:
    """Two members with one phone share what a phone may be sent; a third one's is another."""
    shop.member("m-2", 9_000)
    shop.bind("m-2")
    shop.member("m-3", 9_000)
    shop.bind("m-3", "+8613900000003")
    for number in range(10):
        assert isinstance(shop.start_recovery(f"m-{number % 2 + 1}"), SmsSent)
        shop.clock.advance(60)
    reached = refused(shop.start_recovery("m-2"))
    assert (R.SMS_LIMIT_REACHED, 86_400 - 600) == (reached.refusal, reached.wait_seconds)
    assert isinstance(shop.start_recovery("m-3"), SmsSent)
    shop.clock.advance(86_400 - 600)
    assert isinstance(shop.start_recovery("m-2"), SmsSent)


# --- many at once


@pytest.mark.parametrize("is_locked", [False, True])
def test_many_sms_guesses_at_once_do_not_exceed_the_tries(shop: Shop, *, is_locked: bool) -> None:
    """Of thirty wrong codes from eight tills at once three are counted, locked or not."""
    if is_locked:
        shop.lock_pin("m-1")
    shop.pay("m-1", 800, "o-1")
    code = shop.sms_code("o-1")
    guesses = [f"{(int(code) + number) % 10**6:06d}" for number in range(1, 31)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda guess: shop.answer_sms("o-1", guess, f"guess-{guess}"), guesses))
    # Which of them came first is nobody's to say.
    left = [reply.tries_left for reply in replies if isinstance(reply, Refused)]
    assert [1, 2] == sorted(tries or 0 for tries in left)
    assert {S.FAILED} == {reply.state for reply in replies if isinstance(reply, Payment)}
    assert S.FAILED == payment(shop.answer_sms("o-1", code)).state


def test_one_request_sent_by_many_is_one_code(shop: Shop) -> None:
    """Eight at once with one id get one answer; eight with eight ids get one code and seven refusals."""
    shop.pay("m-1", 800, "o-1")
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda _: shop.send_sms("o-1", "r-1"), range(8)))
        shop.clock.advance(60)
        others = list(pool.map(lambda number: shop.send_sms("o-1", f"r-{number}"), range(2, 10)))
    assert 1 == len(set(map(repr, same)))
    assert 1 == sum(isinstance(reply, SmsSent) for reply in others)
    assert {R.SMS_TOO_SOON} == {reply.refusal for reply in others if isinstance(reply, Refused)}
    assert 2 == len(shop.engine.outbox())
