"""Verification finds every edit: each line edits the file behind the engine's back and is found out."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from points_engine.contract import PaymentState
from points_engine.engine.findings import Check
from points_engine.engine.verify_payments import HISTORIES
from points_engine.ledger import TransferKind
from points_engine.payment import TABLE
from tests.points_engine.shop import RIGHT_PIN, Shop

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
]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Shop]:
    """A shop with a payment of every kind behind it."""
    with Shop(tmp_path) as shop:
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


@pytest.mark.parametrize(("check", "edit"), EDITS)
def test_every_edit_is_found(busy: Shop, check: Check, edit: str) -> None:
    """An edit by hand shows up under the check that is there for it."""
    with sqlite3.connect(busy.folder / "points.sqlite") as hand:
        hand.execute("DROP TRIGGER transfer_is_never_edited")
        hand.execute("DROP TRIGGER transfer_is_never_deleted")
        hand.execute("PRAGMA ignore_check_constraints = ON")
        assert hand.execute(edit).rowcount
    hand.close()
    assert check in {finding.check for finding in busy.engine.verify()}


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
