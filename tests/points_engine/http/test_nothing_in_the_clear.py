"""A day over TLS, listened to: no PIN, code or token is on the wire, in a log, in metrics or in the database."""

import http.client
import json
import logging
import ssl
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from points_engine.adapters.lan_certificate import lan_certificate
from points_engine.adapters.tls_context import server_context
from points_engine.calling import CallerKind, Enrol, FinishSignIn, MakeEnrolmentCode, SignOut, StartSignIn
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    Command,
    FinishRecovery,
    IssueCode,
    PhoneNumber,
    Secret,
    SendSmsCode,
    SetPin,
    StaffLevel,
    StartRecovery,
)
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.rates import RateRules
from points_engine.signing import Key, authorization
from points_engine.wire.addresses import KEY_HEADER
from points_engine.wire.commands import encode_command
from tests.by_chance import without_chance
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.recording_proxy import RecordingProxy
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND, PHONE, TILL, Shop, points
from tests.waiting import PATIENCE_SECONDS

MEMBER = "8600"
PINS = ("284619", "739154")


class Day(NamedTuple):
    """What was secret on it, what was heard, and what was written down."""

    secrets: dict[str, str]
    heard: bytes
    logged: str
    metrics: str
    held: bytes


class Client:
    """Sends commands over the wire that is listened to."""

    def __init__(self, shop: Shop, port: int, trusted: Path | None) -> None:
        self._shop = shop
        self._port = port
        self._context = None if trusted is None else ssl.create_default_context(cafile=trusted)
        self.token = ""
        self.key: Key | None = None

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
        return http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=PATIENCE_SECONDS, context=self._context
        )

    def get(self, path: str) -> str:
        """The text under a path."""
        with closing(self._connection()) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def send(self, command: Command, caller: CallerKind | None, status: int = 200) -> Any:
        """A command as a till, a customer, an operator or nobody sends it; what came of it."""
        request = encode_command(command, caller)
        headers = dict(request.headers)
        if caller is CallerKind.TILL and self.key is not None:
            headers["Authorization"] = authorization(
                self.key, request.method, request.path, request.body,
                at=int(self._shop.clock.now().timestamp()), idempotency_key=headers.get(KEY_HEADER, ""),
            )  # fmt: skip
        elif caller is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        with closing(self._connection()) as connection:
            connection.request(request.method, request.path, request.body or None, headers)
            response = connection.getresponse()
            body = response.read()
        assert status == response.status, body
        return json.loads(body)


def _walked(shop: Shop, client: Client, operator: str) -> dict[str, str]:
    """Enrol, sign in, show a code, charge, type a PIN wrong and right, an SMS code, recover, sign out; the secrets."""
    secrets = {"operator's token": operator.partition(".")[2], "old PIN": PINS[0], "new PIN": PINS[1]}
    client.token = operator
    made = client.send(
        MakeEnrolmentCode(command_id="m", kind=CallerKind.TILL, caller_id=TILL), CallerKind.BACK_OFFICE
    )
    client.send(SetPin(command_id="p", member_no=MEMBER, pin=Secret(PINS[0])), CallerKind.BACK_OFFICE)
    secrets["enrolment code"] = made["code"]
    enrolled = client.send(Enrol(request_id="e", code=Secret(made["code"])), None)
    secrets["till's secret"] = enrolled["secret"]
    client.key = Key(enrolled["key_id"], Secret(enrolled["secret"]))

    client.send(StartSignIn(request_id="s", phone=PhoneNumber(PHONE)), None)
    secrets["sign-in code"] = shop.read_sms()
    finish = FinishSignIn(sign_in_id="s", answer_id="f", sms_code=Secret(secrets["sign-in code"]))
    secrets["session's token"] = client.token = client.send(finish, None)["token"]
    shop.clock.advance(61)

    issue = IssueCode(command_id="i", member_no=MEMBER)
    secrets["payment code"] = client.send(issue, CallerKind.CUSTOMER)["code"]
    charge = Charge(
        order_id="o", till_id=TILL, cashier="lin", code=Secret(secrets["payment code"]), amount=points(600)
    )
    assert "requires_action" == client.send(charge, CallerKind.TILL)["state"]
    client.send(SendSmsCode(order_id="o", request_id="q"), CallerKind.TILL)
    secrets["SMS code of the payment"] = shop.read_sms()
    wrong = AnswerChallenge(order_id="o", answer_id="a1", kind=ChallengeKind.PIN, answer=Secret(PINS[1]))
    client.send(wrong, CallerKind.TILL, 403)
    right = AnswerChallenge(order_id="o", answer_id="a2", kind=ChallengeKind.PIN, answer=Secret(PINS[0]))
    assert "succeeded" == client.send(right, CallerKind.TILL)["state"]
    shop.clock.advance(61)

    client.send(StartRecovery(member_no=MEMBER, request_id="r"), CallerKind.CUSTOMER)
    secrets["recovery code"] = shop.read_sms()
    client.send(
        FinishRecovery(
            member_no=MEMBER,
            answer_id="x",
            sms_code=Secret(secrets["recovery code"]),
            new_pin=Secret(PINS[1]),
        ),
        CallerKind.CUSTOMER,
    )
    client.send(SignOut(token=Secret(secrets["session's token"])), None)
    return secrets


