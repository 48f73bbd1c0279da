"""Every refusal of refunds, settlements and of what is given, by precedence: each line is wrong in its own way."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import RefundRules, Settings
from points_engine.contract import (
    Accumulate,
    Actor,
    Adjust,
    Command,
    Credit,
    Grant,
    Payment,
    Refund,
    Refusal,
    Settle,
    Settled,
    StaffLevel,
)
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, points, refused

R = Refusal
CASHIER_LIMIT = 100
LONG_AGO = date(2001, 1, 1)
CASHIER = Actor(name="lin", level=StaffLevel.CASHIER)
MANAGER = Actor(name="chen", level=StaffLevel.MANAGER)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop whose cashiers give back up to 100 points of a payment."""
    settings = Settings(refunds={Asset.POINTS: RefundRules(cashier_units=CASHIER_LIMIT)})
    with Shop(tmp_path, settings) as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()


def _paid(shop: Shop, units: int = 300) -> Payment:
    return shop.pay(shop.member("m-1", 1_000, RIGHT_PIN), units)


def _refund(
    order_id: str,
    units: int,
    actor: Actor = MANAGER,
    *,
    refund_id: str = "r-1",
    till_id: str | None = TILL,
    asset: Asset = Asset.POINTS,
) -> Refund:
    return Refund(
        refund_id=refund_id, order_id=order_id, till_id=till_id, actor=actor, amount=Amount(asset, units),
        reason="broken",
    )  # fmt: skip


def refund_by_an_unknown_till(shop: Shop) -> Command:
    """A till nobody enrolled, an order nobody has seen."""
    return _refund("order-none", 0, till_id="till-nobody-knows")


def refund_by_a_cashier_above_the_limit(shop: Shop) -> Command:
    """A unit more than a cashier may."""
    return _refund(_paid(shop).order_id, CASHIER_LIMIT + 1, CASHIER)


def refund_by_a_cashier_in_two_steps(shop: Shop) -> Command:
    """Within the limit each, above it together."""
    order_id = _paid(shop).order_id
    shop.ask(_refund(order_id, CASHIER_LIMIT, CASHIER, refund_id="r-0"))
    return _refund(order_id, 1, CASHIER)


def refund_by_a_cashier_of_another_shop(shop: Shop) -> Command:
    """A cashier gives back what another shop took."""
    shop.till("till-2", "shop-2")
    return _refund(_paid(shop).order_id, 1, CASHIER, till_id="till-2")


def refund_by_a_cashier_without_a_till(shop: Shop) -> Command:
    """The back office is for managers."""
    return _refund(_paid(shop).order_id, 1, CASHIER, till_id=None)


def refund_under_a_taken_id(shop: Shop) -> Command:
    """The refund's id stands for another one; nothing, of another asset, is asked for."""
    order_id = _paid(shop).order_id
    shop.ask(_refund(order_id, 5))
    return _refund(order_id, 0)


def refund_under_an_id_of_another_order(shop: Shop) -> Command:
    """The refund's id stands for another order's; this one is unknown."""
    shop.ask(_refund(_paid(shop).order_id, 5))
    return _refund("order-none", 5)


def refund_of_nothing_known(shop: Shop) -> Command:
    """An order nobody has seen."""
    return _refund("order-none", 0)


def refund_of_nothing(shop: Shop) -> Command:
    """No units, of a payment that failed."""
    return _refund(_paid(shop, 5_000).order_id, 0)


def refund_in_another_asset(shop: Shop) -> Command:
    """What was paid in points is not given back as money."""
    return _refund(_paid(shop).order_id, 5, asset=Asset.WALLET)


def refund_of_a_failed_payment(shop: Shop) -> Command:
    """Nothing was taken."""
    return _refund(_paid(shop, 5_000).order_id, 9_000)


def refund_of_a_reversed_payment(shop: Shop) -> Command:
    """All is back already."""
    order_id = _paid(shop).order_id
    shop.reverse(order_id)
    return _refund(order_id, 1)


def refund_of_more_than_was_paid(shop: Shop) -> Command:
    """A unit more than the payment."""
    return _refund(_paid(shop).order_id, 301)


