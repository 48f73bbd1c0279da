"""The front door from far away: what is retried, what is never called a failure, and what a till's signature says."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from msgspec import structs

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    Done,
    EngineFault,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Secret,
)
from points_engine.signing import Key, Signature, is_signed_by, parse_authorization
from points_engine.wire.problems import Trouble as Told
from points_engine.wire.problems import encode_problem, trouble
from points_engine.wire.replies import encode_reply
from pos_client.engine_client import remote_door
from pos_client.engine_client.credential import TillCredential
from pos_client.engine_client.remote_door import RemoteDoor, Server
from pos_client.engine_client.troubles import Trouble
from tests.held_port import HeldPort
from tests.pos_client.engine_client.scripted_server import (
    Behaviour,
    ScriptedServer,
    answer,
    hang_up,
    http,
    say,
    say_nothing,
    serve,
)
from tests.waiting import PATIENCE_SECONDS

CODE = "848812345678901234"
PIN = "284619"
SECRET = Secret("h7Jx0u5sQe4t9ZkB2mWc8yLr1vNa6dPf3gXo")
CREDENTIAL = TillCredential(till_id="T1", key=Key("till-key-1", SECRET))
CHARGE = Charge(order_id="o1", till_id="T1", cashier="c", code=Secret(CODE), amount=Amount(Asset.POINTS, 300))
PAID = Payment(
    order_id="o1",
    state=PaymentState.SUCCEEDED,
    amount=Amount(Asset.POINTS, 300),
    at=datetime(2026, 3, 2, 4, 0, tzinfo=UTC),
    member="王*",
)
WRONG_PIN = Refused(refusal=Refusal.PIN_WRONG, tries_left=2)


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.news: list[Trouble | None] = []

    def heard(self) -> None:
        """The engine answered."""
        self.news.append(None)

    def failed(self, trouble: Trouble) -> None:
        """It did not."""
        self.news.append(trouble)


def response(reply: Reply, *headers: str) -> bytes:
    """A reply of the engine's, as it comes over the line."""
    made = encode_reply(reply)
    return http(made.body.decode(), f"{made.status} Status", *headers)


def replied(reply: Reply, *headers: str, times: int = 1) -> Behaviour:
    """Answer with a reply of the engine's."""
    return say(response(reply, *headers), times=times)


def told_bytes(kind: Told, *headers: str) -> bytes:
    """A server's trouble, as it comes over the line."""
    return http(encode_problem(trouble(kind)).decode(), f"{kind.status} Trouble", *headers)


def told(kind: Told, *headers: str) -> Behaviour:
    """Answer with a server's trouble."""
    return say(told_bytes(kind, *headers))


OpenDoor = Callable[..., RemoteDoor]


@pytest.fixture
def heard() -> Heard:
    """What a listener would be told."""
    return Heard()


@pytest.fixture
def open_door(heard: Heard) -> Iterator[OpenDoor]:
    """Opens doors, and closes them."""
    with ExitStack() as stack:

        def open_one(*servers: ScriptedServer | HeldPort, seconds: float = PATIENCE_SECONDS) -> RemoteDoor:
            urls = [server.url for server in servers]
            server = Server(urls=urls, answer_seconds=seconds, connect_seconds=PATIENCE_SECONDS)
            return stack.enter_context(closing(RemoteDoor(server, CREDENTIAL, listener=heard)))

        yield open_one


@pytest.fixture
def nobody() -> Iterator[HeldPort]:
    """Where nobody listens."""
    with HeldPort() as port:
        yield port


def test_a_command_is_signed_and_its_reply_read(open_door: OpenDoor, heard: Heard) -> None:
    """The signature covers the request as it is sent; the secret is not in it."""
    with ScriptedServer(replied(PAID)) as server:
        assert PAID == open_door(server).execute(CHARGE)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = dict(part.split(": ", 1) for part in rest)
    method, target, _ = line.split()
    signature = parse_authorization(headers["Authorization"])
    assert isinstance(signature, Signature)
    assert is_signed_by(SECRET, signature, method, target, body, headers["Idempotency-Key"])
    assert ("till-key-1", "o1") == (signature.key_id, headers["Idempotency-Key"])
    assert SECRET.reveal().encode() not in server.requests[0]
    assert [None] == heard.news


def test_a_target_with_unusual_letters_is_signed_as_it_is_sent(open_door: OpenDoor) -> None:
    """No library between signing and sending writes the path in another way."""
    order_id = "T1/2026~03 02%2F:终端+=?&#'()*!"
    paid = replace(PAID, order_id=order_id)
    with ScriptedServer(replied(paid)) as server:
        assert paid == open_door(server).execute(Query(order_id=order_id))
    head = server.requests[0].decode().split("\r\n")
    headers = dict(part.split(": ", 1) for part in head[1:] if ": " in part)
    signature = parse_authorization(headers["Authorization"])
    assert isinstance(signature, Signature)
    assert is_signed_by(SECRET, signature, "GET", head[0].split()[1], b"")


