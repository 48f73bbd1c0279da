"""The books in a PostgreSQL database: any number of engines at once, each with a few connections.

READ COMMITTED, with the accounts that a transaction is about locked before it looks at them (`postgres_locks`). Nothing
lives longer than a transaction: no advisory lock, no setting, no temporary table; so PgBouncer may stand in between.
"""

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import psycopg

from points_engine.adapters.migrations import Migration
from points_engine.adapters.postgres_books import ENDS, PostgresBooks
from points_engine.adapters.postgres_commit import commit
from points_engine.adapters.postgres_connections import Connection, PostgresConnections
from points_engine.adapters.postgres_express import PostgresExpress
from points_engine.adapters.postgres_faults import RETRIED, is_lost, told
from points_engine.adapters.postgres_schema import MIGRATIONS, migrate, version_of
from points_engine.adapters.postgres_seal import SEALED_AT_ONCE, seal_batch
from points_engine.change_ports import Changes, NobodyHears
from points_engine.ports import Books, KeyUnavailable, Store, StoreUnavailable

BEFORE_COMMIT = "engine.before_commit"
AFTER_COMMIT = "engine.after_commit"

T = TypeVar("T")

MOST_BESIDE = 8
"""So many transactions of works that came together are under way at once at most."""
MOST_TRIES = 12
"""So often a work is run when others keep being faster."""
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.25
_BIND = "INSERT INTO engine_fact (name, value) VALUES ('key_fingerprint', $1) ON CONFLICT DO NOTHING"
_BOUND = "SELECT value FROM engine_fact WHERE name = 'key_fingerprint'"


class Patience(NamedTuple):
    """How long what may take, in seconds.

    For another's lock, for a statement, for a statement that only reads, for the COMMIT; and how long a node that stops
    in the middle of a transaction may keep accounts from all others.
    """

    lock: float = 5.0
    statement: float = 30.0
    reading: float = 60.0
    commit: float = 20.0
    stopped: float = 15.0

    def begin(self) -> bytes:
        """What begins a writing transaction. Its settings end with it, so that a pooler hands them to nobody.

        The last of its statements reads the key the books are bound to, which nobody changes while it lasts.
        """
        return (
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
            f" SET LOCAL lock_timeout = {_milliseconds(self.lock)};"
            f" SET LOCAL statement_timeout = {_milliseconds(self.statement)};"
            f" SET LOCAL idle_in_transaction_session_timeout = {_milliseconds(self.stopped)};"
            f" {_BOUND}"
        ).encode()

    def begin_look(self) -> bytes:
        """What begins a transaction that only reads, on one state of the books."""
        return (
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f" SET LOCAL statement_timeout = {_milliseconds(self.reading)};"
            f" SET LOCAL idle_in_transaction_session_timeout = {_milliseconds(self.reading)};"
            f" {_BOUND}"
        ).encode()


def _milliseconds(seconds: float) -> int:
    return round(1_000 * seconds)


_PATIENT = Patience()


def _no_step(_name: str) -> None:
    """What happens at a durable step when nobody watches."""


