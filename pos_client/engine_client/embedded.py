"""The engine inside the till's own process: commands run on a few threads of their own."""

import logging
from collections.abc import Callable
from typing import Protocol

from points_engine.contract import Command, EngineFault, Reply
from pos_client.engine_client.workers import Workers
from pos_client.ports import EngineClient, Inbox

logger = logging.getLogger(__name__)


class Engine(Protocol):
    """The engine's front door. Thread-safe."""

    def execute(self, command: Command) -> Reply:
        """Carry a command out; durable when it returns."""


class EmbeddedEngine(EngineClient):
    """Runs commands on `workers` threads, so that the slow hash of one PIN holds no charge up.

    What the engine raises becomes an answer as `Workers` say. `on_closed` is called when the last command is done.
    """

    def __init__(
        self, engine: Engine, inbox: Inbox, *, workers: int = 2, on_closed: Callable[[], None] | None = None
    ) -> None:
        self._engine = engine
        self._workers = Workers(inbox, workers, _log)
        self._on_closed = on_closed

    def send(self, request_id: int, command: Command) -> None:
        self._workers.start(request_id, command, self._engine.execute)

    def close(self) -> None:
        self._workers.close()
        if self._on_closed is not None:
            self._on_closed()


def _log(fault: EngineFault) -> None:
    logger.error("engine: %s", fault)