def test_a_refusal_is_a_reply(open_door: OpenDoor) -> None:
    """With its particulars, and at the first attempt."""
    command = AnswerChallenge(order_id="o1", answer_id="a1", kind=ChallengeKind.PIN, answer=Secret(PIN))
    with ScriptedServer(replied(WRONG_PIN)) as server:
        assert WRONG_PIN == open_door(server).execute(command)
    assert 1 == len(server.requests)


AGAIN: list[tuple[str, Behaviour]] = [
    ("hangs up", hang_up),
    ("in flight", told(Told.IN_FLIGHT)),
    ("too many", told(Told.TOO_MANY, "Retry-After: 0")),
    ("shutting down", told(Told.SHUTTING_DOWN)),
    ("outcome unknown", told(Told.OUTCOME_UNKNOWN)),
    ("late", told(Told.LATE)),
    ("a bug", told(Told.BUG)),
    ("a balancer", answer("<html>Bad Gateway</html>", "502 Bad Gateway")),
    ("half an answer", answer('{"object": "payment", "order', "200 OK")),
]


@pytest.mark.parametrize("first", [how for _, how in AGAIN], ids=[name for name, _ in AGAIN])
def test_what_may_be_asked_again_is(first: Behaviour, open_door: OpenDoor, heard: Heard) -> None:
    """The same request with the same id, once more; the caller hears the one reply."""
    with ScriptedServer(first, replied(PAID)) as server:
        assert PAID == open_door(server).execute(CHARGE)
    assert 2 == len(server.requests)
    bodies = {request.partition(b"\r\n\r\n")[2] for request in server.requests}
    assert 1 == len(bodies)
    assert [None] == heard.news