@pytest.fixture(scope="module", params=["tls", "plain"])
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Day]:
    """The same day over TLS and, to show that the ear hears, in the clear."""
    folder = tmp_path_factory.mktemp("day") / "engine"
    shop = Shop(folder, replace(EVERY_KIND, rates=RateRules()))
    shop.member(MEMBER, 5_000)
    shop.bind(MEMBER)
    operator = Counter(shop).key(CallerKind.BACK_OFFICE, "wang", StaffLevel.MANAGER)
    shop.clock.advance(61)
    trusted = lan_certificate(folder, datetime.now(UTC)).file if request.param == "tls" else None
    records: list[str] = []
    listening = logging.Handler()
    listening.emit = lambda record: records.append(listening.format(record))  # type: ignore[method-assign] # all it does
    root = logging.getLogger()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    try:
        with ExitStack() as open_things:
            gatekeeper = open_things.enter_context(Gatekeeper(shop.engine.gate, RateRules()))
            service = open_things.enter_context(
                RunningService(
                    folder,
                    shop=shop,
                    authenticator=gatekeeper,
                    tls=server_context(trusted) if trusted else None,
                )
            )
            proxy = open_things.enter_context(RecordingProxy(service.port))
            client = Client(shop, proxy.port, trusted)
            secrets = _walked(shop, client, f"{operator.key_id}.{operator.secret.reveal()}")
            metrics = client.get("/metrics")
            # Its log too, with all that was written and overwritten since.
            held = b"".join(path.read_bytes() for path in folder.glob("points.sqlite*"))
    finally:
        root.removeHandler(listening)
        root.setLevel(level)
    logged = "\n".join(records) + b"".join(service.log).decode()
    return request.param, Day(secrets, proxy.heard, logged, metrics, held)


def searched(content: bytes) -> bytes:
    """What six digits of a secret are not in by chance."""
    return without_chance(content).replace(PHONE.encode(), b"*")


def test_the_wire_tells_nothing_over_tls(day: tuple[str, Day]) -> None:
    """And everything without it: what is looked for is really there."""
    how, seen = day
    heard = {name for name, secret in seen.secrets.items() if secret.encode() in searched(seen.heard)}
    sent = set(seen.secrets) - {"SMS code of the payment"}
    assert (set() if how == "tls" else sent) == heard
    assert (b"/v1/charges" in seen.heard) is (how == "plain")
    assert 10_000 < len(seen.heard)


def test_no_secret_is_written_down(day: tuple[str, Day]) -> None:
    """Neither in a log at any level, nor in the metrics, nor anywhere in the database's files."""
    _, seen = day
    shown = {
        where: [name for name, secret in seen.secrets.items() if secret.encode() in searched(content)]
        for where, content in (
            ("log", seen.logged.encode()), ("metrics", seen.metrics.encode()), ("database", seen.held),
        )
    }  # fmt: skip
    assert {"log": [], "metrics": [], "database": []} == shown
    assert "/v1/charges" in seen.logged
    assert "/v1/charges" in seen.metrics
    assert MEMBER.encode() in seen.held


def test_a_signature_that_was_heard_is_no_secret(day: tuple[str, Day]) -> None:
    """Even in the clear a till's secret is never sent but once, when it is enrolled."""
    _, seen = day
    assert seen.heard.count(seen.secrets["till's secret"].encode()) <= 1
