"""Customers sign in by a code to their phone; nobody learns whether a phone is known; sessions end when they should."""

from datetime import timedelta

import pytest

from points_engine.calling import CallerKind, SignedIn, SignInStarted, SignOut
from points_engine.contract import BindPhone, Done, PhoneNumber, Refusal, Refused, Reply, Secret
from points_engine.engine.authentication import NotAccepted, Reason
from points_engine.wire.callers import Caller
from tests.points_engine.engine.counter import Counter, with_token
from tests.points_engine.shop import OTHER_PIN, PHONE, RIGHT_PIN, Shop, refused

pytestmark = pytest.mark.both_stores

STRANGE_PHONE = "+8613900000000"
MEMBER = "8600"


@pytest.fixture
def counter(shop: Shop) -> Counter:
    """The gate of a shop with a member who has a phone."""
    shop.member(MEMBER, 1_000, RIGHT_PIN)
    shop.bind(MEMBER)
    return Counter(shop)


def _wrong(code: str) -> str:
    """Six digits that are not these."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_customer_signs_in(counter: Counter) -> None:
    """With the code from their phone; the token is theirs alone, for half a day at most."""
    session = counter.sign_in("+86 138-1234-5678")
    assert MEMBER == session.member_no
    assert 900 == session.idle_seconds
    assert counter.shop.clock.now() + timedelta(hours=12) == session.ends_at
    assert Caller(CallerKind.CUSTOMER, MEMBER) == counter.ask(with_token(session.token.reveal()))


def test_nobody_learns_whether_a_phone_is_known(counter: Counter) -> None:
    """All that can be asked of a known phone and of a strange one is answered alike."""

    def told(phone: str) -> list[Reply]:
        replies = [counter.start(phone, f"{phone} 1"), counter.start(phone, f"{phone} 2")]
        replies += [counter.finish(f"{phone} 1", "000000") for _ in range(4)]
        for number in range(3, 13):
            counter.shop.clock.advance(60)
            replies.append(counter.start(phone, f"{phone} {number}"))
        replies.append(counter.start(phone, f"{phone} 3"))
        counter.shop.clock.advance(-600)
        return replies

    known, strange = told(PHONE), told(STRANGE_PHONE)
    assert known == strange
    assert [SignInStarted, Refused, Refused, Refused, Refused, Refused] == [
        type(reply) for reply in known[:6]
    ]
    assert [Refusal.SMS_TOO_SOON, *[Refusal.SMS_CODE_WRONG] * 3, Refusal.SMS_CODE_EXPIRED] == [
        refused(reply).refusal for reply in known[1:6]
    ]
    assert [2, 1, 0] == [refused(reply).tries_left for reply in known[2:5]]
    assert Refusal.SMS_LIMIT_REACHED is refused(known[-2]).refusal
    assert 10 == len([each for each in counter.shop.engine.outbox() if each.phone.number == PHONE])
    assert not [each for each in counter.shop.engine.outbox() if each.phone.number == STRANGE_PHONE]


def test_a_repeated_start_is_one_message(counter: Counter) -> None:
    """And the same request for another phone is refused."""
    reply = counter.start(request_id="s")
    assert reply == counter.start(request_id="s")
    assert 1 == len(counter.shop.engine.outbox())
    assert Refused(refusal=Refusal.ORDER_MISMATCH) == counter.start(STRANGE_PHONE, "s")


def test_a_right_answer_sent_again_is_the_same_session(counter: Counter) -> None:
    """Its reply may have got lost; with another answer_id, or another code, the code is used up."""
    counter.start(request_id="s")
    code = counter.shop.read_sms()
    session = counter.finish("s", code, "a")
    assert isinstance(session, SignedIn)
    assert session == counter.finish("s", code, "a")
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("s", code, "b")).refusal
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("s", _wrong(code), "a")).refusal
    counter.shop.ask(SignOut(token=session.token))
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("s", code, "a")).refusal


def test_a_code_is_for_one_sign_in(counter: Counter) -> None:
    """A newer one replaces it; and it opens neither a payment nor a recovery."""
    counter.start(request_id="old")
    old = counter.shop.read_sms()
    counter.shop.clock.advance(60)
    counter.start(request_id="new")
    new = counter.shop.read_sms()
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("old", old)).refusal
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.shop.finish_recovery(MEMBER, new)).refusal
    assert isinstance(counter.finish("new", new), SignedIn)


def test_a_recovery_code_signs_nobody_in(counter: Counter) -> None:
    """Both may be on their way at once; each is for its own."""
    counter.start(request_id="s")
    sign_in_code = counter.shop.read_sms()
    counter.shop.clock.advance(60)
    counter.shop.start_recovery(MEMBER)
    recovery_code = counter.shop.read_sms()
    assert Refusal.SMS_CODE_WRONG is refused(counter.finish("s", recovery_code)).refusal
    assert isinstance(counter.finish("s", sign_in_code), SignedIn)
    assert Done() == counter.shop.finish_recovery(MEMBER, recovery_code)


def test_a_code_is_good_for_five_minutes(counter: Counter) -> None:
    """And one that was never asked for is like one that is too old."""
    counter.start(request_id="s")
    code = counter.shop.read_sms()
    counter.shop.clock.advance(300)
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("s", code)).refusal
    assert Refusal.SMS_CODE_EXPIRED is refused(counter.finish("never", "123456")).refusal


@pytest.mark.parametrize("phone", ["", "123", "not a phone", "+0123456789"])
def test_what_is_no_phone_says_so(counter: Counter, phone: str) -> None:
    """That tells nothing about anybody."""
    assert Refused(refusal=Refusal.PHONE_NOT_ALLOWED) == counter.start(phone)


def test_members_who_share_a_phone_say_who_they_are(counter: Counter) -> None:
    """Without a number no code is sent, with one it is that member's."""
    counter.shop.member("8601")
    counter.shop.bind("8601")
    sent = len(counter.shop.engine.outbox())
    counter.start(request_id="whose")
    assert sent == len(counter.shop.engine.outbox())
    counter.shop.clock.advance(60)
    counter.start(request_id="hers", member_no="8601")
    session = counter.finish("hers", counter.shop.read_sms())
    assert isinstance(session, SignedIn)
    assert "8601" == session.member_no
    counter.shop.clock.advance(60)
    counter.start(request_id="nobody's", member_no="8602")
    assert sent + 1 == len(counter.shop.engine.outbox())


