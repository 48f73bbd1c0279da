"""What is answered when the engine is slow, busy, in need of a disk, or wrong."""

import asyncio
import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pytest

from points_engine.contract import Charge, Command, EngineFault, Query, Refused, Reply, Secret, SetFrozen
from points_engine.http.authentication import Authenticator
from points_engine.http.incoming import Incoming
from points_engine.service_settings import ServiceSettings
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.problems import Problem
from tests.points_engine.http.running_service import OFFICE, TILL, Received, RunningService
from tests.points_engine.shop import Shop, points
from tests.waiting import PATIENCE_SECONDS

SECRET = "849214007316642508"
SETTINGS = ServiceSettings(port=0, drain_seconds=0, finish_seconds=10, waiting_commands=2, threads=1)


class HeldEngine:
    """A real engine before which commands do what a test says first."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.first: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def execute(self, command: Command) -> Reply:
        """First what the test says."""
        self.first()
        reply: Reply = self._engine.execute(command)
        return reply

    def execute_together(self, commands: Sequence[Command]) -> list[Reply | Exception]:
        """First what the test says."""
        self.first()
        replies: list[Reply | Exception] = self._engine.execute_together(commands)
        return replies


class Held:
    """Holds whoever waits until it is let go."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self._go = threading.Event()

    def wait(self) -> None:
        """Called by who is held."""
        self.came.release()
        assert self._go.wait(PATIENCE_SECONDS)

    def let_go(self) -> None:
        """Let everybody go on."""
        self._go.set()


def held_service(folder: Path, settings: ServiceSettings) -> RunningService:
    """A service before whose engine a test stands."""
    shop = Shop(folder / "engine")
    shop.member("8600", 1_000)
    return RunningService(folder, settings, shop=shop, engine=HeldEngine(shop.engine))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with held_service(tmp_path, SETTINGS) as service:
        yield service


def engine_of(running: RunningService) -> HeldEngine:
    """The engine before which commands are held."""
    assert isinstance(running.engine, HeldEngine)
    return running.engine


def charge(number: int) -> Charge:
    """A charge with a code nobody issued."""
    return Charge(
        order_id=f"order-{number}", till_id="till-1", cashier="lin", code=Secret(SECRET), amount=points(1)
    )


def said(received: Received) -> tuple[int, str, bool]:
    """Status, code, and whether surely nothing changed."""
    return received.status, received.json["code"], received.json["nothing_changed"]


@pytest.mark.parametrize("command", [charge(1), SetFrozen(command_id="f", member_no="8600", frozen=True)])
def test_the_same_key_under_way_is_told(running: RunningService, command: Command) -> None:
    """409 while it is; after it the answer of the first."""
    held, caller = Held(), TILL if isinstance(command, Charge) else OFFICE
    engine_of(running).first = held.wait
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(running.send, command, caller)
        assert held.came.acquire(timeout=PATIENCE_SECONDS)
        assert (409, "in_flight", False) == said(running.send(command, caller))
        held.let_go()
        assert 200 == first.result(PATIENCE_SECONDS).status
    assert 200 == running.send(command, caller).status


def test_charges_that_come_meanwhile_go_together(running: RunningService) -> None:
    """The first alone, the others in one group; a full queue is told at once."""
    held = Held()
    engine_of(running).first = held.wait
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(running.send, charge(1), TILL)
        assert held.came.acquire(timeout=PATIENCE_SECONDS)
        others = [pool.submit(running.send, charge(number), TILL) for number in range(2, 7)]
        refused = list(itertools.islice(as_completed(others, PATIENCE_SECONDS), 3))
        held.let_go()
        assert {200} == {each.result(PATIENCE_SECONDS).status for each in {first, *others} - set(refused)}
    assert (503, "overloaded", True) == said(refused[0].result())
    page = running.request("GET", "/metrics").body.decode()
    assert 'points_commands_together_bucket{le="1.0"} 1.0' in page
    assert "points_commands_together_count 2.0" in page
    assert 'points_charges_total{outcome="failed",refusal="not_a_payment_code"} 3.0' in page
    assert 'points_faults_total{fault="overloaded"} 3.0' in page


def test_who_waited_long_enough_is_told_that_the_outcome_is_not_known(tmp_path: Path) -> None:
    """504; what was begun goes on, and the same key finds out."""
    held, pause = Held(), threading.Event()
    with held_service(tmp_path, dataclasses.replace(SETTINGS, deadline_seconds=1)) as running:
        engine_of(running).first = held.wait
        assert (504, "late", False) == said(running.send(charge(1), TILL))
        held.let_go()
        while (received := running.send(charge(1), TILL)).status in {409, 504}:
            pause.wait(0.01)
    assert "failed" == received.json["state"]


class NeverKnows(Authenticator):
    """Looks callers up in a database that does not answer."""

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody answers")


def test_a_caller_who_cannot_be_looked_up_is_told_in_time(tmp_path: Path) -> None:
    """503 with nothing changed: the command was not begun. What anybody may ask is answered."""
    settings = dataclasses.replace(SETTINGS, deadline_seconds=1)
    with RunningService(tmp_path / "engine", settings, authenticator=NeverKnows()) as running:
        assert (503, "unavailable", True) == said(running.send(charge(1), TILL))
        assert 200 == running.request("GET", "/healthz").status


@pytest.mark.parametrize(
    ("nothing_changed", "code"),
    [(True, "unavailable"), (False, "interrupted")],
)
@pytest.mark.parametrize("command", [charge(1), Query(order_id="1")])
def test_a_fault_of_the_surroundings_is_told(
    running: RunningService, command: Command, nothing_changed: bool, code: str
) -> None:
    """503, whether anything may have changed, when to come again; where the disk is stays in the log."""

    def fail() -> None:
        raise EngineFault("The disk /srv/x is full", "Make room.", nothing_changed=nothing_changed)

    engine_of(running).first = fail
    received = running.send(command, TILL)
    assert (503, code, nothing_changed) == said(received)
    assert "1" == received.headers["retry-after"]
    assert b"/srv/x" not in received.body


def test_a_bug_is_told_without_its_text(running: RunningService, caplog: pytest.LogCaptureFixture) -> None:
    """500, outcome not known; neither answer nor log tell what the exception said."""

    def break_down() -> None:
        raise RuntimeError(f"cannot handle {SECRET}")

    engine_of(running).first = break_down
    assert (500, "bug", False) == said(running.send(charge(1), TILL))
    assert "RuntimeError at " in caplog.text
    assert SECRET not in caplog.text
    assert 200 == running.request("GET", "/healthz").status


def test_not_ready_when_the_books_do_not_answer(running: RunningService) -> None:
    """A balancer looks elsewhere."""
    assert 200 == running.request("GET", "/readyz").status
    running.shop.engine.close()
    assert (503, "unavailable", True) == said(running.request("GET", "/readyz"))
    assert (503, "unavailable", True) == said(
        running.send(Query(order_id="1"), Caller(CallerKind.BACK_OFFICE, "mei"))
    )
