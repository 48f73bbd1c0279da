"""The back office's commands, and codes: done once, however often they are asked."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    CodeIssued,
    Command,
    CommandInvalid,
    Credit,
    Credited,
    Done,
    EnrolMember,
    EnrolTill,
    IssueCode,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Secret,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
)
from tests.points_engine.shop import OTHER_PIN, RIGHT_PIN, Shop, payment, points, refused

MISMATCH = Refused(refusal=Refusal.ORDER_MISMATCH)

ONCE_EACH: list[tuple[Command, Command]] = [
    (
        EnrolTill(command_id="c-1", till_id="till-9", shop_id="shop-9"),
        EnrolTill(command_id="c-1", till_id="till-9", shop_id="shop-8"),
    ),
    (
        EnrolMember(command_id="c-1", member_no="m-9", name="Ana"),
        EnrolMember(command_id="c-1", member_no="m-9", name="Bo"),
    ),
    (
        SetFrozen(command_id="c-1", member_no="m-1", frozen=True),
        SetFrozen(command_id="c-1", member_no="m-1", frozen=False),
    ),
    (
        SetPinFreeLimit(command_id="c-1", member_no="m-1", asset=Asset.POINTS, units=100),
        SetPinFreeLimit(command_id="c-1", member_no="m-1", asset=Asset.POINTS, units=None),
    ),
    (
        SetPin(command_id="c-1", member_no="m-1", pin=Secret(RIGHT_PIN)),
        SetPin(command_id="c-1", member_no="m-1", pin=Secret(OTHER_PIN)),
    ),
    (
        Credit(command_id="c-1", member_no="m-1", amount=points(5), reason="gift"),
        Credit(command_id="c-1", member_no="m-1", amount=Amount(Asset.WALLET, 5), reason="gift"),
    ),
    (IssueCode(command_id="c-1", member_no="m-1"), IssueCode(command_id="c-1", member_no="m-2")),
    # The id of one kind of command used for another.
    (IssueCode(command_id="c-1", member_no="m-1"), SetFrozen(command_id="c-1", member_no="m-1", frozen=True)),
]


@pytest.mark.parametrize(("command", "other"), ONCE_EACH)
def test_a_command_is_carried_out_once(shop: Shop, command: Command, other: Command) -> None:
    """Asked again it gets its reply again; other content under its id is an error and changes nothing."""
    shop.member("m-1", 100)
    shop.member("m-2")
    reply = shop.ask(command)
    assert not isinstance(reply, Refused)
    shop.clock.advance(30)
    assert reply == shop.ask(command)
    assert MISMATCH == shop.ask(other)
    assert reply == shop.ask(command)


def test_a_credit_sent_twice_is_one_credit(shop: Shop) -> None:
    """The balance grows once, and the reply tells the balance it was."""
    shop.member("m-1")
    command = Credit(command_id="c-1", member_no="m-1", amount=points(70), reason="gift")
    first = shop.ask(command)
    shop.credit("m-1", 30)
    assert Credited(balance=points(70)) == first == shop.ask(command)
    assert 100 == shop.balance("m-1")


def test_a_refused_command_stays_refused(shop: Shop) -> None:
    """The same command gets the same answer, also when the member was enrolled since; a new one is a new try."""
    command = Credit(command_id="c-1", member_no="m-1", amount=points(70), reason="gift")
    unknown = shop.ask(command)
    shop.member("m-1")
    assert Refused(refusal=Refusal.MEMBER_UNKNOWN) == unknown == shop.ask(command)
    assert Credited(balance=points(70)) == shop.ask(replace(command, command_id="c-2"))


def test_enrolling_a_till_again_moves_it(shop: Shop) -> None:
    """A till is in one shop at a time, and works in the new one."""
    shop.till("till-1", "shop-2")
    shop.member("m-1", 10)
    assert PaymentState.SUCCEEDED == shop.pay("m-1", 5).state


def test_a_pin_of_the_wrong_form_may_be_mended_under_the_same_id(shop: Shop) -> None:
    """Nothing is kept of it, so the phone's next try with the same command is heard."""
    shop.member("m-1", 5_000, OTHER_PIN)
    short = SetPin(command_id="c-1", member_no="m-1", pin=Secret("12345"))
    assert Refused(refusal=Refusal.PIN_NOT_ALLOWED) == shop.ask(short)
    assert Done() == shop.ask(replace(short, pin=Secret(RIGHT_PIN)))
    assert PaymentState.SUCCEEDED == payment(shop.answer(shop.pay("m-1", 600).order_id, RIGHT_PIN)).state


def test_an_old_set_pin_sent_again_does_not_bring_the_old_pin_back(shop: Shop) -> None:
    """A repeated command is answered, not carried out again."""
    shop.member("m-1", 5_000)
    old = SetPin(command_id="c-1", member_no="m-1", pin=Secret(OTHER_PIN))
    shop.ask(old)
    shop.set_pin("m-1", RIGHT_PIN)
    assert Done() == shop.ask(old)
    assert PaymentState.SUCCEEDED == payment(shop.answer(shop.pay("m-1", 600).order_id, RIGHT_PIN)).state


