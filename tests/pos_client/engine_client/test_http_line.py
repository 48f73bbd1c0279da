"""The line to the points server: whole answers in time, or a fault that says whether anything may have arrived."""

import logging
import socket
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pos_client.engine_client.deadline_guard import DeadlineGuard
from pos_client.engine_client.http_line import Answer, HttpLine, Request
from pos_client.engine_client.troubles import LineFault, Trouble
from pos_client.engine_client.trust import Trust, TrustInvalid
from tests.pos_client.engine_client.scripted_server import (
    Behaviour,
    Certificate,
    ScriptedServer,
    answer,
    drip,
    hang_up,
    say,
    say_nothing,
)

SECRET = "848812345678901234"
POST = Request(method="POST", path="/v1/charges", headers={"Authorization": SECRET}, body=SECRET.encode())
Ask = Callable[..., Answer]


@contextmanager
def line_to(trust: Trust | None = None) -> Iterator[Ask]:
    """A line, and a way to ask by it."""
    trust = trust or Trust()
    guard = DeadlineGuard()
    line = HttpLine(trust, trust.context(), guard)

    def ask(server: ScriptedServer | str, seconds: float = 5.0, request: Request = POST) -> Answer:
        node = server if isinstance(server, str) else server.url
        return line.exchange(node, request, connect_seconds=1.0, deadline=time.monotonic() + seconds)

    yield ask
    line.close()
    guard.close()


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A way to ask by a line that trusts the system's CAs."""
    with line_to() as way:
        yield way


def closed_port() -> str:
    """A base URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_request_goes_out_whole_and_its_answer_comes_back(ask: Ask) -> None:
    """Method, path, header and body; status, headers by small names, body."""
    with ScriptedServer(answer('{"a": 1}', "201 Created", "X-Time: 7")) as server:
        got = ask(server)
    assert (201, "7", b'{"a": 1}') == (got.status, got.headers["x-time"], got.body)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert b"POST /v1/charges HTTP/1.1" == head.splitlines()[0]
    assert f"Authorization: {SECRET}".encode() in head
    assert SECRET.encode() == body


def test_a_connection_is_used_again(ask: Ask) -> None:
    """Three requests, one connection."""
    with ScriptedServer(answer(times=3)) as server:
        for _ in range(3):
            ask(server)
    assert (1, 3) == (server.connections, len(server.requests))


def test_a_connection_the_server_closed_meanwhile_is_replaced(ask: Ask) -> None:
    """It is noticed before anything is sent on it."""
    with ScriptedServer(answer()) as server:
        ask(server)
        server.wait_for_an_end()
        ask(server)
    assert 2 == server.connections


def test_the_environment_is_not_believed(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is no way to the engine."""
    monkeypatch.setenv("http_proxy", closed_port())
    monkeypatch.setenv("HTTP_PROXY", closed_port())
    with ScriptedServer(answer()) as server:
        assert 200 == ask(server).status


FAULTS: list[tuple[str, Behaviour, Trouble]] = [
    ("never", say_nothing, Trouble.NO_ANSWER),
    ("hangs up", hang_up, Trouble.CUT_OFF),
    ("garbage", say(b"\x00\x01 no HTTP at all\r\n\r\n"), Trouble.NONSENSE),
    ("another protocol", say(b"SSH-2.0-OpenSSH_9.2\r\n"), Trouble.NONSENSE),
    ("half a head", say(b"HTTP/1.1 200 OK\r\nContent-Le"), Trouble.CUT_OFF),
    ("half a body", say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), Trouble.CUT_OFF),
    (
        "a body without end",
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 1_100_000),
        Trouble.NONSENSE,
    ),
    ("bad chunks", say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), Trouble.CUT_OFF),
    ("a dripping head", drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 80, 0.02), Trouble.NO_ANSWER),
    (
        "a dripping body",
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + b"x" * 900, 0.005),
        Trouble.NO_ANSWER,
    ),
]


