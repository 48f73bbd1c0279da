"""Deadlines that hold even where a socket's time-out begins anew with every byte."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf


class DeadlineGuard:
    """One thread that cuts attempts off when their time is over. Thread-safe.

    It sleeps until the earliest deadline, and is woken only for an earlier one: an attempt that ends in time
    costs a dictionary's entry.
    """

    def __init__(self) -> None:
        self._news = threading.Condition()
        self._cuts: dict[int, tuple[float, Callable[[], None]]] = {}
        self._wakes_at = inf
        self._serial = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="engine deadlines", daemon=True)
        self._thread.start()

    @contextmanager
    def until(self, deadline: float, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut`, which must not block or raise, from another thread if the block runs past the deadline.

        `deadline` is by time.monotonic(). When the block has been left, `cut` is not called any more.
        """
        with self._news:
            self._serial += 1
            serial = self._serial
            self._cuts[serial] = (deadline, cut)
            if deadline < self._wakes_at:
                self._news.notify()
        try:
            yield
        finally:
            with self._news:
                self._cuts.pop(serial, None)

    def close(self) -> None:
        """End the thread; attempts that still run are not cut off any more."""
        with self._news:
            self._is_closed = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        with self._news:
            while not self._is_closed:
                now = time.monotonic()
                for serial in [serial for serial, (deadline, _) in self._cuts.items() if deadline <= now]:
                    _, cut = self._cuts.pop(serial)
                    cut()
                self._wakes_at = min((deadline for deadline, _ in self._cuts.values()), default=inf)
                self._news.wait(None if self._wakes_at == inf else self._wakes_at - now)
