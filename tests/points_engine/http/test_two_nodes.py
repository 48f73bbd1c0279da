"""Two nodes on one PostgreSQL: what the one commits, a phone and a till on the other hear."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from points_engine.adapters.node_changes import CALM_SECONDS, NodeChanges
from points_engine.bootstrap import open_engine
from points_engine.contract import Approve
from points_engine.http.live_stream import LiveRules
from points_engine.wire.callers import Caller, CallerKind
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.http.event_reader import EventReader
from tests.points_engine.http.running_service import TILL, RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, RIGHT_PIN, Shop
from tests.waiting import within


@contextmanager
def a_node(folder: Path, url: str, clock: ManualClock, poll_seconds: float) -> Iterator[RunningService]:
    """A node with the key in `folder`, that hears the others before it is used."""
    with NodeChanges(url) as changes:
        engine = open_engine(
            folder, replace(EVERY_KIND, database=url), clock=clock, pin_cost=CHEAP, sweep_every_seconds=None,
            changes=changes.bus,
        )  # fmt: skip
        shop = Shop(folder, clock=clock, engine=engine)
        rules = LiveRules(poll=lambda: poll_seconds)
        with RunningService(folder, shop=shop, changes=changes.bus, live_rules=rules) as node:
            within(lambda: changes.poll_seconds() == CALM_SECONDS)
            yield node


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str) -> Iterator[tuple[RunningService, RunningService]]:
    """Two whose streams look by themselves so seldom that what they tell was told to them."""
    clock = ManualClock()
    with (
        a_node(tmp_path, postgres_url, clock, 60.0) as one,
        a_node(tmp_path, postgres_url, clock, 60.0) as two,
    ):
        yield one, two


def test_from_the_charge_to_the_approval(nodes: tuple[RunningService, RunningService]) -> None:
    """A charge on one node asks the phone on the other; the phone's yes there is heard by the till here."""
    one, two = nodes
    member = Caller(CallerKind.CUSTOMER, one.shop.member("m-1", 5_000, RIGHT_PIN))
    with EventReader(two, member) as phone, EventReader(one, TILL) as till:
        phone.opening(4)
        order = one.shop.pay("m-1", 600).order_id
        (waiting,) = phone.until("waiting")["payments"]
        assert order == waiting["payment"]["order_id"]
        two.shop.ask(Approve(order_id=order, member_no="m-1"))
        assert "succeeded" == till.until("payment", order_id=order)["state"]
        assert "succeeded" == phone.until("payment", order_id=order)["state"]
        one.shop.credit("m-1", 7)
        assert 4_407 == phone.until("balance")["balance"]["units"]


def test_a_plain_charge_by_the_express_way_is_told(nodes: tuple[RunningService, RunningService]) -> None:
    """However a charge is carried out, the phone on the other node hears of it."""
    one, two = nodes
    member = Caller(CallerKind.CUSTOMER, one.shop.member("m-1", 5_000))
    with EventReader(two, member) as phone:
        phone.opening(4)
        code = one.shop.code("m-1")
        (reply,) = one.shop.engine.execute_together([one.shop.charge_command(code, 100, "o-1")])
        assert not isinstance(reply, Exception)
        assert "succeeded" == phone.until("payment", order_id="o-1")["state"]
        assert 4_900 == phone.until("balance")["balance"]["units"]


def test_what_is_not_told_is_found(tmp_path: Path, postgres_url: str) -> None:
    """A node that hears nobody looks by itself: the fallback of those behind a pooler."""
    clock = ManualClock()
    with a_node(tmp_path, postgres_url, clock, 0.05) as node:
        member = Caller(CallerKind.CUSTOMER, node.shop.member("m-1", 5_000))
        with (
            open_engine(tmp_path, replace(EVERY_KIND, database=postgres_url), clock=clock, pin_cost=CHEAP,
                        sweep_every_seconds=None) as silent,
            EventReader(node, member) as phone,
        ):  # fmt: skip
            phone.opening(4)
            Shop(tmp_path, clock=clock, engine=silent).credit("m-1", 9)
            assert 5_009 == phone.until("balance")["balance"]["units"]
