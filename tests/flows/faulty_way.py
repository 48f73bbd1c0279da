"""Something between till and server that spoils charges: before the server hears of them, or its answers."""

import contextlib
import socket
from collections.abc import Callable

from tests.contract.balancer import Messages
from tests.pos_client.engine_client.scripted_server import Behaviour, ScriptedServer, http, serve

Spoil = Callable[[bytes], bytes | None]
"""What is sent instead of an answer; None: nothing, and the connection ends."""

SPOILS: dict[str, Spoil] = {
    "hangs up": lambda _: None,
    "half an answer": lambda answer: answer[: len(answer) // 2],
    "half a head": lambda answer: answer[:20],
    "garbage": lambda _: b"\x16\x03\x01 this is no HTTP",
    "another page": lambda _: http("<html>Sign in to the guest network</html>"),
    "503 of a balancer": lambda _: http("<html>No server is available</html>", "503 Service Unavailable"),
    "an answer to something else": lambda _: http('{"object": "done"}'),
}


class Spoiler:
    """Hands requests on to the server at `port`, but spoils `times` answers to `what` (the beginning of a request).

    With `arrives` the server has carried the request out; else it never hears of it.
    """

    def __init__(self, port: int, what: bytes, spoil: Spoil, times: float, *, arrives: bool) -> None:
        self._address = ("127.0.0.1", port)
        self._what = what
        self._spoil = spoil
        self._left = times
        self._arrives = arrives
        self.spoilt = 0

    def behaviour(self) -> Behaviour:
        """For each connection."""

        def behave(line: socket.socket, server: ScriptedServer) -> None:
            with contextlib.suppress(_HangsUp):
                serve(self._respond)(line, server)

        return behave

    def _respond(self, request: bytes) -> bytes:
        is_hit = request.startswith(self._what) and self._left > 0
        if not is_hit:
            return self._forward(request)
        self._left -= 1
        self.spoilt += 1
        spoilt = self._spoil(self._forward(request) if self._arrives else http("{}"))
        if spoilt is None:
            raise _HangsUp
        return spoilt

    def _forward(self, request: bytes) -> bytes:
        try:
            with socket.create_connection(self._address) as line:
                line.sendall(request)
                return Messages(line).next()
        except OSError:
            raise _HangsUp from None


class _HangsUp(Exception):
    """The connection ends without an answer."""
