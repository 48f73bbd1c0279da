"""Several nodes on one socket: processes that are started, started again when one dies, and stopped together."""

import logging
import signal
import subprocess
import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import FrameType
from typing import NamedTuple

_LOG = logging.getLogger(__name__)

START_AGAIN_SECONDS = 1.0
"""How long a node that died is left alone: what killed it may do so again."""


class _Ended(NamedTuple):
    number: int
    code: int


class _Start(NamedTuple):
    number: int


class Nodes:
    """Runs `count` nodes. `start` makes the process of one, by its number from 0; it ends by itself on SIGTERM."""

    def __init__(self, count: int, start: Callable[[int], "subprocess.Popen[bytes]"]) -> None:
        self._count = count
        self._start = start
        self._events: SimpleQueue[_Ended | _Start | None] = SimpleQueue()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._is_stopping = False

    def run(self, on_started: Callable[[], None] = lambda: None) -> None:
        """Run them until SIGTERM or SIGINT comes, or `stop` is called; returns when all have ended.

        `on_started` is called once their processes are there; the signals are heeded from then on.
        """
        if threading.current_thread() is threading.main_thread():
            for each in (signal.SIGTERM, signal.SIGINT):
                signal.signal(each, self._signaled)
        for number in range(self._count):
            self._go(number)
        on_started()
        while self._running or not self._is_stopping:
            event = self._events.get()
            if event is None:
                self._end_all()
            elif isinstance(event, _Start):
                if not self._is_stopping:
                    self._go(event.number)
            else:
                self._ended(event)

    def stop(self) -> None:
        """Begin to stop. Any thread may call it."""
        self._events.put(None)

    def _signaled(self, _signal: int, _frame: FrameType | None) -> None:
        self._events.put(None)

    def _go(self, number: int) -> None:
        process = self._running[number] = self._start(number)
        threading.Thread(
            target=lambda: self._events.put(_Ended(number, process.wait())),
            name=f"node {number}",
            daemon=True,
        ).start()

    def _ended(self, event: _Ended) -> None:
        del self._running[event.number]
        if self._is_stopping:
            return
        _LOG.error("a node ended with code %d and is started again", event.code)
        timer = threading.Timer(START_AGAIN_SECONDS, self._events.put, [_Start(event.number)])
        timer.daemon = True
        timer.start()

    def _end_all(self) -> None:
        self._is_stopping = True
        for process in self._running.values():
            process.terminate()
