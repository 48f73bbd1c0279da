"""Something between till and server that spoils charges: before the server hears of them, or its answers."""

import contextlib
import socket
from collections.abc import Callable
from typing import NamedTuple

from tests.contract.balancer import Messages
from tests.pos_client.engine_client.scripted_server import ScriptedServer, http


class Spoilt(NamedTuple):
    """What is sent instead of an answer, and whether the connection ends with it; if not, nothing follows."""

    text: bytes
    is_end: bool = True


Spoil = Callable[[bytes], Spoilt]

SPOILS: dict[str, Spoil] = {
    "hangs up": lambda _: Spoilt(b""),
    "half an answer": lambda answer: Spoilt(answer[: len(answer) // 2]),
    "half a head": lambda answer: Spoilt(answer[:20]),
    "garbage": lambda _: Spoilt(b"\x16\x03\x01 this is no HTTP"),
    "another page": lambda _: Spoilt(http("<html>Sign in to the guest network</html>")),
    "503 of a balancer": lambda _: Spoilt(
        http("<html>No server is available</html>", "503 Service Unavailable")
    ),
    "an answer to something else": lambda _: Spoilt(http('{"object": "done"}')),
}


def stops(answer: bytes) -> Spoilt:
    """In the middle; the connection stays."""
    return Spoilt(answer[: len(answer) // 2], is_end=False)


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

    def behave(self, line: socket.socket, server: ScriptedServer) -> None:
        """For each connection: a Behaviour."""
        while request := server.read_request(line):
            answer = self._respond(request)
            line.sendall(answer.text)
            if answer.is_end:
                return

    def _respond(self, request: bytes) -> Spoilt:
        is_hit = request.startswith(self._what) and self._left > 0
        if not is_hit:
            answer = self._forward(request)
            return Spoilt(answer, is_end=not answer)
        self._left -= 1
        self.spoilt += 1
        return self._spoil(self._forward(request) if self._arrives else http("{}"))

    def _forward(self, request: bytes) -> bytes:
        """The server's answer; nothing where it hung up."""
        with contextlib.suppress(OSError), socket.create_connection(self._address) as line:
            line.sendall(request)
            return Messages(line).next()
        return b""
