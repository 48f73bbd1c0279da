"""Verification finds every edit: each line edits the file behind the engine's back and is found out."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from points_engine.amounts import Asset
from points_engine.bill import Bill, BillKind
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Actor,
    BalanceShown,
    Channel,
    Credited,
    Grant,
    PaymentState,
    Refund,
    Refunded,
    Settle,
    Settled,
    Settlement,
    ShowBalance,
    StaffLevel,
)
from points_engine.engine.findings import Check
from points_engine.engine.verify_payments import HISTORIES
from points_engine.ledger import TransferKind
from points_engine.payment import TABLE
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, points

EDITS = [
    (Check.CHAIN, "UPDATE transfer SET reason = 'other' WHERE id = 1"),
    (Check.CHAIN, "UPDATE transfer SET at_us = at_us + 1 WHERE id = 2"),
    (Check.CHAIN, "UPDATE transfer SET chain = zeroblob(32) WHERE id = 3"),
    (Check.RUNNING_BALANCE, "UPDATE transfer SET units = units + 1 WHERE id = 1"),
    (Check.NO_TRANSFER_MISSING, "DELETE FROM transfer WHERE id = 2"),
    (Check.SIDES, "UPDATE transfer SET debit = credit, credit = debit WHERE id = 2"),
    (Check.NEVER_BELOW_ZERO, "UPDATE transfer SET units = 100000 WHERE kind = 'charge'"),
    (Check.BALANCE, "UPDATE account SET balance_units = balance_units + 1 WHERE balance_units > 0"),
    (Check.SUMS_TO_ZERO, "UPDATE account SET balance_units = balance_units + 1 WHERE balance_units > 0"),
    (Check.BALANCE, "DELETE FROM transfer WHERE id = (SELECT max(id) FROM transfer)"),
    (Check.ONE_PAYMENT_ONE_AMOUNT, "UPDATE transfer SET units = units - 1 WHERE kind = 'post'"),
    (Check.PAYMENT_OF_A_TRANSFER, "DELETE FROM payment WHERE order_id = 'paid'"),
    (Check.PAYMENT_STATE, "UPDATE payment SET state = 'failed' WHERE order_id = 'paid'"),
    (Check.PAYMENT_STATE, "UPDATE payment SET state = 'succeeded' WHERE order_id = 'open'"),
    (Check.PAYMENT_AMOUNT, "UPDATE payment SET units = units + 1 WHERE order_id = 'paid'"),
    (
        Check.PAYMENT_AMOUNT,
        "UPDATE payment SET account = (SELECT max(id) FROM account WHERE kind = 'customer') WHERE order_id = 'paid'",
    ),
    (
        Check.PAYMENT_SHOP,
        "UPDATE payment SET clearing = (SELECT max(id) FROM account WHERE kind = 'clearing') WHERE order_id = 'paid'",
    ),
    (Check.PAYMENT_PARTS, "UPDATE payment SET is_split = 1 WHERE order_id = 'paid'"),
    (Check.ON_HOLD, "UPDATE payment SET units = units + 1 WHERE order_id = 'open'"),
    (Check.PIN_FREE_COUNTERS, "UPDATE account SET pin_free_count = 0 WHERE pin_free_count > 0"),
    (Check.PIN_FREE_COUNTERS, "UPDATE account SET pin_free_units = 1 WHERE pin_free_count > 0"),
    (Check.DAY_COUNTERS, "UPDATE account SET paid_count = 7 WHERE paid_count > 0"),
    (Check.DAY_COUNTERS, "UPDATE account SET paid_units = 1 WHERE paid_count > 0"),
    (Check.LOT_UNITS, "UPDATE lot SET units = units + 1"),
    (Check.LOT_UNITS, "UPDATE lot SET withdrawn_units = withdrawn_units + 1"),
    (Check.LOTS_WITHIN_BALANCE, "UPDATE lot SET left_units = left_units + 100000 WHERE left_units > 0"),
    (Check.EXPIRED_UNITS, "UPDATE lot SET expired_units = expired_units - 1 WHERE expired_units > 0"),
    (Check.NEXT_EXPIRY, "UPDATE account SET next_expiry_us = next_expiry_us + 1 WHERE next_expiry_us > 0"),
    (Check.NEXT_EXPIRY, "UPDATE account SET next_expiry_us = NULL WHERE next_expiry_us > 0"),
    (Check.LOT_USES, "UPDATE lot_use SET units = units + 1"),
    (Check.EARNINGS, "UPDATE earning SET units = units + 1"),
    (Check.EARNINGS, "DELETE FROM earning"),
    (Check.REFUNDS, "UPDATE refund SET before_units = before_units + 1"),
    (Check.REFUNDS, "UPDATE refund_part SET units = units + 1"),
    (Check.REFUNDS, "DELETE FROM refund_part"),
    (Check.REFUNDS, "UPDATE refund SET refusal = 'refund_too_large'"),
    (Check.TAKEN_BACK, "UPDATE refund SET taken_back_units = taken_back_units + 1"),
    (Check.TAKEN_BACK, "UPDATE earning SET taken_back_units = taken_back_units - 1"),
    (Check.DEBTS, "UPDATE debt SET units = units + 1"),
    (Check.DEBTS, "DELETE FROM debt"),
    (Check.CLOSED_DAYS, "UPDATE settled_day SET last_transfer = last_transfer - 1 WHERE id = 1"),
    (Check.CLOSED_DAYS, "UPDATE settled_day SET day = '2026-02-01' WHERE id = 1"),
    (Check.SETTLEMENTS, "UPDATE settlement SET taken_units = taken_units + 1"),
    (Check.SETTLEMENTS, "UPDATE settlement SET number = number + 1"),
    (Check.SETTLEMENTS, "DELETE FROM settlement"),
]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Shop]:
    """A shop with a payment of every kind behind it."""
    with Shop(tmp_path) as shop:
        closed_days(shop)
        shop.member("m-1", 10_000, RIGHT_PIN)
        shop.pay("m-1", 300, "paid")
        shop.pay("m-1", 600, "proved")
        shop.answer("proved", RIGHT_PIN)
        shop.pay("m-1", 700, "canceled")
        shop.cancel("canceled")
        shop.pay("m-1", 200, "reversed")
        shop.reverse("reversed")
        shop.pay("m-1", 99_000, "failed")
        shop.reverse("absent")
        shop.pay("m-1", 800, "open")
        assert [] == shop.engine.verify()
        yield shop


def closed_days(shop: Shop) -> None:
    """Some days with lots spent, kept and expired, and a refund that leaves a debt; all closed."""
    today = shop.clock.now().date()
    shop.member("m-2")
    for number, days in enumerate((5, 60)):
        gift = Grant(
            command_id=f"grant-{number}", member_no="m-2", amount=points(100), campaign="spring",
            expires_on=today + timedelta(days=days),
        )  # fmt: skip
        assert isinstance(shop.ask(gift), Credited)
    shop.pay("m-2", 30, "out-of-a-lot")
    shop.member("m-3", 100)
    shop.pay("m-3", 100, "earned")
    earned = Accumulate(
        command_id="earn", till_id=TILL, member_no="m-3", order_id="earned", spend_minor=50_000
    )
    assert isinstance(shop.ask(earned), Accumulated)
    shop.pay("m-3", 450, "spent")
    back = Refund(
        refund_id="back", order_id="earned", till_id=TILL, actor=Actor(name="lin", level=StaffLevel.CASHIER),
        amount=points(100), reason="broken",
    )  # fmt: skip
    refunded = shop.ask(back)
    assert isinstance(refunded, Refunded)
    assert points(350) == refunded.owed
    shop.clock.advance(8 * 86_400)
    shop.engine.sweep()
    assert isinstance(shop.ask(Settle(shop_id="shop-1", day=today + timedelta(days=6))), Settled)


@pytest.mark.in_a_file
@pytest.mark.parametrize(("check", "edit"), EDITS)
def test_every_edit_is_found(busy: Shop, check: Check, edit: str) -> None:
    """An edit by hand shows up under the check that is there for it."""
    with sqlite3.connect(busy.folder / "points.sqlite") as hand:
        hand.execute("DROP TRIGGER transfer_is_never_edited")
        hand.execute("DROP TRIGGER transfer_is_never_deleted")
        for table in ("settled_day", "settlement"):
            hand.execute(f"DROP TRIGGER {table}_is_never_edited")
            hand.execute(f"DROP TRIGGER {table}_is_never_deleted")
        hand.execute("PRAGMA ignore_check_constraints = ON")
        assert hand.execute(edit).rowcount
    hand.close()
    assert check in {finding.check for finding in busy.engine.verify()}


@pytest.mark.both_stores
def test_a_busy_shop_is_told_of_alike(busy: Shop) -> None:
    """Closed days, bills, lists and debts are the same on either store."""
    days = [settled.day for settled in _settled(busy)]
    bills = [busy.engine.bill("shop-1", day) for day in days]
    lines = [line.kind for bill in bills if isinstance(bill, Bill) for line in bill.lines]
    assert [*[BillKind.PAYMENT] * 3, BillKind.REFUND] == lines
    register = busy.engine.register
    assert [("shop-1", 1, 0)] == [tuple(shop) for shop in register.shops()]
    assert [(TILL, "shop-1")] == [tuple(taker) for taker in register.takers(Channel.TILL)]
    assert ["m-2", "m-3", "m-1"] == [member.member_no for member in register.members()]
    assert 3 == register.member_count()
    owed = busy.ask(ShowBalance(member_no="m-3", asset=Asset.POINTS))
    assert BalanceShown(balance=points(0), owed=points(350)) == owed


def _settled(shop: Shop) -> Sequence[Settlement]:
    last = shop.clock.now().date() - timedelta(days=1)
    told = []
    for back in range(8):
        reply = shop.ask(Settle(shop_id="shop-1", day=last - timedelta(days=back)))
        if isinstance(reply, Settled):
            told += [each for each in reply.settlements if each.asset is Asset.POINTS]
    return told[::-1]


def test_every_check_has_its_edit() -> None:
    """There is no check that nothing could fail."""
    assert set(Check) == {check for check, _ in EDITS}


def test_the_histories_are_those_the_table_allows() -> None:
    """Walking the payment table from NEW leads to exactly the histories that verification knows (refunds aside)."""
    reached: dict[PaymentState, set[tuple[TransferKind, ...]]] = {state: set() for state in PaymentState}
    walks: list[tuple[PaymentState, tuple[TransferKind, ...]]] = [(PaymentState.NEW, ())]
    while walks:
        state, history = walks.pop()
        for (before, _), step in TABLE.items():
            if before is not state or step.booking == "refund":
                continue
            after = (*history, TransferKind(step.booking)) if step.booking else history
            if after not in reached[step.state]:
                reached[step.state].add(after)
                walks.append((step.state, after))
    assert {state: frozenset(histories) for state, histories in reached.items()} == HISTORIES
