"""The promises about a charge, whatever carries it: once, refused with its reason, known, given back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    CanceledBy,
    Channel,
    Charge,
    ChargeMember,
    ChargeOnDelivery,
    Credit,
    EnrolCourier,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    Reverse,
    Secret,
)
from tests.contract.contract_shop import ContractShop
from tests.points_engine.shop import RIGHT_PIN, TILL, payment, points, refused

S, R = PaymentState, Refusal


def test_a_charge_takes_the_points_and_says_so(shop: ContractShop) -> None:
    """Within the limit it is done at once; the till learns the masked name and what is left."""
    paid = shop.pay(shop.somebody(1_000), 300)
    assert (S.SUCCEEDED, points(300), "王*", points(700)) == (
        paid.state,
        paid.amount,
        paid.member,
        paid.balance,
    )
    assert shop.clock.now() == paid.at
    assert points(300) == paid.parts[0].taken


def test_the_same_order_is_one_charge(shop: ContractShop) -> None:
    """Sent ten times, by several at once, it moves the points once and says the same each time."""
    member_no = shop.somebody(1_000)
    order_id, code = shop.fresh("order"), shop.code(member_no)
    with ThreadPoolExecutor(5) as callers:
        answers = list(callers.map(lambda _: shop.charge(code, 300, order_id), range(10)))
    assert [payment(answers[0])] * 10 == answers
    assert 700 == shop.balance(member_no)


def test_the_same_order_with_other_content_is_refused(shop: ContractShop) -> None:
    """What was done under the number stands."""
    member_no = shop.somebody(1_000)
    paid = shop.pay(member_no, 300)
    again = shop.charge(shop.code(member_no), 301, paid.order_id)
    assert Refused(refusal=R.ORDER_MISMATCH) == again
    assert paid == shop.query(paid.order_id)


def test_one_code_pays_once(shop: ContractShop) -> None:
    """Of many orders with one code at once, exactly one is paid."""
    member_no = shop.somebody(5_000)
    code = shop.code(member_no)
    with ThreadPoolExecutor(5) as callers:
        answers = list(callers.map(lambda _: shop.charge(code, 100), range(8)))
    states = [payment(answer).state for answer in answers]
    assert 1 == states.count(S.SUCCEEDED)
    assert 7 == states.count(S.FAILED)
    assert 4_900 == shop.balance(member_no)


def test_points_are_not_spent_twice(shop: ContractShop) -> None:
    """A balance that is enough for one of two is spent once, however close they come."""
    member_no = shop.somebody(500)
    first = shop.pay(member_no, 300)
    second = shop.pay(member_no, 300)
    assert (S.SUCCEEDED, S.FAILED) == (first.state, second.state)
    assert Refused(refusal=R.BALANCE_TOO_LOW, available=points(200)) == second.refused


def _expired(shop: ContractShop) -> Reply:
    code = shop.code(shop.somebody())
    shop.clock.advance(61)
    return shop.charge(code, 100)


def _used(shop: ContractShop) -> Reply:
    code = shop.code(shop.somebody())
    shop.charge(code, 100)
    return shop.charge(code, 100)


def _voided(shop: ContractShop) -> Reply:
    member_no = shop.somebody()
    older = shop.code(member_no)
    shop.code(member_no)
    return shop.charge(older, 100)


def _frozen(shop: ContractShop) -> Reply:
    member_no = shop.somebody()
    code = shop.code(member_no)
    shop.freeze(member_no)
    return shop.charge(code, 100)


def _locked(shop: ContractShop) -> Reply:
    member_no = shop.somebody()
    shop.lock_pin(member_no)
    order_id = shop.pay(member_no, 800).order_id
    return shop.answer(order_id, RIGHT_PIN)


REFUSALS: list[tuple[Refusal, Callable[[ContractShop], Reply]]] = [
    (R.NOT_A_PAYMENT_CODE, lambda shop: shop.charge("6901234567892", 100)),
    (R.CODE_UNKNOWN, _voided),
    (R.CODE_EXPIRED, _expired),
    (R.CODE_USED, _used),
    (R.ACCOUNT_FROZEN, _frozen),
    (R.AMOUNT_NOT_ALLOWED, lambda shop: shop.charge(shop.code(shop.somebody()), 0)),
    (R.BALANCE_TOO_LOW, lambda shop: shop.pay(shop.somebody(50), 100)),
    (R.PIN_LOCKED, _locked),
    (
        R.TILL_NOT_ENROLLED,
        lambda shop: shop.charge(shop.code(shop.somebody()), 100, till_id="till-nobody-knows"),
    ),
    (R.ORDER_UNKNOWN, lambda shop: shop.query("no-such-order")),
    (R.ORDER_UNKNOWN, lambda shop: shop.cancel("no-such-order")),
    (R.ORDER_UNKNOWN, lambda shop: shop.answer("no-such-order", RIGHT_PIN)),
]


@pytest.mark.parametrize(
    ("refusal", "act"),
    REFUSALS,
    ids=[f"{refusal.code}-{place}" for place, (refusal, _) in enumerate(REFUSALS)],
)
def test_a_refusal_has_its_reason(
    shop: ContractShop, refusal: Refusal, act: Callable[[ContractShop], Reply]
) -> None:
    """The same word by every way."""
    assert refusal is refused(act(shop)).refusal


def test_a_refused_charge_leaves_the_code_alive(shop: ContractShop) -> None:
    """A smaller part may be charged with it."""
    code = shop.code(shop.somebody(50))
    assert R.BALANCE_TOO_LOW is refused(shop.charge(code, 100)).refusal
    assert S.SUCCEEDED is payment(shop.charge(code, 50)).state


# --- what a till does when it does not know


def test_an_order_that_never_came_is_reversed_before_it_comes(shop: ContractShop) -> None:
    """The charge that arrives late finds the door closed."""
    member_no = shop.somebody(1_000)
    code, order_id = shop.code(member_no), shop.fresh("order")
    assert R.ORDER_UNKNOWN is refused(shop.query(order_id)).refusal
    reversed_ = payment(shop.reverse(order_id))
    assert S.REVERSED is reversed_.state
    late = shop.charge(code, 300, order_id)
    assert S.REVERSED is payment(late).state
    assert 1_000 == shop.balance(member_no)


def test_an_order_that_waits_is_reversed(shop: ContractShop) -> None:
    """What was on hold is free again, and the right PIN comes too late."""
    member_no = shop.somebody(1_000)
    waiting = shop.pay(member_no, 800)
    assert S.REQUIRES_ACTION is waiting.state
    ended = payment(shop.reverse(waiting.order_id))
    assert ended.state in {S.REVERSED, S.CANCELED}
    assert ended == shop.query(waiting.order_id)
    assert ended.state is payment(shop.answer(waiting.order_id, RIGHT_PIN)).state
    assert 1_000 == shop.balance(member_no)


def test_a_paid_order_is_reversed_once(shop: ContractShop) -> None:
    """All of it is back; asked again, by several at once, it is the same answer."""
    member_no = shop.somebody(1_000)
    order_id = shop.pay(member_no, 300).order_id
    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _: shop.reverse(order_id), range(6)))
    assert [payment(answers[0])] * 6 == answers
    assert S.REVERSED is payment(answers[0]).state
    assert 1_000 == shop.balance(member_no)


def test_a_failed_order_stays_what_it_was(shop: ContractShop) -> None:
    """Nothing had been taken."""
    failed = shop.pay(shop.somebody(50), 300)
    assert failed == shop.reverse(failed.order_id)


def test_another_till_may_not_reverse(shop: ContractShop) -> None:
    """It is not its order."""
    shop.till("till-2")
    paid = shop.pay(shop.somebody(), 300)
    assert Refused(refusal=R.NOT_PERMITTED) == shop.reverse(paid.order_id, "till-2")
    assert paid == shop.query(paid.order_id)


@pytest.mark.parametrize("by", CanceledBy)
def test_a_payment_that_waits_is_canceled(shop: ContractShop, by: CanceledBy) -> None:
    """By either side; again it is the same; and what is done is not undone by it."""
    member_no = shop.somebody(1_000)
    order_id = shop.pay(member_no, 800).order_id
    canceled = payment(shop.cancel(order_id, by))
    assert (S.CANCELED, R.PAYMENT_CANCELED) == (canceled.state, refused(canceled).refusal)
    assert canceled == shop.cancel(order_id, by)
    done = shop.pay(member_no, 100)
    assert done == shop.cancel(done.order_id, by)


# --- other channels, other assets


def test_a_courier_charges_at_the_door(shop: ContractShop) -> None:
    """With the customer's code, for a delivery's number."""
    courier_id = shop.fresh("courier")
    shop.ask(EnrolCourier(command_id=shop.fresh("enrol"), courier_id=courier_id, shop_id="shop-1"))
    charge = ChargeOnDelivery(
        order_id=shop.fresh("order"),
        courier_id=courier_id,
        delivery_order="D-7",
        code=Secret(shop.code(shop.somebody(1_000))),
        amount=points(200),
    )
    paid = payment(shop.ask(charge))
    assert S.SUCCEEDED is paid.state
    assert paid == shop.ask(charge)
    back = Reverse(order_id=charge.order_id, till_id=courier_id, channel=Channel.DELIVERY)
    assert S.REVERSED is payment(shop.ask(back)).state


def test_an_order_page_charges_a_member_who_is_signed_in(shop: ContractShop) -> None:
    """Without a code."""
    charge = ChargeMember(
        order_id=shop.fresh("order"), shop_id="shop-1", member_no=shop.somebody(1_000), amount=points(200)
    )
    assert S.SUCCEEDED is payment(shop.ask(charge)).state


def test_a_price_is_paid_out_of_several_assets(shop: ContractShop) -> None:
    """Each part says what it took; all of it is one payment, and goes back as one."""
    member_no = shop.somebody(100)
    shop.ask(
        Credit(
            command_id=shop.fresh("top-up"),
            member_no=member_no,
            amount=Amount(Asset.WALLET, 500),
            reason="cash",
        )
    )
    charge = Charge(
        order_id=shop.fresh("order"),
        till_id=TILL,
        cashier="lin",
        code=Secret(shop.code(member_no)),
        amount=points(300),
        pay_from=(Asset.POINTS, Asset.WALLET),
        order_total=points(300),
        reference="R-1",
    )
    paid = payment(shop.ask(charge))
    assert [points(100), Amount(Asset.WALLET, 200)] == [part.taken for part in paid.parts]
    assert paid == shop.ask(charge)
    assert () == payment(shop.reverse(paid.order_id)).parts
    assert 100 == shop.balance(member_no)
