"""A lost PIN: a code to the phone, a new PIN, and what that ends."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from points_engine.contract import (
    BindPhone,
    Done,
    EnrolMember,
    PaymentState,
    PhoneNumber,
    Refusal,
    Refused,
    Reply,
    Secret,
    SetPin,
    SmsSent,
)
from points_engine.sms_code import SmsKind
from tests.points_engine.shop import (
    EVERY_KIND,
    OTHER_PIN,
    PHONE,
    RIGHT_PIN,
    WRONG_PIN,
    Shop,
    payment,
    refused,
)

pytestmark = pytest.mark.both_stores

R, S = Refusal, PaymentState
MISMATCH = Refused(refusal=R.ORDER_MISMATCH)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that offers every proof, and a member with all of them."""
    with Shop(tmp_path, EVERY_KIND) as open_shop:
        open_shop.member("m-1", 9_000, RIGHT_PIN)
        open_shop.bind("m-1")
        yield open_shop
        assert [] == open_shop.engine.verify()


def recovery_code(shop: Shop, member_no: str = "m-1") -> str:
    """Ask for a code and read it."""
    assert isinstance(shop.start_recovery(member_no), SmsSent)
    return shop.read_sms()


def pays_with(shop: Shop, pin: str) -> Reply:
    """Pay 800 with a PIN."""
    return shop.answer(shop.pay("m-1", 800).order_id, pin)


def kinds_sent(shop: Shop) -> list[tuple[SmsKind, str]]:
    """What was sent to whom, oldest first."""
    return [(message.kind, message.phone.number) for message in reversed(shop.engine.outbox())]


def test_a_lost_pin_is_recovered(shop: Shop) -> None:
    """The code, a new PIN; the old one is wrong from now on, and the owner is told."""
    assert Done() == shop.finish_recovery("m-1", recovery_code(shop), OTHER_PIN)
    assert R.PIN_WRONG == refused(pays_with(shop, RIGHT_PIN)).refusal
    assert S.SUCCEEDED == payment(pays_with(shop, OTHER_PIN)).state
    assert [(SmsKind.RECOVERY_CODE, PHONE), (SmsKind.PIN_RECOVERED, PHONE)] == kinds_sent(shop)


def test_a_recovery_ends_every_lock(shop: Shop) -> None:
    """Also the one that no wait ends, and the locks begin anew with the shortest."""
    for seconds in (60, 300, 1800, 0):
        shop.lock_pin("m-1")
        shop.clock.advance(seconds)
    shop.finish_recovery("m-1", recovery_code(shop), OTHER_PIN)
    assert S.SUCCEEDED == payment(pays_with(shop, OTHER_PIN)).state
    shop.pay("m-1", 800, "o-1")
    failed = [shop.answer("o-1", WRONG_PIN) for _ in range(3)][-1]
    assert 60 == refused(failed).wait_seconds


def test_a_recovery_voids_what_waits(shop: Shop) -> None:
    """Payments opened under the old PIN are canceled and given back, others' are not; codes for them are dead."""
    shop.member("m-2", 9_000, RIGHT_PIN)
    for member, order in (("m-1", "o-1"), ("m-1", "o-2"), ("m-2", "o-3")):
        shop.pay(member, 800, order)
    code = shop.sms_code("o-1")
    shop.clock.advance(60)
    shop.finish_recovery("m-1", recovery_code(shop), OTHER_PIN)
    for order in ("o-1", "o-2"):
        ended = payment(shop.query(order))
        assert (S.CANCELED, R.PAYMENT_CANCELED) == (ended.state, refused(ended).refusal)
    assert S.CANCELED == payment(shop.answer_sms("o-1", code)).state
    assert S.REQUIRES_ACTION == payment(shop.query("o-3")).state
    assert 9_000 == shop.balance("m-1")


def test_a_payment_past_its_time_expired_before_the_recovery(shop: Shop) -> None:
    """It is told as what it was."""
    shop.pay("m-1", 800, "o-1")
    shop.clock.advance(120)
    shop.finish_recovery("m-1", recovery_code(shop), OTHER_PIN)
    assert R.PAYMENT_EXPIRED == refused(shop.query("o-1")).refusal


