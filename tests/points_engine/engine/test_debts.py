"""What is taken back of earned points that have expired meanwhile."""

from datetime import date
from pathlib import Path

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import Settings
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Actor,
    BalanceShown,
    ChargeMember,
    ClawBackRule,
    Credit,
    Refund,
    Refunded,
    ShowBalance,
    StaffLevel,
)
from tests.points_engine.shop import TILL, Shop, points

pytestmark = pytest.mark.both_stores


@pytest.mark.parametrize("rule", list(ClawBackRule))
@pytest.mark.parametrize("is_run", [True, False])
def test_what_was_earned_and_is_over_is_not_taken_back_from_other_points(
    tmp_path: Path, rule: ClawBackRule, *, is_run: bool
) -> None:
    """Whether the expiry run came by before the refund or nobody has looked at the account since."""
    wallet = Amount(Asset.WALLET, 100)
    with Shop(tmp_path / "engine", Settings(claw_back=rule)) as shop:
        shop.member("m-1", 70)
        shop.ask(Credit(command_id="c-1", member_no="m-1", amount=wallet, reason="moved here"))
        shop.ask(ChargeMember(order_id="o-1", shop_id="shop-1", member_no="m-1", amount=wallet))
        earned = shop.ask(
            Accumulate(
                command_id="e-1", till_id=TILL, member_no="m-1", order_id="o-1", spend_minor=5_000,
                expires_on=date(2026, 3, 2),
            )
        )  # fmt: skip
        assert isinstance(earned, Accumulated)
        assert points(120) == earned.balance
        shop.clock.advance(86_400)
        if is_run:
            shop.engine.expire()
        boss = Actor(name="chen", level=StaffLevel.MANAGER)
        reply = shop.ask(
            Refund(refund_id="r-1", order_id="o-1", till_id=None, actor=boss, amount=wallet, reason="torn")
        )
        assert isinstance(reply, Refunded)
        assert reply.taken_back is None
        assert BalanceShown(balance=points(70)) == shop.ask(ShowBalance(member_no="m-1", asset=Asset.POINTS))
        assert [] == shop.engine.verify()
