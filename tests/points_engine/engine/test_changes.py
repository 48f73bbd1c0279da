"""Who commits tells what became durable: which order, which account, and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from points_engine.adapters.group_commit import BEFORE_COMMIT
from points_engine.amounts import Asset
from points_engine.bootstrap import Settings, open_engine
from points_engine.change_ports import Change, Changes
from points_engine.contract import Actor, Adjust, EngineFault, Refund, StaffLevel
from points_engine.engine.change_bus import ChangeBus, account_topic, taker_topic
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, WRONG_PIN, Shop, points


class Recorder(Changes):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Change] = []

    def changed(self, changes: Sequence[Change]) -> None:
        self.heard += changes

    def taken(self) -> set[tuple[str, bool, bool]]:
        """Which orders, with or without a taker and an account, were told since the last call."""
        taken, self.heard = self.heard, []
        return {(each.order_id, each.taker != 0, each.account_id != 0) for each in taken}


class HeardShop(Shop):
    """A shop whose changes are recorded."""

    def __init__(self, folder: Path, on_durable_step: Callable[[str], None] | None = None) -> None:
        self.recorder, self.now = Recorder(), ManualClock()
        engine = open_engine(
            folder,
            Settings(shows_balance=True),
            clock=self.now,
            pin_cost=CHEAP,
            sweep_every_seconds=None,
            changes=self.recorder,
            on_durable_step=on_durable_step,
        )
        super().__init__(folder, clock=self.now, engine=engine)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[HeardShop]:
    """A shop with a member of 5,000 points and a PIN."""
    with HeardShop(tmp_path / "engine") as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.recorder.taken()
        yield shop


PAID = {("o", False, True), ("", False, True)}
"""Appended: its taker has the answer; the account's balance changed."""
NOTHING: set[tuple[str, bool, bool]] = set()
WENT_ON = {("o", True, True), ("", False, True)}
"""A payment that was there moved, and money with it."""


def _open(shop: HeardShop) -> None:
    shop.pay("m-1", 600, "o")
    shop.recorder.taken()


def _paid(shop: HeardShop) -> None:
    shop.pay("m-1", 100, "o")
    shop.recorder.taken()


def _answered_wrong(shop: HeardShop) -> None:
    _open(shop)
    shop.answer("o", WRONG_PIN)


def _answered(shop: HeardShop) -> None:
    _open(shop)
    shop.answer("o", RIGHT_PIN)


def _canceled(shop: HeardShop) -> None:
    _open(shop)
    shop.cancel("o")


def _swept(shop: HeardShop) -> None:
    _open(shop)
    shop.now.advance(3_600)
    shop.engine.sweep()


def _queried_late(shop: HeardShop) -> None:
    _open(shop)
    shop.now.advance(3_600)
    shop.query("o")


def _reversed(shop: HeardShop) -> None:
    _paid(shop)
    shop.reverse("o")


def _refunded(shop: HeardShop) -> None:
    _paid(shop)
    actor = Actor(name="lin", level=StaffLevel.MANAGER)
    shop.ask(
        Refund(refund_id="r", order_id="o", till_id=TILL, actor=actor, amount=points(40), reason="broken")
    )


def _adjusted(shop: HeardShop) -> None:
    shop.ask(
        Adjust(
            command_id="a", member_no="m-1", asset=Asset.POINTS, units=-5, reason="counted twice", actor="lin"
        )
    )


TOLD: dict[str, tuple[Callable[[HeardShop], object], set[tuple[str, bool, bool]]]] = {
    "charged": (lambda shop: shop.pay("m-1", 100, "o"), PAID),
    "asked for a PIN": (lambda shop: shop.pay("m-1", 600, "o"), PAID),
    "too little there": (lambda shop: shop.pay("m-1", 9_000, "o"), {("o", False, True)}),
    "no such code": (lambda shop: shop.charge("840000000000000000", 100, "o"), {("o", False, False)}),
    "a wrong PIN": (_answered_wrong, NOTHING),
    "the right PIN": (_answered, {("o", True, True)}),
    "canceled": (_canceled, WENT_ON),
    "expired by the sweep": (_swept, WENT_ON),
    "expired by who looked": (_queried_late, WENT_ON),
    "reversed": (_reversed, WENT_ON),
    "refunded": (_refunded, {("", False, True)}),
    "credited": (lambda shop: shop.credit("m-1", 10), {("", False, True)}),
    "adjusted": (_adjusted, {("", False, True)}),
    "a code issued": (lambda shop: shop.code("m-1"), NOTHING),
    "asked how it stands": (lambda shop: shop.query("o"), NOTHING),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_told(heard: HeardShop, case: str) -> None:
    """After each kind of command exactly the orders and accounts it touched are told."""
    do, expected = TOLD[case]
    do(heard)
    assert expected == heard.recorder.taken()


def test_what_never_became_durable_is_never_told(tmp_path: Path) -> None:
    """A commit that fails tells nothing, not even with the next one that comes through."""
    fails = False

    def step(name: str) -> None:
        if fails and name == BEFORE_COMMIT:
            raise EngineFault("the disk is full", "make room")

    with HeardShop(tmp_path / "engine", step) as shop:
        shop.member("m-1", 500)
        code = shop.code("m-1")
        shop.recorder.taken()
        fails = True
        with pytest.raises(EngineFault):
            shop.charge(code, 100, "lost")
        fails = False
        shop.credit("m-1", 1)
        assert {("", False, True)} == shop.recorder.taken()


def test_each_hears_of_their_own() -> None:
    """A subscriber hears what touches one of their topics, until they leave; all hear of a gap, once each."""
    bus = ChangeBus()
    till: list[Change | None] = []
    member: list[Change | None] = []
    subscription = bus.subscribe([taker_topic(7)], till.append)
    bus.subscribe([account_topic(1), account_topic(2)], member.append)
    mine, appended, other = Change("o-1", 7, 1), Change("o-2", 0, 2), Change("o-3", 8, 9)
    bus.changed([mine, appended, other])
    bus.look_again()
    bus.leave(subscription)
    bus.leave(subscription)
    bus.changed([mine])
    assert [mine, None] == till
    assert [mine, appended, None, mine] == member


def test_a_relay_hears_only_of_this_node() -> None:
    """What came from another node is not sent back to it."""
    bus, relay = ChangeBus(), Recorder()
    bus.relay_to(relay)
    own, foreign = Change("o-1", 7, 1), Change("o-2", 7, 1)
    bus.changed([own])
    bus.heard([foreign])
    assert [own] == relay.heard
