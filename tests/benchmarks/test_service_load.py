"""The load of the service's figures: every request answered once, and counted as what it came to."""

from pathlib import Path

import pytest

from benchmarks.service_load import read_requests, write_requests
from benchmarks.service_shop import run_load, started

REQUEST = b"GET /livez HTTP/1.1\r\nHost: engine\r\n\r\n"


def test_requests_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Whatever is in them."""
    requests = [REQUEST, b"", b"\x00\r\n" * 100]
    write_requests(tmp_path / "requests", requests)
    assert requests == list(read_requests(tmp_path / "requests"))


@pytest.mark.parametrize("rate", [0.0, 2_000.0])
def test_every_request_is_answered_and_timed(tmp_path: Path, rate: float) -> None:
    """One after the other on four connections, or as many a second as is said."""
    write_requests(tmp_path / "requests", [REQUEST] * 100)
    with started(["benchmarks.service_bare"], tmp_path / "log") as bare:
        before = bare.cpu_seconds()
        outcome = run_load(bare, tmp_path / "requests", 4, rate)
        assert bare.cpu_seconds() >= before
    assert {"200": 100} == outcome.outcomes
    assert 100 == len(outcome.ms)
    assert 0 < min(outcome.ms)
    assert outcome.seconds >= (99 / rate if rate else 0)
