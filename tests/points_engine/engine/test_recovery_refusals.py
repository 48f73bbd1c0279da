"""Every refusal of a recovery, of a new PIN and of a phone, by precedence, as in `test_proof_refusals`."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from points_engine.contract import (
    BindPhone,
    Command,
    FinishRecovery,
    PhoneNumber,
    Refusal,
    Secret,
    SetPin,
    StartRecovery,
)
from tests.points_engine.engine.test_proof_refusals import WRONG_CODE, waiting
from tests.points_engine.shop import EVERY_KIND, PHONE, RIGHT_PIN, Shop, refused

R = Refusal


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that offers every proof."""
    with Shop(tmp_path, EVERY_KIND) as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()


def bind(number: str, member_no: str = "m-none") -> BindPhone:
    """A phone for a member."""
    return BindPhone(command_id="c-1", member_no=member_no, phone=PhoneNumber(number))


def bind_under_a_taken_id(shop: Shop) -> Command:
    """The command's id bound another phone that looks the same when masked; and it is no number."""
    shop.member("m-1")
    shop.ask(bind(PHONE, "m-1"))
    return bind("x" + PHONE[1:], "m-1")


def bind_to_nobody(shop: Shop) -> Command:
    """No such member, and no number either."""
    return bind("12")


def bind_what_is_no_number(shop: Shop) -> Command:
    """Without a country."""
    shop.member("m-1")
    return bind("13812345678", "m-1")


def recover_nobody(shop: Shop) -> Command:
    """No such member."""
    return StartRecovery(member_no="m-none", request_id="r-1")


def recover_under_a_taken_id(shop: Shop) -> Command:
    """The request was made for a payment; the member is unknown."""
    shop.send_sms(waiting(shop), "r-1")
    return StartRecovery(member_no="m-none", request_id="r-1")


def recover_a_frozen_member(shop: Shop) -> Command:
    """Frozen, and without a phone."""
    shop.freeze(shop.member("m-1"))
    return StartRecovery(member_no="m-1", request_id="r-1")


def recover_without_a_phone(shop: Shop) -> Command:
    """No phone is bound."""
    return StartRecovery(member_no=shop.member("m-1"), request_id="r-1")


def recover_too_soon(shop: Shop) -> Command:
    """A code for a payment was sent this minute."""
    shop.send_sms(waiting(shop))
    return StartRecovery(member_no="m-1", request_id="r-1")


def finish(pin: str = "x", code: str = WRONG_CODE) -> FinishRecovery:
    """The end of a recovery."""
    return FinishRecovery(member_no="m-1", answer_id="a-1", sms_code=Secret(code), new_pin=Secret(pin))


def finish_under_a_taken_id(shop: Shop) -> Command:
    """The answer was given for another member; this one is unknown and the PIN no PIN."""
    shop.member("m-2")
    shop.bind("m-2")
    shop.start_recovery("m-2")
    shop.finish_recovery("m-2", "x", answer_id="a-1")
    return finish()


def finish_for_nobody(shop: Shop) -> Command:
    """No such member, no PIN, no code."""
    return finish()


def finish_for_a_frozen_member(shop: Shop) -> Command:
    """Frozen, no PIN, no code."""
    shop.freeze(shop.member("m-1"))
    return finish()


def finish_without_a_pin(shop: Shop) -> Command:
    """No PIN, no code."""
    shop.member("m-1")
    return finish()


def finish_with_a_simple_pin(shop: Shop) -> Command:
    """The end of the phone number, and no code."""
    shop.member("m-1")
    shop.bind("m-1", "+8613812284619")
    return finish(RIGHT_PIN)


def finish_without_a_code(shop: Shop) -> Command:
    """No code was sent."""
    shop.member("m-1")
    return finish(RIGHT_PIN)


def finish_with_a_payments_code(shop: Shop) -> Command:
    """A code for a payment recovers nothing."""
    code = shop.sms_code(waiting(shop))
    return finish("739154", code)


def finish_with_a_wrong_code(shop: Shop) -> Command:
    """Just wrong."""
    shop.member("m-1")
    shop.bind("m-1")
    shop.start_recovery("m-1")
    return finish(RIGHT_PIN, "x")


def simple_pin_of_nobody(shop: Shop) -> Command:
    """Too simple, for nobody."""
    return SetPin(command_id="c-1", member_no="m-none", pin=Secret("123456"))


def simple_pin(shop: Shop) -> Command:
    """Too simple."""
    return SetPin(command_id="c-1", member_no=shop.member("m-1"), pin=Secret("123456"))


REFUSALS: list[tuple[Refusal, Callable[[Shop], Command]]] = [
    (R.ORDER_MISMATCH, bind_under_a_taken_id),
    (R.ORDER_MISMATCH, recover_under_a_taken_id),
    (R.ORDER_MISMATCH, finish_under_a_taken_id),
    (R.MEMBER_UNKNOWN, bind_to_nobody),
    (R.MEMBER_UNKNOWN, recover_nobody),
    (R.MEMBER_UNKNOWN, finish_for_nobody),
    (R.MEMBER_UNKNOWN, simple_pin_of_nobody),
    (R.ACCOUNT_FROZEN, recover_a_frozen_member),
    (R.ACCOUNT_FROZEN, finish_for_a_frozen_member),
    (R.PHONE_NOT_ALLOWED, bind_what_is_no_number),
    (R.PHONE_NOT_BOUND, recover_without_a_phone),
    (R.PIN_NOT_ALLOWED, finish_without_a_pin),
    (R.PIN_TOO_SIMPLE, finish_with_a_simple_pin),
    (R.PIN_TOO_SIMPLE, simple_pin),
    (R.SMS_CODE_EXPIRED, finish_without_a_code),
    (R.SMS_CODE_EXPIRED, finish_with_a_payments_code),
    (R.SMS_CODE_WRONG, finish_with_a_wrong_code),
    (R.SMS_TOO_SOON, recover_too_soon),
]


@pytest.mark.parametrize(("refusal", "wrong"), REFUSALS, ids=[wrong.__name__ for _, wrong in REFUSALS])
def test_it_is_refused_for_the_first_reason(
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
