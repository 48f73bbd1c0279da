"""An engine client that can be told to lose answers: the engine does its work and nobody hears of it."""

import threading
from collections.abc import Callable

from points_engine.contract import Command
from pos_client.ports import EngineClient


class LossyEngine(EngineClient):
    """Passes everything on to the real client, but swallows the next answers it was told to lose.

    The nastiest fault a till can meet: the charge is made, the reply is not heard. `send` gives a lost
    request another number, so that the till's own number is never answered.
    """

    _UNHEARD = -1

    def __init__(self, client: EngineClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._loses: Callable[[Command], bool] = _nothing
        self._left = 0

    def lose_next(self, kind: type[object], times: int = 1) -> None:
        """Lose the answers to the next `times` commands of this kind."""
        with self._lock:
            self._loses, self._left = (lambda command: isinstance(command, kind)), times

    def send(self, request_id: int, command: Command) -> None:
        """Pass the command on; its answer may be lost."""
        with self._lock:
            lost = self._left > 0 and self._loses(command)
            self._left -= lost
        self._client.send(self._UNHEARD if lost else request_id, command)

    def close(self) -> None:
        """Close the real client."""
        self._client.close()


def _nothing(_command: Command) -> bool:
    return False
