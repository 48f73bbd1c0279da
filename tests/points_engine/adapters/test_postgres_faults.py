"""What goes wrong with a PostgreSQL server: told with a remedy, without what was to be written, and got over."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import psycopg
import pytest

from points_engine.adapters.postgres_store import BEFORE_COMMIT, Patience, PostgresStore
from points_engine.amounts import Asset
from points_engine.ports import Books, StoreUnavailable
from tests.postgres_server import PostgresServer

KEY = "f" * 16
SECRET = "hunter2"
_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()
"""


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    """A store with one member in it."""
    with closing(PostgresStore(postgres_url, KEY)) as opened:
        opened.transact(lambda books: books.add_member("m-1", "n"))
        yield opened


def throw_out(url: str) -> None:
    """End everybody's connections."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_OTHERS.encode())


def frozen(store: PostgresStore) -> bool:
    """Whether the member is frozen."""
    return store.look(lambda books: books.holder_of(1, Asset.POINTS).is_frozen)


def test_a_connection_that_rested_and_died_is_not_missed(store: PostgresStore, postgres_url: str) -> None:
    """After a restart or a failover the next work runs on a fresh connection."""
    throw_out(postgres_url)
    store.transact(lambda books: books.set_frozen(1, is_frozen=True))
    throw_out(postgres_url)
    assert frozen(store)


def test_a_connection_that_dies_in_the_middle(store: PostgresStore, postgres_url: str) -> None:
    """The work is run once more, as nothing of it was kept."""
    runs: list[int] = []

    def work(books: Books) -> None:
        runs.append(1)
        books.set_frozen(1, is_frozen=True)
        if len(runs) == 1:
            throw_out(postgres_url)
        books.set_pin(1, "hash", "command")

    store.transact(work)
    assert ([1, 1], True) == (runs, frozen(store))


def test_a_server_that_throws_everybody_out(store: PostgresStore, postgres_url: str) -> None:
    """A work that dies twice is a fault, and nothing has changed."""

    def work(books: Books) -> None:
        books.set_frozen(1, is_frozen=True)
        throw_out(postgres_url)
        books.set_pin(1, "hash", "command")

    with pytest.raises(StoreUnavailable, match="is being stopped, or was restarted") as fault:
        store.transact(work)
    assert (True, False) == (fault.value.nothing_changed, frozen(store))


def test_a_connection_lost_before_the_commit_is_no_question(postgres_url: str) -> None:
    """The COMMIT that finds its connection gone may or may not have arrived: that is told as unknown."""
    steps: list[str] = []

    def on_step(step: str) -> None:
        steps.append(step)
        if step == BEFORE_COMMIT and len(steps) == 3:
            throw_out(postgres_url)

    with closing(PostgresStore(postgres_url, KEY, on_durable_step=on_step)) as store:
        store.transact(lambda books: books.add_member("m-1", "n"))
        with pytest.raises(StoreUnavailable) as fault:
            store.transact(lambda books: books.set_frozen(1, is_frozen=True))
        assert (False, False) == (fault.value.nothing_changed, frozen(store))


def test_a_standby_that_does_not_answer() -> None:
    """A COMMIT that waits for its standby is unknown; it is not cut short, and counts once the standby has it."""
    options = {"wal_level": "replica", "max_wal_senders": "2"}
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(is_durable=True, options=options))
        server.execute("CREATE DATABASE points")
        url = server.url("points")
        store = stack.enter_context(closing(PostgresStore(url, KEY)))
        store.transact(lambda books: books.add_member("m-1", "n"))
        impatient = stack.enter_context(
            closing(PostgresStore(url, KEY, patience=Patience(commit=1.2, lock=0.3)))
        )
        server.configure("synchronous_standby_names", "nobody")
        with pytest.raises(StoreUnavailable) as fault:
            impatient.transact(lambda books: books.set_frozen(1, is_frozen=True))
        assert (False, False) == (fault.value.nothing_changed, frozen(store))
        with pytest.raises(StoreUnavailable, match="locked for too long"):
            impatient.transact(lambda books: books.set_frozen(1, is_frozen=False))
        server.configure("synchronous_standby_names", "")
        # Who waited for the standby is let go, and gives back its locks a moment later.
        server.wait_until(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'points' AND state = 'active'"
        )
        store.transact(lambda books: books.set_pin(1, "hash", "command"))
        assert frozen(store)
        server.kill()
        with pytest.raises(StoreUnavailable, match="cannot be reached") as gone:
            store.transact(lambda books: books.set_frozen(1, is_frozen=False))
        assert gone.value.nothing_changed
        server.start()
        assert frozen(store)


def _read_only(server: PostgresServer, name: str) -> None:
    server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")


def _full(server: PostgresServer, name: str) -> None:
    server.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    server.execute("DROP ROLE IF EXISTS clerk")
    server.execute("CREATE ROLE clerk LOGIN")


def _gone(server: PostgresServer, name: str) -> None:
    server.execute(f"ALTER DATABASE {name} RENAME TO {name}_elsewhere")


@pytest.mark.parametrize(
    ("harm", "user", "problem"),
    [
        (_read_only, "postgres", "only reads"),
        (_full, "clerk", "takes no more connections"),
        (_gone, "postgres", "no such database"),
    ],
    ids=["read-only", "full", "gone"],
)
def test_a_server_that_lets_nobody_in(
    postgres_server: PostgresServer, harm: Callable[[PostgresServer, str], None], user: str, problem: str
) -> None:
    """Each reason has its remedy."""
    url = postgres_server.fresh()
    name = url.partition("?")[0].rpartition("/")[2]
    harm(postgres_server, name)
    with pytest.raises(StoreUnavailable, match=problem):
        PostgresStore(url.replace("postgres@", f"{user}@"), KEY)
    postgres_server.drop(url.replace(name, f"{name}_elsewhere") if harm is _gone else url)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://points:{SECRET}@127.0.0.1:1/points",
        f"postgresql://points:{SECRET}@%zz/points?nonsense=1",
    ],
)
def test_an_address_is_not_told(url: str) -> None:
    """Neither one that leads nowhere nor one that is none: there is a password in it."""
    with pytest.raises(StoreUnavailable) as fault:
        PostgresStore(url, KEY)
    assert SECRET not in "".join(traceback.format_exception(fault.value))


def test_what_was_to_be_written_is_not_told(store: PostgresStore) -> None:
    """A statement that the database refuses is a bug; its text says which rule was broken and shows no row."""

    def work(books: Books) -> None:
        books.set_pin(1, SECRET, "command")
        books._execute("UPDATE member SET pin_failures = -1 WHERE id = 1")  # type: ignore[attr-defined] # a bug of ours

    with pytest.raises(AssertionError, match="CheckViolation member_pin_failures_check") as refused:
        store.transact(work)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
