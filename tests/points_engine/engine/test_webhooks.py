"""Merchants' systems are told of what is in the ledger: each event once made, signed, tried until taken or given up."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    Actor,
    Adjust,
    Charge,
    Grant,
    Refund,
    Secret,
    Settle,
    StaffLevel,
)
from points_engine.webhook import MOST_TRIES, EventType
from points_engine.webhook_ports import DeliveryState, Told
from tests.points_engine.shop import RIGHT_PIN, TILL, points
from tests.points_engine.webhook_office import DOWN, TAKEN, WebhookShop

URL = "https://shop.example/webhooks"
OTHER_URL = "https://other.example/webhooks"
DAYS_SECONDS = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[WebhookShop]:
    """A shop with a member; nobody listens yet."""
    with WebhookShop(tmp_path) as open_shop:
        open_shop.member("m-1", 5_000, RIGHT_PIN)
        yield open_shop
        assert [] == open_shop.engine.verify()


def _held(shop: WebhookShop) -> None:
    shop.pay("m-1", 600, "o")


def _canceled(shop: WebhookShop) -> None:
    _held(shop)
    shop.cancel("o")


def _expired(shop: WebhookShop) -> None:
    _held(shop)
    shop.clock.advance(3_600)
    shop.engine.sweep()


def _answered(shop: WebhookShop) -> None:
    _held(shop)
    shop.answer("o", RIGHT_PIN)


def _refunded(shop: WebhookShop) -> None:
    shop.pay("m-1", 100, "o")
    actor = Actor(name="lin", level=StaffLevel.MANAGER)
    shop.ask(
        Refund(refund_id="r", order_id="o", till_id=TILL, actor=actor, amount=points(40), reason="broken")
    )


def _reversed(shop: WebhookShop) -> None:
    shop.pay("m-1", 100, "o")
    shop.reverse("o")


def _adjusted(shop: WebhookShop) -> None:
    shop.ask(
        Adjust(
            command_id="a", member_no="m-1", asset=Asset.POINTS, units=-5, reason="counted twice", actor="lin"
        )
    )


def _granted(shop: WebhookShop) -> None:
    shop.ask(Grant(command_id="g", member_no="m-1", amount=points(7), campaign="spring"))


def _settled(shop: WebhookShop) -> None:
    shop.pay("m-1", 100, "o")
    day = shop.clock.now().date()
    shop.clock.advance(2 * DAYS_SECONDS)
    shop.ask(Settle(shop_id="shop-1", day=day))


def _refused(shop: WebhookShop) -> None:
    shop.pay("m-1", 9_000, "o")
    shop.clock.advance(61)


def _of_nobody(shop: WebhookShop) -> None:
    left_behind = shop.code("m-1")
    shop.code("m-1")
    shop.charge(left_behind, 5, "o")
    shop.clock.advance(61)


def _tries_used_up(shop: WebhookShop) -> None:
    _held(shop)
    for _ in range(5):
        shop.answer("o", "000000")
    # By its void in the ledger at once, and among the payments after a minute: one event all the same.
    shop.webhooks.tell()
    shop.clock.advance(61)


PAID: dict[str, object] = {
    "order_id": "o",
    "asset": "points",
    "member_no": "m-1",
    "shop_id": "shop-1",
    "taker_id": TILL,
}
ACCOUNT: dict[str, object] = {"asset": "points", "member_no": "m-1"}

TOLD: dict[str, tuple[Callable[[WebhookShop], object], list[tuple[str, dict[str, object]]]]] = {
    "charged": (
        lambda shop: shop.pay("m-1", 100, "o"),
        [("payment.succeeded", {**PAID, "units": 100, "channel": "till"})],
    ),
    "held": (_held, [("payment.held", {**PAID, "units": 600})]),
    "answered": (_answered, [("payment.held", PAID), ("payment.succeeded", {**PAID, "units": 600})]),
    "canceled": (
        _canceled,
        [("payment.held", PAID), ("payment.canceled", {**PAID, "reason": "payment_canceled"})],
    ),
    "expired": (
        _expired,
        [("payment.held", PAID), ("payment.canceled", {**PAID, "reason": "payment_expired"})],
    ),
    "reversed": (_reversed, [("payment.succeeded", PAID), ("payment.reversed", {**PAID, "units": 100})]),
    "refunded": (
        _refunded,
        [
            ("payment.succeeded", PAID),
            (
                "payment.refunded",
                {
                    **PAID,
                    "units": 40,
                    "payment_units": 100,
                    "refunded_units": 40,
                    "refund_id": "r",
                    "reason": "broken",
                },
            ),
        ],
    ),
    "credited": (
        lambda shop: shop.credit("m-1", 10),
        [("points.credited", {**ACCOUNT, "units": 10, "balance_units": 5_010, "reason": "gift"})],
    ),
    "granted": (_granted, [("points.granted", {**ACCOUNT, "units": 7, "command_id": "g"})]),
    "adjusted": (_adjusted, [("points.adjusted", {**ACCOUNT, "units": -5, "balance_units": 4_995})]),
    "settled": (
        _settled,
        [
            ("payment.succeeded", PAID),
            ("shop.settled", {"shop_id": "shop-1", "units": 100, "day": "2026-03-02"}),
        ],
    ),
    "refused": (
        _refused,
        [
            (
                "payment.failed",
                {**PAID, "units": 9_000, "parts": [], "channel": "till", "reason": "balance_too_low"},
            )
        ],
    ),
    "nobody's code": (
        _of_nobody,
        [("payment.failed", {**PAID, "member_no": None, "units": 5, "reason": "code_unknown"})],
    ),
    "tries used up": (
        _tries_used_up,
        [("payment.held", PAID), ("payment.failed", {**PAID, "units": 600, "reason": "pin_locked"})],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_told(shop: WebhookShop, case: str) -> None:
    """Each kind of transfer makes its event, with the names of all it is about; what moved nothing has failed."""
    do, expected = TOLD[case]
    shop.webhooks.add(URL)
    do(shop)
    shop.webhooks.tell()
    bodies = shop.sender.bodies()
    assert [event_type for event_type, _ in expected] == [body["type"] for body in bodies]
    for (_, data), body in zip(expected, bodies, strict=True):
        assert data == {key: body["data"].get(key) for key in data}


def test_a_failure_is_told_once_and_to_whom_it_concerns(shop: WebhookShop) -> None:
    """Not before a minute is over, when none with a smaller number can come any more; not what was before."""
    shop.pay("m-1", 9_000, "before")
    shop.webhooks.add(URL, [EventType.POINTS_CREDITED])
    shop.pay("m-1", 9_000, "nobody listened")
    shop.webhooks.add(OTHER_URL, [EventType.PAYMENT_FAILED])
    shop.pay("m-1", 9_000, "o-1")
    shop.pay("m-1", 10, "paid")
    shop.pay("m-1", 9_000, "o-2")
    shop.clock.advance(59)
    assert 0 == shop.webhooks.tell()
    shop.clock.advance(2)
    shop.webhooks.tell()
    assert {OTHER_URL} == {url for url, _, _ in shop.sender.carried}
    assert ["o-1", "o-2"] == sorted(body["data"]["order_id"] for body in shop.sender.bodies())
    assert 0 == shop.webhooks.tell()


def test_a_failure_is_made_by_whoever_is_first(shop: WebhookShop) -> None:
    """Two nodes that have read the same payments: one writes, the other finds the cursor moved."""
    shop.webhooks.add(URL)
    shop.pay("m-1", 9_000, "o")
    shop.clock.advance(61)
    failures = shop.webhooks.failures
    batch = failures._store.look(failures._read)
    assert [1, 0] == [failures._store.transact(lambda books: failures._write(books, batch)) for _ in range(2)]
    shop.webhooks.tell()
    assert ["payment.failed"] == [body["type"] for body in shop.sender.bodies()]


def test_no_secret_is_told(shop: WebhookShop) -> None:
    """Neither a PIN nor a payment code is in what is sent, also when a payment failed."""
    shop.webhooks.add(URL)
    refused = shop.code("m-1")
    shop.charge(refused, 9_000, "o-refused")
    shop.clock.advance(61)
    code = shop.code("m-1")
    shop.charge(code, 600, "o")
    shop.answer("o", RIGHT_PIN)
    shop.webhooks.tell()
    sent = b"".join(body for _, _, body in shop.sender.carried).decode()
    assert "payment.succeeded" in sent
    assert "payment.failed" in sent
    assert [] == [each for each in (code, refused) if each in sent]
    assert RIGHT_PIN not in sent


def test_parts_of_a_payment_are_one_event(shop: WebhookShop) -> None:
    """A payment out of two assets is told once, with both parts."""
    shop.webhooks.add(URL, [EventType.PAYMENT_SUCCEEDED])
    shop.ask(Grant(command_id="w", member_no="m-1", amount=Amount(Asset.WALLET, 300), campaign="spring"))
    shop.ask(
        Charge(
            order_id="o",
            till_id=TILL,
            cashier="lin",
            code=Secret(shop.code("m-1")),
            amount=Amount(Asset.WALLET, 400),
            pay_from=(Asset.WALLET, Asset.POINTS),
        )
    )
    shop.webhooks.tell()
    (body,) = shop.sender.bodies()
    assert [
        {"asset": "wallet", "units": 300, "worth_units": 300},
        {"asset": "points", "units": 100, "worth_units": 100},
    ] == body["data"]["parts"]


def test_only_what_happens_after_it_was_added(shop: WebhookShop) -> None:
    """An endpoint hears of what comes after it, and of the types it asked for alone."""
    shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    shop.webhooks.add(OTHER_URL, [EventType.POINTS_CREDITED])
    shop.credit("m-1", 2)
    shop.pay("m-1", 100)
    shop.webhooks.tell()
    heard: dict[str, list[str]] = {URL: [], OTHER_URL: []}
    for url, headers, _ in shop.sender.carried:
        heard[url].append(headers["webhook-id"])
    assert (3, 1) == (len(heard[URL]), len(heard[OTHER_URL]))
    assert set(heard[OTHER_URL]) < set(heard[URL])


def test_a_try_that_fails_is_made_again_and_at_last_given_up(shop: WebhookShop) -> None:
    """Waits grow; after the last try the event is dead, kept, and can be replayed under the same id."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    shop.sender.answer = lambda _url, _id: DOWN
    for _ in range(2 * MOST_TRIES):
        shop.webhooks.tell()
        shop.clock.advance(2 * DAYS_SECONDS)
    ids = shop.sender.ids()
    assert MOST_TRIES == len(ids)
    assert 1 == len(set(ids))
    (dead,) = shop.webhooks.deliveries(endpoint_id, DeliveryState.DEAD)
    assert (ids[0], MOST_TRIES, DOWN.problem) == (dead.event.event_id, dead.tries, dead.problem)
    shop.sender.answer = lambda _url, _id: TAKEN
    assert 0 == shop.webhooks.tell()
    assert 1 == shop.webhooks.replay(endpoint_id)
    shop.webhooks.tell()
    assert ids[:1] == shop.sender.ids()
    assert [] == list(shop.webhooks.deliveries(endpoint_id, DeliveryState.DEAD))