def test_a_code_recovers_once(shop: Shop) -> None:
    """Used, it is gone; the same answer sent again is answered again, and with another PIN it is another command."""
    code = recovery_code(shop)
    assert Done() == shop.finish_recovery("m-1", code, OTHER_PIN, "a-1")
    assert Done() == shop.finish_recovery("m-1", code, OTHER_PIN, "a-1")
    assert MISMATCH == shop.finish_recovery("m-1", code, RIGHT_PIN, "a-1")
    assert R.SMS_CODE_EXPIRED == refused(shop.finish_recovery("m-1", code, RIGHT_PIN, "a-2")).refusal
    assert S.SUCCEEDED == payment(pays_with(shop, OTHER_PIN)).state
    assert 1 == kinds_sent(shop).count((SmsKind.PIN_RECOVERED, PHONE))


def test_an_old_recovery_sent_again_does_not_bring_its_pin_back(shop: Shop) -> None:
    """A PIN set since stays."""
    code = recovery_code(shop)
    shop.finish_recovery("m-1", code, OTHER_PIN, "a-1")
    shop.set_pin("m-1", RIGHT_PIN)
    assert Done() == shop.finish_recovery("m-1", code, OTHER_PIN, "a-1")
    assert S.SUCCEEDED == payment(pays_with(shop, RIGHT_PIN)).state


def test_wrong_codes_are_counted_and_kill_the_code(shop: Shop) -> None:
    """Three tries a code, the same answer twice is one; each counts against the PIN's lock as well."""
    code = recovery_code(shop)
    first = shop.finish_recovery("m-1", "x", answer_id="a-1")
    assert Refused(refusal=R.SMS_CODE_WRONG, tries_left=2) == first
    assert first == shop.finish_recovery("m-1", "x", answer_id="a-1")
    assert [1, 0] == [refused(shop.finish_recovery("m-1", "x")).tries_left for _ in range(2)]
    assert R.SMS_CODE_EXPIRED == refused(shop.finish_recovery("m-1", code)).refusal
    shop.pay("m-1", 800, "o-1")
    assert (R.PIN_LOCKED, 60) == (
        refused(shop.answer("o-1", RIGHT_PIN)).refusal,
        refused(shop.answer("o-1", RIGHT_PIN)).wait_seconds,
    )
    shop.clock.advance(60)
    assert Done() == shop.finish_recovery("m-1", recovery_code(shop))


def test_a_pin_that_may_not_be_costs_neither_code_nor_try(shop: Shop) -> None:
    """The customer chooses another one and the code still works."""
    code = recovery_code(shop)
    for pin, refusal in (("12345", R.PIN_NOT_ALLOWED), ("123456", R.PIN_TOO_SIMPLE)):
        assert refusal == refused(shop.finish_recovery("m-1", code, pin)).refusal
    assert Done() == shop.finish_recovery("m-1", code)


def test_many_recovery_guesses_at_once(shop: Shop) -> None:
    """Of thirty wrong codes at once three are counted; then even the right one is too late."""
    code = recovery_code(shop)
    guesses = [f"{(int(code) + number) % 10**6:06d}" for number in range(1, 31)]
    with ThreadPoolExecutor(8) as pool:
        replies = [
            refused(reply) for reply in pool.map(lambda guess: shop.finish_recovery("m-1", guess), guesses)
        ]
    counted = [reply.tries_left for reply in replies if reply.refusal is R.SMS_CODE_WRONG]
    assert [0, 1, 2] == sorted(left for left in counted if left is not None)
    assert 27 == sum(reply.refusal is R.SMS_CODE_EXPIRED for reply in replies)
    assert R.SMS_CODE_EXPIRED == refused(shop.finish_recovery("m-1", code)).refusal


def test_the_right_code_by_many_at_once_sets_one_pin(shop: Shop) -> None:
    """Of eight with eight new PINs one is Done, and its PIN is the one that pays."""
    code = recovery_code(shop)
    pins = [f"{number}84619" for number in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda pin: shop.finish_recovery("m-1", code, pin), pins))
    (winner,) = [pin for pin, reply in zip(pins, replies, strict=True) if reply == Done()]
    assert S.SUCCEEDED == payment(pays_with(shop, winner)).state


