"""Threads that carry commands out for the till: each command's answer, or that none will come, reaches the inbox."""

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from points_engine.contract import Command, EngineFault, Refusal, Refused, Reply
from pos_client.ports import Inbox
from pos_client.till.events import NoReply, Replied

logger = logging.getLogger(__name__)


class Workers:
    """Runs commands on `count` threads.

    An EngineFault that changed nothing is the refusal ENGINE_UNAVAILABLE; any other exception leaves the
    outcome unknown and becomes NoReply. `on_fault` hears of the faults, `on_reply` of each reply that is in the inbox
    already; a bug is logged without the command and without its text.
    """

    def __init__(
        self,
        inbox: Inbox,
        count: int,
        on_fault: Callable[[EngineFault], None],
        on_reply: Callable[[Reply], None] | None = None,
    ) -> None:
        self._inbox = inbox
        self._on_fault = on_fault
        self._on_reply = on_reply
        self._threads = ThreadPoolExecutor(max_workers=count, thread_name_prefix="engine")

    def start(self, request_id: int, command: Command, execute: Callable[[Command], Reply]) -> None:
        """Carry a command out as soon as a thread is free. Returns at once."""
        self._threads.submit(self._execute, request_id, command, execute)

    def close(self) -> None:
        """Finish what was taken, then end the threads."""
        self._threads.shutdown(wait=True)

    def _execute(self, request_id: int, command: Command, execute: Callable[[Command], Reply]) -> None:
        try:
            reply = execute(command)
        except EngineFault as fault:
            self._on_fault(fault)
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
            if self._on_reply is not None:
                self._on_reply(reply)


def _place(error: BaseException) -> str:
    """An exception's type and where it was raised, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