@pytest.mark.parametrize(
    ("behaviour", "trouble"), [(how, what) for _, how, what in FAULTS], ids=[name for name, *_ in FAULTS]
)
def test_what_is_no_answer_may_have_arrived(
    behaviour: Behaviour, trouble: Trouble, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """The fault comes within the deadline, whatever drips; nobody may say that nothing happened; no secret is told."""
    caplog.set_level(logging.DEBUG)
    begun = time.monotonic()
    with ScriptedServer(behaviour) as server, pytest.raises(LineFault) as caught:
        ask(server, 0.4)
    assert time.monotonic() - begun < 2.0
    assert (trouble, True) == (caught.value.trouble, caught.value.maybe_arrived)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(POST)
    assert SECRET not in told


@pytest.mark.parametrize(
    ("node", "trouble"),
    [(closed_port(), Trouble.UNREACHABLE), ("http://no-such-host.invalid", Trouble.NAME_UNKNOWN)],
    ids=["refused", "no such name"],
)
def test_what_was_not_sent_did_not_arrive(node: str, trouble: Trouble, ask: Ask) -> None:
    """A connection that could not be made has changed nothing."""
    with pytest.raises(LineFault) as caught:
        ask(node)
    assert (trouble, False) == (caught.value.trouble, caught.value.maybe_arrived)


def test_a_server_that_accepts_nobody_is_not_waited_for(ask: Ask) -> None:
    """A full queue of connections: the deadline holds for connecting too."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        with pytest.raises(LineFault) as caught:
            ask(f"http://127.0.0.1:{address[1]}", 0.3)
        for filler in fillers:
            filler.close()
    assert (Trouble.UNREACHABLE, False) == (caught.value.trouble, caught.value.maybe_arrived)


def test_a_deadline_that_has_passed_sends_nothing(ask: Ask) -> None:
    """What waited too long in the queue is not begun."""
    with ScriptedServer(answer()) as server, pytest.raises(LineFault) as caught:
        ask(server, 0.0)
    assert (False, 0) == (caught.value.maybe_arrived, server.connections)


# --- whom a till believes


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The server's own."""
    return Certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Certificate) -> Iterator[ScriptedServer]:
    """A server that speaks TLS and answers."""
    with ScriptedServer(answer(times=9), tls=certificate.server_side()) as server:
        yield server


@pytest.mark.parametrize(
    "style",
    [
        str,
        str.upper,
        lambda text: f"sha256:{text}",
        lambda text: ":".join(map("".join, zip(*[iter(text)] * 2, strict=True))),
    ],
)
def test_a_pinned_certificate_is_believed(
    certificate: Certificate, secure: ScriptedServer, style: Callable[[str], str]
) -> None:
    """However the fingerprint is written, nobody else need have signed it."""
    with line_to(Trust(fingerprint=style(certificate.fingerprint))) as ask:
        assert 200 == ask(secure).status


def test_a_ca_file_is_believed(certificate: Certificate, secure: ScriptedServer) -> None:
    """A certificate that the file's CA signed, for the name that was asked."""
    with line_to(Trust(ca_file=certificate.file)) as ask:
        assert 200 == ask(secure).status


def test_another_certificate_is_not(tmp_path: Path, secure: ScriptedServer) -> None:
    """Nothing is sent to it, and the fault says what to do."""
    other = Certificate(tmp_path)
    for trust, trouble in [
        (Trust(fingerprint=other.fingerprint), Trouble.WRONG_FINGERPRINT),
        (Trust(ca_file=other.file), Trouble.NOT_TRUSTED),
        (Trust(), Trouble.NOT_TRUSTED),
    ]:
        with line_to(trust) as ask, pytest.raises(LineFault) as caught:
            ask(secure)
        assert (trouble, False) == (caught.value.trouble, caught.value.maybe_arrived)
    assert [] == secure.requests


def test_the_wrong_scheme_is_named(certificate: Certificate, secure: ScriptedServer) -> None:
    """https:// where none is spoken, and http:// where it is."""

    def refuse(line: socket.socket, _server: ScriptedServer) -> None:
        line.recv(64)
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with ScriptedServer(refuse) as plain:
        with line_to(Trust(fingerprint=certificate.fingerprint)) as ask, pytest.raises(LineFault) as caught:
            ask(plain.url.replace("http:", "https:"), 1.0)
        assert (Trouble.NO_TLS, False) == (caught.value.trouble, caught.value.maybe_arrived)
    with line_to() as ask, pytest.raises(LineFault) as caught:
        ask(secure.url.replace("https:", "http:"), 1.0)
    assert caught.value.trouble in {Trouble.NONSENSE, Trouble.CUT_OFF}


def test_old_tls_is_not_spoken() -> None:
    """1.2 at least."""
    assert ssl.TLSVersion.TLSv1_2 == Trust().context().minimum_version


@pytest.mark.parametrize("fingerprint", ["ab", "x" * 64, "0" * 63])
def test_a_fingerprint_that_cannot_be_one_is_refused(fingerprint: str) -> None:
    """It is checked when it is set up, not when it is needed."""
    with pytest.raises(TrustInvalid, match="64 hexadecimal"):
        Trust(fingerprint=fingerprint)


def test_one_way_of_trusting_at_a_time(certificate: Certificate) -> None:
    """Both would say that either is enough."""
    with pytest.raises(TrustInvalid, match="not both"):
        Trust(fingerprint=certificate.fingerprint, ca_file=certificate.file)