def test_signing_in_never_locks_a_pin(counter: Counter) -> None:
    """Else anybody could lock anybody's by their phone number."""
    for number in range(4):
        counter.start(request_id=f"{number}")
        for _ in range(3):
            counter.finish(f"{number}", "000000")
        counter.shop.clock.advance(60)
    order_id = counter.shop.pay(MEMBER, 600).order_id
    assert "succeeded" == counter.shop.answer(order_id, RIGHT_PIN).state  # type: ignore[union-attr] # a payment


# --- the ends of a session


def _is_over(counter: Counter, session: SignedIn) -> bool:
    found = counter.ask(with_token(session.token.reveal()))
    if isinstance(found, Caller):
        return False
    assert Reason.NOT_SIGNED_IN is found.reason
    return True


def test_a_session_lives_while_it_is_used(counter: Counter) -> None:
    """For a quarter of an hour after each request, and for half a day in all."""
    session = counter.sign_in()
    for _ in range(51):
        counter.shop.clock.advance(840)
        assert not _is_over(counter, session)
    counter.shop.clock.advance(360)
    assert _is_over(counter, session)
    counter.shop.engine.sweep()
    assert _is_over(counter, session)


def test_a_session_that_rests_is_over(counter: Counter) -> None:
    """After a quarter of an hour, to the second."""
    session = counter.sign_in()
    counter.shop.clock.advance(899)
    assert not _is_over(counter, session)
    counter.shop.clock.advance(900)
    assert _is_over(counter, session)


def test_signing_out_ends_the_session_at_once(counter: Counter) -> None:
    """That one alone; doing it again is no mistake."""
    session = counter.sign_in()
    counter.shop.clock.advance(60)
    other = counter.sign_in()
    assert not _is_over(counter, session)
    for _ in range(2):
        assert Done() == counter.shop.ask(SignOut(token=session.token))
    assert _is_over(counter, session)
    assert not _is_over(counter, other)


@pytest.mark.parametrize("how", ["recovery", "another phone", "revoked"])
def test_all_sessions_end_with_what_they_hung_on(counter: Counter, how: str) -> None:
    """A new PIN by recovery, another phone, or the back office: within seconds also where they are remembered."""
    sessions = [counter.sign_in()]
    counter.shop.clock.advance(60)
    sessions.append(counter.sign_in())
    counter.shop.clock.advance(60)
    counter.start(request_id="begun")
    begun = counter.shop.read_sms()
    counter.shop.clock.advance(60)
    if how == "recovery":
        counter.shop.start_recovery(MEMBER)
        assert Done() == counter.shop.finish_recovery(MEMBER, counter.shop.read_sms(), OTHER_PIN)
    elif how == "another phone":
        command = BindPhone(command_id="b", member_no=MEMBER, phone=PhoneNumber(STRANGE_PHONE))
        assert Done() == counter.shop.ask(command)
    else:
        counter.revoke(CallerKind.CUSTOMER, MEMBER)
    counter.shop.clock.advance(3.1)
    assert [True, True] == [_is_over(counter, session) for session in sessions]
    assert Refusal.SMS_CODE_WRONG is refused(counter.finish("begun", begun)).refusal


@pytest.mark.parametrize("token", ["x", "AAAAAAAAAAAAAAAAAAAAAA", "till-1.secret", "back_office-0.x"])
def test_a_token_that_is_none(counter: Counter, token: str) -> None:
    """Is nobody's, whatever it looks like."""
    found = counter.ask(with_token(token))
    assert isinstance(found, NotAccepted)
    assert Reason.NOT_SIGNED_IN is found.reason


def test_nothing_in_the_database_is_of_use_alone(counter: Counter) -> None:
    """Neither the token, nor the code once it is used, nor the phone of somebody who is no member."""
    counter.start(STRANGE_PHONE)
    counter.start(request_id="s")
    code = counter.shop.read_sms()
    session = counter.finish("s", code)
    assert isinstance(session, SignedIn)
    held = b"".join(each.read_bytes() for each in counter.shop.folder.glob("points.sqlite*"))
    for secret in (session.token.reveal(), STRANGE_PHONE):
        assert secret.encode() not in held


def test_secrets_do_not_show(counter: Counter) -> None:
    """Neither a session nor what asks for one tells its token, code or phone."""
    session = counter.sign_in()
    shown = repr(session) + repr(SignOut(token=Secret("tok-en")))
    assert session.token.reveal() not in shown
    assert "tok-en" not in shown
