"""A payment that is approved on the customer's phone: the till learns it at once, by a stream or by asking."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest

from points_engine.contract import (
    Approve,
    Cancel,
    CanceledBy,
    Charge,
    Decline,
    Payment,
    PaymentState,
    Secret,
)
from points_engine.http.live_stream import LiveRules
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import Request
from points_engine.wire.problems import Trouble
from pos_client.engine_client import order_watch
from pos_client.engine_client.order_watch import EVENTS_PATH
from pos_client.engine_client.remote import UNASKED, RemoteEngine
from pos_client.engine_client.remote_door import Credential, Server
from pos_client.inbox import QueueInbox
from pos_client.till.events import Replied
from tests.points_engine.http.running_service import TILL, RunningService, credential
from tests.points_engine.http.test_live import live_service
from tests.points_engine.shop import TILL as TILL_ID
from tests.points_engine.shop import payment, points
from tests.pos_client.engine_client.scripted_server import ScriptedServer, http, serve
from tests.pos_client.engine_client.test_remote_door import CREDENTIAL, response, told_bytes
from tests.waiting import PATIENCE_SECONDS, within

NEVER_SECONDS = 3_600.0


class Trusted:
    """The till of the shop, as the service under test believes it."""

    caller = CallerKind.TILL

    def authorization(self, _request: Request, _at: int) -> str:
        """The header."""
        return credential(TILL)["Authorization"]

    def give_way(self, _authorization: str) -> bool:
        """There is no other."""
        return False


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that tells what changes, and does nothing of it by polling."""
    with live_service(tmp_path_factory.mktemp("live"), LiveRules(10.0, lambda: NEVER_SECONDS)) as running:
        yield running


@pytest.fixture
def inbox() -> Iterator[QueueInbox]:
    """The till's entrance."""
    inbox = QueueInbox()
    yield inbox
    inbox.close()


OpenEngine = Callable[..., RemoteEngine]


@pytest.fixture
def open_engine(inbox: QueueInbox) -> Iterator[OpenEngine]:
    """Opens clients, and closes them."""
    with ExitStack() as stack:

        def open_one(url: str, credential: Credential) -> RemoteEngine:
            server = Server(urls=[url], connect_seconds=PATIENCE_SECONDS, answer_seconds=PATIENCE_SECONDS)
            return stack.enter_context(closing(RemoteEngine(server, credential, inbox)))

        yield open_one


@pytest.fixture
def client(service: RunningService, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> RemoteEngine:
    """The till's, at the service; what it does not hear by the stream it does not hear."""
    monkeypatch.setattr(order_watch, "POLL_SECONDS", NEVER_SECONDS)
    return open_engine(f"http://127.0.0.1:{service.port}", Trusted())


def next_reply(inbox: QueueInbox) -> Replied:
    """The next reply, whoever asked for it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        event = inbox.get(max(deadline - time.monotonic(), 0.0))
        assert event is not None
        if isinstance(event, Replied):
            return event


def waiting(client: RemoteEngine, inbox: QueueInbox, service: RunningService, member_no: str) -> Payment:
    """A payment of this member's that waits for a proof, charged by the till."""
    charge = Charge(
        order_id=service.shop.fresh("order"),
        till_id=TILL_ID,
        cashier="lin",
        code=Secret(service.shop.code(member_no)),
        amount=points(800),
    )
    client.send(1, charge)
    reply = next_reply(inbox)
    opened = payment(reply.reply)
    assert (1, PaymentState.REQUIRES_ACTION) == (reply.request_id, opened.state)
    return opened


@pytest.mark.parametrize(
    ("act", "state"), [(Approve, PaymentState.SUCCEEDED), (Decline, PaymentState.CANCELED)]
)
def test_the_phones_answer_reaches_the_till_at_once(
    service: RunningService,
    inbox: QueueInbox,
    client: RemoteEngine,
    act: type[Approve | Decline],
    state: PaymentState,
) -> None:
    """As a reply that nobody asked for: neither the service nor the till looks by itself here, so it was told."""
    member_no = service.shop.member(service.shop.fresh("m"), 9_000)
    for _ in range(3):
        opened = waiting(client, inbox, service, member_no)
        streams_open(service, 1)
        service.shop.ask(act(order_id=opened.order_id, member_no=member_no))
        told = next_reply(inbox)
        assert (UNASKED, opened.order_id, state) == (
            told.request_id, payment(told.reply).order_id, payment(told.reply).state
        )  # fmt: skip
    client.close()
    streams_open(service, 0)


def streams_open(service: RunningService, count: int) -> None:
    """Wait until the node has so many readers."""
    within(lambda: len(service.service._live._streams) == count)


def test_what_the_till_ends_itself_is_followed_no_more(
    service: RunningService, inbox: QueueInbox, client: RemoteEngine
) -> None:
    """The answer to its cancel closes the stream."""
    opened = waiting(client, inbox, service, service.shop.member(service.shop.fresh("m"), 9_000))
    streams_open(service, 1)
    client.send(2, Cancel(order_id=opened.order_id, by=CanceledBy.TILL))
    streams_open(service, 0)
    assert PaymentState.CANCELED is payment(next_reply(inbox).reply).state


def _polled(opened: Payment, ends_after: int) -> Callable[[bytes], bytes]:
    """A server without a stream, whose payment is approved after so many questions."""
    asked = 0

    def respond(request: bytes) -> bytes:
        nonlocal asked
        if f"GET {EVENTS_PATH}".encode() in request:
            return told_bytes(Trouble.NOT_FOUND)
        if f"GET /v1/payments/{opened.order_id}".encode() in request:
            asked += 1
            if asked > ends_after:
                return response(replace(opened, state=PaymentState.SUCCEEDED, challenge=None))
        return response(opened) if b"/check-in" not in request else http("{}")

    return respond


def test_without_a_stream_the_till_asks(
    service: RunningService, inbox: QueueInbox, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every second; here sooner, so that nobody waits for this test."""
    monkeypatch.setattr(order_watch, "POLL_SECONDS", 0.02)
    member_no = service.shop.member(service.shop.fresh("m"), 9_000)
    opened = service.shop.pay(member_no, 800)
    with ScriptedServer(serve(_polled(opened, 3))) as server:
        client = open_engine(server.url, CREDENTIAL)
        charge = Charge(
            order_id=opened.order_id,
            till_id="T1",
            cashier="c",
            code=Secret("84" + "0" * 16),
            amount=points(800),
        )
        client.send(1, charge)
        assert 1 == next_reply(inbox).request_id
        told = next_reply(inbox)
        client.close()
    assert (UNASKED, PaymentState.SUCCEEDED) == (told.request_id, payment(told.reply).state)
    streams = [request for request in server.requests if f"GET {EVENTS_PATH}".encode() in request]
    assert 1 == len(streams)
