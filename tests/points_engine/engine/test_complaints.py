"""What users of other tills complain of, one test each: that it does not happen here.

The complaints are public threads, named by project and number in each test.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.bill import Bill, BillKind
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Actor,
    ChargeMember,
    Command,
    Credit,
    Payment,
    PaymentState,
    Refund,
    Refunded,
    Refusal,
    Reply,
    Settle,
    Settled,
    StaffLevel,
)
from tests.points_engine.shop import PHONE, TILL, Shop, payment, points, refused
from tests.waiting import PATIENCE_SECONDS

MANAGER = Actor(name="chen", level=StaffLevel.MANAGER)


def refund(shop: Shop, order_id: str, units: int, refund_id: str) -> Refunded:
    """Give points back."""
    reply = shop.ask(
        Refund(
            refund_id=refund_id, order_id=order_id, till_id=TILL, actor=MANAGER, amount=points(units), reason="torn"
        )
    )  # fmt: skip
    assert isinstance(reply, Refunded)
    return reply


@pytest.mark.parametrize("said", ["王小明", "m-1", PHONE, PHONE.removeprefix("+86"), "m-1 王小明", "1"])
def test_a_name_said_aloud_spends_no_points(shop: Shop, said: str) -> None:
    """odoo#207624: whoever knew a customer's name could pay with their points. A till takes a code and nothing else."""
    shop.member("m-1", 1_000)
    shop.bind("m-1")
    assert Refusal.NOT_A_PAYMENT_CODE is refused(shop.charge(said, 10)).refusal
    assert 1_000 == shop.balance("m-1")


def test_no_more_than_the_amount_is_taken(shop: Shop) -> None:
    """odoo#264931: the whole balance was taken for an order that cost less."""
    shop.member("m-1", 1_000)
    assert points(990) == shop.pay("m-1", 10).balance
    assert 990 == shop.balance("m-1")


def test_a_refund_deducts_no_points_again(shop: Shop) -> None:
    """odoo#212922: points paid were deducted a second time when the order was refunded. They come back, once."""
    shop.member("m-1", 1_000)
    shop.pay("m-1", 300, "o-1")
    assert points(1_000) == refund(shop, "o-1", 300, "r-1").balance
    assert points(1_000) == refund(shop, "o-1", 300, "r-1").balance
    assert 1_000 == shop.balance("m-1")
    assert [] == shop.engine.verify()


def test_earned_points_do_not_outlive_the_refund(shop: Shop) -> None:
    """odoo#257854: points earned on an order were kept after it was given back."""
    shop.member("m-1", 300)
    shop.pay("m-1", 300, "o-1")
    earned = shop.ask(
        Accumulate(command_id="e-1", till_id=TILL, member_no="m-1", order_id="o-1", spend_minor=5_000)
    )
    assert isinstance(earned, Accumulated)
    assert points(50) == earned.balance
    given_back = refund(shop, "o-1", 300, "r-1")
    assert (points(50), points(300)) == (given_back.taken_back, given_back.balance)


def test_a_payment_made_while_the_line_was_down_changes_the_balance(tmp_path: Path) -> None:
    """POS-Awesome-V15#3059: what was redeemed offline never left the balance.

    The engine died after its commit and before its answer; the till asks again with the same order: it is taken, and
    once.
    """

    class Cut(BaseException):
        """The line, at this moment."""

    is_cut = False

    def on_durable_step(name: str) -> None:
        if is_cut and name == "engine.after_commit":
            raise Cut

    with Shop(tmp_path / "engine", on_durable_step=on_durable_step) as shop:
        shop.member("m-1", 1_000)
        code = shop.code("m-1")
        is_cut = True
        with pytest.raises(Cut):
            shop.charge(code, 100, "o-1")
        is_cut = False
        shop.clock.advance(3_600)
        assert PaymentState.SUCCEEDED is payment(shop.charge(code, 100, "o-1")).state
        assert 900 == shop.balance("m-1")


def test_two_tills_do_not_spend_the_same_balance(shop: Shop) -> None:
    """odoo#79235: two tills, one balance, both sold. Only as many payments go through as there are points for."""
    shop.member("m-1", 100)
    code = shop.code("m-1")
    replies: list[Payment] = []
    start = threading.Barrier(2)

    def pay(by: Callable[[], Reply]) -> None:
        start.wait(PATIENCE_SECONDS)
        replies.append(payment(by()))

    online = ChargeMember(order_id="o-2", shop_id="shop-1", member_no="m-1", amount=points(80))
    ways = (lambda: shop.charge(code, 80, "o-1"), lambda: shop.ask(online))
    tills = [threading.Thread(target=pay, args=(way,)) for way in ways]
    for till in tills:
        till.start()
    for till in tills:
        till.join()
    assert {PaymentState.FAILED, PaymentState.SUCCEEDED} == {reply.state for reply in replies}
    assert [Refusal.BALANCE_TOO_LOW] == [reply.refused.refusal for reply in replies if reply.refused]
    assert 20 == shop.balance("m-1")


def test_points_are_no_sales(shop: Shop) -> None:
    """RepairDesk#1205: points counted as sales spoiled the cash total. A shop's day has a line for each asset."""
    shop.member("m-1", 500)
    wallet = Amount(Asset.WALLET, 900)
    shop.ask(Credit(command_id="w-1", member_no="m-1", amount=wallet, reason="paid in"))
    shop.pay("m-1", 300, "o-1")
    today = shop.clock.now().date()
    shop.clock.advance(86_400)
    settled = shop.ask(Settle(shop_id="shop-1", day=today))
    assert isinstance(settled, Settled)
    assert {Asset.POINTS: 300, Asset.WALLET: 0, Asset.STORED_VALUE: 0} == {
        each.asset: each.net_units for each in settled.settlements
    }
    bill = shop.engine.bill("shop-1", today)
    assert isinstance(bill, Bill)
    assert [(BillKind.PAYMENT, Asset.POINTS, 300)] == [line[:3] for line in bill.lines]


def test_no_clock_but_the_engines_counts(shop: Shop) -> None:
    """odoo#271581: tills' clocks are wrong every week. No command carries a time, and every answer is stamped here."""
    assert [] == [
        (kind.__name__, name)
        for kind in get_args(Command)
        for name, hint in get_type_hints(kind).items()
        if hint is datetime
    ]
    shop.member("m-1", 1_000)
    assert shop.clock.now() == shop.pay("m-1", 10).at
    code = shop.code("m-1")
    shop.clock.advance(61)
    assert Refusal.CODE_EXPIRED is refused(shop.charge(code, 10)).refusal
