"""Hypothesis drives the engine with every command in any order against a plain model that shares nothing with it."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition, rule, run_state_machine_as_test

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    Approve,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Channel,
    Charge,
    ChargeMember,
    ChargeOnDelivery,
    CodeIssued,
    Decline,
    FinishRecovery,
    IssueCode,
    Payment,
    Reverse,
    SealedPin,
    Secret,
    SendSmsCode,
    ShowWaiting,
    SmsSent,
    StartRecovery,
    Waiting,
)
from points_engine.payment_code import CodeLayout
from points_engine.sealing import seal_pin
from tests.points_engine.engine.machine_books import MEMBERS
from tests.points_engine.engine.machine_office import (
    ASSETS,
    GOOD_FOR_DAYS,
    NAMES,
    ORDERS,
    SECONDS,
    SPENT,
    OfficeRules,
)
from tests.points_engine.engine.model_charges import ChargeCommand
from tests.points_engine.engine.telling import Told, told, told_refusal
from tests.postgres_server import PostgresServer

UNITS = st.sampled_from(
    [0, 1, 4, 5, 60, 77, 99, 299, 301, 499, 500, 501, 666, 900, 2_000, 2_001, 4_000, 5_000, 5_001]
)
PRICES = st.one_of(UNITS, st.integers(1, 900))
PINS = st.sampled_from([None, None, None, "284619", "111222", "", "28461x"])
SMALL = st.one_of(st.integers(1, 900), st.sampled_from([60, 77, 299, 301, 499, 500, 501, 666, 2_000]))
SEVERAL_ASSETS = st.lists(ASSETS, min_size=2, max_size=3, unique=True).map(tuple)
ORDERS_OF_ASSETS = st.one_of(st.just(()), st.lists(ASSETS, min_size=1, unique=True).map(tuple))
TOTALS = st.one_of(st.none(), st.builds(Amount, ASSETS, st.integers(0, 6_000)))
TAKERS = st.sampled_from(
    [
        (Channel.TILL, "till-1"),
        (Channel.TILL, "till-1"),
        (Channel.TILL, "till-2"),
        (Channel.TILL, "till-3"),
        (Channel.TILL, "till-9"),
        (Channel.ONLINE, "shop-1"),
        (Channel.ONLINE, "shop-2"),
        (Channel.DELIVERY, "courier-1"),
    ]
)
NO_CODES = st.sampled_from(["6901234567892", "", CodeLayout().compose("123456789012345")])


class EngineMachine(OfficeRules):
    """Two shops with their tills, a courier and order pages, three members, and the model of it."""

    codes: Bundle[str] = Bundle("codes")

    # --- at the till

    @rule(target=codes, name=NAMES)
    def issue(self, name: str) -> str:
        return self.fresh_code(name)

    def fresh_code(self, name: str) -> str:
        """A member's new code; asked for again it is the same one."""
        command = IssueCode(command_id=self.shop.fresh("code"), member_no=name)
        reply = self.shop.ask(command)
        assert isinstance(reply, CodeIssued)
        assert reply == self.shop.ask(command)
        self.model.issue(name, reply.code.reveal())
        return reply.code.reveal()

    def ask_charge(self, command: ChargeCommand, *, is_code: bool = True) -> None:
        """A charge, whose code has a code's form or not."""
        expected = self.model.charge(command, is_code=is_code)
        self.books.same(expected, lambda: self.shop.ask(command))

    def command(self, data: st.DataObject, order_id: str, text: str, name: str) -> ChargeCommand:
        """A charge on any channel, of one asset or several."""
        channel, taker_id = data.draw(TAKERS)
        amount = Amount(data.draw(ASSETS), data.draw(UNITS))
        pay_from = data.draw(ORDERS_OF_ASSETS)
        if pay_from:
            amount = Amount(amount.asset, data.draw(PRICES))
        total = data.draw(TOTALS)
        if channel is Channel.ONLINE:
            return ChargeMember(
                order_id=order_id, shop_id=taker_id, member_no=name, amount=amount, pay_from=pay_from,
                order_total=total,
            )  # fmt: skip
        if channel is Channel.DELIVERY:
            return ChargeOnDelivery(
                order_id=order_id, courier_id=taker_id, delivery_order="d-1", code=Secret(text), amount=amount,
                pay_from=pay_from, order_total=total,
            )  # fmt: skip
        return Charge(
            order_id=order_id, till_id=taker_id, cashier="lin", code=Secret(text), amount=amount,
            pay_from=pay_from, order_total=total, reference="r-1",
        )  # fmt: skip

    @rule(data=st.data(), order_id=ORDERS, text=codes, name=st.sampled_from([*MEMBERS, "nobody"]))
    def charge(self, data: st.DataObject, order_id: str, text: str, name: str) -> None:
        self.ask_charge(self.command(data, order_id, text, name))

    @rule(data=st.data(), name=NAMES)
    def pay(self, data: st.DataObject, name: str) -> None:
        """The whole way: a fresh code for a fresh order, with whatever else may be said."""
        self.ask_charge(self.command(data, self.shop.fresh("order"), self.fresh_code(name), name))

    @rule(name=NAMES, units=SMALL, asset=ASSETS)
    def pay_simply(self, name: str, units: int, asset: Asset) -> None:
        """As most do: one asset, at a till."""
        command = Charge(
            order_id=self.shop.fresh("order"), till_id="till-1", cashier="lin", code=Secret(self.fresh_code(name)),
            amount=Amount(asset, units), order_total=Amount(asset, 2 * units),
        )  # fmt: skip
        self.ask_charge(command)
        self.ask_charge(replace(command, cashier="chen"))
        self.ask_charge(replace(command, reference="another"))

    @rule(name=NAMES, price=st.integers(1, 900), asset=ASSETS, pay_from=SEVERAL_ASSETS)
    def pay_out_of_several(self, name: str, price: int, asset: Asset, pay_from: tuple[Asset, ...]) -> None:
        self.ask_charge(
            ChargeMember(
                order_id=self.shop.fresh("order"), shop_id="shop-1", member_no=name,
                amount=Amount(asset, price), pay_from=pay_from,
            )
        )  # fmt: skip

    @rule(order_id=ORDERS, text=NO_CODES, units=SMALL)
    def charge_with_something_else(self, order_id: str, text: str, units: int) -> None:
        command = Charge(
            order_id=order_id, till_id="till-1", cashier="lin", code=Secret(text),
            amount=Amount(Asset.POINTS, units),
        )  # fmt: skip
        self.ask_charge(command, is_code=len(text) == 18)

    @rule(order_id=ORDERS)
    def query(self, order_id: str) -> None:
        expected = self.model.query(order_id)
        self.books.same(expected, lambda: self.shop.query(order_id))

    def open_or_any(self, data: st.DataObject) -> str:
        """Mostly an order that waits."""
        waiting = self.model.open_orders()
        return data.draw(st.sampled_from(waiting)) if waiting else data.draw(ORDERS)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        command = Cancel(order_id=self.open_or_any(data), by=CanceledBy.TILL)
        expected = self.model.cancel(command.order_id)
        self.books.same(expected, lambda: self.shop.ask(command))

    @rule(order_id=ORDERS, taker=TAKERS)
    def reverse(self, order_id: str, taker: tuple[Channel, str]) -> None:
        expected = self.model.reverse(order_id, taker)
        command = Reverse(order_id=order_id, till_id=taker[1], channel=taker[0])
        self.books.same(expected, lambda: self.shop.ask(command))

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def reverse_any(self, data: st.DataObject) -> None:
        order = self.model.orders[data.draw(st.sampled_from(sorted(self.model.orders)))]
        self.reverse(order.order_id, (Channel(order.taker[0]), order.taker[1]))

    @rule(
        data=st.data(), name=NAMES, asset=ASSETS, units=st.integers(100, 300), spend=SPENT,
        seconds=st.one_of(st.just(0.0), SECONDS),
    )  # fmt: skip
    def pay_earn_and_give_back(
        self, data: st.DataObject, name: str, asset: Asset, units: int, spend: int, seconds: float
    ) -> None:
        """A thing bought, which earns, and brought back in parts; what was earned may be spent, or over, by then."""
        self.pay_out_of_several(name, units, asset, data.draw(SEVERAL_ASSETS))
        order_id = next(reversed(self.model.orders))
        self.accumulate(data.draw(NAMES), order_id, "till-1", spend, data.draw(GOOD_FOR_DAYS))
        self.time_goes_by(seconds)
        if data.draw(st.booleans()):
            for each in MEMBERS:
                left = self.model.balance(self.model.purse(each, Asset.POINTS))
                self.adjust(each, Asset.POINTS, -data.draw(st.sampled_from([left, left - 1, left // 2])))
        for _ in range(2):
            part = Amount(asset, data.draw(st.integers(1, units)))
            self.ask_refund(data, order_id, part, "till-1")

    # --- proof

    def ask_answer(self, command: AnswerChallenge, typed: str | None) -> Told:
        """An answer; typed is what a sealed one holds, None what cannot be read."""
        expected = self.model.answer(command, typed)
        assert expected == told(self.shop.ask(command))
        # The very same again is no second try: what it came to is told, as it stands then.
        again = self.model.answer(command, typed)
        assert again == told(self.shop.ask(command))
        return expected

    @precondition(lambda self: self.model.open_orders())
    @rule(data=st.data(), pin=PINS, sealed=st.booleans())
    def answer_pin(self, data: st.DataObject, pin: str | None, sealed: bool) -> None:
        order_id = self.open_or_any(data)
        if pin is None:
            pin = self.model.members[self.model.orders[order_id].member or ""].pin or ""
        answer: Secret | SealedPin = Secret(pin)
        if sealed:
            found = self.shop.query(order_id)
            assert self.model.query(order_id) == told(found)
            assert isinstance(found, Payment)
            if found.challenge is None or found.challenge.seal_to is None:
                return
            answer = seal_pin(Secret(pin), order_id, found.challenge.seal_to)
        command = AnswerChallenge(
            order_id=order_id, answer_id=self.shop.fresh("answer"), kind=ChallengeKind.PIN, answer=answer
        )
        expected = self.ask_answer(command, pin)
        if sealed and expected[1] == "pin_wrong":
            self.ask_answer(replace(command, answer_id=self.shop.fresh("replay")), pin)

    @precondition(lambda self: self.model.open_orders())
    @rule(data=st.data(), is_right=st.booleans())
    def answer_sms(self, data: st.DataObject, is_right: bool) -> None:
        order_id = self.open_or_any(data)
        sent = [code.text for code in self.model.sms.values() if code.order_id == order_id]
        text = sent[-1] if sent and is_right else "abc"
        command = AnswerChallenge(
            order_id=order_id, answer_id=self.shop.fresh("answer"), kind=ChallengeKind.SMS_CODE,
            answer=Secret(text),
        )  # fmt: skip
        self.ask_answer(command, text)

    @precondition(lambda self: self.model.answers)
    @rule(data=st.data(), order_id=st.one_of(st.none(), ORDERS))
    def answer_again(self, data: st.DataObject, order_id: str | None) -> None:
        """An answer sent again, however late, is no new try; for another order it is a mistake."""
        answer_id = data.draw(st.sampled_from(sorted(self.model.answers)))
        known_order, kind, _ = self.model.answers[answer_id]
        command = AnswerChallenge(
            order_id=order_id or known_order, answer_id=answer_id, kind=kind, answer=Secret("111222")
        )
        self.books.same(self.model.answer(command, "111222"), lambda: self.shop.ask(command))

    @precondition(lambda self: self.model.open_orders())
    @rule(data=st.data())
    def send_sms(self, data: st.DataObject) -> None:
        order_id = self.open_or_any(data)
        command = SendSmsCode(order_id=order_id, request_id=self.shop.fresh("sms"))
        why_not, reply = self.model.before_sending(order_id), self.shop.ask(command)
        if why_not is not None:
            assert why_not == told(reply)
            return
        assert isinstance(reply, SmsSent)
        name = self.model.orders[order_id].member
        assert name is not None
        self.model.sent(command.request_id, name, order_id, self.shop.read_sms())
        assert reply == self.shop.ask(command)

    @rule(data=st.data(), name=NAMES, approves=st.booleans())
    def decide_on_the_phone(self, data: st.DataObject, name: str, approves: bool) -> None:
        order_id = self.open_or_any(data)
        order = self.model.orders.get(order_id)
        name = name if order is None or order.member is None or data.draw(st.booleans()) else order.member
        expected = self.model.decide(order_id, name, approves=approves)
        command = (Approve if approves else Decline)(order_id=order_id, member_no=name)
        self.books.same(expected, lambda: self.shop.ask(command))

    @rule(name=NAMES)
    def look_at_the_phone(self, name: str) -> None:
        reply = self.shop.ask(ShowWaiting(member_no=name))
        assert isinstance(reply, Waiting)
        orders = (self.model.orders[order_id] for order_id in self.model.open_orders())
        expected = {
            order.order_id: self.model.told(order)
            for order in orders
            if order.member == name and self.model.now < order.due
        }
        assert expected == {found.payment.order_id: told(found.payment) for found in reply.payments}

    @rule(name=NAMES)
    def start_recovery(self, name: str) -> None:
        command = StartRecovery(member_no=name, request_id=self.shop.fresh("recover"))
        reply = self.shop.ask(command)
        frozen = self.model.members[name].frozen
        why_not = told_refusal("account_frozen") if frozen else self.model.may_send(name, None)
        if why_not is not None:
            assert why_not == told(reply)
            return
        assert isinstance(reply, SmsSent)
        self.model.sent(command.request_id, name, None, self.shop.read_sms())
        assert reply == self.shop.ask(command)

    @rule(name=NAMES, is_right=st.booleans(), pin=st.sampled_from(["284619", "739154"]))
    def finish_recovery(self, name: str, is_right: bool, pin: str) -> None:
        sent = [code for code in self.model.sms.values() if code.order_id is None and code.member == name]
        command = FinishRecovery(
            member_no=name, answer_id=self.shop.fresh("recovered"), new_pin=Secret(pin),
            sms_code=Secret(sent[-1].text if sent and is_right else "abc"),
        )  # fmt: skip
        expected = self.model.finish_recovery(command)
        self.books.same(expected, lambda: self.shop.ask(command))


# Some 4,500 steps; HYPOTHESIS_PROFILE=explore takes ten times as many, other ones each time.
EngineMachine.TestCase.settings = settings(
    max_examples=settings().max_examples * 6 // 10, stateful_step_count=80
)
TestEngine = pytest.mark.timeout(1_200)(EngineMachine.TestCase)
TestEngine.__doc__ = "Every reply is the model's, and the books are true and the model's after every step."


@pytest.mark.timeout(600)
def test_every_reply_is_the_models_on_a_server(postgres_server: PostgresServer) -> None:
    """The same with the books in PostgreSQL; fewer steps, as each is a few journeys."""

    class FarMachine(EngineMachine):
        """Its every run has a database of its own."""

        def database(self) -> str:
            return postgres_server.fresh()

    run_state_machine_as_test(FarMachine, settings=settings(max_examples=6, stateful_step_count=40))