def test_an_endpoint_that_is_down_is_left_alone(shop: WebhookShop) -> None:
    """It is asked once and not for everything that waits; others do not wait for it."""
    shop.webhooks.add(URL)
    shop.webhooks.add(OTHER_URL)
    for units in range(1, 41):
        shop.credit("m-1", units)
    shop.sender.answer = lambda url, _id: DOWN if url == URL else TAKEN
    shop.webhooks.tell()
    carried = [url for url, _, _ in shop.sender.carried]
    assert (1, 40) == (carried.count(URL), carried.count(OTHER_URL))


def test_what_an_endpoint_asks_for_is_heeded(shop: WebhookShop) -> None:
    """Retry-After puts the next try off; 410 ends the telling until somebody enables it again, and loses nothing."""
    endpoint_id, _ = shop.webhooks.add(URL)
    shop.credit("m-1", 1)
    answers = [Told(429, "it answered 429", 600), Told(410, "it answered 410"), TAKEN]
    shop.sender.answer = lambda _url, _id: answers.pop(0)
    shop.webhooks.tell()
    shop.clock.advance(599)
    assert 0 == shop.webhooks.tell()
    shop.clock.advance(1)
    assert 1 == shop.webhooks.tell()
    shop.clock.advance(DAYS_SECONDS)
    assert 0 == shop.webhooks.tell()
    (shown,) = shop.webhooks.endpoints()
    assert (False, 1, "it answered 410") == (shown.is_enabled, shown.waiting, shown.problem)
    shop.webhooks.enable(endpoint_id)
    assert 1 == shop.webhooks.tell()
    assert [] == answers
