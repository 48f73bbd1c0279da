"""Keep libraries from writing what they send into a log: at level DEBUG they write addresses and bodies."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_SENDS: ContextVar[object] = ContextVar("what a message is sent in", default=None)
"""Not the thread: a library may work in others, and hands them its caller's context."""


class _NotFrom(logging.Filter):
    """Lets through what is said outside one sending."""

    def __init__(self, sending: object) -> None:
        super().__init__()
        self._sending = sending

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 -- logging's signature
        return _SENDS.get() is not self._sending


@contextmanager
def unheard(*logger_names: str) -> Iterator[None]:
    """While this lasts, these loggers write nothing that is said in this context."""
    sending = object()
    quiet = _NotFrom(sending)
    loggers = [logging.getLogger(name) for name in logger_names]
    for logger in loggers:
        logger.addFilter(quiet)
    token = _SENDS.set(sending)
    try:
        yield
    finally:
        _SENDS.reset(token)
        for logger in loggers:
            logger.removeFilter(quiet)