def test_a_frozen_member_can_be_thawed(shop: Shop) -> None:
    """Frozen nothing is taken, credits still arrive; thawed all is as before."""
    shop.member("m-1", 100)
    shop.freeze("m-1")
    code = shop.code("m-1")
    assert Refusal.ACCOUNT_FROZEN == refused(shop.charge(code, 5)).refusal
    shop.credit("m-1", 50)
    shop.freeze("m-1", frozen=False)
    assert PaymentState.SUCCEEDED == payment(shop.charge(code, 150)).state


# --- codes


def test_an_issued_code_is_of_this_scheme_and_lives_a_minute(shop: Shop) -> None:
    """18 digits with the scheme's prefix, valid for 60 seconds from now."""
    shop.member("m-1")
    issued = shop.issue("m-1")
    assert 60 == (issued.expires_at - issued.issued_at).total_seconds()
    assert shop.clock.now() == issued.issued_at
    assert (18, "84") == (len(issued.code.reveal()), issued.code.reveal()[:2])


def test_refreshing_voids_the_older_code(shop: Shop) -> None:
    """At most one code of a member works."""
    shop.member("m-1", 100)
    old, new = shop.code("m-1"), shop.code("m-1")
    assert Refusal.CODE_UNKNOWN == refused(shop.charge(old, 1)).refusal
    assert PaymentState.SUCCEEDED == payment(shop.charge(new, 1)).state


def test_a_code_issued_again_by_the_same_command_is_the_same(shop: Shop) -> None:
    """A reply that was lost is given again, even when the code has been used or refreshed: it is not a new one."""
    shop.member("m-1", 100)
    command = IssueCode(command_id="c-1", member_no="m-1")
    first = shop.ask(command)
    assert isinstance(first, CodeIssued)
    shop.charge(first.code.reveal(), 1)
    newer = shop.code("m-1")
    assert first == shop.ask(command)
    assert PaymentState.SUCCEEDED == payment(shop.charge(newer, 1)).state


def test_a_refresh_leaves_an_expired_code_expired(shop: Shop) -> None:
    """A customer who shows a picture of the last code is told that it is old, not that it never was."""
    shop.member("m-1", 100)
    old = shop.code("m-1")
    shop.clock.advance(60)
    shop.code("m-1")
    assert Refusal.CODE_EXPIRED == refused(shop.charge(old, 1)).refusal


def test_old_codes_are_told_apart_for_ten_minutes(shop: Shop) -> None:
    """Used and expired codes are known for ten minutes after they expired; then the sweeper forgets them."""
    shop.member("m-1", 100)
    code = shop.code("m-1")
    shop.charge(code, 1)
    shop.clock.advance(60 + 600 - 1)
    assert 0 == shop.engine.sweep().codes
    assert Refusal.CODE_EXPIRED == refused(shop.charge(code, 1)).refusal
    shop.clock.advance(1)
    assert 1 == shop.engine.sweep().codes
    assert Refusal.CODE_UNKNOWN == refused(shop.charge(code, 1)).refusal


def test_an_issue_command_is_remembered_for_a_day(shop: Shop) -> None:
    """Its reply is replayed for 24 hours; after that the table has room again and the id issues a fresh code."""
    shop.member("m-1")
    command = IssueCode(command_id="c-1", member_no="m-1")
    first = shop.ask(command)
    shop.clock.advance(24 * 3600 - 1)
    shop.engine.sweep()
    assert first == shop.ask(command)
    shop.clock.advance(1)
    shop.engine.sweep()
    assert first != shop.ask(command)


def test_codes_do_not_repeat(shop: Shop) -> None:
    """Two hundred codes are two hundred different ones."""
    shop.member("m-1")
    assert 200 == len({shop.code("m-1") for _ in range(200)})


# --- commands nobody should have built


@pytest.mark.parametrize(
    "build",
    [
        lambda text: Query(order_id=text),
        lambda text: IssueCode(command_id=text, member_no="m-1"),
        lambda text: EnrolMember(command_id="c-1", member_no=text, name="Ana"),
    ],
)
@pytest.mark.parametrize("text", ["", "x" * 201, "a\x1fb", "a\nb", "\x00", "\ud800"])
def test_ids_are_texts_of_a_sensible_kind(shop: Shop, build: Callable[[str], Command], text: str) -> None:
    """An empty, endless or unprintable id is the caller's bug; its content is not repeated."""
    with pytest.raises(CommandInvalid, match=r"_id|_no") as invalid:
        shop.ask(build(text))
    assert not text or text not in str(invalid.value)


def test_other_texts_may_be_empty(shop: Shop) -> None:
    """A member without a name, a credit without a reason: as the shop likes."""
    shop.member("m-1", name="")
    command = Credit(command_id="c-1", member_no="m-1", amount=points(5), reason="")
    assert Credited(balance=points(5)) == shop.ask(command)


def test_a_number_is_no_text(shop: Shop) -> None:
    """An id of another type is named before it can reach the books."""
    with pytest.raises(CommandInvalid, match="order_id"):
        shop.ask(Query(order_id=7))  # type: ignore[arg-type]  # that is the point


def test_a_limit_is_not_negative(shop: Shop) -> None:
    """A PIN-free limit below zero is the caller's bug."""
    shop.member("m-1")
    with pytest.raises(CommandInvalid, match="units"):
        shop.limit("m-1", -1)
