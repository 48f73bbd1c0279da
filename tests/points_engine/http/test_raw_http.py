"""What no client sends: broken framing, heads and bodies that are huge, slow or no text, on a bare socket."""

import errno
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points_engine.service_settings import ServiceSettings
from tests.points_engine.http.running_service import RunningService
from tests.waiting import PATIENCE_SECONDS, within

SECONDS = int(PATIENCE_SECONDS)
PATIENT = ServiceSettings(
    port=0, drain_seconds=0, finish_seconds=10, head_seconds=SECONDS, body_seconds=SECONDS, idle_seconds=SECONDS,
    head_bytes=4_096, body_bytes=8_192, connections=64,
)  # fmt: skip
QUICK = replace(PATIENT, head_seconds=1, body_seconds=1)
SOON_IDLE = replace(PATIENT, body_seconds=1, idle_seconds=1)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that waits: what it says it says of what was sent, and not of how fast that came."""
    with RunningService(tmp_path_factory.mktemp("service"), PATIENT) as service:
        yield service


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that soon lets go of who is slow."""
    with RunningService(tmp_path_factory.mktemp("quick"), QUICK) as service:
        yield service


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other end closes."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def sent(running: RunningService, *pieces: bytes) -> bytes:
    """What comes for these bytes, until the service closes the connection."""
    with running.connect() as connection:
        for piece in pieces:
            try:
                connection.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                break
        try:
            return all_of(connection)
        except ConnectionResetError:
            return b""


def status_and_code(response: bytes) -> tuple[int, str]:
    """The status of a response and the code of its problem."""
    head, _, body = response.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)["code"]


GET = b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Test back_office mei\r\nConnection: close\r\n\r\n"
POST = b"POST /v1/charges HTTP/1.1\r\nHost: x\r\nAuthorization: Test till till-1\r\nConnection: close\r\n"
TYPED = POST + b"Idempotency-Key: k\r\nContent-Type: application/json\r\n"


