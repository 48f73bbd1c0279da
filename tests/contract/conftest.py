"""Four engines, one suite: embedded and remote, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from points_engine.bootstrap import Engine, open_engine
from points_engine.http.gatekeeper import Gatekeeper
from points_engine.rates import RateRules
from tests.contract.balancer import Balancer
from tests.contract.contract_shop import ContractShop
from tests.contract.ways import Embedded, Remote
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.http.running_service import QUICK, RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, Shop
from tests.postgres_server import PostgresServer

NODES = 3
SCHEME = replace(EVERY_KIND, rates=RateRules(enrolment_calls=0, all_enrolment_calls=0, sign_in_calls=0))
"""All callers of this suite share one address, and there are many."""
KEEPS_LINES = replace(QUICK, idle_seconds=3_600)
"""A caller's line may rest while others are tried, for as long as that takes."""


@dataclass(frozen=True)
class Place:
    """Where an engine of this suite keeps its books, and by which clock it lives."""

    folder: Path
    database: str
    clock: ManualClock

    def engine(self) -> Engine:
        """One more engine on the same books."""
        settings = replace(SCHEME, database=self.database, database_connections=4)
        return open_engine(self.folder, settings, clock=self.clock, pin_cost=CHEAP, sweep_every_seconds=None)


@contextmanager
def embedded(place: Place) -> Iterator[ContractShop]:
    """In this process."""
    with place.engine() as engine:
        yield ContractShop(place.folder, Embedded(engine), [engine], place.clock)


@contextmanager
def _node(place: Place) -> Iterator[RunningService]:
    """A node that lets in who has a credential."""
    shop = Shop(place.folder, engine=place.engine())
    with (
        Gatekeeper(shop.engine.gate, SCHEME.rates) as gatekeeper,
        RunningService(place.folder, KEEPS_LINES, shop=shop, authenticator=gatekeeper) as node,
    ):
        yield node


@contextmanager
def remote(place: Place, *, nodes: int) -> Iterator[ContractShop]:
    """As a service of so many nodes, among which each caller's requests hop."""
    with ExitStack() as stack:
        running = [stack.enter_context(_node(place)) for _ in range(nodes)]
        balancer = stack.enter_context(Balancer([("127.0.0.1", node.port) for node in running]))
        way = Remote(balancer.url, running[0].shop.engine)
        stack.callback(way.close)
        yield ContractShop(place.folder, way, [node.shop.engine for node in running], place.clock)
        counts = balancer.counts.values()
        assert max(counts) - min(counts) <= 1, "the requests did not hop"


@contextmanager
def remote_alone(place: Place) -> Iterator[ContractShop]:
    """As a service of one node."""
    with remote(place, nodes=1) as shop:
        yield shop


@contextmanager
def remote_three(place: Place) -> Iterator[ContractShop]:
    """As a service of three nodes."""
    with remote(place, nodes=NODES) as shop:
        yield shop


Open = Callable[[Place], AbstractContextManager[ContractShop]]

ENGINES: dict[str, tuple[Open, bool]] = {
    "embedded on SQLite": (embedded, False),
    "embedded on PostgreSQL": (embedded, True),
    "remote over SQLite": (remote_alone, False),
    "remote over PostgreSQL, three nodes": (remote_three, True),
}
"""How each is opened, and whether its books are in PostgreSQL."""


@pytest.fixture(scope="session", params=ENGINES)
def engine_shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[ContractShop]:
    """One of the engines, whose books are true when everything was tried on it."""
    open_one, is_postgres = ENGINES[request.param]
    database = postgres_server.fresh() if is_postgres else ""
    with open_one(Place(tmp_path_factory.mktemp("contract"), database, ManualClock())) as shop:
        yield shop
        assert [] == shop.engines[0].verify()
    if database:
        postgres_server.drop(database)


@pytest.fixture
def shop(engine_shop: ContractShop) -> ContractShop:
    """The engine on a new day, so that no limit of the day before matters."""
    engine_shop.clock.advance(25 * 3600)
    return engine_shop
