"""The engine far away, from the till's side: answers through the inbox, lamps for the way and for the clock."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest

from points_engine.calling import CheckedIn
from points_engine.contract import Query, Refusal, Refused, Reply
from pos_client.engine_client.remote import RemoteEngine
from pos_client.engine_client.remote_door import Server
from pos_client.engine_client.troubles import Trouble
from pos_client.inbox import QueueInbox
from pos_client.till.events import (
    CLOCK_PATH,
    ENGINE_PATH,
    DeviceChanged,
    DeviceLamp,
    DeviceRemoved,
    Event,
    NoReply,
    Replied,
)
from tests.held_port import HeldPort
from tests.pos_client.engine_client.scripted_server import ScriptedServer, hang_up, say_nothing, serve
from tests.pos_client.engine_client.test_remote_door import (
    CHARGE,
    CREDENTIAL,
    PAID,
    date,
    replied,
    response,
)
from tests.waiting import PATIENCE_SECONDS

UNKNOWN = Refused(refusal=Refusal.ORDER_UNKNOWN)
_NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HERE = CheckedIn(at=_NOW, key_id="k", renew_at=_NOW + timedelta(days=30), ends_at=None)


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

        def open_one(url: str, seconds: float = PATIENCE_SECONDS, workers: int = 4) -> RemoteEngine:
            server = Server(urls=[url], connect_seconds=PATIENCE_SECONDS, answer_seconds=seconds)
            return stack.enter_context(closing(RemoteEngine(server, CREDENTIAL, inbox, workers=workers)))

        yield open_one


def until(inbox: QueueInbox, is_it: Callable[[Event], bool]) -> Event:
    """The first event that is it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        event = inbox.get(deadline - time.monotonic())
        assert event is not None
        if is_it(event):
            return event


def answer_to(inbox: QueueInbox, request_id: int) -> Replied | NoReply:
    """What came of a request."""
    event = until(inbox, lambda event: getattr(event, "request_id", None) == request_id)
    assert isinstance(event, Replied | NoReply)
    return event


def _respond(request: bytes) -> bytes:
    path = request.split(b" ", 2)[1]
    replies: dict[bytes, Reply] = {b"/v1/charges": PAID, b"/v1/check-in": HERE}
    return response(replies.get(path, UNKNOWN), date(timedelta()))


ORDERS = serve(_respond)
"""Charges are paid, every other order is unknown."""


def test_an_answer_comes_with_the_number_of_its_request(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """Sent and forgotten; the reply is in the inbox."""
    with ScriptedServer(ORDERS) as server:
        open_engine(server.url).send(7, CHARGE)
        assert Replied(7, PAID) == answer_to(inbox, 7)


def test_a_server_that_is_away_is_a_refusal_and_a_lamp(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """The lamp says what to do, before anybody has charged."""
    with HeldPort() as nobody:
        client = open_engine(nobody.url)
        lamp = until(inbox, lambda event: getattr(event, "lamp", None) is DeviceLamp.FAULT)
        assert DeviceChanged(ENGINE_PATH, DeviceLamp.FAULT, Trouble.UNREACHABLE.remedy) == lamp
        client.send(3, CHARGE)
        assert Replied(3, Refused(refusal=Refusal.ENGINE_UNAVAILABLE)) == answer_to(inbox, 3)


def test_no_answer_is_no_reply(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """Sent and not answered: nobody knows."""
    with ScriptedServer(hang_up) as server:
        open_engine(server.url).send(4, CHARGE)
        assert NoReply(4) == answer_to(inbox, 4)


def test_the_lamp_is_ready_when_the_server_answers(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """First it is looked for; then it is there, though nothing was sold."""
    with ScriptedServer(ORDERS) as server:
        open_engine(server.url)
        lamps = [until(inbox, lambda event: isinstance(event, DeviceChanged)) for _ in range(2)]
    assert [
        DeviceChanged(ENGINE_PATH, DeviceLamp.SEARCHING),
        DeviceChanged(ENGINE_PATH, DeviceLamp.READY),
    ] == lamps


def test_a_clock_that_is_off_has_a_lamp_until_it_is_right(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """The cashier reads how far; the way to the engine is well all the same."""
    with ScriptedServer(
        replied(HERE, date(timedelta(minutes=-10, seconds=-1))), replied(UNKNOWN, date(timedelta()))
    ) as server:
        client = open_engine(server.url)
        event = until(inbox, lambda event: getattr(event, "path", None) == CLOCK_PATH)
        assert isinstance(event, DeviceChanged)
        assert DeviceLamp.FAULT is event.lamp
        off = re.search(r"it is \+(\d+) s off", str(event.remedy))
        assert off is not None
        assert 600 <= int(off[1]) < 700  # the answer was written before it was sent
        client.send(1, Query(order_id="o1"))
        assert DeviceRemoved(CLOCK_PATH) == until(inbox, lambda event: isinstance(event, DeviceRemoved))


def test_what_was_taken_is_finished_before_closing(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """Closing loses no answer."""
    with ScriptedServer(ORDERS) as server:
        client = open_engine(server.url, workers=1)
        for number in range(20):
            client.send(number, Query(order_id="o1"))
        client.close()
        inbox.close()
    numbers = []
    while not inbox.closed:
        event = inbox.get(None)
        if isinstance(event, Replied):
            numbers.append(event.request_id)
    assert list(range(20)) == numbers


def test_what_waited_too_long_for_a_thread_is_not_sent(inbox: QueueInbox, open_engine: OpenEngine) -> None:
    """Its time began when the till sent it, so nothing has changed and nothing comes later by surprise."""
    with ScriptedServer(say_nothing) as server:
        client = open_engine(server.url, 2.0, workers=1)
        client.send(1, CHARGE)
        client._answer_seconds = 0.5  # over long before the first one's, however long it takes to get here
        client.send(2, CHARGE)
        assert NoReply(1) == answer_to(inbox, 1)
        assert Replied(2, Refused(refusal=Refusal.ENGINE_UNAVAILABLE)) == answer_to(inbox, 2)
