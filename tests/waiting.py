"""Waiting in tests: for what shall hold, and not longer than anybody's patience."""

import threading
import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0
"""A deadline, met by nothing that works: long, because a machine that does much else may stand still for seconds."""


def within(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    never, deadline = threading.Event(), time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing came of it"
        never.wait(0.005)
