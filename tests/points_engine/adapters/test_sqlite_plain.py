"""Plain charges in SQLite: paid within their transaction by one look and four writes, all else left as it was."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from points_engine.adapters.sqlite_books import SqliteBooks
from points_engine.amounts import Asset
from points_engine.bootstrap import AssetLimits, RiskAnswer, Settings
from points_engine.contract import Credit, Payment, PaymentState, Refusal
from points_engine.engine.express import PlainCharges
from points_engine.express_ports import PlainCharge
from points_engine.ports import Books
from tests.points_engine.adapters.plain_situations import SITUATIONS, paid_plainly
from tests.points_engine.shop import RIGHT_PIN, Shop, payment, points, refused

SETTINGS = Settings(
    shows_balance=True,
    limits={Asset.POINTS: AssetLimits(pin_free_daily_count=3, daily_count=5, daily_units=2_000)},
)


class Watched(PlainCharges):
    """Pays plain charges, and sees to it that what is not paid is not written either."""

    def __init__(self, inner: PlainCharges) -> None:
        self.__dict__ |= inner.__dict__
        self.seen: list[Payment | None] = []

    def pay(self, books: Books, charge: PlainCharge, now: datetime) -> Payment | None:
        assert isinstance(books, SqliteBooks)
        connection, touched = books._execute.__self__, list(books.touched)  # type: ignore[attr-defined] # a bound method of it
        before = connection.total_changes
        paid = super().pay(books, charge, now)
        if paid is None:
            assert (before, touched) == (connection.total_changes, books.touched)
        self.seen.append(paid)
        return paid


class PlainShop(Shop):
    """A shop on a file whose plain charges are watched."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, SETTINGS)
        charges = self.engine._together._charges
        assert charges._plain is not None
        self.watched = charges._plain = Watched(charges._plain)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PlainShop]:
    """A shop with one member who has 1,000 points and a PIN."""
    with PlainShop(tmp_path) as shop:
        shop.member("m-1", 1_000, RIGHT_PIN)
        yield shop
        assert [] == shop.engine.verify()


def test_a_plain_charge_is_paid_by_the_books(shop: PlainShop) -> None:
    """Within the limit: told as the rules tell it, and found again as any payment is."""
    expected = paid_plainly(shop)
    assert expected == shop.pay("m-1", 500, "o-1") == shop.query("o-1")
    assert [expected] == shop.watched.seen


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_not_plain_is_left_to_the_rules(shop: PlainShop, name: str) -> None:
    """Nothing is written for it (it is watched), and the rules say in the same transaction what becomes of it."""
    happens, expected = SITUATIONS[name]
    reply = happens(shop)
    if isinstance(expected, Refusal):
        assert expected is refused(reply).refusal
    else:
        assert expected is payment(reply).state
    assert not shop.watched.seen or shop.watched.seen[-1] is None


def test_points_that_expire_are_left_to_the_rules(shop: PlainShop) -> None:
    """They know which lot is the oldest; once there is none any more, charges are plain again."""
    tomorrow = shop.clock.now().date() + timedelta(days=1)
    shop.ask(Credit(command_id="lot", member_no="m-1", amount=points(30), reason="gift", expires_on=tomorrow))
    assert points(1_010) == shop.pay("m-1", 20).balance
    assert points(1_000) == shop.pay("m-1", 10).balance
    assert [None, None] == shop.watched.seen
    assert shop.pay("m-1", 10) == shop.watched.seen[-1]


def test_with_a_risk_hook_nothing_is_plain(tmp_path: Path) -> None:
    """It wants to see each charge."""
    asked = []

    def allow(facts: object) -> RiskAnswer:
        asked.append(facts)
        return RiskAnswer.ALLOW

    with Shop(tmp_path, SETTINGS, risk=allow) as shop:
        shop.member("m-1", 100)
        assert PaymentState.SUCCEEDED is shop.pay("m-1", 10).state
        assert 1 == len(asked)
