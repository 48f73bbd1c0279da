"""The books in a SQLite file: WAL, `synchronous=FULL`, one writer at a time, readers that wait for nobody.

What `transact` returned is on the disk. Several processes may use one file; each waits its turn for up to
`busy_timeout_seconds`.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from points_engine.adapters.group_commit import AFTER_COMMIT, BEFORE_COMMIT, GroupCommit, roll_back
from points_engine.adapters.sqlite_books import SqliteBooks
from points_engine.adapters.sqlite_checkpoints import Checkpointer
from points_engine.adapters.sqlite_faults import told
from points_engine.adapters.sqlite_schema import MIGRATIONS, Migration, migrate, version_of
from points_engine.change_ports import Changes, NobodyHears
from points_engine.ports import Books, KeyUnavailable, Store, StoreUnavailable

__all__ = ["AFTER_COMMIT", "BEFORE_COMMIT", "SqliteStore"]

T = TypeVar("T")

_CACHED_STATEMENTS = 128
_FIRST_PAUSE_SECONDS = 0.000_25
"""About as long as a transaction takes."""
_LONGEST_PAUSE_SECONDS = 0.008
_BOUND = "SELECT value FROM engine_fact WHERE name = 'key_fingerprint'"
_BIND = "INSERT INTO engine_fact (name, value) VALUES ('key_fingerprint', ?) ON CONFLICT DO NOTHING"
_PRAGMAS = (
    "synchronous = FULL",  # NORMAL can lose an acknowledged charge when the power goes
    "foreign_keys = ON",
    "wal_autocheckpoint = 0",  # the checkpointer does it, off the commit's path
    "cache_size = -32768",  # KiB
    "temp_store = MEMORY",
)


def _no_step(_name: str) -> None:
    """What happens at a durable step when nobody watches."""


class SqliteStore(Store):
    """A SQLite file as the engine's store.

    `on_durable_step` is told "engine.before_commit" and "engine.after_commit" around every commit: tests end the
    process there. `changes` hears what became durable. Raises StoreUnavailable, or KeyUnavailable when
    `key_fingerprint` is not the database's own.
    """

    def __init__(
        self,
        path: Path,
        key_fingerprint: str,
        *,
        busy_timeout_seconds: float = 5.0,
        on_durable_step: Callable[[str], None] | None = None,
        changes: Changes | None = None,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._on_durable_step = on_durable_step or _no_step
        self._write_lock = threading.Lock()
        self._readers_lock = threading.Lock()
        self._readers: list[sqlite3.Connection] = []
        self._never = threading.Event()
        self._is_closed = False
        self._writer = self._connect()
        try:
            # It is `_in_turn` that waits for other processes on this connection.
            self._writer.execute("PRAGMA busy_timeout = 0")
            self._in_turn(time.monotonic(), lambda: self._prepare(migrations, key_fingerprint))
            self._checkpointer = Checkpointer(self._connect(), self._write_lock)
            self._commits = GroupCommit(
                self._writer, self._check_open, self._begin, self._write_lock, self._checkpointer,
                self._on_durable_step, changes or NobodyHears(),
            )  # fmt: skip
        except sqlite3.Error as error:
            self._writer.close()
            raise told(error) from error
        except BaseException:
            self._writer.close()
            raise

    # --- opening

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._path,
                timeout=self._busy_timeout_seconds,
                isolation_level=None,  # BEGIN and COMMIT are ours
                check_same_thread=False,  # a lock, or the pool, sees to it that one thread has it at a time
                cached_statements=_CACHED_STATEMENTS,
            )
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise told(error) from error
        return connection

    def _prepare(self, migrations: Sequence[Migration], key_fingerprint: str) -> None:
        """Make the file ours, or find that it is: then nothing is written. May be run again from the start."""
        # First of all: another program's file is left as it is.
        version_of(self._writer, len(migrations))
        mode = self._writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreUnavailable(
                "The database's disk does not allow a write-ahead log",
                "Keep the database on a local disk, not on a network share.",
            )
        migrate(self._writer, migrations)
        self._claim(key_fingerprint)

    def _claim(self, key_fingerprint: str) -> None:
        """Bind a fresh database to its key, or see that the key is the one it was bound to."""
        row = self._writer.execute(_BOUND).fetchone()
        if row is None:
            self._writer.execute(_BIND, (key_fingerprint,))
            row = self._writer.execute(_BOUND).fetchone()
        if row[0] != key_fingerprint:
            raise KeyUnavailable(
                "The key file belongs to another database",
                "Put the key file that was made with this database beside it.",
            )

    # --- the port

    def transact(self, work: Callable[[Books], T]) -> T:
        return self._commits.transact(work)

    def transact_each(self, works: Sequence[Callable[[Books], T]]) -> list[T | Exception]:
        return self._commits.transact_each(works)

    def look(self, work: Callable[[Books], T]) -> T:
        connection = self._take_reader()
        try:
            connection.execute("BEGIN")
            return work(SqliteBooks(connection))
        except sqlite3.Error as error:
            raise told(error) from error
        finally:
            roll_back(connection)
            self._give_back(connection)

    def close(self) -> None:
        with self._write_lock:
            if self._is_closed:
                return
            self._is_closed = True
        self._checkpointer.close()
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
            self._readers.clear()
        self._writer.close()

    # --- connections

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("The engine's database is closed", "Open the engine again.")

    def _take_reader(self) -> sqlite3.Connection:
        with self._readers_lock:
            self._check_open()
            if self._readers:
                return self._readers.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._readers_lock:
            if not self._is_closed:
                self._readers.append(connection)
                return
        connection.close()

    def _begin(self, since: float) -> None:
        """Start a write transaction, in turn with other processes."""
        self._in_turn(since, lambda: self._writer.execute("BEGIN IMMEDIATE"))

    def _in_turn(self, since: float, step: Callable[[], object]) -> None:
        """Do what other processes may keep us from for a while, again and again until it is done.

        SQLite's own waiting doubles its pauses up to 0.1 s, and starves whoever came first; short random ones do not.
        And for the change to a write-ahead log it does not wait at all.
        """
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                step()
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() - since >= self._busy_timeout_seconds:
                    raise
            else:
                return
            self._never.wait(random.uniform(0, pause_seconds))
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