def refund_of_more_than_is_left(shop: Shop) -> Command:
    """A unit more than is left after another refund."""
    order_id = _paid(shop).order_id
    shop.ask(_refund(order_id, 200, refund_id="r-0"))
    return _refund(order_id, 101)


def _yesterday(shop: Shop, days: int = 1) -> date:
    return (shop.clock.now() - timedelta(days=days)).date()


def settle_no_shop(shop: Shop) -> Command:
    """A shop that never had a till, on a day that is not over."""
    return Settle(shop_id="shop-none", day=shop.clock.now().date() + timedelta(days=2))


def settle_a_day_that_goes_on(shop: Shop) -> Command:
    """Tomorrow."""
    return Settle(shop_id="shop-1", day=shop.clock.now().date() + timedelta(days=1))


def settle_before_the_first_day(shop: Shop) -> Command:
    """A day before the first that was closed."""
    assert isinstance(shop.ask(Settle(shop_id="shop-1", day=_yesterday(shop, 2))), Settled)
    return Settle(shop_id="shop-1", day=_yesterday(shop, 3))


def credit_that_is_past(shop: Shop) -> Command:
    """Points that expired before they were given, to nobody."""
    return Credit(command_id="c-1", member_no="m-none", amount=points(5), reason="gift", expires_on=LONG_AGO)


def grant_that_is_past(shop: Shop) -> Command:
    """The same, of a campaign."""
    return Grant(
        command_id="c-1", member_no="m-none", amount=points(5), campaign="spring", expires_on=LONG_AGO
    )


def earning_that_is_past(shop: Shop) -> Command:
    """The same, of an order."""
    return Accumulate(
        command_id="c-1",
        till_id=TILL,
        member_no="m-none",
        order_id="o-1",
        spend_minor=500,
        expires_on=LONG_AGO,
    )


def adjustment_below_nothing(shop: Shop) -> Command:
    """More is taken than there is."""
    shop.member("m-1", 10)
    return Adjust(
        command_id="c-1", member_no="m-1", asset=Asset.POINTS, units=-11, reason="double gift", actor="chen"
    )


REFUSALS: list[tuple[Refusal, Callable[[Shop], Command]]] = [
    (R.TILL_NOT_ENROLLED, refund_by_an_unknown_till),
    (R.NOT_PERMITTED, refund_by_a_cashier_above_the_limit),
    (R.NOT_PERMITTED, refund_by_a_cashier_in_two_steps),
    (R.NOT_PERMITTED, refund_by_a_cashier_of_another_shop),
    (R.NOT_PERMITTED, refund_by_a_cashier_without_a_till),
    (R.ORDER_MISMATCH, refund_under_a_taken_id),
    (R.ORDER_MISMATCH, refund_under_an_id_of_another_order),
    (R.ORDER_UNKNOWN, refund_of_nothing_known),
    (R.AMOUNT_NOT_ALLOWED, refund_of_nothing),
    (R.AMOUNT_NOT_ALLOWED, refund_in_another_asset),
    (R.EXPIRY_NOT_ALLOWED, credit_that_is_past),
    (R.EXPIRY_NOT_ALLOWED, grant_that_is_past),
    (R.EXPIRY_NOT_ALLOWED, earning_that_is_past),
    (R.SHOP_UNKNOWN, settle_no_shop),
    (R.DAY_NOT_OVER, settle_a_day_that_goes_on),
    (R.DAY_NOT_SETTLED, settle_before_the_first_day),
    (R.BALANCE_TOO_LOW, adjustment_below_nothing),
    (R.NOT_REFUNDABLE, refund_of_a_failed_payment),
    (R.NOT_REFUNDABLE, refund_of_a_reversed_payment),
    (R.REFUND_TOO_LARGE, refund_of_more_than_was_paid),
    (R.REFUND_TOO_LARGE, refund_of_more_than_is_left),
]


@pytest.mark.parametrize(("refusal", "wrong"), REFUSALS, ids=[wrong.__name__ for _, wrong in REFUSALS])
def test_each_is_refused_for_the_first_reason(
    shop: Shop, refusal: Refusal, wrong: Callable[[Shop], Command]
) -> None:
    """Each is refused for the first reason, and asked again, for the same."""
    command = wrong(shop)
    reply = shop.ask(command)
    assert refusal == refused(reply).refusal
    assert reply == shop.ask(command)
