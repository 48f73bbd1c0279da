"""One thread's connections to the points server's nodes: a request goes out, an answer comes back in time, or a fault.

Whether a request may have reached the server is known here and nowhere else, so it is said with every fault.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, ReadTimeoutError
from urllib3.util import parse_url

from pos_client.engine_client.deadline_guard import DeadlineGuard
from pos_client.engine_client.troubles import LineFault, Trouble
from pos_client.engine_client.trust import Trust

LARGEST_ANSWER_BYTES = 1_000_000
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent, ready to go: `path` begins with a slash; headers and body may hold secrets, so neither is shown."""

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole. Header names are in small letters; times are by time.monotonic() and time.time()."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class _Attempt:
    """What is known of the request a thread is sending."""

    def __init__(self) -> None:
        self.has_sent = False
        self.is_cut = False
        self.connection: HTTPConnection | None = None

    def begin(self) -> None:
        """A new request."""
        self.has_sent = self.is_cut = False
        self.connection = None

    def cut(self) -> None:
        """Wake whoever waits on the socket: there is nothing more to come."""
        self.is_cut = True
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return  # it is gone already


class HttpLine:
    """Sends one request at a time, for one thread, and keeps a connection to each node open.

    Nothing of the environment is believed: no proxy, no .netrc, no other CA.
    """

    def __init__(self, trust: Trust, context: ssl.SSLContext, guard: DeadlineGuard) -> None:
        self._guard = guard
        self._attempt = _Attempt()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        adapter = _NodeAdapter(self._attempt, trust.pinned, context)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def exchange(self, node: str, request: Request, *, connect_seconds: float, deadline: float) -> Answer:
        """Send a request to a node (its base URL) and return the whole answer.

        `deadline` is by time.monotonic() and holds for all of it. Raises LineFault.
        """
        attempt = self._attempt
        attempt.begin()
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise LineFault(Trouble.NO_ANSWER, maybe_arrived=False)
        try:
            with self._guard.until(deadline, attempt.cut):
                return self._exchange(node, request, min(connect_seconds, left_seconds), left_seconds)
        except LineFault:
            if attempt.is_cut:
                raise LineFault(Trouble.NO_ANSWER, maybe_arrived=True) from None
            raise
        except _FAILURES as error:  # their texts hold addresses and parts of answers, so none is handed on
            raise self._fault(error) from None

    def _exchange(self, node: str, request: Request, connect_seconds: float, left_seconds: float) -> Answer:
        with self._session.request(
            request.method,
            node.rstrip("/") + request.path,
            data=request.body or None,
            headers={"Accept-Encoding": "identity", **request.headers},
            timeout=(connect_seconds, left_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            if not {"content-length", "transfer-encoding"} & headers.keys():
                # Nobody could tell a whole body from the beginning of one.
                raise LineFault(Trouble.CUT_OFF, maybe_arrived=True)
            return Answer(status=response.status_code, headers=headers, body=_body(response.raw))

    def _fault(self, error: BaseException) -> LineFault:
        attempt = self._attempt
        if not attempt.is_cut:
            return LineFault(_trouble(error, has_sent=attempt.has_sent), maybe_arrived=attempt.has_sent)
        trouble = Trouble.NO_ANSWER if attempt.has_sent else Trouble.UNREACHABLE
        return LineFault(trouble, maybe_arrived=attempt.has_sent)

    def open_stream(
        self, node: str, request: Request, *, connect_seconds: float, silence_seconds: float
    ) -> "AnswerStream":
        """Send a request whose answer does not end; silence for so long ends it. Close it. Raises LineFault."""
        self._attempt.begin()
        try:
            response = self._session.request(
                request.method,
                node.rstrip("/") + request.path,
                headers={"Accept-Encoding": "identity", **request.headers},
                timeout=(connect_seconds, silence_seconds),
                allow_redirects=False,
                stream=True,
            )
        except _FAILURES as error:
            raise self._fault(error) from None
        return AnswerStream(response)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class AnswerStream:
    """An answer that comes piece by piece. `status` and `headers` are there already."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    def pieces(self) -> Iterator[bytes]:
        """What comes, as it comes; ends when the other side ends it, breaks off, or is silent for too long."""
        try:
            while piece := self._response.raw.read1(LARGEST_ANSWER_BYTES):
                yield piece
        except _FAILURES:  # whoever follows a stream begins anew, whatever ended it
            return

    def cut(self) -> None:
        """End it from another thread."""
        with suppress(*_FAILURES):
            self._response.raw.shutdown()

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()


def _body(raw: urllib3.BaseHTTPResponse) -> bytes:
    """All of a body: that it is cut short shows only when more is asked for."""
    body = b""
    while part := raw.read(65536):
        body += part
        if len(body) > LARGEST_ANSWER_BYTES:
            raw.close()  # what is left of it is not waited for
            raise LineFault(Trouble.NONSENSE, maybe_arrived=True)
    return body


class _NodeAdapter(HTTPAdapter):
    """Pools of one connection a node, which tell the attempt what they do and pin the certificate."""

    def __init__(self, attempt: _Attempt, pinned: str, context: ssl.SSLContext) -> None:
        self._attempt = attempt
        self._pinned = pinned
        self._context = context
        self._pools: dict[tuple[str, str, int], urllib3.HTTPConnectionPool] = {}
        super().__init__(pool_connections=1, pool_maxsize=1)

    def get_connection_with_tls_context(
        self, request: Any, *_args: Any, **_kwargs: Any
    ) -> urllib3.HTTPConnectionPool:
        url = parse_url(request.url)
        is_secure = url.scheme == "https"
        key = (url.scheme or "", url.host or "", url.port or (443 if is_secure else 80))
        if key not in self._pools:
            _, host, port = key
            self._pools[key] = self._pool(host, port, is_secure=is_secure)
        return self._pools[key]

    def _pool(self, host: str, port: int, *, is_secure: bool) -> urllib3.HTTPConnectionPool:
        if not is_secure:
            return _Pool(self._attempt, host, port, maxsize=1)
        return _SecurePool(
            self._attempt,
            host,
            port,
            maxsize=1,
            ssl_context=self._context,
            cert_reqs=self._context.verify_mode,
            assert_fingerprint=self._pinned or None,
        )

    def cert_verify(self, *_args: Any, **_kwargs: Any) -> None:
        """The pool was made with what it verifies."""

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
        super().close()


class _Telling:
    """A connection that tells when the first byte is about to leave."""

    attempt: _Attempt

    def send(self, data: Any) -> None:
        """Connect first, so that a connection that cannot be made has sent nothing."""
        connection: Any = self
        if connection.sock is None:
            connection.connect()
        self.attempt.has_sent = True
        super().send(data)  # type: ignore[misc]  # the connection it is mixed into


class _Connection(_Telling, HTTPConnection):
    """In the clear."""


class _SecureConnection(_Telling, HTTPSConnection):
    """By TLS."""


class _TellingPool:
    """A pool that tells which connection an attempt uses."""

    def __init__(self, attempt: _Attempt, *args: Any, **kwargs: Any) -> None:
        self._attempt = attempt
        super().__init__(*args, **kwargs)

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]  # the pool it is mixed into
        connection.attempt = self._attempt
        self._attempt.connection = connection
        return connection


class _Pool(_TellingPool, urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(_TellingPool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _trouble(error: BaseException, *, has_sent: bool) -> Trouble:
    """What an exception of the libraries means; the innermost cause says most."""
    causes = list(_causes(error))
    for kind, trouble in _TROUBLES:
        if any(isinstance(cause, kind) for cause in causes):
            if trouble is Trouble.NOT_TRUSTED:
                return _tls_trouble(causes)
            return trouble
    return Trouble.CUT_OFF if has_sent else Trouble.UNREACHABLE


_TROUBLES: tuple[tuple[type[BaseException], Trouble], ...] = (
    (NameResolutionError, Trouble.NAME_UNKNOWN),
    (ConnectTimeoutError, Trouble.UNREACHABLE),
    (requests.exceptions.SSLError, Trouble.NOT_TRUSTED),
    (urllib3.exceptions.SSLError, Trouble.NOT_TRUSTED),
    (ReadTimeoutError, Trouble.NO_ANSWER),
    (requests.exceptions.ReadTimeout, Trouble.NO_ANSWER),
    (TimeoutError, Trouble.NO_ANSWER),
    (http.client.RemoteDisconnected, Trouble.CUT_OFF),
    (http.client.BadStatusLine, Trouble.NONSENSE),
    (http.client.LineTooLong, Trouble.NONSENSE),
)


def _tls_trouble(causes: list[BaseException]) -> Trouble:
    if any("Fingerprints did not match" in str(cause) for cause in causes):
        return Trouble.WRONG_FINGERPRINT
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return Trouble.NOT_TRUSTED
    return Trouble.NO_TLS


def _causes(error: BaseException | None) -> Any:
    """An exception, what it carries as its first argument or reason, and what it came from."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
