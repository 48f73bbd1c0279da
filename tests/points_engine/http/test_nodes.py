"""Several processes that are kept running together."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from points_engine.http import nodes
from points_engine.http.nodes import Nodes
from tests.waiting import PATIENCE_SECONDS

WAITS = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); print(flush=True); signal.pause()"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The processes that were begun; none of them outlives the test."""
    monkeypatch.setattr(nodes, "START_AGAIN_SECONDS", 0.01)
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_a_node_that_dies_is_started_again_and_all_stop_together(
    started: list["subprocess.Popen[bytes]"],
) -> None:
    """Kill -9 of one costs the others nothing; `run` returns when every one has ended."""
    third = threading.Event()

    def start(_number: int) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
        started.append(process)
        if len(started) == 3:
            third.set()
        return process

    running = Nodes(2, start)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while len(started) < 2:
            assert not third.wait(0.01)
        started[0].kill()
        assert third.wait(PATIENCE_SECONDS)
    finally:
        running.stop()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert [-signal.SIGKILL, 0, 0] == [process.returncode for process in started]
