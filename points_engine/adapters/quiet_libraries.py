"""Keep libraries from writing what they send into a log: at level DEBUG they write addresses and bodies."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _NotFrom(logging.Filter):
    """Lets through what other threads have to say."""

    def __init__(self, thread: int) -> None:
        super().__init__()
        self._thread = thread

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


@contextmanager
def unheard(*logger_names: str) -> Iterator[None]:
    """While this lasts, these loggers write nothing that this thread tells them."""
    quiet = _NotFrom(threading.get_ident())
    loggers = [logging.getLogger(name) for name in logger_names]
    for logger in loggers:
        logger.addFilter(quiet)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(quiet)
