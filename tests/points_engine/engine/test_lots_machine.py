"""Hypothesis moves one account's points and the clock against a plain purse of (last day, units)."""

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from points_engine.amounts import Asset
from points_engine.bootstrap import AssetLimits, Settings
from points_engine.contract import (
    Accumulate,
    Accumulated,
    Actor,
    Adjust,
    BalanceShown,
    Credit,
    Credited,
    Expiring,
    Expiry,
    Payment,
    PaymentState,
    Refund,
    Refunded,
    ShowBalance,
    ShowExpiring,
    ShowStatement,
    StaffLevel,
    Statement,
)
from points_engine.lots import ExpiryKind, ExpiryRule, LotRules
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, points

FIRST_DAY = date(2026, 3, 2)
NEVER = 10**6
EARNED_FOR_DAYS = 31
"""A month from a day in March on; the machine never comes to April."""

UNITS = st.integers(1, 80)
DAYS = st.sampled_from([0, 1, 2, 3, 5, NEVER])
LIMITS = AssetLimits(pin_free_units=60, pin_free_daily_count=10**6, pin_free_daily_units=10**9)


class Purse:
    """What the account holds, said a second time: [last day, units], and what each order took, in order."""

    def __init__(self, grace_days: int) -> None:
        self.grace_days = grace_days
        self.today = 0
        self.lots: list[list[int]] = []
        self.orders: dict[str, list[list[int]]] = {}
        self.open: set[str] = set()

    def drop_what_is_over(self) -> None:
        """Midnight."""
        self.lots = sorted(lot for lot in self.lots if lot[0] >= self.today and lot[1])

    @property
    def balance(self) -> int:
        """All that can be spent."""
        self.drop_what_is_over()
        return sum(units for _, units in self.lots)

    @property
    def days(self) -> dict[int, int]:
        """What expires, by last day."""
        self.drop_what_is_over()
        found: dict[int, int] = {}
        for last_day, units in self.lots:
            if last_day != NEVER:
                found[last_day] = found.get(last_day, 0) + units
        return found

    def take(self, units: int) -> list[list[int]]:
        """The soonest to end first."""
        self.drop_what_is_over()
        taken = []
        for lot in self.lots:
            part = min(lot[1], units)
            if part:
                taken.append([lot[0], part])
                lot[1] -= part
                units -= part
        return taken

    def give_back(self, order_id: str, units: int) -> None:
        """The last taken first; what is over gets some days more, or is gone."""
        for part in reversed(self.orders[order_id]):
            back = min(part[1], units)
            part[1] -= back
            units -= back
            last_day = part[0]
            if last_day < self.today:
                last_day = self.today + self.grace_days if self.grace_days else -1
            self.lots.append([last_day, back])

    def left_of(self, order_id: str) -> int:
        """What an order has not given back."""
        return sum(units for _, units in self.orders[order_id])


