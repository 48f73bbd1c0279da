"""The express charge of PostgreSQL: what is plain is paid in one statement, all else is left as it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import AssetLimits, RiskAnswer, RiskFacts, Settings, open_engine
from points_engine.change_ports import Change, Changes
from points_engine.contract import (
    BalanceShown,
    Channel,
    Charge,
    ChargeOnDelivery,
    Command,
    Credit,
    Done,
    EnrolCourier,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    Secret,
    ShowBalance,
    Taker,
)
from points_engine.express_ports import Express, PlainCharge, PlainPaid
from tests.points_engine.adapters.books_told import Told, told
from tests.points_engine.adapters.plain_situations import SITUATIONS, paid_plainly
from tests.points_engine.shop import RIGHT_PIN, TILL, Shop, payment, points, refused

S = PaymentState
SETTINGS = Settings(
    shows_balance=True,
    limits={
        Asset.POINTS: AssetLimits(
            pin_free_units=500, pin_free_daily_count=3, daily_count=5, daily_units=2_000
        ),
        Asset.WALLET: AssetLimits(order_share_percent=50),
    },
)


class Watched(Express):
    """The store's express way, which sees to it that what is not paid leaves the books as they were."""

    def __init__(self, inner: Express, look: Callable[[], Told]) -> None:
        self._inner = inner
        self._look = look
        self.seen: list[PlainPaid | None] = []

    def charge(
        self, charges: Sequence[PlainCharge], limits: Mapping[Asset, AssetLimits], now: datetime, day: int
    ) -> list[PlainPaid | None]:
        before = self._look()
        outcomes = self._inner.charge(charges, limits, now, day)
        if outcomes == [None] * len(charges):
            assert before == self._look()
        self.seen += outcomes
        return outcomes


class ExpressShop(Shop):
    """A shop on PostgreSQL whose express way is watched."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, SETTINGS, database=url)
        store = self.engine._store
        assert store.express is not None
        lane = self.engine._together._charges._lane
        assert lane is not None
        self.watched = lane._express = Watched(store.express, lambda: told(url))

    def together(self, *commands: Command) -> list[Reply]:
        """What came of commands that went together, none of which may raise."""
        outcomes = self.engine.execute_together(commands)
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        return outcomes  # type: ignore[return-value] # as was just seen

    def left(self, member_no: str) -> int:
        """What a member has."""
        shown = self.ask(ShowBalance(member_no=member_no, asset=Asset.POINTS))
        assert isinstance(shown, BalanceShown)
        return shown.balance.units

    def straight(self, charges: Sequence[PlainCharge]) -> list[PlainPaid | None]:
        """What the statement itself makes of plain charges, by limits that allow nearly all."""
        limits, now = dict.fromkeys(Asset, AssetLimits()), self.clock.now()
        return self.watched.charge(charges, limits, now, now.toordinal())

    def a_charge(self, order_id: str, code: str, units: int) -> Charge:
        """A charge of points."""
        return Charge(order_id=order_id, till_id=TILL, cashier="lin", code=Secret(code), amount=points(units))


@pytest.fixture
def express(tmp_path: Path, postgres_url: str) -> Iterator[ExpressShop]:
    """A shop with one member who has 1,000 points and a PIN."""
    with ExpressShop(tmp_path, postgres_url) as shop:
        shop.member("m-1", 1_000, RIGHT_PIN)
        yield shop
        assert [] == shop.engine.verify()


def test_a_plain_charge_is_paid_at_once(express: ExpressShop) -> None:
    """Within the limit: paid on the express way, told as the rules tell it, and found again as any payment is."""
    expected = paid_plainly(express)
    assert expected == express.pay("m-1", 500, "o-1") == express.query("o-1")
    assert [PlainPaid("王小明", 500)] == express.watched.seen


def test_a_courier_may_come_the_same_way(express: ExpressShop) -> None:
    """By the code, with the delivery's number kept."""
    assert Done() == express.ask(EnrolCourier(command_id="c", courier_id="c-1", shop_id="shop-1"))
    command = ChargeOnDelivery(
        order_id="o-1",
        courier_id="c-1",
        delivery_order="d-9",
        code=Secret(express.code("m-1")),
        amount=points(7),
    )
    assert S.SUCCEEDED is payment(express.ask(command)).state
    assert [PlainPaid("王小明", 993)] == express.watched.seen
    assert payment(express.ask(command)) == express.query("o-1")


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_not_plain_is_left_to_the_rules(express: ExpressShop, name: str) -> None:
    """The statement changes nothing (it is watched), and the rules say what becomes of the charge."""
    happens, expected = SITUATIONS[name]
    reply = happens(express)
    if isinstance(expected, Refusal):
        assert expected is refused(reply).refusal
    else:
        assert expected is payment(reply).state
    assert not express.watched.seen or express.watched.seen[-1] is None


def test_the_same_order_again_is_the_same_payment(express: ExpressShop) -> None:
    """Also within one call, and with other content it is refused; paid once."""
    charge = express.a_charge("o-1", express.code("m-1"), 100)
    first, again, other = express.together(charge, charge, express.a_charge("o-1", charge.code.reveal(), 101))
    assert [first, again] == express.together(charge, charge)
    assert S.SUCCEEDED is payment(first).state
    assert Refused(refusal=Refusal.ORDER_MISMATCH) == other
    assert 900 == express.left("m-1")


