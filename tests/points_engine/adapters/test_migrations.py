"""Databases of every version, with a shop's day in them, are led to the newest one and go on."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from points_engine.adapters import postgres_schema, sqlite_schema
from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import create_key
from points_engine.adapters.pin_hasher import Argon2PinHasher
from points_engine.adapters.postgres_store import PostgresStore
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.contract import Actor, PaymentState, Refund, Refunded, StaffLevel
from points_engine.engine.front_door import Engine
from points_engine.ports import Store
from points_engine.settings import Settings
from points_engine.wire.callers import Caller
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.engine.counter import Counter
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, Shop, payment, points
from tests.postgres_server import PostgresServer

Open = Callable[[int | None], Store]
"""Opens a store that knows so many migrations; None: all of them."""

VERSIONS = range(1, len(sqlite_schema.MIGRATIONS) + 1)
TELLS_FAILURES = 5
"""The version from which on payments that failed are told to merchants' systems."""
KEY_NAME = "points.key"


def day_in_a_shop(shop: Shop) -> None:
    """What the first version's tables were enough for."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.member("m-2", 50)
    shop.pay("m-1", 100, "paid")
    shop.pay("m-1", 600, "proved")
    shop.answer("proved", RIGHT_PIN)
    shop.pay("m-1", 1, "reversed")
    shop.reverse("reversed")
    shop.pay("m-2", 400, "refused")
    shop.limit("m-1", 0)
    shop.pay("m-1", 20, "open")


def goes_on(shop: Shop) -> None:
    """What was there is known, and the day goes on."""
    assert PaymentState.SUCCEEDED is payment(shop.query("paid")).state
    assert PaymentState.SUCCEEDED is payment(shop.answer("open", RIGHT_PIN)).state
    refund = Refund(
        refund_id="back", order_id="paid", till_id=TILL, actor=Actor(name="lin", level=StaffLevel.CASHIER),
        amount=points(30), reason="broken",
    )  # fmt: skip
    assert isinstance(shop.ask(refund), Refunded)
    assert 310 == shop.balance("m-1")
    shop.bind("m-2")
    counter = Counter(shop)
    assert "m-2" == counter.sign_in().member_no
    assert isinstance(counter.ask(counter.signed(counter.till_key())), Caller)
    shop.engine.sweep()
    assert [] == shop.engine.verify()


def check(folder: Path, version: int, opened: Open) -> None:
    """Fill a database of a version, close it, and open it with today's engine."""
    key, clock = create_key(folder / KEY_NAME), ManualClock()

    def shop_on(store: Store) -> Shop:
        scheme = Settings(shows_balance=True).scheme()
        engine = Engine(store, clock, KeyedIds(key), Argon2PinHasher(key, CHEAP), scheme)
        return Shop(folder, clock=clock, engine=engine)

    with shop_on(opened(version)) as old:
        day_in_a_shop(old)
    with closing(opened(None)) as newest:
        if version < TELLS_FAILURES:
            # What failed before that is told to nobody.
            assert newest.look(lambda books: books.failures_position() == books.newest_payment() > 0)
        goes_on(shop_on(newest))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_of_every_version_goes_on(tmp_path: Path, version: int) -> None:
    """In SQLite."""
    path = tmp_path / "points.sqlite"

    def opened(versions: int | None) -> Store:
        return SqliteStore(path, "f" * 16, migrations=sqlite_schema.MIGRATIONS[:versions])

    check(tmp_path, version, opened)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_every_version_goes_on(
    tmp_path: Path, postgres_server: PostgresServer, version: int
) -> None:
    """In PostgreSQL."""
    url = postgres_server.fresh("template0")

    def opened(versions: int | None) -> Store:
        store = PostgresStore(url, "f" * 16, migrations=postgres_schema.MIGRATIONS[:versions])
        if versions == 1:
            # The statement it needs came with the second.
            store.express = None
        return store

    check(tmp_path, version, opened)
    postgres_server.drop(url)
