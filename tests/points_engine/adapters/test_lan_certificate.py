"""The certificate for a shop's network: made once, kept, renewed in time, its owner's alone; TLS 1.2 at least."""

import ipaddress
import os
import socket
import ssl
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from points_engine.adapters import lan_certificate as made
from points_engine.adapters.lan_certificate import LIFETIME, RENEWED_BEFORE, TlsUnavailable, lan_certificate
from points_engine.adapters.tls_context import server_context
from tests.waiting import PATIENCE_SECONDS

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def _names(file: Path) -> x509.SubjectAlternativeName:
    found = made.certificate_in(file).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value


def test_it_is_made_once(tmp_path: Path) -> None:
    """And found again, for its owner alone, by the same fingerprint."""
    first, second = lan_certificate(tmp_path, NOW), lan_certificate(tmp_path, NOW + timedelta(days=365))
    assert (True, False) == (first.is_new, second.is_new)
    assert first.fingerprint == second.fingerprint
    assert 64 == len(first.fingerprint)
    assert NOW + LIFETIME == first.ends_at
    if os.name == "posix":
        assert 0o600 == stat.S_IMODE(first.file.stat().st_mode)
    assert [first.file] == [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


def test_it_is_renewed_in_time(tmp_path: Path) -> None:
    """Three months before its end, and not a day earlier."""
    first = lan_certificate(tmp_path, NOW)
    almost = first.ends_at - RENEWED_BEFORE
    assert not lan_certificate(tmp_path, almost - timedelta(seconds=1)).is_new
    renewed = lan_certificate(tmp_path, almost)
    assert renewed.is_new
    assert first.fingerprint != renewed.fingerprint
    assert almost + LIFETIME == renewed.ends_at


def test_it_carries_the_names_of_this_computer(tmp_path: Path) -> None:
    """Host names and addresses; or those it is told."""
    own = _names(lan_certificate(tmp_path, NOW).file)
    assert {"localhost", socket.gethostname()} <= set(own.get_values_for_type(x509.DNSName))
    assert {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")} <= set(
        own.get_values_for_type(x509.IPAddress)
    )
    (tmp_path / "told").mkdir()
    told = _names(
        lan_certificate(tmp_path / "told", NOW, ["till.example", "192.168.1.5", "积分.example"]).file
    )
    assert ["till.example", "积分.example".encode("idna").decode()] == told.get_values_for_type(x509.DNSName)
    assert [ipaddress.ip_address("192.168.1.5")] == told.get_values_for_type(x509.IPAddress)


def test_of_many_at_once_one_makes_it(tmp_path: Path) -> None:
    """Nodes that start together on one folder show one fingerprint."""
    together = threading.Barrier(4)

    def start() -> str:
        together.wait(PATIENCE_SECONDS)
        return lan_certificate(tmp_path, NOW).fingerprint

    with ThreadPoolExecutor(4) as threads:
        found = {future.result() for future in [threads.submit(start) for _ in range(4)]}
    assert 1 == len(found)


def test_a_folder_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    """What is there stays as it is."""
    (tmp_path / "nowhere").write_text("")
    with pytest.raises(TlsUnavailable, match="Give the engine a folder"):
        lan_certificate(tmp_path / "nowhere", NOW)


def test_a_file_that_is_no_certificate_is_not_overwritten(tmp_path: Path) -> None:
    """It may be somebody's."""
    (tmp_path / made.CERTIFICATE_NAME).write_text("hello")
    with pytest.raises(TlsUnavailable, match="holds no certificate"):
        lan_certificate(tmp_path, NOW)
    assert "hello" == (tmp_path / made.CERTIFICATE_NAME).read_text()


@pytest.mark.parametrize("what", ["nothing", "no key", "another's key", "nonsense"])
def test_what_makes_no_certificate_says_so(tmp_path: Path, what: str) -> None:
    """Missing, without its key, with another's, or none at all; never with a word of what is in it."""
    file, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one, other = (lan_certificate(tmp_path / folder, NOW).file.read_text() for folder in ("a", "b"))
    certificate, _, private = one.partition("-----BEGIN PRIVATE")
    others_key = "-----BEGIN PRIVATE" + other.partition("-----BEGIN PRIVATE")[2]
    if what != "nothing":
        file.write_text("-----BEGIN CERTIFICATE-----\nsecret" if what == "nonsense" else certificate)
        key.write_text(others_key if what == "another's key" else "")
    with pytest.raises(TlsUnavailable) as caught:
        server_context(file, key)
    assert private[:40] not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("highest", "takes"),
    [
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_is_12_at_least(tmp_path: Path, highest: ssl.TLSVersion, *, takes: bool) -> None:
    """A client that offers less gets no connection."""
    server = server_context(lan_certificate(tmp_path, NOW).file)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.minimum_version, client.maximum_version = ssl.TLSVersion.TLSv1, highest
    client.set_ciphers("ALL:@SECLEVEL=0")
    near, far = socket.socketpair()
    with near, far, ThreadPoolExecutor(1) as threads:
        accepted = threads.submit(_handshake, server, far)
        try:
            with client.wrap_socket(near) as wrapped:
                assert takes
                assert wrapped.version() in {"TLSv1.2", "TLSv1.3"}
        except ssl.SSLError:
            assert not takes
        finally:
            near.close()
            accepted.result()


def _handshake(server: ssl.SSLContext, far: socket.socket) -> None:
    try:
        server.wrap_socket(far, server_side=True).close()
    except (ssl.SSLError, OSError):
        far.close()
