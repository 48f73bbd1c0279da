"""A service for tests: a real engine, a real socket, uvicorn's own loop on a thread."""

import asyncio
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from points_engine.bootstrap import Settings
from points_engine.contract import Command, Refusal, Refused, StaffLevel
from points_engine.engine.change_bus import ChangeBus
from points_engine.http.app import PointsService
from points_engine.http.authentication import Authenticator
from points_engine.http.endpoints import Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.live_stream import LiveRules
from points_engine.http.server import ServiceServer, listening_socket
from points_engine.service_settings import ServiceSettings
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import encode_command
from points_engine.wire.problems import Problem, Trouble, trouble
from points_engine.wire.replies import decode_reply
from tests.points_engine.shop import Shop
from tests.waiting import PATIENCE_SECONDS

TILL = Caller(CallerKind.TILL, "till-1")
OFFICE = Caller(CallerKind.BACK_OFFICE, "office", level=StaffLevel.MANAGER)
QUICK = ServiceSettings(port=0, drain_seconds=0, finish_seconds=10)


class TrustingAuthenticator(Authenticator):
    """Believes `Authorization: Test KIND[:LEVEL] ID`; a till "unknown" is not enrolled, all else is nobody."""

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        words = (request.header(b"authorization") or "").split(" ", 2)
        kind, _, level = (words[1] if len(words) == 3 else "").partition(":")
        if kind not in set(CallerKind) or words[0] != "Test":
            return trouble(Trouble.NOT_SIGNED_IN, request_id=request.request_id)
        if words[2] == "unknown":
            return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        return Caller(CallerKind(kind), words[2], level=StaffLevel(level) if level else None)


def credential(caller: Caller) -> dict[str, str]:
    """The header by which the authenticator above knows a caller."""
    return {"Authorization": f"Test {caller.kind}:{caller.level or ''} {caller.caller_id}"}


class Received(NamedTuple):
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class RunningService:
    """A shop whose engine is served on a free port until the block ends; `log` is what it logged."""

    def __init__(
        self,
        folder: Path,
        settings: ServiceSettings = QUICK,
        *,
        scheme: Settings | None = None,
        more: Iterable[Endpoint] = (),
        engine: Any = None,
        shop: Shop | None = None,
        changes: ChangeBus | None = None,
        live_rules: LiveRules | None = None,
        authenticator: Authenticator | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.shop = shop or Shop(folder, scheme)
        self.log: list[bytes] = []
        self.engine = engine or self.shop.engine
        self.service = PointsService(
            self.engine,
            authenticator or TrustingAuthenticator(),
            settings,
            write_log=self.log.append,
            more=more,
            changes=changes,
            live_rules=live_rules,
        )
        self._listening = threading.Event()
        self.socket = listening_socket(settings)
        self.server = ServiceServer(self.service, settings, tls=tls, on_listening=self._listening.set)
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        asyncio.run(self.server.serve(sockets=[self.socket]))

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            assert self._listening.wait(PATIENCE_SECONDS)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self.shop.engine.close()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        self.server.stop()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.socket.getsockname()[1]
        return port

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Received:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Received(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def send(self, command: Command, caller: Caller) -> Received:
        """A command, as this caller sends it."""
        request = encode_command(command, caller.kind)
        return self.request(
            request.method,
            request.path,
            request.body or None,
            {**request.headers, **credential(caller)},
        )

    def ask(self, command: Command, caller: Caller) -> Any:
        """What comes of a command: a Reply, or a Problem."""
        received = self.send(command, caller)
        return decode_reply(received.status, received.body)
