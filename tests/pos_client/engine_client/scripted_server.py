"""A server that does to each connection what a test says, byte by byte; and certificates for it."""

import contextlib
import datetime as dt
import hashlib
import ipaddress
import itertools
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waiting import PATIENCE_SECONDS

Behaviour = Callable[[socket.socket, "ScriptedServer"], None]
"""What happens on a connection after it was accepted; the connection is closed afterwards."""


def http(body: str = "{}", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers]
    return "\r\n".join([*head, "", body]).encode()


def answer(body: str = "{}", status: str = "200 OK", *headers: str, times: int = 1) -> Behaviour:
    """Read a request and answer it, `times` times on the same connection."""
    return say(http(body, status, *headers), times=times)


def serve(respond: Callable[[bytes], bytes]) -> Behaviour:
    """Answer every request as `respond` says."""

    def behave(line: socket.socket, server: "ScriptedServer") -> None:
        while request := server.read_request(line):
            line.sendall(respond(request))

    return behave


def say(text: bytes, *, times: int = 1) -> Behaviour:
    """Read a request and send these bytes."""

    def behave(line: socket.socket, server: "ScriptedServer") -> None:
        for _ in range(times):
            if server.read_request(line):
                line.sendall(text)

    return behave


def drip(text: bytes, every_seconds: float) -> Behaviour:
    """Read a request and answer with one byte now and then, with the last of them again and again."""

    def behave(line: socket.socket, server: "ScriptedServer") -> None:
        server.read_request(line)
        for byte in itertools.chain(text, itertools.repeat(text[-1])):
            if server.closing.wait(every_seconds):
                return
            line.sendall(bytes([byte]))

    return behave


def say_nothing(line: socket.socket, server: "ScriptedServer") -> None:
    """Read a request and never answer it."""
    server.read_request(line)
    server.closing.wait(PATIENCE_SECONDS)


def hang_up(line: socket.socket, server: "ScriptedServer") -> None:
    """Read a request and close."""
    server.read_request(line)


class ScriptedServer:
    """Listens on a free port; the first connection meets the first behaviour, the last behaviour all that follow."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.closing = threading.Event()
        self.requests: list[bytes] = []
        """Every request that was read, whole."""
        self.connections = 0
        self._ended = threading.Semaphore(0)
        self._behaviours: Sequence[Behaviour] = behaviours
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The base URL."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(PATIENCE_SECONDS)  # whoever was let in until now is among the open ones
        for line in self._open:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def read_request(self, line: socket.socket) -> bytes:
        """The next request on a connection; nothing when it was closed."""
        read = b""
        while b"\r\n\r\n" not in read:
            more = line.recv(65536)
            if not more:
                return b""
            read += more
        head, _, body = read.partition(b"\r\n\r\n")
        lengths = [
            part.split(b":")[1] for part in head.split(b"\r\n") if part.lower().startswith(b"content-length:")
        ]
        while lengths and len(body) < int(lengths[0]):
            more = line.recv(65536)
            if not more:
                return b""
            body += more
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            behaviour = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
            self.connections += 1
            self._open.append(line)
            thread = threading.Thread(target=self._serve, args=(line, behaviour), daemon=True)
            self._threads.append(thread)
            thread.start()

    def wait_for_an_end(self) -> None:
        """Wait until one more connection has been closed from this side."""
        assert self._ended.acquire(timeout=PATIENCE_SECONDS)

    def _serve(self, line: socket.socket, behaviour: Behaviour) -> None:
        try:
            self._behave(line, behaviour)
        finally:
            self._ended.release()

    def _behave(self, line: socket.socket, behaviour: Behaviour) -> None:
        with contextlib.suppress(OSError), line:
            if self._tls is None:
                behaviour(line, self)
                return
            with self._tls.wrap_socket(line, server_side=True) as secured:
                self._open.append(secured)
                behaviour(secured, self)


class Certificate:
    """A self-signed certificate for 127.0.0.1 in `folder`."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
                critical=False,
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "certificate.pem"
        self.key_file = folder / "key.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.fingerprint = hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()

    def server_side(self) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key_file)
        return context
