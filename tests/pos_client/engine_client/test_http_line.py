"""The line to the points server: whole answers in time, or a fault that says whether anything may have arrived."""

import logging
import socket
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from pos_client.engine_client.deadline_guard import DeadlineGuard
from pos_client.engine_client.http_line import Answer, HttpLine, Request
from pos_client.engine_client.troubles import LineFault, Trouble
from pos_client.engine_client.trust import Trust, TrustInvalid
from tests.held_port import HeldPort
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
from tests.waiting import PATIENCE_SECONDS

SECRET = "848812345678901234"
POST = Request(method="POST", path="/v1/charges", headers={"Authorization": SECRET}, body=SECRET.encode())
Ask = Callable[..., Answer]


@contextmanager
def line_to(trust: Trust | None = None) -> Iterator[Ask]:
    """A line, and a way to ask by it."""
    trust = trust or Trust()
    with closing(DeadlineGuard()) as guard, closing(HttpLine(trust, trust.context(), guard)) as line:

        def ask(server: ScriptedServer | str, seconds: float = PATIENCE_SECONDS) -> Answer:
            node = server if isinstance(server, str) else server.url
            deadline = time.monotonic() + seconds
            return line.exchange(node, POST, connect_seconds=PATIENCE_SECONDS, deadline=deadline)

        yield ask


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A way to ask by a line that trusts the system's CAs."""
    with line_to() as way:
        yield way


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
    with HeldPort() as nobody, ScriptedServer(answer()) as server:
        monkeypatch.setenv("http_proxy", nobody.url)
        monkeypatch.setenv("HTTP_PROXY", nobody.url)
        assert 200 == ask(server).status


FAULTS: list[tuple[str, Behaviour, Trouble]] = [
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
]


@pytest.mark.parametrize(
    ("behaviour", "trouble"), [(how, what) for _, how, what in FAULTS], ids=[name for name, *_ in FAULTS]
)
def test_what_is_no_answer_may_have_arrived(
    behaviour: Behaviour, trouble: Trouble, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody may say that nothing happened, and no secret is told."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(behaviour) as server, pytest.raises(LineFault) as caught:
        ask(server)
    assert (trouble, True) == (caught.value.trouble, caught.value.maybe_arrived)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(POST)
    assert SECRET not in told


ENDLESS: list[tuple[str, Behaviour]] = [
    ("never", say_nothing),
    ("a dripping head", drip(b"HTTP/1.1 200 OK\r\nX: y", 0.02)),
    ("a dripping body", drip(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nx", 0.005)),
]


@pytest.mark.parametrize("behaviour", [how for _, how in ENDLESS], ids=[name for name, _ in ENDLESS])
def test_a_deadline_holds_whatever_drips(behaviour: Behaviour, ask: Ask) -> None:
    """An answer that never ends is given up, though there is always a little more of it."""
    with ScriptedServer(behaviour) as server, pytest.raises(LineFault) as caught:
        ask(server, 1.0)
    assert (Trouble.NO_ANSWER, True) == (caught.value.trouble, caught.value.maybe_arrived)


def test_what_was_not_sent_did_not_arrive(ask: Ask) -> None:
    """A connection that could not be made has changed nothing: nobody listens, or there is no such name."""
    with HeldPort() as nobody:
        for node, trouble in (
            (nobody.url, Trouble.UNREACHABLE),
            ("http://no-such-host.invalid", Trouble.NAME_UNKNOWN),
        ):
            with pytest.raises(LineFault) as caught:
                ask(node)
            assert (trouble, False) == (caught.value.trouble, caught.value.maybe_arrived)


def test_a_server_that_accepts_nobody_is_not_waited_for(ask: Ask) -> None:
    """A full queue of connections: the deadline holds for connecting too."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for filler in [stack.enter_context(socket.socket()) for _ in range(4)]:
            filler.setblocking(False)
            filler.connect_ex(address)
        with pytest.raises(LineFault) as caught:
            ask(f"http://127.0.0.1:{address[1]}", 0.3)
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
            ask(plain.url.replace("http:", "https:"))
        assert (Trouble.NO_TLS, False) == (caught.value.trouble, caught.value.maybe_arrived)
    with line_to() as ask, pytest.raises(LineFault) as caught:
        ask(secure.url.replace("https:", "http:"))
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
