"""What is told of a plain charge; and charges that look plain and are not, each with what the rules make of it."""

from collections.abc import Callable, Mapping

from points_engine.contract import Payment, PaymentPart, PaymentState, Refusal, Reply
from tests.points_engine.shop import Shop, points

S = PaymentState


def paid_plainly(shop: Shop) -> Payment:
    """What a till is told when member m-1 has paid 500 of 1,000 points for the order o-1 just now."""
    return Payment(
        order_id="o-1",
        state=S.SUCCEEDED,
        amount=points(500),
        at=shop.clock.now(),
        member="王*",
        balance=points(500),
        parts=(PaymentPart(taken=points(500), worth=points(500)),),
    )


def _used(shop: Shop) -> Reply:
    code = shop.code("m-1")
    shop.charge(code, 1)
    return shop.charge(code, 1)


def _expired(shop: Shop) -> Reply:
    code = shop.code("m-1")
    shop.clock.advance(60)
    return shop.charge(code, 1)


def _frozen(shop: Shop) -> Reply:
    code = shop.code("m-1")
    shop.freeze("m-1")
    return shop.charge(code, 1)


def _fourth_without_a_pin(shop: Shop) -> Reply:
    for _ in range(3):
        shop.pay("m-1", 1)
    return shop.pay("m-1", 1)


def _no_limit_of_their_own(shop: Shop) -> Reply:
    shop.limit("m-1", 0)
    return shop.pay("m-1", 1)


def _another_amount_under_the_order(shop: Shop) -> Reply:
    shop.pay("m-1", 1, "o-1")
    return shop.charge(shop.code("m-1"), 2, "o-1")


def _after_its_reversal(shop: Shop) -> Reply:
    shop.reverse("o-1")
    return shop.charge(shop.code("m-1"), 1, "o-1")


def _clock_gone_back(shop: Shop) -> Reply:
    for _ in range(3):
        shop.pay("m-1", 1)
    shop.clock.advance(-86_400)
    return shop.pay("m-1", 1)


SITUATIONS: Mapping[str, tuple[Callable[[Shop], Reply], PaymentState | Refusal]] = {
    "code unknown": (lambda shop: shop.charge("840000000000000000", 1), Refusal.CODE_UNKNOWN),
    "code used": (_used, Refusal.CODE_USED),
    "code expired": (_expired, Refusal.CODE_EXPIRED),
    "frozen": (_frozen, Refusal.ACCOUNT_FROZEN),
    "too little": (lambda shop: shop.pay("m-1", 1_001), Refusal.BALANCE_TOO_LOW),
    "over the limit": (lambda shop: shop.pay("m-1", 501), S.REQUIRES_ACTION),
    "over their own limit": (_no_limit_of_their_own, S.REQUIRES_ACTION),
    "the fourth of the day": (_fourth_without_a_pin, S.REQUIRES_ACTION),
    "the clock gone back a day": (_clock_gone_back, S.REQUIRES_ACTION),
    "another amount under the order": (_another_amount_under_the_order, Refusal.ORDER_MISMATCH),
    "the order reversed before": (_after_its_reversal, S.REVERSED),
    "till not enrolled": (
        lambda shop: shop.charge(shop.code("m-1"), 1, till_id="till-9"),
        Refusal.TILL_NOT_ENROLLED,
    ),
}
"""By name: what happens in a shop whose member m-1 has 1,000 points, may pay three times a day without a PIN and up to
500 points then; and the state or the refusal that comes of it."""
