"""The service's log: whole lines of JSON, which say what is wrong and never what a command was about."""

import io
import json
import logging
from typing import Any

import pytest

from points_engine.http.json_logging import JsonHandler, LogStream
from points_engine.ports import StoreUnavailable


def logged(error: Exception) -> dict[str, Any]:
    """The line of a warning with this exception."""
    out = io.StringIO()
    logger = logging.getLogger("points_engine.test")
    handler = JsonHandler(LogStream(out))
    logger.addHandler(handler)
    logger.warning("it could not", exc_info=error)
    logger.removeHandler(handler)
    line: dict[str, Any] = json.loads(out.getvalue())
    return line


def test_a_fault_of_the_surroundings_says_what_is_wrong() -> None:
    """Whoever keeps the service running reads why, not only where."""
    line = logged(StoreUnavailable("The database cannot be reached", "Check that its server runs."))
    assert ("warning", "it could not") == (line["level"], line["message"])
    assert line["problem"] == "The database cannot be reached"


@pytest.mark.parametrize("error", [ValueError("842736451234567890"), RuntimeError("PIN 284619")], ids=repr)
def test_any_other_exception_tells_its_type_and_place_alone(error: Exception) -> None:
    """Its text may hold what was asked, and stays out."""
    line = logged(error)
    assert type(error).__name__ in line["exception"]
    assert str(error) not in json.dumps(line)
