"""Asking the points server now and then whether it is there, so that a till learns it before a customer does."""

import threading
from collections.abc import Callable

IDLE_SECONDS = 20.0
"""How often while all is well."""
AWAY_SECONDS = 2.0
"""How often while the server does not answer."""


class Heartbeat:
    """A thread that calls `ask` at once and then again and again, sooner while `is_up` says no. `ask` may block."""

    def __init__(self, ask: Callable[[], None], is_up: Callable[[], bool]) -> None:
        self._ask = ask
        self._is_up = is_up
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine heartbeat", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more; waits for the question that is on its way."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._ask()
            self._closing.wait(IDLE_SECONDS if self._is_up() else AWAY_SECONDS)
