"""The carrier of webhooks over real sockets: what it sends, whom it does not follow, and how long it waits."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from points_engine.adapters import http_webhooks
from points_engine.adapters.http_webhooks import HttpWebhookSender
from points_engine.webhook import WebhookRules
from points_engine.webhook_ports import Told
from tests.held_port import HeldPort
from tests.points_engine.gateway_server import GatewayServer, gateway_server

TOLD = WebhookRules(allows_http=True, allows_private_addresses=True)
HEADERS = {"webhook-id": "evt_1", "webhook-signature": "v1,abc"}
BODY = '{"type":"points.earned","data":{"reason":"春"}}'.encode()


@pytest.fixture
def merchant() -> Iterator[GatewayServer]:
    """A merchant's system on this machine."""
    with gateway_server() as server:
        yield server


def test_a_message_arrives_as_it_was_signed(merchant: GatewayServer) -> None:
    """Body, signature headers and path come through; any 2xx takes it."""
    merchant.answer(202)
    told = HttpWebhookSender(TOLD).send(f"{merchant.address}/hooks?shop=1", HEADERS, BODY)
    assert Told(202, None) == told
    (got,) = merchant.received
    assert ("POST", "/hooks?shop=1", BODY.decode()) == (got.method, got.path, got.body)
    assert {**HEADERS, "Content-Type": "application/json"}.items() <= got.headers.items()


