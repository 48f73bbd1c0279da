"""The SQLite store: transactions, and every environment fault with its remedy."""

import resource
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from points_engine.adapters import sqlite_checkpoints, sqlite_store
from points_engine.adapters.sqlite_schema import MIGRATIONS, migrate
from points_engine.adapters.sqlite_store import AFTER_COMMIT, BEFORE_COMMIT, SqliteStore
from points_engine.amounts import Asset
from points_engine.contract import Credit, Credited, EngineFault, PaymentState
from points_engine.engine import bookings
from points_engine.ledger import TransferKind
from points_engine.limits import DayUse
from points_engine.ports import Books, KeyUnavailable, StoreUnavailable
from tests.points_engine.shop import Shop, payment, points
from tests.waiting import PATIENCE_SECONDS

NEWEST = len(MIGRATIONS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A store on a fresh file."""
    fresh = SqliteStore(tmp_path / "points.sqlite", "key-1")
    yield fresh
    fresh.close()


def names(books: Books) -> bool:
    """Whether m-1 is a member."""
    return books.member("m-1") is not None


def test_the_file_is_as_durable_as_sqlite_can_be(store: SqliteStore) -> None:
    """WAL with every commit synced, foreign keys kept, and no checkpoint inside a commit."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0}
    assert wanted == {name: store._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}


def test_a_transaction_is_all_or_nothing(store: SqliteStore) -> None:
    """When the work raises, the exception comes through and nothing has changed."""

    def half(books: Books) -> None:
        books.add_member("m-1", "Ana")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(half)
    assert not store.look(names)
    store.transact(lambda books: books.add_member("m-1", "Ana"))
    assert store.look(names)


def test_a_transfer_that_was_rolled_back_leaves_no_gap(shop: Shop) -> None:
    """The next transfer takes its number and is chained to the one before."""
    shop.member("m-1", 100)
    store = store_of(shop)

    def half(books: Books) -> None:
        member = books.member("m-1")
        assert member is not None
        holder = books.holder_of(member.member, Asset.POINTS)
        bookings.transfer(books, TransferKind.CREDIT, holder, 5, shop.clock.now())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(half)
    assert 107 == shop.credit("m-1", 7)
    assert [] == shop.engine.verify()


def test_two_engines_on_one_file_chain_by_turns(shop: Shop) -> None:
    """Each notices what the other has added since it last looked."""
    shop.member("m-1", 100)
    with Shop(shop.folder, clock=shop.clock) as other:
        for turn in range(3):
            assert PaymentState.SUCCEEDED == shop.pay("m-1", 1, f"one-{turn}").state
            command = Credit(command_id=f"other-{turn}", member_no="m-1", amount=points(1), reason="gift")
            assert Credited(balance=points(100)) == other.ask(command)


def test_a_look_sees_one_state_and_waits_for_no_writer(store: SqliteStore) -> None:
    """A reader in the middle of a write sees the books as they were before it."""

    def write(books: Books) -> bool:
        books.add_member("m-1", "Ana")
        return store.look(names)

    assert not store.transact(write)
    assert store.look(names)


def test_a_look_cannot_write(store: SqliteStore) -> None:
    """What a look writes by mistake is gone with it."""
    store.look(lambda books: books.add_member("m-1", "Ana"))
    assert not store.look(names)


def test_a_transfer_can_be_neither_edited_nor_deleted(shop: Shop) -> None:
    """Not even by hand, unless the triggers are taken away first."""
    shop.member("m-1", 100)
    with closing(sqlite3.connect(shop.folder / "points.sqlite")) as hand:
        for edit in ("UPDATE transfer SET units = 1", "DELETE FROM transfer"):
            with pytest.raises(sqlite3.IntegrityError, match="a transfer is never"):
                hand.execute(edit)


def test_the_database_itself_refuses_a_negative_balance(shop: Shop) -> None:
    """Were a rule to fail, the row could still not be written."""
    shop.member("m-1", 100)
    with (
        closing(sqlite3.connect(shop.folder / "points.sqlite")) as hand,
        pytest.raises(sqlite3.IntegrityError, match="balance_units >= -overdraft_units"),
    ):
        hand.execute("UPDATE account SET balance_units = -1 WHERE balance_units = 100")


def test_the_durable_steps_are_told(tmp_path: Path) -> None:
    """Before and after each commit, by name; a look has none."""
    steps: list[str] = []
    with Shop(tmp_path, on_durable_step=steps.append) as shop:
        steps.clear()
        shop.query("o-1")
        assert [] == steps
        shop.member("m-1")
        assert [BEFORE_COMMIT, AFTER_COMMIT] == steps


# --- faults


def told(fault: EngineFault) -> str:
    """What whoever keeps the till running reads."""
    assert fault.remedy in str(fault)
    return fault.problem


def test_a_full_disk_changes_nothing_and_is_got_over(shop: Shop) -> None:
    """No room for another page: the fault says so, nothing is half done, and with room the same order goes through."""
    shop.member("m-1", 10_000)
    code = shop.code("m-1")
    writer = store_of(shop)._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable) as full:
        deque((shop.charge(code, 0, f"refused-{number}") for number in range(1_000)), maxlen=0)
    assert "The disk, or the space given to the database, is full" == told(full.value)
    assert full.value.nothing_changed
    assert [] == shop.engine.verify()
    writer.execute("PRAGMA max_page_count = 1000000")
    assert PaymentState.SUCCEEDED == payment(shop.charge(code, 1, "o-1")).state


