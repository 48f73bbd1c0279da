"""The engine inside the till's own process: commands run on a few threads of their own."""

import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from points_engine.contract import Command, EngineFault, Refusal, Refused, Reply
from pos_client.ports import EngineClient, Inbox
from pos_client.till.events import NoReply, Replied

logger = logging.getLogger(__name__)


class Engine(Protocol):
    """The engine's front door. Thread-safe."""

    def execute(self, command: Command) -> Reply:
        """Carry a command out; durable when it returns."""


class EmbeddedEngine(EngineClient):
    """Runs commands on `workers` threads, so that the slow hash of one PIN holds no charge up.

    An EngineFault that changed nothing is the refusal ENGINE_UNAVAILABLE; any other exception leaves the
    outcome unknown and becomes NoReply. Both are logged without the command and without its text.
    """

    def __init__(self, engine: Engine, inbox: Inbox, *, workers: int = 2) -> None:
        self._engine = engine
        self._inbox = inbox
        self._workers = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="engine")

    def send(self, request_id: int, command: Command) -> None:
        self._workers.submit(self._execute, request_id, command)

    def close(self) -> None:
        self._workers.shutdown(wait=True)

    def _execute(self, request_id: int, command: Command) -> None:
        try:
            reply = self._engine.execute(command)
        except EngineFault as fault:
            logger.error("engine: %s", fault)  # noqa: TRY400  # an environment fault, no bug
            if fault.nothing_changed:
                self._inbox.put(Replied(request_id, Refused(refusal=Refusal.ENGINE_UNAVAILABLE)))
            else:
                self._inbox.put(NoReply(request_id))
        except Exception as bug:  # noqa: BLE001  # the till must hear that no answer will come
            where = _place(bug)
            logger.error("engine: bug at %s: %s", type(command).__name__, where)  # noqa: TRY400  # its text may
            self._inbox.put(NoReply(request_id))
        else:
            self._inbox.put(Replied(request_id, reply))


def _place(error: BaseException) -> str:
    """An exception's type and where it was raised, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