class LotsMachine(RuleBasedStateMachine):
    """One shop, one member, and the purse."""

    @initialize(grace_days=st.sampled_from([0, 2]))
    def open_the_shop(self, grace_days: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lots-machine-"))
        rules = LotRules(expiry={Asset.POINTS: ExpiryRule(ExpiryKind.MONTHS, 1)}, grace_days=grace_days)
        self.shop = Shop(self.folder, Settings(shows_balance=True, limits={Asset.POINTS: LIMITS}, lots=rules))
        self.shop.member("m-1", pin=RIGHT_PIN)
        self.purse = Purse(grace_days)

    def teardown(self) -> None:
        if hasattr(self, "shop"):
            self.shop.engine.close()
            shutil.rmtree(self.folder)

    @rule(days=st.integers(1, 2))
    def days_go_by(self, days: int) -> None:
        if self.purse.today + days < 28:
            # What is open for two minutes is over by then.
            for order_id in sorted(self.purse.open):
                self.cancel(order_id)
            self.shop.clock.advance(days * 86_400)
            self.purse.today += days

    @rule()
    def sweep(self) -> None:
        self.shop.engine.sweep()

    @rule()
    def expire(self) -> None:
        self.shop.engine.expire()
        assert 0 == self.shop.engine.expire().lots

    @rule(units=UNITS, days=DAYS)
    def credit(self, units: int, days: int) -> None:
        last_day = NEVER if days == NEVER else self.purse.today + days
        reply = self.shop.ask(
            Credit(
                command_id=self.shop.fresh("credit"),
                member_no="m-1",
                amount=points(units),
                reason="gift",
                expires_on=Expiry.NEVER if days == NEVER else FIRST_DAY + timedelta(days=last_day),
            )
        )
        self.purse.lots.append([last_day, units])
        assert Credited(balance=points(self.purse.balance)) == reply

    @rule(units=st.integers(0, 80))
    def accumulate(self, units: int) -> None:
        reply = self.shop.ask(
            Accumulate(
                command_id=self.shop.fresh("earn"),
                till_id=TILL,
                member_no="m-1",
                order_id=self.shop.fresh("bought"),
                spend_minor=units * 100 + 99,
            )
        )
        last_day = self.purse.today + EARNED_FOR_DAYS
        self.purse.lots.append([last_day, units])
        shown = FIRST_DAY + timedelta(days=last_day) if units else None
        assert Accumulated(earned=points(units), balance=points(self.purse.balance), last_day=shown) == reply

    @rule(units=st.integers(-80, 80).filter(bool))
    def adjust(self, units: int) -> None:
        known = self.purse.balance
        reply = self.shop.ask(
            Adjust(
                command_id=self.shop.fresh("adjust"),
                member_no="m-1",
                asset=Asset.POINTS,
                units=units,
                reason="counted wrong",
                actor="chen",
                expires_on=Expiry.NEVER,
            )
        )
        if known + units < 0:
            assert not isinstance(reply, Credited)
            return
        if units > 0:
            self.purse.lots.append([NEVER, units])
        else:
            self.purse.take(-units)
        assert Credited(balance=points(known + units)) == reply

    @rule(units=UNITS)
    def pay(self, units: int) -> None:
        order_id = self.shop.fresh("order")
        known = self.purse.balance
        reply = self.shop.pay("m-1", units, order_id)
        if units > known:
            assert PaymentState.FAILED is reply.state
            return
        self.purse.orders[order_id] = self.purse.take(units)
        needs_pin = units > LIMITS.pin_free_units
        assert (PaymentState.REQUIRES_ACTION if needs_pin else PaymentState.SUCCEEDED) is reply.state
        if needs_pin:
            self.purse.open.add(order_id)

    def cancel(self, order_id: str) -> None:
        """End an open payment."""
        self.shop.cancel(order_id)
        self.purse.open.discard(order_id)
        self.purse.give_back(order_id, self.purse.left_of(order_id))
        del self.purse.orders[order_id]

    @rule(data=st.data(), answers=st.booleans())
    def end_what_is_open(self, data: st.DataObject, answers: bool) -> None:
        if not self.purse.open:
            return
        order_id = data.draw(st.sampled_from(sorted(self.purse.open)))
        if answers:
            self.shop.answer(order_id, RIGHT_PIN)
            self.purse.open.discard(order_id)
        else:
            self.cancel(order_id)

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        untouched = [order_id for order_id in self.purse.orders if order_id not in self.purse.open]
        if not untouched:
            return
        order_id = data.draw(st.sampled_from(sorted(untouched)))
        before = self.purse.left_of(order_id)
        reply = self.shop.reverse(order_id)
        assert isinstance(reply, Payment)
        assert PaymentState.REVERSED is reply.state
        self.purse.give_back(order_id, before)
        del self.purse.orders[order_id]

    @rule(data=st.data(), units=UNITS)
    def refund(self, data: st.DataObject, units: int) -> None:
        paid = {
            order_id: left
            for order_id in sorted(self.purse.orders)
            if order_id not in self.purse.open and (left := self.purse.left_of(order_id))
        }
        if not paid:
            return
        order_id = data.draw(st.sampled_from(list(paid)))
        units = min(units, paid[order_id])
        reply = self.shop.ask(
            Refund(
                refund_id=self.shop.fresh("refund"),
                order_id=order_id,
                till_id=TILL,
                actor=Actor(name="chen", level=StaffLevel.MANAGER),
                amount=points(units),
                reason="too small",
            )
        )
        assert isinstance(reply, Refunded)
        self.purse.give_back(order_id, units)

    @invariant()
    def the_books_are_true_and_as_the_purse(self) -> None:
        if not hasattr(self, "shop"):
            return
        assert [] == self.shop.engine.verify()
        assert BalanceShown(balance=points(self.purse.balance)) == self.shop.ask(
            ShowBalance(member_no="m-1", asset=Asset.POINTS)
        )
        reply = self.shop.ask(ShowExpiring(member_no="m-1", asset=Asset.POINTS, most=500))
        assert isinstance(reply, Expiring)
        shown = [((day.last_day - FIRST_DAY).days, day.units) for day in reply.days]
        assert sorted(self.purse.days.items()) == shown
        page = self.shop.ask(ShowStatement(member_no="m-1", asset=Asset.POINTS, most=500))
        assert isinstance(page, Statement)
        assert self.purse.balance == page.closing_units == sum(line.units for line in page.lines)


LotsMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestLots = pytest.mark.timeout(600)(LotsMachine.TestCase)
TestLots.__doc__ = (
    "Balance, what expires and the statement are the purse's after every step, and the books are true."
)
