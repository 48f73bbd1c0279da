"""Work off the windows' thread, its outcome back on it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

T = TypeVar("T")


class Background(QObject):
    """One worker thread with a queue. Make it, use it and close it in the windows' thread.

    Outcomes arrive in that thread, in the order the work was given, and never after `close`.
    """

    _finished = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._is_closed = False
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(
        self, work: Callable[[], T], on_done: Callable[[T], None], on_failed: Callable[[Exception], None]
    ) -> None:
        """Do `work` on the worker; then `on_done(result)` or `on_failed(error)` here. Ignored once closed."""
        if not self._is_closed:
            future = self._executor.submit(work)
            future.add_done_callback(partial(self._note, on_done, on_failed))

    def close(self) -> None:
        """Drop what waits and forget what runs; does not wait for it."""
        self._is_closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _note(
        self, on_done: Callable[[T], None], on_failed: Callable[[Exception], None], future: Future[T]
    ) -> None:
        """In the worker: send the outcome home."""
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._send(partial(on_done, future.result()))
        elif isinstance(error, Exception):
            self._send(partial(on_failed, error))

    def _send(self, outcome: Callable[[], None]) -> None:
        if not self._is_closed:
            self._finished.emit(outcome)

    @Slot(object)
    def _deliver(self, outcome: Callable[[], None]) -> None:
        if not self._is_closed:
            outcome()
