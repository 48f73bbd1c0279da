"""Four engines, one suite: embedded and remote, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from points_engine.bootstrap import Engine, open_engine
from tests.contract.contract_shop import ContractShop
from tests.contract.ways import Embedded, Remote
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, Shop


def _engine(folder: Path, clock: ManualClock) -> Engine:
    return open_engine(folder, EVERY_KIND, clock=clock, pin_cost=CHEAP, sweep_every_seconds=None)


@contextmanager
def embedded_sqlite(folder: Path) -> Iterator[ContractShop]:
    """In this process, on a file."""
    clock = ManualClock()
    with _engine(folder, clock) as engine:
        yield ContractShop(folder, Embedded(engine), [engine], clock)


@contextmanager
def remote_sqlite(folder: Path) -> Iterator[ContractShop]:
    """One node, on a file."""
    clock = ManualClock()
    with ExitStack() as stack:
        node = stack.enter_context(RunningService(folder, shop=Shop(folder, EVERY_KIND, clock=clock)))
        way = Remote([f"http://127.0.0.1:{node.port}"])
        stack.callback(way.close)
        yield ContractShop(folder, way, [node.shop.engine], clock)


ENGINES: dict[str, Callable[[Path], AbstractContextManager[ContractShop]]] = {
    "embedded SQLite": embedded_sqlite,
    "remote over SQLite": remote_sqlite,
}


@pytest.fixture(scope="session", params=ENGINES)
def engine_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ContractShop]:
    """One of the engines, whose books are true when everything was tried on it."""
    with ENGINES[request.param](tmp_path_factory.mktemp("contract")) as shop:
        yield shop
        assert [] == shop.engines[0].verify()


@pytest.fixture
def shop(engine_shop: ContractShop) -> ContractShop:
    """The engine on a new day, so that no limit of the day before matters."""
    engine_shop.clock.advance(25 * 3600)
    return engine_shop
