"""`points-engine webhooks`: a merchant's system is added, told, tested, given up and told again."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from points_engine.bootstrap import load_settings, open_engine
from points_engine.contract import EnrolMember
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.gateway_server import GatewayServer, gateway_server


@pytest.fixture
def merchant() -> Iterator[GatewayServer]:
    """A merchant's system on this machine."""
    with gateway_server() as server:
        yield server


@pytest.fixture
def told(desk: Desk) -> Desk:
    """A desk whose settings let webhooks go to this machine, at an engine with a member."""
    desk.environment |= {
        "POINTS_ENGINE_WEBHOOKS_ALLOWS_HTTP": "true",
        "POINTS_ENGINE_WEBHOOKS_ALLOWS_PRIVATE_ADDRESSES": "true",
    }
    desk.clock.advance((datetime.now(UTC) - desk.clock.now()).total_seconds())
    with open_engine(desk.folder, clock=desk.clock, sweep_every_seconds=None) as engine:
        engine.execute(EnrolMember(command_id="e", member_no="m-1", name="王小明"))
    return desk


def tell(desk: Desk) -> int:
    """Do what a running engine does by itself."""
    settings = load_settings(desk.folder, None, desk.environment).settings
    with open_engine(desk.folder, settings, clock=desk.clock, sweep_every_seconds=None) as engine:
        return engine.webhooks.tell()


def test_from_adding_to_removing(told: Desk, merchant: GatewayServer) -> None:
    """An endpoint hears of a credit, signed with the secret that was shown once, until it is removed."""
    added = told.ask("webhooks", "add", f"{merchant.address}/hooks", "--types", "points.credited")
    told.ask("credit", "m-1", 50, "--reason", "gift")
    assert 1 == tell(told)
    (got,) = merchant.received
    body = Webhook(added["secret"]).verify(
        got.body, {name.lower(): text for name, text in got.headers.items()}
    )
    assert ("points.credited", 50) == (body["type"], body["data"]["units"])
    (listed,) = told.ask("webhooks", "list")
    assert (added["endpoint_id"], 1, 0) == (listed["endpoint_id"], listed["delivered"], listed["waiting"])
    assert added["secret"] not in told.say("webhooks", "list").out
    told.ask("webhooks", "remove", added["endpoint_id"])
    assert [] == told.ask("webhooks", "list")


def test_given_up_and_told_again(told: Desk, merchant: GatewayServer) -> None:
    """What was tried for the last time is listed, and a replay tells it under the same id."""
    endpoint = told.ask("webhooks", "add", merchant.address)["endpoint_id"]
    told.ask("credit", "m-1", 50, "--reason", "gift")
    for _ in range(10):
        merchant.answer(500)
        tell(told)
        told.clock.advance(2 * 86_400)
    (dead,) = told.ask("webhooks", "dead", endpoint)
    assert ("points.credited", 10, "it answered 500") == (dead["event_type"], dead["tries"], dead["problem"])
    assert {"replayed": 1} == told.ask("webhooks", "replay", endpoint)
    tell(told)
    assert [] == told.ask("webhooks", "dead")
    assert {dead["event_id"]} == {got.headers["webhook-id"] for got in merchant.received}


def test_a_test_says_what_came_of_it(told: Desk, merchant: GatewayServer) -> None:
    """The exit code tells a script whether the endpoint listens."""
    endpoint = told.ask("webhooks", "add", merchant.address)["endpoint_id"]
    assert 200 == told.ask("webhooks", "test", endpoint)["status"]
    merchant.answer(404)
    said = told.say("webhooks", "test", endpoint)
    assert (1, f"{endpoint} did not take the message: it answered 404.\n") == (said.code, said.out)


def test_a_fresh_secret(told: Desk, merchant: GatewayServer) -> None:
    """A rotation shows the new secret once; enabling leaves it as it is."""
    added = told.ask("webhooks", "add", merchant.address)
    rotated = told.ask("webhooks", "rotate", added["endpoint_id"])
    assert rotated["secret"] != added["secret"]
    told.ask("webhooks", "enable", added["endpoint_id"])
    told.ask("webhooks", "test", added["endpoint_id"])
    headers = {name.lower(): text for name, text in merchant.received[0].headers.items()}
    assert Webhook(rotated["secret"]).verify(merchant.received[0].body, headers)


def test_a_change_of_the_key_leaves_merchants_their_secrets(told: Desk, merchant: GatewayServer) -> None:
    """What was made with the key before goes on signing; a rotation takes the new key."""
    added = told.ask("webhooks", "add", merchant.address)
    told.ask("rotate-key")
    told.ask("rotate-key")
    told.ask("webhooks", "test", added["endpoint_id"])
    rotated = told.ask("webhooks", "rotate", added["endpoint_id"], "--at-once")
    told.ask("webhooks", "test", added["endpoint_id"])
    for secret, got in zip((added["secret"], rotated["secret"]), merchant.received, strict=True):
        headers = {name.lower(): text for name, text in got.headers.items()}
        assert "endpoint.test" == Webhook(secret).verify(got.body, headers)["type"]


WRONG = {
    "http, unless told": ("add", "http://shop.example/hooks"),
    "no address": ("add", "shop.example"),
    "a user in it": ("add", "https://user:password@shop.example/"),
    "a fragment": ("add", "https://shop.example/#hooks"),
    "an unknown type": ("add", "https://shop.example/", "--types", "payment.succeded"),
    "an unknown endpoint": ("remove", "ep_0"),
    "an unknown endpoint to replay": ("replay", "ep_0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense(desk: Desk, case: str) -> None:
    """Is refused in words, and nothing is changed."""
    failed = desk.fail("webhooks", *WRONG[case])
    assert (2, "endpoint_invalid") == (failed["code"], failed["error"])
    assert [] == desk.ask("webhooks", "list")
