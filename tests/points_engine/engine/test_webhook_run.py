"""An engine that is open tells merchants' systems by itself, over real sockets, until it is closed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from points_engine.bootstrap import Settings, open_engine
from points_engine.engine import webhook_run
from points_engine.webhook import WebhookRules
from tests.points_engine.gateway_server import GatewayServer, gateway_server
from tests.points_engine.shop import CHEAP, Shop
from tests.waiting import within

SETTINGS = Settings(webhooks=WebhookRules(allows_http=True, allows_private_addresses=True))


@pytest.fixture
def merchant() -> Iterator[GatewayServer]:
    """A merchant's system on this machine."""
    with gateway_server() as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A shop whose engine sees to itself, and looks often."""
    monkeypatch.setattr(webhook_run.WebhookRun.__init__, "__defaults__", (0.02,))
    engine = open_engine(tmp_path, SETTINGS, pin_cost=CHEAP)
    with Shop(tmp_path, engine=engine) as open_shop:
        yield open_shop


def test_events_arrive_by_themselves(shop: Shop, merchant: GatewayServer) -> None:
    """Nobody has to ask: what happens is told, also while another system hangs."""
    with gateway_server() as hanging:
        hanging.answers += [None] * 10
        shop.engine.webhooks.add(hanging.address)
        shop.engine.webhooks.add(merchant.address)
        shop.member("m-1")
        for units in range(1, 4):
            shop.credit("m-1", units)
            within(lambda: len(merchant.received) == units)  # noqa: B023 -- waited for at once
        assert 3 == len({got.headers["webhook-id"] for got in merchant.received})


def test_a_closed_engine_tells_nobody(tmp_path: Path, merchant: GatewayServer) -> None:
    """Its threads end with it; what was not told yet is told by the next engine that opens the books."""
    with Shop(tmp_path, SETTINGS) as quiet:
        quiet.engine.webhooks.add(merchant.address)
        quiet.member("m-1")
        quiet.credit("m-1", 5)
    assert [] == merchant.received
    before = set(threading.enumerate())
    with open_engine(tmp_path, SETTINGS, pin_cost=CHEAP):
        within(lambda: len(merchant.received) == 1)
    assert not [
        each for each in set(threading.enumerate()) - before if each.name.startswith("engine webhook")
    ]
