"""Webhooks and exports on PostgreSQL: in the order of the seal, and shared between nodes without doubling."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from points_engine.adapters.postgres_store import PostgresStore
from points_engine.webhook_ports import DeliveryState
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import RIGHT_PIN
from tests.points_engine.webhook_office import DOWN, KEY, TAKEN, ToldSender, WebhookShop

URLS = tuple(f"https://{name}.example/hook" for name in ("one", "two", "three"))


@pytest.fixture
def nodes(tmp_path: Path, postgres_url: str) -> Iterator[list[WebhookShop]]:
    """Three nodes on one database that carry to the same systems."""
    clock, sender = ManualClock(), ToldSender()
    with ExitStack() as stack:
        opened = [
            stack.enter_context(
                WebhookShop(
                    tmp_path, clock=clock, sender=sender, store=PostgresStore(postgres_url, KEY.fingerprint)
                )
            )
            for _ in range(3)
        ]
        yield opened
        opened[0].engine.seal()
        assert [] == opened[0].engine.verify()


def test_nodes_share_the_work_without_doubling_it(nodes: list[WebhookShop]) -> None:
    """While all of them look at once each event goes to each endpoint once."""
    shop = nodes[0]
    shop.member("m-1")
    for url in URLS:
        shop.webhooks.add(url)
    for _ in range(40):
        shop.credit("m-1", 1)
    shop.engine.seal()
    with ThreadPoolExecutor(len(nodes)) as pool:
        tried = sum(pool.map(lambda node: node.webhooks.tell(), nodes * 3))
    carried = Counter((url, headers["webhook-id"]) for url, headers, _ in shop.sender.carried)
    assert 40 * len(URLS) == tried == len(carried)
    assert {1} == set(carried.values())


def test_nothing_is_told_before_it_is_sealed(nodes: list[WebhookShop]) -> None:
    """The order that events are made in never changes afterwards: what has no place in it yet waits."""
    shop = nodes[0]
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.engine.seal()
    endpoint_id, _ = shop.webhooks.add(URLS[0])
    shop.pay("m-1", 600, "o")
    assert 0 == shop.webhooks.tell()
    shop.engine.seal()
    shop.answer("o", RIGHT_PIN)
    shop.engine.seal()
    shop.webhooks.tell()
    assert ["payment.held", "payment.succeeded"] == [body["type"] for body in shop.sender.bodies()]
    assert 2 == len(shop.webhooks.deliveries(endpoint_id, DeliveryState.DELIVERED))


def test_the_whole_life_of_an_endpoint(nodes: list[WebhookShop]) -> None:
    """Failing, pausing, rotating, replaying, sweeping and removing work here as on a file."""
    shop, other = nodes[0], nodes[1]
    shop.member("m-1")
    endpoint_id, _ = shop.webhooks.add(URLS[0])
    shop.credit("m-1", 5)
    shop.engine.seal()
    shop.sender.answer = lambda _url, _id: DOWN
    assert 1 == shop.webhooks.tell()
    assert 0 == other.webhooks.tell()
    shop.webhooks.rotate(endpoint_id)
    shop.sender.answer = lambda _url, _id: TAKEN
    shop.clock.advance(10)
    assert 1 == other.webhooks.tell()
    assert 2 == len(other.sender.carried[-1][1]["webhook-signature"].split())
    assert 1 == shop.webhooks.replay(endpoint_id, state=DeliveryState.DELIVERED)
    assert 1 == other.webhooks.tell()
    shop.clock.advance(31 * 86_400)
    assert 1 == shop.webhooks.sweep()
    shop.webhooks.remove(endpoint_id)
    assert [] == other.webhooks.endpoints()


def test_exports_go_by_the_seal(nodes: list[WebhookShop]) -> None:
    """Positions are without a gap; payments and accounts come with their names."""
    shop = nodes[0]
    for number in range(3):
        shop.member(f"m-{number}", 1_000)
        shop.pay(f"m-{number}", 100, f"o-{number}")
    before = [line for page in shop.engine.exports.transfers(0) for line in page]
    shop.engine.seal()
    lines = [line for page in shop.engine.exports.transfers(0) for line in page]
    assert (0, list(range(1, 7))) == (len(before), [line.position for line in lines])
    assert {"m-0", "m-1", "m-2"} == {line.member_no for line in lines}
    shop.clock.advance(61)
    (payments,) = shop.engine.exports.payments(0)
    assert [("o-0", 0), ("o-1", 0), ("o-2", 0)] == [(each.order_id, each.refunded_units) for each in payments]
    accounts: list[int] = []
    assert 6 == shop.engine.exports.accounts(lambda page: accounts.extend(row.balance_units for row in page))
    assert 2_700 == sum(accounts)
