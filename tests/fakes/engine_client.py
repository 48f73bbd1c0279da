"""A way to the engine on which everything stands still until a test moves it."""

from points_engine.contract import Command
from pos_client.ports import EngineClient


class StillClient(EngineClient):
    """Keeps what was sent, by its request number."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, Command]] = []
        self.is_closed = False

    def send(self, request_id: int, command: Command) -> None:
        self.sent.append((request_id, command))

    def close(self) -> None:
        self.is_closed = True