def test_a_disk_that_fails_in_the_commit_leaves_the_outcome_open(shop: Shop) -> None:
    """The fault says that asking again is needed; asked again, the order is paid once."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    with (
        no_file_longer_than((shop.folder / "points.sqlite-wal").stat().st_size),
        pytest.raises(StoreUnavailable) as failed,
    ):
        shop.charge(code, 300, "o-1")
    assert "The disk failed" in told(failed.value)
    assert not failed.value.nothing_changed
    assert PaymentState.SUCCEEDED == payment(shop.charge(code, 300, "o-1")).state
    assert 700 == shop.balance("m-1")


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """As on a disk that takes no further byte."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def store_of(shop: Shop) -> SqliteStore:
    """The store behind a shop's engine."""
    store = shop.engine._store
    assert isinstance(store, SqliteStore)
    return store


def test_a_database_somebody_else_keeps_locked(tmp_path: Path) -> None:
    """After the time-out the fault names who may be at fault; looking still works, and later writing."""
    path = tmp_path / "points.sqlite"
    with (
        closing(SqliteStore(path, "key-1", busy_timeout_seconds=0.05)) as store,
        closing(sqlite3.connect(path, isolation_level=None)) as viewer,
    ):
        viewer.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as locked:
            store.transact(lambda books: books.add_member("m-1", "Ana"))
        assert "kept the database locked" in told(locked.value)
        assert not store.look(names)
        viewer.execute("ROLLBACK")
        store.transact(lambda books: books.add_member("m-1", "Ana"))
        assert store.look(names)


def test_who_opens_a_database_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    """There is nothing to be written in one that is ours already: its shop may be busy."""
    path = tmp_path / "points.sqlite"
    SqliteStore(path, "key-1").close()
    with closing(sqlite3.connect(path, isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        SqliteStore(path, "key-1", busy_timeout_seconds=0).close()


def test_who_makes_a_database_waits_for_those_who_make_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with the change to a write-ahead log, for which SQLite itself does not wait."""
    path = tmp_path / "points.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def let_go(_: float, longest: float) -> float:
            if other.in_transaction:
                other.execute("ROLLBACK")
            return longest

        monkeypatch.setattr(sqlite_store, "random", SimpleNamespace(uniform=let_go))
        with closing(SqliteStore(path, "key-1")) as store:
            assert not other.in_transaction
            assert not store.look(names)


def test_a_database_that_may_not_be_written(store: SqliteStore) -> None:
    """A read-only file says whose it should be."""
    store._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreUnavailable) as read_only:
        store.transact(lambda books: books.add_member("m-1", "Ana"))
    assert "The database may not be written" == told(read_only.value)


def test_a_closed_store_says_so(store: SqliteStore) -> None:
    """Closing twice is no fault, working on is one."""
    store.close()
    store.close()
    for use in (store.transact, store.look):
        with pytest.raises(StoreUnavailable, match="closed"):
            use(names)


def damaged(path: Path) -> None:
    """A file whose middle was overwritten."""
    SqliteStore(path, "key-1").close()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 8_000)


def no_database(path: Path) -> None:
    """A file that never was a database."""
    path.write_text("a letter to grandmother, long enough to be none of SQLite's " * 20, encoding="utf-8")


def of_another_program(path: Path) -> None:
    """Somebody else's database."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipe (name TEXT)")
    other.close()


def of_a_newer_engine(path: Path) -> None:
    """A database with a version to come."""
    SqliteStore(path, "key-1").close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()


def a_folder(path: Path) -> None:
    """A folder where the file should be."""
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (damaged, "The database file is damaged"),
        (no_database, "The database file is damaged"),
        (of_another_program, "The database file belongs to another program"),
        (of_a_newer_engine, f"The database has version 99, this engine knows versions up to {NEWEST}"),
        (a_folder, "The database file cannot be opened"),
    ],
)
def test_a_file_that_is_not_ours_to_use(tmp_path: Path, spoil: Callable[[Path], None], problem: str) -> None:
    """Each is told apart, with its remedy, and left as it is."""
    path = tmp_path / "points.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreUnavailable) as refused:
        SqliteStore(path, "key-1")
    assert problem == told(refused.value)
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_key_of_another_database(tmp_path: Path) -> None:
    """Is noticed before it does harm."""
    SqliteStore(tmp_path / "points.sqlite", "key-1").close()
    with pytest.raises(KeyUnavailable) as wrong_key:
        SqliteStore(tmp_path / "points.sqlite", "key-2")
    assert "The key file belongs to another database" == told(wrong_key.value)