def test_a_replaced_code_recovers_nothing(shop: Shop) -> None:
    """The newer one does."""
    older = recovery_code(shop)
    shop.clock.advance(60)
    newer = recovery_code(shop)
    if older != newer:
        assert R.SMS_CODE_WRONG == refused(shop.finish_recovery("m-1", older)).refusal
    assert Done() == shop.finish_recovery("m-1", newer)


# --- phones and birthdays


def test_a_bound_phone_is_written_as_one(shop: Shop) -> None:
    """Blanks and dashes make no second phone; bound again it is nothing new, and nobody is told."""
    code = recovery_code(shop)
    shop.bind("m-1", "+86 138-1234-5678")
    assert Done() == shop.finish_recovery("m-1", code)
    assert SmsKind.PHONE_CHANGED not in {kind for kind, _ in kinds_sent(shop)}


def test_a_changed_phone_is_told_to_the_old_one(shop: Shop) -> None:
    """Whoever changed it, its owner hears of it; a code on its way there is void."""
    code = recovery_code(shop)
    shop.bind("m-1", "+8613900000001")
    assert (SmsKind.PHONE_CHANGED, PHONE) == kinds_sent(shop)[-1]
    assert R.SMS_CODE_EXPIRED == refused(shop.finish_recovery("m-1", code)).refusal
    shop.clock.advance(60)
    recovery_code(shop)
    assert (SmsKind.RECOVERY_CODE, "+8613900000001") == kinds_sent(shop)[-1]


def test_binding_is_done_once(shop: Shop) -> None:
    """The same command again is answered again, also after another; two numbers that look alike are two commands."""
    bind = BindPhone(command_id="c-1", member_no="m-1", phone=PhoneNumber("+8613900000001"))
    assert Done() == shop.ask(bind)
    shop.bind("m-1", PHONE)
    assert Done() == shop.ask(bind)
    alike = BindPhone(command_id="c-1", member_no="m-1", phone=PhoneNumber("+8613911110001"))
    assert repr(alike) == repr(bind)
    assert MISMATCH == shop.ask(alike)
    assert isinstance(shop.start_recovery("m-1"), SmsSent)
    assert (SmsKind.RECOVERY_CODE, PHONE) == kinds_sent(shop)[-1]


def set_pin(shop: Shop, member_no: str, pin: str) -> Reply:
    """Set a PIN."""
    return shop.ask(SetPin(command_id=shop.fresh("pin"), member_no=member_no, pin=Secret(pin)))


def recover_pin(shop: Shop, member_no: str, pin: str) -> Reply:
    """Set a PIN by a recovery."""
    return shop.finish_recovery(member_no, "x", pin)


@pytest.mark.parametrize("way", [set_pin, recover_pin])
@pytest.mark.parametrize("pin", ["123456", "870423", "230487", "345678", "112233"])
def test_a_members_own_numbers_are_no_pin(
    shop: Shop, way: Callable[[Shop, str, str], Reply], pin: str
) -> None:
    """Birthday, the end of the phone number, patterns: refused however the PIN comes to be set."""
    shop.ask(EnrolMember(command_id="c-2", member_no="m-2", name="Ana", birthday=date(1987, 4, 23)))
    shop.bind("m-2", "+8613812345678")
    assert Refused(refusal=R.PIN_TOO_SIMPLE) == way(shop, "m-2", pin)


def test_a_birthday_is_part_of_the_command(shop: Shop) -> None:
    """The same enrolment with another one is another command."""
    command = EnrolMember(command_id="c-2", member_no="m-2", name="Ana", birthday=date(1987, 4, 23))
    assert Done() == shop.ask(command) == shop.ask(command)
    assert MISMATCH == shop.ask(EnrolMember(command_id="c-2", member_no="m-2", name="Ana"))
    assert Done() == set_pin(shop, "m-1", "870423")


def test_a_pin_set_before_its_number_was_known_stays(shop: Shop) -> None:
    """Binding a phone that ends with it does not lock anybody out; the command sent again is answered as it was."""
    command = SetPin(command_id="c-3", member_no="m-1", pin=Secret("900001"))
    assert Done() == shop.ask(command)
    shop.bind("m-1", "+8613812900001")
    assert Done() == shop.ask(command)
    assert S.SUCCEEDED == payment(pays_with(shop, "900001")).state
