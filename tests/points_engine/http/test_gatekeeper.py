"""Too many calls, over a real socket: 429 with the time to wait, for whoever it is, and for nobody else."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from points_engine.bootstrap import Settings
from points_engine.calling import Enrol, StartSignIn
from points_engine.contract import PhoneNumber, Secret
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.rates import RateRules
from points_engine.signing import Key, authorization
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import Received, RunningService
from tests.points_engine.shop import Shop
from tests.waiting import PATIENCE_SECONDS

RULES = RateRules(
    till_calls=5, address_calls=3, sign_in_calls=2, enrolment_calls=2, trusted_proxies=("127.0.0.1",)
)
HERE, THERE = "203.0.113.7", "203.0.113.8"


class Door:
    """A service behind a proxy that is known, and what comes to it from addresses in the world."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.counter = Counter(service.shop)

    def get(self, headers: dict[str, str], address: str = HERE) -> Received:
        """Ask for an order."""
        return self.service.request("GET", "/v1/payments/1", None, {"X-Forwarded-For": address, **headers})

    def signed(self, key: Key, address: str = HERE) -> Received:
        """Ask for an order with a signature."""
        at = int(self.service.shop.clock.now().timestamp())
        return self.get({"Authorization": authorization(key, "GET", "/v1/payments/1", b"", at=at)}, address)

    def post(self, path: str, body: object, address: str = HERE) -> Received:
        """Send what anybody may send."""
        headers = {
            "X-Forwarded-For": address, "Content-Type": "application/json",
            "Idempotency-Key": self.service.shop.fresh("key"),
        }  # fmt: skip
        return self.service.request("POST", path, json.dumps(body).encode(), headers)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """A service with low limits."""
    shop = Shop(tmp_path / "engine", Settings(rates=RULES))
    with ExitStack() as open_things:
        gatekeeper = open_things.enter_context(Gatekeeper(shop.engine.gate, RULES))
        service = RunningService(tmp_path / "engine", shop=shop, authenticator=gatekeeper)
        yield Door(open_things.enter_context(service))


def test_a_till_that_calls_too_often_waits(door: Door) -> None:
    """From whichever address; another till does not."""
    key = door.counter.till_key()
    door.service.shop.till("till-2")
    other = door.counter.till_key("till-2")
    statuses = [door.signed(key, f"203.0.113.{number}").status for number in range(7)]
    assert [404] * 5 + [429] * 2 == statuses
    received = door.signed(key)
    assert ("10", "too_many", 10, True) == (
        received.headers["retry-after"], received.json["code"], received.json["wait_seconds"],
        received.json["nothing_changed"],
    )  # fmt: skip
    assert 404 == door.signed(other).status
    door.service.shop.clock.advance(10)
    assert 404 == door.signed(key).status


def test_an_address_that_guesses_waits_and_the_tills_behind_it_do_not(door: Door) -> None:
    """Neither those that this node knows nor those of other addresses."""
    key = door.counter.till_key()
    assert 404 == door.signed(key).status
    statuses = [door.get({"Authorization": f"Bearer {number}"}).status for number in range(5)]
    assert [401] * 3 + [429] * 2 == statuses
    assert [429] * 2 == [door.signed(Key(f"till-{number}", Secret("x"))).status for number in range(2)]
    assert 404 == door.signed(key).status
    assert 401 == door.get({}, THERE).status


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/enrolments", {"code": "7K3MP-9QX2R"}, 403),
        ("/v1/sign-ins", {"phone": "123"}, 422),
        ("/v1/sessions", {"sign_in_id": "x", "sms_code": "123456"}, 410),
        ("/v1/sign-outs", {"token": "x"}, 200),
    ],
)
def test_what_anybody_may_try_is_tried_only_so_often(
    door: Door, path: str, body: object, status: int
) -> None:
    """By one address, in ten minutes."""
    received = [door.post(path, body) for _ in range(3)]
    assert [status, status, 429] == [each.status for each in received]
    assert 1 <= int(received[-1].headers["retry-after"]) <= 600
    assert status == door.post(path, body, THERE).status


def test_a_secret_that_is_refused_is_not_in_the_log(door: Door) -> None:
    """Nor the phone, nor the token."""
    door.post("/v1/enrolments", {"code": "7K3MP-9QX2R"})
    door.post("/v1/sign-ins", {"phone": "+8613812345678"})
    door.get({"Authorization": "Bearer tok-en"})
    shown = b"".join(door.service.log).decode()
    assert not [text for text in ("7K3MP", "13812345678", "tok-en") if text in shown]
    assert "13812345678" not in repr(StartSignIn(request_id="r", phone=PhoneNumber("+8613812345678")))
    assert "7K3MP" not in repr(Enrol(request_id="r", code=Secret("7K3MP-9QX2R")))


def test_a_store_that_fails_is_no_refusal(door: Door) -> None:
    """A till hears 503, not that it is unknown."""
    key = door.counter.till_key()
    door.service.shop.engine.close()
    received = door.signed(key)
    assert (503, "unavailable") == (received.status, received.json["code"])
    assert 503 == door.post("/v1/enrolments", {"code": "x"}).status


def test_the_gate_catches_up_by_itself(tmp_path: Path) -> None:
    """Every second, until the service ends."""
    caught_up = threading.Semaphore(0)

    class Watched:
        authentication = rates = None

        def catch_up(self) -> None:
            caught_up.release()

    with Gatekeeper(Watched(), RateRules(), catches_up_every_seconds=0.01):  # type: ignore[arg-type] # all it needs
        for _ in range(3):
            assert caught_up.acquire(timeout=PATIENCE_SECONDS)