def test_one_code_pays_once(express: ExpressShop) -> None:
    """Two orders come with the same code in one call."""
    code = express.code("m-1")
    one, two = express.together(express.a_charge("o-1", code, 100), express.a_charge("o-2", code, 100))
    assert {S.SUCCEEDED, S.FAILED} == {payment(one).state, payment(two).state}
    assert 900 == express.left("m-1")


def test_one_code_pays_once_whatever_it_pays_with(express: ExpressShop, postgres_url: str) -> None:
    """Points and wallet are two accounts, and the code is one: together neither is plain, then the first is paid."""
    wallet = Amount(Asset.WALLET, 100)
    express.ask(Credit(command_id="w-1", member_no="m-1", amount=wallet, reason="gift"))
    express.code("m-1")
    charges = [
        PlainCharge(f"o-{asset}", Taker(Channel.TILL, TILL), "lin", _newest_code(postgres_url), asset, 10, "")
        for asset in (Asset.POINTS, Asset.WALLET)
    ]
    assert [None, None] == express.straight(charges)
    assert [PlainPaid("王小明", 90)] == express.straight(charges[1:])
    assert [None] == express.straight(charges[:1])


def test_a_ceiling_that_came_down_holds_for_older_limits_too(express: ExpressShop, postgres_url: str) -> None:
    """A member chose 600 when the scheme allowed it; now it allows 500."""
    express.limit("m-1", 600)
    express.code("m-1")
    till, code = Taker(Channel.TILL, TILL), _newest_code(postgres_url)
    lower, now = {Asset.POINTS: AssetLimits(pin_free_ceiling_units=500)}, express.clock.now()
    charge = PlainCharge("o-1", till, "lin", code, Asset.POINTS, 501, "")
    assert [None] == express.watched.charge([charge], lower, now, now.toordinal())
    assert [PlainPaid("王小明", 499)] == express.straight([charge])


def test_two_codes_of_one_member_in_one_call(express: ExpressShop, postgres_url: str) -> None:
    """It takes a rare chance that both are good: neither is plain, and each alone would be."""
    express.code("m-1")
    first = _newest_code(postgres_url)
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "INSERT INTO payment_code SELECT code_key / 2, member, state, expires_at_us FROM payment_code"
        )
    charges = [
        PlainCharge(f"o-{key}", Taker(Channel.TILL, TILL), "lin", key, Asset.POINTS, 10, "")
        for key in (first, first // 2)
    ]
    assert [None, None] == express.straight(charges)
    assert [PlainPaid("王小明", 990)] == express.straight(charges[:1])
    assert [PlainPaid("王小明", 980)] == express.straight(charges[1:])


def test_points_that_expire_are_taken_as_the_rules_take_them(express: ExpressShop) -> None:
    """The oldest lot first, what never expires last; a reversal puts them back; once one is due no charge is plain."""
    express.member("m-2", 10)
    today = express.clock.now().date()
    for days, units in ((9, 30), (5, 20)):
        express.ask(
            Credit(
                command_id=f"lot-{days}", member_no="m-2", amount=points(units), reason="gift",
                expires_on=today + timedelta(days=days),
            )
        )  # fmt: skip
    assert points(35) == express.pay("m-2", 25, "o-1").balance
    assert points(5) == express.pay("m-2", 30, "o-2").balance
    assert [PlainPaid("王小明", 35), PlainPaid("王小明", 5)] == express.watched.seen
    assert [] == express.engine.verify()
    express.reverse("o-1")
    express.clock.advance(6 * 86_400)
    # Twenty of the first lot came back, and are over.
    assert points(9) == express.pay("m-2", 1, "o-3").balance
    assert express.watched.seen[-1] is None


def test_with_a_risk_hook_nothing_is_plain(tmp_path: Path, postgres_url: str) -> None:
    """It wants to see each charge."""
    asked: list[RiskFacts] = []

    def allow(facts: RiskFacts) -> RiskAnswer:
        asked.append(facts)
        return RiskAnswer.ALLOW

    with Shop(tmp_path, SETTINGS, database=postgres_url, risk=allow) as shop:
        shop.member("m-1", 100)
        assert S.SUCCEEDED is shop.pay("m-1", 10).state
    assert 1 == len(asked)


def test_what_is_paid_is_told(tmp_path: Path, postgres_url: str) -> None:
    """Whoever listens hears of the order and of the account, once it is durable."""
    heard: list[Change] = []

    class Listener(Changes):
        def changed(self, changes: Sequence[Change]) -> None:
            heard.extend(changes)

    settings = replace(SETTINGS, database=postgres_url)
    with open_engine(tmp_path, settings, changes=Listener(), sweep_every_seconds=None) as engine:
        shop = Shop(tmp_path, engine=engine)
        shop.member("m-1", 100)
        heard.clear()
        shop.pay("m-1", 10, "o-1")
    orders, accounts = {change.order_id for change in heard}, {change.account_id for change in heard}
    assert {"o-1", ""} == orders
    assert 1 == len(accounts)
    assert 0 not in accounts


def _newest_code(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT code_key FROM payment_code ORDER BY expires_at_us DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    return int(row[0])
