"""The HTTP gateway against a real server: what is sent, and what each answer, or none, means."""

import json
import logging
from collections.abc import Iterator

import pytest

from points_engine.adapters.http_sms import HttpSmsSender
from points_engine.contract import PhoneNumber, Secret
from points_engine.gateway import HttpGateway, Taken
from points_engine.proof_ports import Sms, SmsNotTaken
from tests.held_port import HeldPort
from tests.points_engine.gateway_server import GatewayServer, gateway_server
from tests.waiting import within

CODE = "482915"
PHONE = "+8613812345678"
KEY = "k3y-of-the-shop"
SMS = Sms("id-1", PhoneNumber(PHONE), Secret(f"您的验证码是{CODE}"), Secret(CODE))


@pytest.fixture
def server() -> Iterator[GatewayServer]:
    """A gateway."""
    with gateway_server() as running:
        yield running


def gateway(server: GatewayServer, *, taken: Taken | None = None, timeout_seconds: float = 20) -> HttpGateway:
    """A gateway that takes JSON."""
    return HttpGateway(
        url=f"{server.address}/send?key={KEY}",
        headers={"Authorization": f"Bearer {KEY}", "Idempotency-Key": "$message_id"},
        body='{"to": "$phone", "text": "$text", "code": "$code"}',
        taken=taken or Taken(),
        timeout_seconds=timeout_seconds,
    )


def not_taken(sender: HttpSmsSender) -> SmsNotTaken:
    """Why it was not."""
    with pytest.raises(SmsNotTaken) as failed:
        sender.send(SMS)
    return failed.value


def test_a_message_arrives(server: GatewayServer) -> None:
    """One POST with number, text and code, the shop's key, and the message's id at every attempt."""
    HttpSmsSender(gateway(server)).send(SMS)
    (received,) = server.received
    assert {"to": PHONE, "text": f"您的验证码是{CODE}", "code": CODE} == json.loads(received.body)
    assert ("POST", f"/send?key={KEY}") == (received.method, received.path)
    assert (f"Bearer {KEY}", "id-1") == (
        received.headers["Authorization"],
        received.headers["Idempotency-Key"],
    )


def test_a_message_in_the_address(server: GatewayServer) -> None:
    """The older gateways: all of it in the query of a GET."""
    HttpSmsSender(HttpGateway(url=f"{server.address}/?m=$phone&c=$text", method="GET")).send(SMS)
    (received,) = server.received
    assert "GET" == received.method
    assert received.path.startswith("/?m=%2B8613812345678&c=%E6%82%A8")
    assert "" == received.body


@pytest.mark.parametrize(
    ("status", "body", "may_retry"),
    [
        (500, "", True),
        (503, "", True),
        (429, "", True),
        (400, "", False),
        (401, "", False),
        (404, "", False),
        (200, '{"code": 17}', True),
        (200, "not JSON", True),
    ],
)
def test_what_a_refusal_means(server: GatewayServer, status: int, body: str, *, may_retry: bool) -> None:
    """A gateway in trouble is asked again; one that does not want this request is not."""
    server.answer(status, body)
    failed = not_taken(HttpSmsSender(gateway(server, taken=Taken(json_field="code", equals="0"))))
    assert (f"the gateway refused it (HTTP {status})", may_retry) == (failed.problem, failed.may_retry)


def test_an_answer_that_says_yes(server: GatewayServer) -> None:
    """The same rule with the right answer."""
    server.answer(200, '{"code": 0}')
    HttpSmsSender(gateway(server, taken=Taken(json_field="code", equals="0"))).send(SMS)


def test_a_redirection_is_not_followed(server: GatewayServer) -> None:
    """A code goes where the shop said, and nowhere else."""
    server.answer(307, "", {"Location": f"{server.address}/elsewhere"})
    assert not not_taken(HttpSmsSender(gateway(server))).may_retry
    assert 1 == len(server.received)


def test_a_gateway_that_says_nothing(server: GatewayServer) -> None:
    """After the time-out nobody knows whether it went out: it may be tried again, by the same id."""
    server.answers.append(None)
    failed = not_taken(HttpSmsSender(gateway(server, timeout_seconds=1)))
    assert ("the gateway did not answer in time", True) == (failed.problem, failed.may_retry)


def test_a_gateway_that_hangs_up(server: GatewayServer) -> None:
    """An answer that breaks off is no answer."""
    server.answer(200, "", {"Transfer-Encoding": "chunked"})
    assert not_taken(HttpSmsSender(gateway(server))).may_retry


def test_a_gateway_that_is_not_there() -> None:
    """Nothing listens at the address."""
    with HeldPort() as nobodys:
        failed = not_taken(HttpSmsSender(HttpGateway(url=f"{nobodys.url}/$phone$text", method="GET")))
    assert ("the gateway cannot be reached", True) == (failed.problem, failed.may_retry)


def test_a_proxy_is_the_shops_own(server: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxies are not looked at; the setting's is asked with the whole address."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    HttpSmsSender(gateway(server)).send(SMS)
    by_proxy = HttpGateway(url="http://sms.invalid/$phone$text", method="GET", proxy=server.address)
    HttpSmsSender(by_proxy).send(SMS)
    assert server.received[1].path.startswith("http://sms.invalid/%2B86")


def test_nothing_is_logged_or_told(server: GatewayServer, caplog: pytest.LogCaptureFixture) -> None:
    """At the loudest level, with code, number and key in the address, whatever the gateway says back."""
    url = f"{server.address}/$phone/$text/$code?key={KEY}"
    told = []
    with caplog.at_level(logging.DEBUG):
        for status in (200, 500, 404):
            server.answer(status, f"{CODE} {PHONE} {KEY}")
        sender = HttpSmsSender(HttpGateway(url=url, method="GET"))
        sender.send(SMS)
        told += [not_taken(sender), not_taken(sender)]
        server.answers.append(None)
        told.append(not_taken(HttpSmsSender(HttpGateway(url=url, method="GET", timeout_seconds=1))))
    # Who did not answer may have been read from only after it was left.
    within(lambda: len(server.received) == 4)
    found = caplog.text + "".join(f"{error!r}{error.__cause__!r}" for error in told) + repr(SMS)
    assert not [secret for secret in (CODE, PHONE, PHONE[1:], KEY) if secret in found]


def test_others_may_still_log(server: GatewayServer, caplog: pytest.LogCaptureFixture) -> None:
    """The library is silenced for this message alone, not for the rest of the program."""
    with caplog.at_level(logging.DEBUG):
        HttpSmsSender(gateway(server)).send(SMS)
        logging.getLogger("urllib3.connectionpool").debug("somebody else's")
    assert ["somebody else's"] == [record.getMessage() for record in caplog.records]
