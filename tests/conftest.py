"""What every test shares: no display, Hypothesis that repeats itself unless told to explore, one PostgreSQL server."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from points_engine.adapters.postgres_schema import migrate
from tests.patient_qtbot import PatientQtBot
from tests.postgres_server import PostgresServer

# Before anything imports Qt. A developer's own choice (xcb, offscreen:configfile=...) stands.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples on every run, on machines of every speed: a red run is a bug, never chance.
settings.register_profile(
    "steady", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
# New examples each time: HYPOTHESIS_PROFILE=explore make test
settings.register_profile("explore", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """--store=postgres keeps the books of every engine test's shop on a server; else that is so for some."""
    parser.addoption(
        "--store", choices=["some", "postgres"], default="some", help="where the tests' books are"
    )


def _with_our_tables(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        migrate(connection)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started for whoever asks first; each of pytest-xdist's workers has its own."""
    with PostgresServer() as server:
        server.make_template(_with_our_tables)
        yield server


@pytest.fixture
def qtbot(qapp: object, request: pytest.FixtureRequest) -> PatientQtBot:
    """pytest-qt's, with more patience."""
    assert qapp is not None
    return PatientQtBot(request)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh database with our tables in it; gone after the test, with whoever is still in there."""
    url = postgres_server.fresh()
    yield url
    postgres_server.drop(url)