def test_our_own_bugs_come_through_as_they_are(store: SqliteStore) -> None:
    """What no environment causes is no fault of it."""
    with pytest.raises(sqlite3.IntegrityError):
        store.transact(lambda books: books.set_balance(1, -1, DayUse(0)))


# --- migrations

ADDS_A_COLUMN = ("ALTER TABLE member ADD COLUMN nickname TEXT", "UPDATE member SET nickname = 'unknown'")
BREAKS_HALFWAY = ("ALTER TABLE member ADD COLUMN nickname TEXT", "SELECT no_such_function()")


def test_a_database_with_data_is_migrated(shop: Shop) -> None:
    """The next version's migration runs on what is there, once, and the engine works on it."""
    shop.member("m-1", 100)
    shop.engine.close()
    path = shop.folder / "points.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    assert (
        NEWEST + 1
        == migrate(connection, [*MIGRATIONS, ADDS_A_COLUMN])
        == migrate(connection, [*MIGRATIONS, ADDS_A_COLUMN])
    )
    assert [("m-1", "unknown")] == connection.execute("SELECT member_no, nickname FROM member").fetchall()
    connection.execute(f"PRAGMA user_version = {NEWEST}")
    connection.close()
    shop.engine = Shop(shop.folder, clock=shop.clock).engine
    assert PaymentState.SUCCEEDED == shop.pay("m-1", 5).state


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    """One transaction a migration: all of it or nothing."""
    connection = sqlite3.connect(tmp_path / "points.sqlite", isolation_level=None)
    migrate(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [*MIGRATIONS, BREAKS_HALFWAY])
    assert NEWEST == connection.execute("PRAGMA user_version").fetchone()[0]
    assert "nickname" not in {row[1] for row in connection.execute("PRAGMA table_info(member)")}
    connection.close()


# --- checkpoints


def test_the_log_is_copied_while_the_till_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After enough commits and a moment of quiet the log starts over, so that it does not grow for ever."""
    monkeypatch.setattr(sqlite_checkpoints, "QUIET_SECONDS", 0.01)
    # Also where this till stands still in the middle of its reading.
    monkeypatch.setattr(sqlite_checkpoints, "_READERS_TIMEOUT_MS", round(1_000 * PATIENCE_SECONDS))
    copied = threading.Event()
    with Shop(tmp_path) as shop:
        checkpointer = store_of(shop)._checkpointer
        copy = checkpointer._copy

        def copy_and_tell() -> None:
            copy()
            copied.set()

        monkeypatch.setattr(checkpointer, "_copy", copy_and_tell)
        shop.member("m-1", 1_000)
        for _ in range(sqlite_checkpoints.COMMITS_AT_LEAST):
            shop.query("o-1")
            shop.credit("m-1", 1)
        assert copied.wait(PATIENCE_SECONDS)
        log = tmp_path / "points.sqlite-wal"
        length = log.stat().st_size
        for _ in range(10):
            shop.credit("m-1", 1)
        assert length == log.stat().st_size
        assert [] == shop.engine.verify()