def with_body(body: bytes, head: bytes = TYPED) -> bytes:
    """A whole request."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "invalid"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "invalid"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, 400, "invalid"),
        (b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400, "invalid"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400, "invalid"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "invalid"),
        (POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "invalid"),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}", 400, "invalid"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400, "invalid"),
        (POST + b"Authorization: Test till till-2\r\nContent-Length: 0\r\n\r\n", 400, "invalid"),
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 10_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 2_000 + b"\r\n", 431, "headers_too_large"),
        (with_body(b"x" * 8_193), 413, "too_large"),
        (TYPED + b"Content-Length: 99999999999999999999\r\n\r\n", 400, "invalid"),
        (TYPED + b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n" + b"x" * 4_096 + b"\r\n1000\r\n" + b"x" * 4_096
         + b"\r\n1000\r\n" + b"x" * 4_096 + b"\r\n0\r\n\r\n", 413, "too_large"),
        (with_body(b"{}", POST + b"Idempotency-Key: k\r\n"), 415, "not_json"),
        (with_body(b"{}", POST + b"Idempotency-Key: k\r\nContent-Type: text/plain\r\n"), 415, "not_json"),
        (with_body(b"\xff\xfe"), 400, "invalid"),
        (with_body(b'{"cashier": "\xff"}'), 400, "invalid"),
        (with_body(b"[" * 8_000), 400, "invalid"),
        (with_body(b'{"amount":' * 700), 400, "invalid"),
        (with_body(b'{"amount": {"units": 1e400, "asset": "points"}}'), 400, "invalid"),
        (with_body(b'{"amount": {"units": 1' + b"0" * 5_000 + b', "asset": "points"}}'), 400, "invalid"),
        (with_body(b"null"), 400, "invalid"),
        (with_body(b""), 400, "invalid"),
        (with_body(b"{}", POST + b"Idempotency-Key: %ff\r\nContent-Type: application/json\r\n"), 400,
         "idempotency_key_missing"),
        (with_body(b"{}", POST + b"Idempotency-Key: \r\nContent-Type: application/json\r\n"), 400,
         "idempotency_key_missing"),
        (GET % b"/v1/payments/a%00b", 400, "invalid"),
        (GET % b"/v1/payments/a?x=1", 400, "invalid"),
        (GET % b"/v1/members?most=0", 400, "invalid"),
        (GET % b"/v1/members?after=-1", 400, "invalid"),
        (GET % b"/v1/shops?after=nowhere", 400, "invalid"),
        (GET % b"/v1/shops/shop-1/bills/yesterday", 400, "invalid"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(running: RunningService, request_bytes: bytes, status: int, code: str) -> None:
    """A status and problem details, never a 5xx, and the connection is closed."""
    assert (status, code) == status_and_code(sent(running, request_bytes))


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"GET /healthz HTTP/1.1\r\n"],
        [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\n"],
        [TYPED + b"Content-Length: 100\r\n\r\n{"],
        [TYPED + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"],
    ],
)
def test_who_is_slow_is_let_go(quick: RunningService, pieces: list[bytes]) -> None:
    """Half a head, half a body, or nothing at all: 408, and the connection is free again."""
    response = sent(quick, *pieces)
    assert (408, "timed_out") == status_and_code(response[response.rindex(b"HTTP/1.1") :])


def test_drops_of_a_head_do_not_prolong_it(quick: RunningService) -> None:
    """Slow loris: a byte now and then is no progress."""
    since, pause = time.monotonic(), threading.Event()
    with quick.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        connection.settimeout(0.05)
        response = b""
        while not response.endswith(b"}"):
            assert time.monotonic() - since < PATIENCE_SECONDS
            try:
                connection.sendall(b"X: y\r\n")
                response += connection.recv(65_536)
            except TimeoutError:
                pause.wait(0.05)
            except OSError:
                break
    assert b" 408 " in response


def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    """After its last answer, when nothing more comes."""
    with RunningService(tmp_path / "engine", SOON_IDLE) as running:
        response = sent(running, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 200 ")


def test_requests_on_one_connection_are_answered_in_order(running: RunningService) -> None:
    """Pipelined, as some proxies send them."""
    one = b"GET %s HTTP/1.1\r\nHost: x\r\nX-Request-Id: %d\r\n\r\n"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: 3\r\nConnection: close\r\n\r\n"
    response = sent(running, one % (b"/healthz", 1) + one % (b"/nothing", 2) + last)
    ids = [line for line in response.split(b"\r\n") if line.startswith(b"x-request-id")]
    assert [b"x-request-id: 1", b"x-request-id: 2", b"x-request-id: 3"] == ids


def test_so_many_connections_are_taken_and_no_more(running: RunningService) -> None:
    """Who comes too many is told so; when others leave there is room again."""
    with ExitStack() as connections:
        last = [connections.enter_context(running.connect()) for _ in range(65)][-1]
        assert (503, "overloaded") == status_and_code(all_of(last))
    within(lambda: _is_taken(running))


def _is_taken(running: RunningService) -> bool:
    # Who is one too many may find the line cut before it has heard why.
    with suppress(ConnectionError):
        return running.request("GET", "/healthz").status == 200
    return False


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from([b"GET", b"POST", b"PUT", b"\x00", b"GET GET"]),
    path=st.binary(max_size=40),
    headers=st.lists(st.tuples(st.binary(max_size=20), st.binary(max_size=20)), max_size=4),
    body=st.binary(max_size=60),
)
def test_any_bytes_have_an_answer_that_is_no_fault(
    running: RunningService,
    method: bytes,
    path: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    """Whatever comes: a 4xx, a 200, or a closed connection; and the service is as well as before."""
    lines = b"".join(b"%s: %s\r\n" % pair for pair in headers)
    request = b"%s /%s HTTP/1.1\r\nConnection: close\r\n%s\r\n%s" % (method, path, lines, body)
    with running.connect() as connection:
        response = b""
        with suppress(ConnectionError):
            connection.sendall(request)
            _hang_up(connection)
            response = all_of(connection)
    assert not response or response.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200"))


def _hang_up(connection: socket.socket) -> None:
    """Send nothing more; the other end may have cut the line already."""
    try:
        connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def test_after_all_that_the_service_is_well(running: RunningService) -> None:
    """Nothing it was sent left a trace: no fault, no request under way, no text of a request in the log."""
    assert 200 == running.request("GET", "/readyz").status
    page = running.request("GET", "/metrics").body.decode()
    assert "points_http_requests_in_flight 1.0" in page
    assert 'status="500"' not in page


def test_no_secret_is_in_log_metrics_or_problems(tmp_path: Path) -> None:
    """Whatever was sent where it does not belong: path, query, header, body."""
    secret = "739154739154"
    with RunningService(tmp_path / "engine", PATIENT) as running:
        head = f"GET /v1/payments/{secret}?pin={secret} HTTP/1.1\r\nHost: x\r\nX-Pin: {secret}\r\n"
        authorized = head + f"Authorization: Test till {secret}x\r\nConnection: close\r\n\r\n"
        received = sent(running, authorized.encode())
        received += sent(running, with_body(f'{{"{secret}": "{secret}"}}'.encode()))
        received += sent(running, with_body(f'{{"amount": {{"asset": "{secret}", "units": 1}}}}'.encode()))
        received += sent(running, f"GET /{secret} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        received += sent(running, f"{secret} /{secret} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        received += running.request("GET", "/metrics").body
    written = received + b"".join(running.log)
    assert secret.encode() not in written.replace(f"till:{secret}x".encode(), b"")
    assert 4 == len(b"".join(running.log).splitlines())


def test_a_bad_request_behind_another_spoils_no_answer(tmp_path: Path) -> None:
    """Pipelined: the first is answered as its own, whatever the second's body is, and none is answered twice."""
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: 1\r\n\r\n"
    two = TYPED + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"
    with RunningService(tmp_path / "engine", SOON_IDLE) as running:
        response = sent(running, one + two)
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b"x-request-id: 1" in response.partition(b"\r\n\r\n")[0]
    assert 1 == response.count(b"HTTP/1.1 200 ")
    assert 2 >= response.count(b"HTTP/1.1 ")