class PostgresStore(Store):
    """A PostgreSQL database as the engine's store; `url` is as libpq takes it, with all servers of a cluster in it.

    `keeps_statements` is False behind PgBouncer in transaction mode. `on_durable_step` is told "engine.before_commit"
    and "engine.after_commit" around every commit: tests end the process there. `changes` hears what became durable.
    Raises StoreUnavailable, or KeyUnavailable when `key_fingerprint` is not the database's own.
    """

    # What is not plain makes its group wait: the next one need not.
    charge_groups = 2

    def __init__(
        self,
        url: str,
        key_fingerprint: str,
        *,
        most_connections: int = 16,
        keeps_statements: bool = True,
        on_durable_step: Callable[[str], None] | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
        changes: Changes | None = None,
        patience: Patience = _PATIENT,
    ) -> None:
        self._key_fingerprint = key_fingerprint
        self._patience = patience
        self._begin, self._begin_look = patience.begin(), patience.begin_look()
        self._connections = PostgresConnections(url, most_connections, keeps_statements=keeps_statements)
        self._on_durable_step = on_durable_step or _no_step
        self._changes = changes or NobodyHears()
        self._ends: ENDS = {}
        self._never = threading.Event()
        self._beside = ThreadPoolExecutor(
            max(1, min(most_connections // 2, MOST_BESIDE)), "engine transaction"
        )
        self.express = PostgresExpress(
            self._connections, self._changes, self._on_durable_step, (BEFORE_COMMIT, AFTER_COMMIT)
        )
        try:
            with self._connections.lent() as connection:
                self._prepare(connection, key_fingerprint, migrations)
        except psycopg.Error as error:
            self.close()
            raise told(error) from None
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _prepare(connection: Connection, key_fingerprint: str, migrations: Sequence[Migration]) -> None:
        migrate(connection, migrations)
        row = connection.execute(_BOUND).fetchone()
        if row is None:
            connection.execute(_BIND, (key_fingerprint,))
            row = connection.execute(_BOUND).fetchone()
        if row is None or row[0] != key_fingerprint:
            raise KeyUnavailable(
                "The key file belongs to another database",
                "Give every engine on this database the key file that was made with it.",
            )

    # --- the port

    def transact(self, work: Callable[[Books], T]) -> T:
        pause_seconds, fresh = _FIRST_PAUSE_SECONDS, False
        for left in reversed(range(MOST_TRIES)):
            try:
                return self._transact_once(work, fresh=fresh)
            except _Retry as retry:
                if not left or (retry.is_lost and fresh):
                    raise told(retry.error) from None
                fresh = retry.is_lost
                if not fresh:
                    self._never.wait(random.uniform(0, pause_seconds))
                    pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        raise AssertionError("the last try either returns or raises")

    def _transact_once(self, work: Callable[[Books], T], *, fresh: bool) -> T:
        """Run the work in one transaction. Raises _Retry when it may be run again: nothing was changed."""
        with self._connections.lent(fresh=fresh) as connection:
            try:
                self._enter(connection, self._begin)
                books = PostgresBooks(connection, self._ends, writes=True)
                outcome = work(books)
                self._on_durable_step(BEFORE_COMMIT)
                commit(connection, self._patience.commit)
            except psycopg.Error as error:
                self._undo(connection, error)
                if is_lost(connection, error) or error.sqlstate in RETRIED:
                    raise _Retry(error, is_lost=is_lost(connection, error)) from None
                raise told(error) from None
            except BaseException:
                _roll_back(connection)
                raise
        self._on_durable_step(AFTER_COMMIT)
        if books.touched:
            self._changes.changed(books.touched)
        return outcome

    def _enter(self, connection: Connection, begin: bytes) -> None:
        """Begin a transaction. Raises KeyUnavailable when the books have another key by now."""
        cursor = connection.execute(begin, prepare=False)
        while cursor.nextset():
            continue
        if cursor.fetchone() != (self._key_fingerprint,):
            raise KeyUnavailable(
                "The database's key was changed since this engine was started",
                "Put the newest copy of the key file in its folder, and start it anew.",
            )

    def transact_each(self, works: Sequence[Callable[[Books], T]]) -> list[T | Exception]:
        """Each in a transaction of its own, several beside each other: their journeys overlap, and the disk's work."""
        if len(works) == 1:
            return super().transact_each(works)
        return [outcome for begun in [self._begun(work) for work in works] for outcome in begun()]

    def _begun(self, work: Callable[[Books], T]) -> Callable[[], list[T | Exception]]:
        """Begin a work on a thread; what it comes to is returned by what is returned."""
        try:
            return self._beside.submit(super().transact_each, [work]).result
        except RuntimeError:
            # Closed meanwhile: so the work is told.
            return partial(super().transact_each, [work])

    def time(self) -> datetime:
        with self._connections.lent() as connection:
            try:
                row = connection.execute(b"SELECT clock_timestamp()", prepare=False).fetchone()
            except psycopg.Error as error:
                self._undo(connection, error)
                raise told(error) from None
        assert row is not None
        now: datetime = row[0]
        return now

    def look(self, work: Callable[[Books], T]) -> T:
        try:
            return self._look_once(work, fresh=False)
        except _Retry:
            pass
        try:
            return self._look_once(work, fresh=True)
        except _Retry as retry:
            raise told(retry.error) from None

    def _look_once(self, work: Callable[[Books], T], *, fresh: bool) -> T:
        with self._connections.lent(fresh=fresh) as connection:
            try:
                self._enter(connection, self._begin_look)
                outcome = work(PostgresBooks(connection, self._ends, writes=False))
                connection.execute(b"COMMIT", prepare=False)
            except psycopg.Error as error:
                self._undo(connection, error)
                if is_lost(connection, error):
                    raise _Retry(error, is_lost=True) from None
                raise told(error) from None
            except BaseException:
                _roll_back(connection)
                raise
        return outcome

    def seal(self) -> int:
        sealed, batch = 0, SEALED_AT_ONCE
        while batch == SEALED_AT_ONCE:
            batch = self._seal_once()
            sealed += batch
        return sealed

    def _seal_once(self) -> int:
        with self._connections.lent() as connection:
            try:
                self._enter(connection, self._begin)
                sealed = seal_batch(connection.execute, waits=False)
                connection.execute(b"COMMIT", prepare=False)
            except psycopg.Error as error:
                # Sealed or not: the next batch begins where the head says.
                self._undo(connection, error)
                raise told(error) from None
        return sealed or 0

    def close(self) -> None:
        self._connections.close()
        self._beside.shutdown(wait=False)

    # --- what went wrong

    def _undo(self, connection: Connection, error: psycopg.Error) -> None:
        if is_lost(connection, error):
            connection.close()
            self._connections.forget_all()
        else:
            _roll_back(connection)


class _Retry(Exception):
    """A work may be run again: somebody was faster, or the connection was lost before its COMMIT."""

    def __init__(self, error: psycopg.Error, *, is_lost: bool) -> None:
        super().__init__()
        self.error = error
        self.is_lost = is_lost


def _roll_back(connection: Connection) -> None:
    # If that fails too, the pool closes the connection.
    with suppress(psycopg.Error):
        connection.execute(b"ROLLBACK", prepare=False)


def bound_fingerprint(url: str) -> str | None:
    """The fingerprint of the key a database belongs to; None when it has none yet. Raises StoreUnavailable."""
    connections = PostgresConnections(url, 1, keeps_statements=False)
    try:
        with connections.lent() as connection:
            if version_of(connection, len(MIGRATIONS)) == 0:
                return None
            row = connection.execute(_BOUND).fetchone()
    except psycopg.Error as error:
        raise told(error) from None
    finally:
        connections.close()
    return None if row is None else str(row[0])


__all__ = ["AFTER_COMMIT", "BEFORE_COMMIT", "PostgresStore", "StoreUnavailable", "bound_fingerprint"]
