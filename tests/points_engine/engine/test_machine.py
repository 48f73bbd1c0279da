"""Hypothesis drives the engine with every command in any order against a plain model that shares nothing with it."""

import itertools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from points_engine.amounts import Asset
from points_engine.bootstrap import AssetLimits, Settings
from points_engine.contract import Payment, PaymentState, Refused, Reply
from points_engine.payment_code import CodeLayout
from tests.points_engine.engine import plain_model
from tests.points_engine.engine.plain_model import PlainModel, Told
from tests.points_engine.shop import TILL, Shop

LIMITS = AssetLimits(
    cap_units=plain_model.CAP,
    pin_free_units=plain_model.PIN_FREE,
    pin_free_ceiling_units=plain_model.CEILING,
    pin_free_daily_count=plain_model.DAILY_COUNT,
    pin_free_daily_units=plain_model.DAILY_SUM,
)
SETTINGS = Settings(shows_balance=True, limits={Asset.POINTS: LIMITS})

MEMBERS = st.sampled_from(["m-1", "m-2", "m-3"])
TILLS = st.sampled_from([TILL, "till-2"])
PINS = st.sampled_from(["284619", "739154", "111222", "", "28461x"])
REAL_PINS = st.sampled_from(["284619", "739154"])
UNITS = st.sampled_from([0, 1, 60, 499, 500, 501, 900, 2_000, 2_001, plain_model.CAP, plain_model.CAP + 1])
SECONDS = st.sampled_from([0.5, 1, 30, 59, 60, 119, 120, 300, 600, 660, 4 * 3_600, 86_400])
ORDERS = st.integers(1, 12).map("order-{}".format)

NOON_SECONDS = 12 * 3_600


def told(reply: Reply) -> Told:
    """A reply as the model tells it."""
    if isinstance(reply, Refused):
        return (reply.refusal.code, reply.tries_left) if reply.tries_left else (reply.refusal.code,)
    assert isinstance(reply, Payment)
    balance = reply.balance.units if reply.balance else None
    if reply.state in {PaymentState.FAILED, PaymentState.CANCELED}:
        assert reply.refused is not None
        why = (str(reply.state), reply.refused.refusal.code)
        return (*why, reply.refused.wait_seconds) if why[1] == "pin_locked" else why
    if reply.challenge is not None:
        return (str(reply.state), balance, reply.challenge.tries_left)
    return (str(reply.state), balance)


