"""An engine client that can be told to lose answers: the engine does its work and nobody hears of it."""

import threading

from points_engine.bootstrap import Engine
from points_engine.contract import Command
from pos_client.engine_client.embedded import EmbeddedEngine
from pos_client.ports import EngineClient, Inbox
from pos_client.till.events import Event, Replied


class LossyEngine(EngineClient):
    """The embedded engine's client over a line that swallows the answers it was told to lose.

    The nastiest fault a till can meet: the charge is made, the reply is not heard.
    """

    def __init__(self, engine: Engine, inbox: Inbox) -> None:
        self._line = _LossyLine(inbox)
        self._client = EmbeddedEngine(engine, self._line, on_closed=engine.close)
        self._lock = threading.Lock()
        self._left: dict[type[Command], float] = {}

    def lose(self, kind: type[Command], times: float = 1) -> None:
        """Lose the answers to the next `times` commands of this kind; `math.inf` for all that come."""
        with self._lock:
            self._left[kind] = times

    def lose_nothing(self) -> None:
        """From now on every answer is heard."""
        with self._lock:
            self._left.clear()

    def send(self, request_id: int, command: Command) -> None:
        """Pass the command on; its answer may be lost."""
        with self._lock:
            left = self._left.get(type(command), 0)
            self._left[type(command)] = max(left - 1, 0)
        if left:
            self._line.lose(request_id)
        self._client.send(request_id, command)

    def close(self) -> None:
        """Close the real client, and the engine with it."""
        self._client.close()


class _LossyLine(Inbox):
    """An inbox in front of the real one."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._lost: set[int] = set()

    def lose(self, request_id: int) -> None:
        """The answer to this request will not arrive."""
        self._lost.add(request_id)

    def put(self, event: Event) -> None:
        if not (isinstance(event, Replied) and event.request_id in self._lost):
            self._inbox.put(event)

    def get(self, timeout_seconds: float | None) -> Event | None:
        return self._inbox.get(timeout_seconds)

    def close(self) -> None:
        self._inbox.close()

    @property
    def closed(self) -> bool:
        return self._inbox.closed