def test_a_node_that_is_away_is_left(
    open_door: OpenDoor, nobody: HeldPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one answers without a pause (it would be longer than there is time), and is asked first from then on."""
    monkeypatch.setattr(remote_door, "PAUSES_SECONDS", (10 * PATIENCE_SECONDS,))
    with ScriptedServer(replied(PAID, times=2)) as server:
        door = open_door(nobody, server)
        assert PAID == door.execute(CHARGE)
        assert PAID == door.execute(CHARGE)
    assert 1 == server.connections


def test_a_node_that_hangs_does_not_take_all_the_time(open_door: OpenDoor) -> None:
    """Another node is asked within the same command."""
    with ScriptedServer(say_nothing) as first, ScriptedServer(replied(PAID)) as second:
        assert PAID == open_door(first, second, seconds=4.0).execute(CHARGE)


UNKNOWN: list[tuple[str, tuple[Behaviour, ...]]] = [
    ("always hangs up", (hang_up,)),
    ("a bug each time", (told(Told.BUG),)),
    ("a stranger", (answer("<html>Router</html>"),)),
    ("another order's payment", (replied(replace(PAID, order_id="o2")),)),
    ("a reply to something else", (replied(Done()),)),
    ("hangs up, then does not know the till", (hang_up, replied(Refused(refusal=Refusal.TILL_NOT_ENROLLED)))),
    ("hangs up, then has too much to do", (hang_up, told(Told.OVERLOADED))),
    ("still in flight", (told(Told.IN_FLIGHT),)),
]


@pytest.mark.parametrize("behaviours", [how for _, how in UNKNOWN], ids=[name for name, _ in UNKNOWN])
def test_what_may_have_been_done_is_no_failure(
    behaviours: tuple[Behaviour, ...], open_door: OpenDoor, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody says that nothing changed; and no secret is told."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(*behaviours) as server, pytest.raises(EngineFault) as caught:
        open_door(server).execute(CHARGE)
    assert not caught.value.nothing_changed
    said = f"{caught.value!r} {caught.value} {caplog.text} {CREDENTIAL!r}"
    assert [] == [secret for secret in (CODE, SECRET.reveal()) if secret in said]


def test_a_server_that_never_answers_leaves_the_outcome_open(open_door: OpenDoor) -> None:
    """The deadline ends the waiting: the server itself would go on being silent."""
    with ScriptedServer(say_nothing) as server, pytest.raises(EngineFault) as caught:
        open_door(server, seconds=1.0).execute(CHARGE)
    assert (False, Trouble.NO_ANSWER.problem) == (caught.value.nothing_changed, caught.value.problem)


A_WHILE = structs.replace(trouble(Told.TOO_MANY), wait_seconds=45)
NOTHING: list[tuple[str, tuple[Behaviour, ...]]] = [
    ("overloaded", (told(Told.OVERLOADED),)),
    ("a full disk", (told(Told.UNAVAILABLE),)),
    ("too many, for a minute", (told(Told.TOO_MANY, "Retry-After: 60"),)),
    ("too many, for a while", (answer(encode_problem(A_WHILE).decode(), "429 Trouble"),)),
    ("no such path", (told(Told.NOT_FOUND),)),
]


@pytest.mark.parametrize("behaviours", [how for _, how in NOTHING], ids=[name for name, _ in NOTHING])
def test_what_surely_changed_nothing_is_said_so(
    behaviours: tuple[Behaviour, ...], open_door: OpenDoor
) -> None:
    """The server's own word on every attempt; to wait longer than there is time is not begun."""
    with ScriptedServer(*behaviours) as server, pytest.raises(EngineFault) as caught:
        open_door(server, seconds=30.0).execute(CHARGE)
    assert caught.value.nothing_changed


def test_a_server_that_is_away_changed_nothing(open_door: OpenDoor, nobody: HeldPort, heard: Heard) -> None:
    """Nothing was sent, and the remedy is said."""
    with pytest.raises(EngineFault) as caught:
        open_door(nobody).execute(CHARGE)
    assert (True, Trouble.UNREACHABLE.remedy) == (caught.value.nothing_changed, caught.value.remedy)
    assert [Trouble.UNREACHABLE] == heard.news


def test_a_question_changes_nothing_whatever_comes(open_door: OpenDoor) -> None:
    """A query that was not answered leaves no doubt behind."""
    with ScriptedServer(hang_up) as server, pytest.raises(EngineFault) as caught:
        open_door(server).execute(Query(order_id="o1"))
    assert caught.value.nothing_changed


@pytest.mark.parametrize(
    "behaviour",
    [told(Told.NOT_SIGNED_IN), replied(Refused(refusal=Refusal.TILL_NOT_ENROLLED))],
    ids=["unknown key", "unknown till"],
)
def test_a_till_that_was_taken_off_the_list_hears_it(
    behaviour: Behaviour, open_door: OpenDoor, heard: Heard
) -> None:
    """As a refusal, at the first attempt."""
    with ScriptedServer(behaviour) as server:
        reply = open_door(server).execute(CHARGE)
    assert (Refused(refusal=Refusal.TILL_NOT_ENROLLED), 1) == (reply, len(server.requests))
    assert [Trouble.NOT_ENROLLED] == heard.news


def date(ahead: timedelta) -> str:
    """A Date header of a server whose clock is so far ahead of ours."""
    return f"Date: {format_datetime(datetime.now(UTC) + ahead, usegmt=True)}"


def at(request: bytes) -> int:
    """When a request says that it was signed."""
    lines = request.decode().split("\r\n")
    header = next(line for line in lines if line.startswith("Authorization: "))
    signature = parse_authorization(header.removeprefix("Authorization: "))
    assert isinstance(signature, Signature)
    return signature.at


@pytest.mark.parametrize("is_told", [True, False], ids=["the engine tells its time", "a header alone"])
def test_a_clock_that_is_off_is_put_right_by_the_servers(open_door: OpenDoor, *, is_told: bool) -> None:
    """The refused signature is made again with the server's time, and the next command knows it from the start."""
    ahead = timedelta(hours=2)

    def respond(_request: bytes) -> bytes:
        if len(server.requests) > 1:
            return response(PAID, date(ahead))
        if not is_told:
            return told_bytes(Told.NOT_SIGNED_IN, date(ahead))
        problem = structs.replace(trouble(Told.CLOCK_WRONG), server_time=datetime.now(UTC) + ahead)
        return http(encode_problem(problem).decode(), "401 Trouble", date(timedelta()))

    with ScriptedServer(serve(respond)) as server:
        door = open_door(server)
        assert PAID == door.execute(CHARGE)
        assert PAID == door.execute(CHARGE)
    wrong, right, third = (at(request) - time.time() for request in server.requests)
    assert abs(wrong) < 30
    assert abs(right - 7200) < 30
    assert abs(third - 7200) < 30


def test_a_time_that_is_never_right_is_a_fault_with_a_remedy(open_door: OpenDoor, heard: Heard) -> None:
    """It is tried twice, changes nothing, and says what to do."""
    with (
        ScriptedServer(serve(lambda _: told_bytes(Told.CLOCK_WRONG, date(timedelta(hours=9))))) as server,
        pytest.raises(EngineFault) as caught,
    ):
        open_door(server).execute(CHARGE)
    assert (True, 2) == (caught.value.nothing_changed, len(server.requests))
    assert [Trouble.CLOCK_OFF] == heard.news


def test_a_key_that_is_refused_at_the_right_time_is_not_tried_twice(open_door: OpenDoor) -> None:
    """A second attempt is for a wrong clock alone."""
    with ScriptedServer(serve(lambda _: told_bytes(Told.NOT_SIGNED_IN, date(timedelta())))) as server:
        open_door(server).execute(CHARGE)
    assert 1 == len(server.requests)


def test_each_thread_has_its_own_connection(open_door: OpenDoor) -> None:
    """A slow answer to one holds up no other."""
    asked, go = threading.Event(), threading.Event()

    def slow(line: socket.socket, server: ScriptedServer) -> None:
        server.read_request(line)
        asked.set()
        go.wait(PATIENCE_SECONDS)
        line.sendall(response(PAID))

    with ScriptedServer(slow, replied(PAID)) as server, ThreadPoolExecutor(1) as other:
        door = open_door(server)
        first = other.submit(door.execute, CHARGE)
        assert asked.wait(PATIENCE_SECONDS)
        assert PAID == door.execute(CHARGE)
        assert not first.done()
        go.set()
        assert PAID == first.result(PATIENCE_SECONDS)
