"""Merchants' endpoints: secrets that are rotated, leases that run out, what is replayed, forgotten, or removed."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from points_engine.contract import Secret
from points_engine.engine.webhook_delivery import LEASE
from points_engine.engine.webhooks import ROTATION_OVERLAP
from points_engine.webhook import EndpointInvalid
from points_engine.webhook_ports import DeliveryState, Told
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.webhook_office import DOWN, WebhookShop, verified

URL = "https://shop.example/webhooks"
OTHER_URL = "https://other.example/webhooks"
DAYS_SECONDS = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[WebhookShop]:
    """A shop with a member; nobody listens yet."""
    with WebhookShop(tmp_path) as open_shop:
        open_shop.member("m-1", 5_000)
        yield open_shop
        assert [] == open_shop.engine.verify()


def test_the_database_holds_no_secret(shop: WebhookShop) -> None:
    """Whoever steals it can sign nothing: neither the text nor its bytes are in the file or its log."""
    secret = shop.webhooks.add(URL).secret.reveal()
    rotated = shop.webhooks.rotate(shop.webhooks.rows()[0].endpoint_id).reveal()
    shop.credit("m-1", 1)
    shop.webhooks.tell()
    written = b"".join(file.read_bytes() for file in shop.folder.iterdir())
    assert URL.encode() in written
    for each in (secret, rotated):
        text = each.removeprefix("whsec_")
        assert text.encode() not in written
        assert base64.b64decode(text) not in written


def test_signatures_are_what_merchants_libraries_take(tmp_path: Path) -> None:
    """The Standard Webhooks library verifies a message, and none that was altered."""
    with WebhookShop(tmp_path, clock=ManualClock(datetime.now(UTC))) as shop:
        shop.member("m-1")
        secret = shop.webhooks.add(URL).secret.reveal()
        shop.credit("m-1", 5)
        shop.webhooks.tell()
        ((_, headers, body),) = shop.sender.carried
        assert "points.credited" == verified(secret, headers, body)["type"]
        with pytest.raises(WebhookVerificationError):
            verified(secret, headers, body.replace(b'"units":5', b'"units":6'))


def test_both_secrets_sign_for_a_day(tmp_path: Path) -> None:
    """After a rotation the merchant's old secret goes on working for a day, unless it is ended at once."""
    with WebhookShop(tmp_path, clock=ManualClock(datetime.now(UTC))) as shop:
        shop.member("m-1")
        endpoint_id, first = shop.webhooks.add(URL)
        second = shop.webhooks.rotate(endpoint_id)
        assert [True, True] == [_verifies(shop, first), _verifies(shop, second)]
        third = shop.webhooks.rotate(endpoint_id, at_once=True)
        assert [False, True] == [_verifies(shop, second), _verifies(shop, third)]


def _verifies(shop: WebhookShop, secret: Secret) -> bool:
    shop.credit("m-1", 5)
    shop.webhooks.tell()
    ((_, headers, body),) = shop.sender.carried
    shop.sender.carried.clear()
    try:
        verified(secret.reveal(), headers, body)
    except WebhookVerificationError:
        return False
    return True


def test_the_old_secret_ends(tmp_path: Path) -> None:
    """A day after a rotation only the fresh secret signs."""
    with WebhookShop(tmp_path) as shop:
        shop.member("m-1")
        endpoint_id, _ = shop.webhooks.add(URL)
        shop.webhooks.rotate(endpoint_id)
        signatures = []
        for wait in (timedelta(0), ROTATION_OVERLAP):
            shop.clock.advance(wait.total_seconds())
            shop.credit("m-1", 5)
            shop.webhooks.tell()
            signatures.append(len(shop.sender.carried.pop()[1]["webhook-signature"].split()))
        assert [2, 1] == signatures


def test_a_rotation_while_a_batch_is_on_its_way(shop: WebhookShop) -> None:
    """What the back office decides meanwhile stays decided, and the batch is written down all the same."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    while shop.webhooks.events.make():
        pass
    claimed = shop.webhooks.delivery.claim()
    assert claimed is not None
    shop.webhooks.rotate(endpoint_id)
    (rotated,) = shop.webhooks.rows()
    assert 1 == shop.webhooks.delivery.carry(claimed)
    (after,) = shop.webhooks.rows()
    assert (rotated.secret_ref, rotated.earlier_ref, None) == (
        after.secret_ref,
        after.earlier_ref,
        after.lease,
    )
    assert 1 == len(shop.webhooks.deliveries(endpoint_id, DeliveryState.DELIVERED))


def test_a_lease_that_ran_out_decides_nothing(shop: WebhookShop) -> None:
    """Whoever took over tells anew; the slow one's failure is not the endpoint's."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    while shop.webhooks.events.make():
        pass
    slow = shop.webhooks.delivery.claim()
    assert slow is not None
    shop.clock.advance(LEASE.total_seconds())
    assert 1 == shop.webhooks.tell()
    shop.sender.answer = lambda _url, _id: DOWN
    shop.webhooks.replay(endpoint_id, state=DeliveryState.DELIVERED)
    shop.webhooks.delivery.carry(slow)
    (row,) = shop.webhooks.rows()
    assert (0, None) == (row.failures, row.problem)


def test_a_removed_endpoint_is_forgotten(shop: WebhookShop) -> None:
    """It hears nothing any more; what others wait for stays."""
    first, _ = shop.webhooks.add(URL)
    shop.webhooks.add(OTHER_URL)
    shop.credit("m-1", 1)
    while shop.webhooks.events.make():
        pass
    shop.webhooks.remove(first)
    shop.webhooks.tell()
    assert [OTHER_URL] == [url for url, _, _ in shop.sender.carried]
    with pytest.raises(EndpointInvalid):
        shop.webhooks.remove(first)


def test_what_was_delivered_is_forgotten_after_a_month(shop: WebhookShop) -> None:
    """A sweep keeps what is fresh or still waits, and drops what was delivered long ago with its event."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    shop.webhooks.tell()
    shop.clock.advance(29 * DAYS_SECONDS)
    assert 0 == shop.webhooks.sweep()
    shop.clock.advance(DAYS_SECONDS)
    assert 1 == shop.webhooks.sweep()
    assert 0 == shop.webhooks.replay(endpoint_id, state=DeliveryState.DELIVERED)


def test_delivered_events_can_be_told_again(shop: WebhookShop) -> None:
    """A merchant whose system lost its data asks for what it had, since a time or one event."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    shop.webhooks.tell()
    shop.clock.advance(60)
    since = shop.clock.now()
    shop.credit("m-1", 2)
    shop.webhooks.tell()
    first, second = shop.sender.ids()
    state = DeliveryState.DELIVERED
    assert 1 == shop.webhooks.replay(endpoint_id, state=state, since=since)
    shop.webhooks.tell()
    assert [second] == shop.sender.ids()
    assert 1 == shop.webhooks.replay(endpoint_id, state=state, event_id=first)
    shop.webhooks.tell()
    assert [first] == shop.sender.ids()


def test_a_test_message_says_what_came_of_it(shop: WebhookShop) -> None:
    """It is sent at once, signed, and counts as no delivery."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.sender.answer = lambda _url, _id: Told(500, "it answered 500")
    assert Told(500, "it answered 500") == shop.webhooks.test(endpoint_id)
    assert ["endpoint.test"] == [body["type"] for body in shop.sender.bodies()]
    assert [] == list(shop.webhooks.deliveries())
