"""The service's log."""

import io
import json
import logging
import sys

import pytest

from points_engine.http.json_logging import JsonHandler, LogStream

SECRET = "739154"


def record(message: str, *arguments: object, exc_info: object = None) -> logging.LogRecord:
    """A warning of the engine."""
    return logging.makeLogRecord(
        {"name": "engine", "levelname": "WARNING", "msg": message, "args": arguments, "exc_info": exc_info}
    )


def broken() -> object:
    """What is known of an exception whose text tells a PIN."""
    try:
        int(SECRET + "x")
    except ValueError:
        return sys.exc_info()
    raise AssertionError


def test_a_record_is_a_line_of_json_without_an_exceptions_text() -> None:
    """Of an exception its type and place: its text may tell what it was about."""
    stream = io.StringIO()
    handler = JsonHandler(LogStream(stream))
    handler.handle(record("the engine could not %s", "sweep"))
    handler.handle(record("it went wrong", exc_info=broken()))
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert {
        "level": "warning",
        "logger": "engine",
        "message": "the engine could not sweep",
    }.items() <= first.items()
    assert first["at"].endswith("Z")
    assert second["exception"].startswith("ValueError at ")
    assert SECRET not in stream.getvalue()


class FullDisk(io.StringIO):
    """A file that takes nothing more."""

    def write(self, _text: str) -> int:
        raise OSError("no space left")


def test_what_cannot_be_written_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk under the log is no reason to take no payments."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    JsonHandler(LogStream(FullDisk())).handle(record("on we go"))
