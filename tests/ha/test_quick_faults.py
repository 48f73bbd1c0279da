"""Two nodes on one PostgreSQL under load, each of them killed in turn: nothing lost, nothing twice, nobody stuck.

The whole table, with a cluster of databases and fourteen faults, is `make faults`.
"""

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

import pytest

from points_engine.bootstrap import load_settings, open_engine
from points_engine.signing import Key
from points_engine.wire.callers import CallerKind
from tests.architecture.project_files import ROOT
from tests.ha.credentials import key_of
from tests.ha.daemon import wait_until
from tests.ha.line import signed_by
from tests.ha.market import Market, Selling
from tests.ha.network import kill_family
from tests.ha.scheme import write_settings
from tests.held_port import HeldPort
from tests.postgres_server import PostgresServer
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="whose child a process is, is read from /proc"
)

TILLS = 8
READY_SECONDS = SETTLE_SECONDS = PATIENCE_SECONDS


class NodeProcess:
    """`points-engine serve` as a process, on a port that stays the same."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self._port = HeldPort()
        port = self._port.number
        self.address = f"127.0.0.1:{port}"
        self._log = folder / f"node-{port}.log"
        self._command = [
            sys.executable, "-m", "points_engine", "--folder", str(folder), "--settings", str(settings),
            "serve", "--port", str(port),
        ]  # fmt: skip
        self._process: Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = Popen(self._command, cwd=ROOT, stdin=DEVNULL, stdout=log, stderr=STDOUT)

    def wait_until_ready(self) -> None:
        """Wait until it takes work."""
        wait_until(f"a node is ready: {self._log}", self._is_ready, READY_SECONDS, every_seconds=0.05)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def close(self) -> None:
        """SIGKILL, and the port is free again."""
        self.kill()
        self._port.close()

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of its own, which makes durable what it says is."""
    with PostgresServer(is_durable=True) as server:
        yield server


@pytest.mark.timeout(10 * PATIENCE_SECONDS)  # it waits for six things, one after the other
def test_nothing_is_lost_when_a_node_and_then_the_database_is_killed(
    server: PostgresServer, tmp_path: Path
) -> None:
    """Eight tills sell while a node is killed and started again, and then PostgreSQL: books and tills agree."""
    server.execute("CREATE DATABASE points")
    settings = write_settings(tmp_path / "settings.toml", server.url("points"))
    with ExitStack() as stack:
        engine = open_engine(tmp_path, load_settings(tmp_path, settings).settings, sweep_every_seconds=None)
        stack.callback(engine.close)
        nodes = [NodeProcess(tmp_path, settings) for _ in range(2)]
        for node in nodes:
            stack.callback(node.close)
            node.start()
        keys: dict[str, Key] = {}
        phones = signed_by(key_of(engine, CallerKind.BACK_OFFICE, "phones"))
        market = Market(
            engine, [node.address for node in nodes], TILLS, lambda till_id: signed_by(keys[till_id]), phones
        ).open()
        keys.update({till_id: key_of(engine, CallerKind.TILL, till_id) for till_id in market.till_ids})
        for node in nodes:
            node.wait_until_ready()

        selling = Selling(market, pause_seconds=0.05, settle_seconds=SETTLE_SECONDS)
        with selling:
            wait_until("payments", lambda: paid(selling) > 40, READY_SECONDS, every_seconds=0.02)
            nodes[0].kill()
            seen = paid(selling)
            wait_until("payments by the other node", lambda: paid(selling) > seen + 40, READY_SECONDS, 0.02)
            nodes[0].start()
            assert server._process is not None
            kill_family(server._process.pid)
            server._process.wait()
            server.start()
            seen = paid(selling)
            wait_until("payments after the crash", lambda: paid(selling) > seen + 40, READY_SECONDS, 0.02)
        verdict = selling.verdict()
    assert () == verdict.faults
    assert verdict.unknown == verdict.resolved
    assert verdict.acknowledged > 120


def paid(selling: Selling) -> int:
    """How many payments tills were told of."""
    return sum(order.told_paid_at is not None for order in selling.orders())
