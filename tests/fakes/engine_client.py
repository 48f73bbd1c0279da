"""A way to the engine on which everything stands still until a test moves it."""

from points_engine.contract import Command
from pos_client.ports import EngineClient, Inbox
from pos_client.till.events import Replied
from tests.fakes.engine import ModelEngine


class StillClient(EngineClient):
    """Keeps what was sent, by its request number."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Command]] = []
        self.is_closed = False

    def send(self, request_id: int, command: Command) -> None:
        self.sent.append((request_id, command))

    def close(self) -> None:
        self.is_closed = True


class InlineClient(EngineClient):
    """Lets a model of the engine carry out what is sent at once; its answers wait in the inbox."""

    def __init__(self, engine: ModelEngine, inbox: Inbox) -> None:
        self._engine = engine
        self._inbox = inbox

    def send(self, request_id: int, command: Command) -> None:
        self._inbox.put(Replied(request_id, self._engine.execute(command)))

    def close(self) -> None:
        """Nothing was begun that would have to end."""