ANSWERS: dict[str, tuple[int, Mapping[str, str], Told]] = {
    "an error": (500, {}, Told(500, "it answered 500")),
    "too many, with a time": (429, {"Retry-After": "120"}, Told(429, "it answered 429", 120)),
    "a time that is no number": (
        503,
        {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"},
        Told(503, "it answered 503"),
    ),
    "a time without end": (503, {"Retry-After": "9" * 30}, Told(503, "it answered 503")),
    "gone": (410, {}, Told(410, "it answered 410")),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_told_of_an_answer(merchant: GatewayServer, case: str) -> None:
    """The status and the wish to wait, and nothing of the answer's text."""
    status, headers, expected = ANSWERS[case]
    merchant.answer(status, "secrets of the merchant", headers)
    assert expected == HttpWebhookSender(TOLD).send(merchant.address, HEADERS, BODY)


def test_a_redirection_is_not_followed(merchant: GatewayServer) -> None:
    """Nobody leads the message elsewhere."""
    merchant.answer(302, "", {"Location": f"{merchant.address}/elsewhere"})
    told = HttpWebhookSender(TOLD).send(merchant.address, HEADERS, BODY)
    assert Told(302, "it answered 302: redirections are not followed") == told
    assert 1 == len(merchant.received)


def test_the_environments_proxy_is_not_used(merchant: GatewayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the surroundings say of proxies is not the shop's settings."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Told(200, None) == HttpWebhookSender(TOLD).send(merchant.address, HEADERS, BODY)


ADDRESSES = {
    "127.0.0.1": False, "10.1.2.3": False, "172.16.0.1": False, "192.168.1.1": False, "169.254.169.254": False,
    "100.64.0.1": False, str(ipaddress.IPv4Address(0)): False, "224.0.0.1": False, "255.255.255.255": False,
    "::1": False,
    "fe80::1%eth0": False, "fd00::1": False, "::ffff:127.0.0.1": False, "::ffff:10.0.0.1": False, "::": False,
    "2002:7f00:1::": False, "64:ff9b::7f00:1": False, "2001:0:4136:e378:8000:63bf:3fff:fdd2": False,
    "8.8.8.8": True, "2606:4700:4700::1111": True, "::ffff:8.8.8.8": True, "64:ff9b::808:808": True,
}  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_which_addresses_are_the_worlds(address: str) -> None:
    """What is of this machine or of a private network is not, however it is wrapped."""
    assert ADDRESSES[address] == http_webhooks._is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_nothing_is_sent_into_this_network_unless_told(merchant: GatewayServer, host: str) -> None:
    """Names and spellings that lead to this machine are refused before a byte is sent."""
    port = merchant.address.rsplit(":", 1)[1]
    told = HttpWebhookSender(WebhookRules(allows_http=True)).send(f"http://{host}:{port}/", HEADERS, BODY)
    assert told.status is None
    assert "webhooks.allows_private_addresses" in (told.problem or "")
    assert [] == merchant.received


def test_the_address_that_was_looked_at_is_the_one_connected_to(
    merchant: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that changes its answer leads nowhere: the name is asked for once."""
    port = int(merchant.address.rsplit(":", 1)[1])
    asked: list[str] = []

    def resolve(host: str, *_rest: object, **_more: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert Told(200, None) == HttpWebhookSender(TOLD).send(f"http://shop.example:{port}/", HEADERS, BODY)
    assert ["shop.example"] == asked
    assert f"shop.example:{port}" == merchant.received[0].headers["Host"]


def test_http_is_not_spoken_unless_told(merchant: GatewayServer) -> None:
    """Also when the settings became stricter after the endpoint was added."""
    told = HttpWebhookSender(WebhookRules(allows_private_addresses=True)).send(
        merchant.address, HEADERS, BODY
    )
    assert "webhooks.allows_http" in (told.problem or "")
    assert [] == merchant.received


def test_nobody_is_waited_for_without_end(merchant: GatewayServer) -> None:
    """Neither one who says nothing nor one who dribbles."""
    merchant.answers.append(None)
    silent = HttpWebhookSender(TOLD, seconds=0.2).send(merchant.address, HEADERS, BODY)
    with dribbling_server() as address:
        dribbling = HttpWebhookSender(TOLD, seconds=0.3).send(address, HEADERS, BODY)
    assert [Told(None, "no answer in time")] * 2 == [silent, dribbling]


class dribbling_server:  # noqa: N801 -- used like a function
    """Answers one byte of a header at a time, for ever."""

    def __enter__(self) -> str:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._leaves = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        line, _ = self._listener.accept()
        with line:
            line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not self._leaves.wait(0.02):
                try:
                    line.sendall(b"x")
                except OSError:
                    return

    def __exit__(self, *_exception: object) -> None:
        self._leaves.set()
        self._thread.join()
        self._listener.close()


def test_a_long_answer_is_not_read(merchant: GatewayServer) -> None:
    """Its status says that the message was taken; what else it has to say stays with it."""
    merchant.answer(200, "x" * 5_000_000)
    assert Told(200, None) == HttpWebhookSender(TOLD).send(merchant.address, HEADERS, BODY)


def test_nobody_there() -> None:
    """A closed port and a name that does not exist are told in words."""
    sender = HttpWebhookSender(TOLD)
    with HeldPort() as nobodys:
        told = [sender.send(url, HEADERS, BODY) for url in (nobodys.url, "http://no-such-host.invalid/")]
    assert [
        Told(None, "it cannot be reached, or does not speak HTTP"),
        Told(None, "its name cannot be resolved"),
    ] == told


def test_a_certificate_is_checked(tls_merchant: tuple[str, Path]) -> None:
    """A certificate nobody vouches for is refused; with its authority known the message is taken."""
    address, authority = tls_merchant
    rules = WebhookRules(allows_private_addresses=True)
    trusting = ssl.create_default_context(cafile=str(authority))
    assert [Told(None, "its certificate is not trusted"), Told(200, None)] == [
        HttpWebhookSender(rules).send(address, HEADERS, BODY),
        HttpWebhookSender(rules, tls=trusting).send(address, HEADERS, BODY),
    ]


@pytest.fixture
def tls_merchant(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A merchant's system with a certificate of its own for 127.0.0.1: its address and the certificate's file."""
    certificate, key = _self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with gateway_server(context) as server:
        yield server.address, certificate


def _self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "merchant")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file