class EngineMachine(RuleBasedStateMachine):
    """One shop with two tills and three members, and the model of it."""

    codes: Bundle[str] = Bundle("codes")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="engine-machine-"))
        self.shop = Shop(self.folder, SETTINGS)
        self.shop.till("till-2")
        self.model = PlainModel(NOON_SECONDS)
        self.numbers = itertools.count(1)
        self.answers: dict[str, tuple[str, str, Told]] = {}
        self.credited = 0
        for name, pin in (("m-1", "284619"), ("m-2", "739154"), ("m-3", None)):
            self.shop.member(name, 3_000, pin)
            self.model.members[name] = plain_model.Member(3_000, pin)
            self.credited += 3_000

    def teardown(self) -> None:
        self.shop.engine.close()
        shutil.rmtree(self.folder)

    def same(self, expected: Told, ask: Callable[[], Reply]) -> None:
        """The engine's reply is the model's, also when it is asked twice."""
        assert expected == told(ask())
        assert expected == told(ask())

    # --- time

    @rule(seconds=SECONDS)
    def time_goes_by(self, seconds: float) -> None:
        self.shop.clock.advance(seconds)
        self.model.now += seconds

    @rule()
    def sweep(self) -> None:
        self.shop.engine.sweep()
        self.model.sweep()

    # --- back office

    @rule(name=MEMBERS, units=st.integers(1, 3_000))
    def credit(self, name: str, units: int) -> None:
        self.model.members[name].points += units
        self.credited += units
        assert self.model.members[name].points == self.shop.credit(name, units)

    @rule(name=MEMBERS, pin=REAL_PINS)
    def set_pin(self, name: str, pin: str) -> None:
        self.shop.set_pin(name, pin)
        member = self.model.members[name]
        member.pin, member.wrong, member.locks = pin, 0, 0

    @rule(name=MEMBERS)
    def freeze_or_thaw(self, name: str) -> None:
        member = self.model.members[name]
        member.frozen = not member.frozen
        self.shop.freeze(name, frozen=member.frozen)

    @rule(name=MEMBERS, units=st.sampled_from([None, 0, 100, 2_000]))
    def set_limit(self, name: str, units: int | None) -> None:
        self.shop.limit(name, units)
        self.model.members[name].own_limit = units

    # --- at the till

    @rule(target=codes, name=MEMBERS)
    def issue(self, name: str) -> str:
        text = self.shop.code(name)
        self.model.issue(name, text)
        return text

    @rule(order_id=ORDERS, till=TILLS, text=codes, units=UNITS)
    def charge(self, order_id: str, till: str, text: str, units: int) -> None:
        expected = self.model.charge(order_id, till, text, units, is_code=True)
        self.same(expected, lambda: self.shop.charge(text, units, order_id, till))

    @rule(name=MEMBERS, units=UNITS)
    def pay(self, name: str, units: int) -> None:
        """The whole way: a fresh code and a fresh order."""
        text = self.issue(name)
        self.charge(f"fresh-{next(self.numbers)}", TILL, text, units)

    @rule(
        order_id=ORDERS,
        text=st.sampled_from(["6901234567892", "", CodeLayout().compose("123456789012345")]),
        units=UNITS,
    )
    def charge_with_something_else(self, order_id: str, text: str, units: int) -> None:
        expected = self.model.charge(order_id, TILL, text, units, is_code=len(text) == 18)
        self.same(expected, lambda: self.shop.charge(text, units, order_id))

    def _open_order(self, data: st.DataObject) -> str:
        waiting = [key for key, order in self.model.orders.items() if order.state == "requires_action"]
        return data.draw(st.sampled_from(waiting))

    @precondition(lambda self: self.model.on_hold())
    @rule(data=st.data(), pin=PINS)
    def answer(self, data: st.DataObject, pin: str) -> None:
        order_id, answer_id = self._open_order(data), f"answer-{next(self.numbers)}"
        expected = self.model.answer(order_id, pin)
        self.same(expected, lambda: self.shop.answer(order_id, pin, answer_id))
        if expected[0] == "pin_wrong":
            self.answers[answer_id] = (order_id, pin, expected)

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def answer_again(self, data: st.DataObject) -> None:
        """A wrong answer sent again, however late, is told the same and is no new try."""
        answer_id = data.draw(st.sampled_from(sorted(self.answers)))
        order_id, pin, expected = self.answers[answer_id]
        assert expected == told(self.shop.answer(order_id, pin, answer_id))

    @precondition(lambda self: self.model.on_hold())
    @rule(data=st.data())
    def cancel_open(self, data: st.DataObject) -> None:
        order_id = self._open_order(data)
        expected = self.model.cancel(order_id)
        self.same(expected, lambda: self.shop.cancel(order_id))

    @rule(order_id=ORDERS)
    def cancel(self, order_id: str) -> None:
        expected = self.model.cancel(order_id)
        self.same(expected, lambda: self.shop.cancel(order_id))

    @rule(order_id=ORDERS)
    def query(self, order_id: str) -> None:
        expected = self.model.query(order_id)
        self.same(expected, lambda: self.shop.query(order_id))

    @rule(order_id=ORDERS, till=TILLS)
    def reverse(self, order_id: str, till: str) -> None:
        expected = self.model.reverse(order_id, till)
        self.same(expected, lambda: self.shop.reverse(order_id, till))

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def reverse_any(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(sorted(self.model.orders)))
        expected = self.model.reverse(order_id, TILL)
        self.same(expected, lambda: self.shop.reverse(order_id))

    # --- always

    @invariant()
    def the_books_are_true(self) -> None:
        assert [] == self.shop.engine.verify()

    @invariant()
    def no_point_is_lost(self) -> None:
        """What was given out is with the members, on hold, or with the shop."""
        members = sum(member.points for member in self.model.members.values())
        assert self.credited == members + self.model.on_hold() + self.model.taken()


EngineMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestEngine = EngineMachine.TestCase
TestEngine.__doc__ = "Every reply is the model's, and the books are true after every step."
