"""The service's log: each record of Python's logging as a line of JSON, beside the lines of the requests."""

import logging
import threading
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from points_engine.contract import EngineFault
from points_engine.http.command_door import place_of


class LogStream:
    """A text stream that several threads write whole lines to."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, lines: bytes) -> None:
        """Write lines of UTF-8; may block."""
        with self._lock:
            self._stream.write(lines.decode())
            self._stream.flush()


class JsonHandler(logging.Handler):
    """Writes records as JSON.

    Of an exception its type and place alone, for its text may tell what it was about; of a fault of the surroundings,
    which never does, what is wrong too.
    """

    def __init__(self, stream: LogStream) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line: dict[str, Any] = {
                "at": datetime.fromtimestamp(record.created, UTC),
                "level": record.levelname.lower(),
                "event": "log",
                "logger": record.name,
                "message": record.getMessage(),
            }
            if record.exc_info and record.exc_info[1] is not None:
                line["exception"] = place_of(record.exc_info[1])
                if isinstance(record.exc_info[1], EngineFault):
                    line["problem"] = record.exc_info[1].problem
            self._stream.write(msgspec.json.encode(line) + b"\n")
        except Exception:  # noqa: BLE001 -- as every handler of logging does
            self.handleError(record)
