"""How long after a customer's yes is durable on one node a till on another node has the event.

Both nodes are the engine as it is served, each a process of its own, on one PostgreSQL that keeps its promises. The
till is a client of `GET /v1/events`: what it then paints is not in the figure.
"""

import http.client
import itertools
import json
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter

import psycopg

from benchmarks.harness import Figure, Goal, Limit, interleave, percentile, scratch_folder
from benchmarks.push_shop import MEMBER, SETTINGS, TILL
from points_engine.adapters.group_commit import AFTER_COMMIT
from points_engine.adapters.node_changes import CALM_SECONDS, NodeChanges
from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import Engine, open_engine
from points_engine.contract import (
    Approve,
    Charge,
    CodeIssued,
    Credit,
    EnrolMember,
    EnrolTill,
    IssueCode,
    Payment,
    PaymentState,
)
from tests.postgres_server import PostgresServer

GOAL = Goal(
    name="push_ms",
    what="a customer's yes durable on one node -> a till's stream on another has it, p99",
    yardstick="bare NOTIFY after a commit -> LISTEN, same server, p99",
    words="<= 300 ms",
    limits=(Limit("p99 ms", "at most", 300.0),),
)

ROUNDS = 5
YES_PER_ROUND = 60
_UNITS = 600
_PATIENCE_SECONDS = 30.0


def run() -> Figure:
    """Say yes on one node and hear it on the other, and beside it notify barely."""
    with scratch_folder("push_ms") as folder, PostgresServer(is_durable=True) as server:
        server.execute("CREATE DATABASE points")
        url = server.url("points")
        took_ms: list[float] = []
        bare_ms: list[float] = []
        with _first_node(folder, url) as node, _other_node(folder, url) as port, _till(port) as heard:

            def approve() -> float:
                took = [node.approve(heard) for _ in range(YES_PER_ROUND)]
                took_ms.extend(took)
                return statistics.median(took)

            def notify() -> float:
                took = _notify_barely(url, YES_PER_ROUND)
                bare_ms.extend(took)
                return statistics.median(took)

            rounds = interleave(approve, notify, ROUNDS)
    value = percentile(took_ms, 0.99)
    return GOAL.figure(
        value=value,
        unit="ms",
        yardstick=percentile(bare_ms, 0.99),
        seen={"p99 ms": value},
        note=f"{len(took_ms)} approvals, to the client of the stream, no page; median {rounds.value:.1f} ms "
        f"against {rounds.yardstick_value:.1f} ms",
    )


class _FirstNode:
    """The node on which the customer says yes; it knows when that was durable."""

    def __init__(self, engine: Engine, committed_at: list[float]) -> None:
        self._engine = engine
        self._committed_at = committed_at
        self._numbers = itertools.count(1)

    def approve(self, heard: "SimpleQueue[tuple[str, float]]") -> float:
        """Charge over the limit, say yes; milliseconds from the yes's commit until the till has it."""
        order_id = f"order-{next(self._numbers)}"
        execute = self._engine.execute
        code = execute(IssueCode(command_id=f"code-{order_id}", member_no=MEMBER))
        assert isinstance(code, CodeIssued)
        amount = Amount(Asset.POINTS, _UNITS)
        execute(Charge(order_id=order_id, till_id=TILL, cashier="lin", code=code.code, amount=amount))
        self._committed_at.clear()
        reply = execute(Approve(order_id=order_id, member_no=MEMBER))
        assert isinstance(reply, Payment)
        assert reply.state is PaymentState.SUCCEEDED
        while True:
            told, at = heard.get(timeout=_PATIENCE_SECONDS)
            if told == order_id:
                return (at - self._committed_at[-1]) * 1_000


@contextmanager
def _first_node(folder: Path, url: str) -> Iterator[_FirstNode]:
    committed_at: list[float] = []

    def step(name: str) -> None:
        if name == AFTER_COMMIT:
            committed_at.append(perf_counter())

    with (
        NodeChanges(url) as changes,
        open_engine(
            folder,
            replace(SETTINGS, database=url),
            on_durable_step=step,
            changes=changes.bus,
            sweep_every_seconds=None,
        ) as engine,
    ):
        engine.execute(EnrolTill(command_id="till", till_id=TILL, shop_id="shop-1"))
        engine.execute(EnrolMember(command_id="member", member_no=MEMBER, name="王小明"))
        much = Amount(Asset.POINTS, 1_000_000)
        engine.execute(Credit(command_id="credit", member_no=MEMBER, amount=much, reason="gift"))
        _wait_for(lambda: changes.poll_seconds() == CALM_SECONDS)
        yield _FirstNode(engine, committed_at)


@contextmanager
def _other_node(folder: Path, url: str) -> Iterator[int]:
    """A node in a process of its own: the port on which it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.push_node", str(folder), url], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


@contextmanager
def _till(port: int) -> Iterator["SimpleQueue[tuple[str, float]]"]:
    """A till on the other node: which of its orders succeeded, and when it had the event."""
    heard: SimpleQueue[tuple[str, float]] = SimpleQueue()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    connection.request("GET", "/v1/events", headers={"Authorization": "whoever"})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    assert response.readline()

    def read() -> None:
        while line := response.readline():
            if line.startswith(b"data: "):
                at = perf_counter()
                told = json.loads(line.removeprefix(b"data: "))
                if told.get("state") == "succeeded":
                    heard.put((told["order_id"], at))

    # Ends with the node, which ends its streams.
    threading.Thread(target=read, daemon=True).start()
    yield heard


def _notify_barely(url: str, count: int) -> list[float]:
    """Milliseconds from a small durable commit until another connection has the NOTIFY that follows it."""
    with (
        psycopg.connect(url, autocommit=True) as writes,
        psycopg.connect(url, autocommit=True) as listens,
    ):
        writes.execute("CREATE TABLE IF NOT EXISTS bare (number bigint)")
        listens.execute("LISTEN bare")
        took_ms = []
        for number in range(count):
            writes.execute("INSERT INTO bare VALUES (%s)", (number,))
            since = perf_counter()
            writes.execute("SELECT pg_notify('bare', %s)", (str(number),))
            next(listens.notifies(timeout=_PATIENCE_SECONDS))
            took_ms.append((perf_counter() - since) * 1_000)
    return took_ms


def _wait_for(condition: Callable[[], bool]) -> None:
    never, deadline = threading.Event(), perf_counter() + _PATIENCE_SECONDS
    while not condition():
        assert perf_counter() < deadline
        never.wait(0.01)
