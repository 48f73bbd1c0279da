"""The back office's and the clock's rules of the machine."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    Accumulate,
    Actor,
    Adjust,
    BindPhone,
    ChallengeKind,
    ClawBackRule,
    Credit,
    EnrolMember,
    Expiry,
    Grant,
    PhoneNumber,
    Refund,
    Secret,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
    Settle,
    StaffLevel,
)
from tests.points_engine.engine.machine_books import LAST_DAY, MEMBERS, Books
from tests.points_engine.engine.model_charges import RULES
from tests.points_engine.engine.model_office import EARNED_FOR_DAYS
from tests.points_engine.engine.telling import Told, told, told_refusal

K = ChallengeKind
KINDS = ((K.PIN,), (K.PIN, K.SMS_CODE), (K.SMS_CODE,), (K.SMS_CODE, K.PHONE_APPROVAL, K.PIN))
ASSETS = st.sampled_from(list(Asset))
NAMES = st.sampled_from(MEMBERS)
ORDERS = st.integers(1, 9).map("order-{}".format)
ANY_TILL = st.sampled_from([None, "till-1", "till-1", "till-3", "till-9"])
TILLS = st.sampled_from(["till-1", "till-2", "till-3"])
GOOD_FOR_DAYS = st.sampled_from([None, 0, 1])
SPENT = st.integers(0, 60_000)
GIFTS = st.one_of(st.integers(0, 90), st.integers(90, 3_000))
SECONDS = st.sampled_from([0.5, 1, 30, 59, 60, 119, 120, 300, 600, 660, 4 * 3_600, 86_400, 2 * 86_400])

Repeatable = (
    Credit | Grant | Adjust | Accumulate | SetFrozen | SetPinFreeLimit | EnrolMember | BindPhone | Settle
)


class OfficeRules(RuleBasedStateMachine):
    """Everything but what happens at a till."""

    @initialize(
        kinds=st.sampled_from(KINDS),
        grace_days=st.sampled_from([0, 2]),
        claw_back=st.sampled_from(ClawBackRule),
    )
    def open_the_shops(self, kinds: tuple[K, ...], grace_days: int, claw_back: ClawBackRule) -> None:
        self.books = Books(kinds, grace_days, claw_back, self.database())
        self.shop, self.model = self.books.shop, self.books.model
        self.done: list[tuple[Repeatable, Told]] = []
        self.asked: list[Refund] = []

    def database(self) -> str:
        """The address of a fresh database for the books; empty: a file."""
        return ""

    def teardown(self) -> None:
        if hasattr(self, "books"):
            try:
                self.books.check_statements()
            finally:
                self.books.close()

    @invariant()
    def the_books_are_true(self) -> None:
        if hasattr(self, "books"):
            self.books.check()

    def once(self, expected: Told, command: Repeatable) -> None:
        """A command whose reply stands for good."""
        assert expected == told(self.shop.ask(command))
        self.done.append((command, expected))

    # --- time

    @rule(seconds=SECONDS)
    def time_goes_by(self, seconds: float) -> None:
        if self.model.now + seconds < LAST_DAY * 86_400:
            self.shop.clock.advance(seconds)
            self.model.tick(seconds)

    @rule()
    def sweep(self) -> None:
        self.shop.engine.sweep()
        self.model.sweep()

    @rule()
    def expire(self) -> None:
        self.shop.engine.expire()
        assert 0 == self.shop.engine.expire().lots

    # --- points come and go

    @rule(name=st.sampled_from([*MEMBERS, "nobody"]), asset=ASSETS, units=GIFTS, days=st.integers(-1, 6))
    def credit(self, name: str, asset: Asset, units: int, days: int) -> None:
        last_day = None if days > 4 else self.model.today + days
        expires_on = Expiry.NEVER if last_day is None else self.books.day(last_day)
        number, amount = self.shop.fresh("credit"), Amount(asset, units)
        gift: Credit | Grant = Credit(
            command_id=number, member_no=name, amount=amount, reason="gift", expires_on=expires_on
        )
        if units % 2:
            gift = Grant(
                command_id=number, member_no=name, amount=amount, campaign="spring", expires_on=expires_on
            )
        kind = "grant" if units % 2 else "credit"
        self.once(self.model.credit(kind, name, asset, units, last_day), gift)

    @rule(name=NAMES, asset=ASSETS, units=st.one_of(st.integers(-90, 90), st.integers(-3_000, 3_000)))
    def adjust(self, name: str, asset: Asset, units: int) -> None:
        self.once(
            self.model.adjust(name, asset, units),
            Adjust(
                command_id=self.shop.fresh("adjust"), member_no=name, asset=asset, units=units,
                reason="counted wrong", actor="chen", expires_on=Expiry.NEVER,
            ),
        )  # fmt: skip

    @rule(
        name=st.sampled_from([*MEMBERS, "nobody"]),
        order_id=ORDERS,
        till=TILLS,
        spend=SPENT,
        days=GOOD_FOR_DAYS,
    )
    def accumulate(self, name: str, order_id: str, till: str, spend: int, days: int | None) -> None:
        good_for = EARNED_FOR_DAYS if days is None else days
        self.once(
            self.model.accumulate(order_id, till, name, spend, self.model.today + good_for),
            Accumulate(
                command_id=self.shop.fresh("earn"), till_id=till, member_no=name, order_id=order_id,
                spend_minor=spend,
                expires_on=Expiry.BY_SCHEME if days is None else self.books.day(self.model.today + days),
            ),
        )  # fmt: skip

    @precondition(lambda self: self.model.paid_orders())
    @rule(data=st.data(), spend=SPENT)
    def accumulate_on_what_was_paid(self, data: st.DataObject, spend: int) -> None:
        """As a till does: the payer earns on the order they have just paid."""
        order = self.model.orders[data.draw(st.sampled_from(self.model.paid_orders()))]
        assert order.member is not None
        self.accumulate(order.member, order.order_id, "till-1", spend, None)

    # --- members

    @rule(name=NAMES, is_frozen=st.sampled_from([True, False, False]))
    def freeze_or_thaw(self, name: str, is_frozen: bool) -> None:
        self.model.members[name].frozen = is_frozen
        command = SetFrozen(command_id=self.shop.fresh("freeze"), member_no=name, frozen=is_frozen)
        self.once(("done",), command)

    @rule(name=NAMES, asset=ASSETS, units=st.sampled_from([None, 0, 100, 400, 2_000]))
    def set_limit(self, name: str, asset: Asset, units: int | None) -> None:
        is_allowed = (units or 0) <= RULES[asset].ceiling
        if is_allowed:
            self.model.purse(name, asset).own_limit = units
        self.once(
            ("done",) if is_allowed else told_refusal("amount_not_allowed"),
            SetPinFreeLimit(command_id=self.shop.fresh("limit"), member_no=name, asset=asset, units=units),
        )

    @rule(name=NAMES, pin=st.sampled_from(["284619", "739154", "123456", "28461"]))
    def set_pin(self, name: str, pin: str) -> None:
        why = {"123456": "pin_too_simple", "28461": "pin_not_allowed"}.get(pin)
        if why is None:
            self.model.set_pin(name, pin)
        command = SetPin(command_id=self.shop.fresh("pin"), member_no=name, pin=Secret(pin))
        self.books.same(told_refusal(why) if why else ("done",), lambda: self.shop.ask(command))

    @rule(name=NAMES, more=st.integers(0, 1))
    def bind_phone(self, name: str, more: int) -> None:
        phone = f"+861390000{more}00{name[-1]}"
        self.model.bind(name, phone)
        number = self.shop.fresh("bind")
        self.once(("done",), BindPhone(command_id=number, member_no=name, phone=PhoneNumber(phone)))

    @rule(name=NAMES)
    def enrol_again(self, name: str) -> None:
        command = EnrolMember(command_id=self.shop.fresh("enrol"), member_no=name, name="somebody else")
        self.once(told_refusal("member_exists"), command)

    # --- money back

    @rule(data=st.data(), order_id=ORDERS, units=st.integers(0, 2_500), asset=ASSETS, till_id=ANY_TILL)
    def refund(
        self, data: st.DataObject, order_id: str, units: int, asset: Asset, till_id: str | None
    ) -> None:
        order = self.model.orders.get(order_id)
        if order is not None and units % 3:
            asset = Asset(order.asset)
        self.ask_refund(data, order_id, Amount(asset, units), till_id)

    @precondition(lambda self: self.model.paid_orders())
    @rule(data=st.data(), till_id=ANY_TILL)
    def refund_some(self, data: st.DataObject, till_id: str | None) -> None:
        order = self.model.orders[data.draw(st.sampled_from(self.model.paid_orders()))]
        left = order.units - order.back
        units = data.draw(st.integers(1, left)) if left and data.draw(st.booleans()) else max(1, left)
        self.ask_refund(data, order.order_id, Amount(Asset(order.asset), units), till_id)

    def ask_refund(self, data: st.DataObject, order_id: str, amount: Amount, till_id: str | None) -> None:
        """A fresh refund."""
        command = Refund(
            refund_id=self.shop.fresh("refund"), order_id=order_id, till_id=till_id, amount=amount,
            actor=Actor(name="chen", level=data.draw(st.sampled_from(StaffLevel))), reason="too small",
        )  # fmt: skip
        self.asked.append(command)
        self.books.same(self.model.refund(command), lambda: self.shop.ask(command))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), units=st.sampled_from([None, 1, 70]))
    def refund_again(self, data: st.DataObject, units: int | None) -> None:
        """The same id, now and then for something else."""
        command = data.draw(st.sampled_from(self.asked))
        if units is not None:
            command = replace(command, amount=Amount(command.amount.asset, units))
        self.books.same(self.model.refund(command), lambda: self.shop.ask(command))

    @rule(shop=st.sampled_from(["shop-1", "shop-2", "shop-9"]), ago=st.integers(0, 3))
    def settle(self, shop: str, ago: int) -> None:
        day = self.model.today - ago
        expected = self.model.settle(shop, day)
        command = Settle(shop_id=shop, day=self.books.day(day))
        self.books.same(expected, lambda: self.shop.ask(command))
        if expected[0] == "settled":
            self.done.append((command, expected))

    # --- again

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """A command sent again, however late, gets the same answer and does nothing."""
        command, expected = data.draw(st.sampled_from(self.done))
        assert expected == told(self.shop.ask(command))

    @precondition(lambda self: self.done)
    @rule(data=st.data(), name=NAMES)
    def ask_something_else_under_the_same_id(self, data: st.DataObject, name: str) -> None:
        command, _ = data.draw(st.sampled_from(self.done))
        if not isinstance(command, Settle):
            other = Adjust(
                command_id=command.command_id, member_no=name, asset=Asset.WALLET, units=1,
                reason="another", actor="li",
            )  # fmt: skip
            assert told_refusal("order_mismatch") == told(self.shop.ask(other))
