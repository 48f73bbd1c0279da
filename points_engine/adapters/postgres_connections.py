"""Connections to PostgreSQL: a few, used again; made anew, to whichever server writes, when one is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper

from points_engine.adapters.postgres_faults import refused_connection
from points_engine.ports import StoreUnavailable

Connection = psycopg.Connection[Any]

CONNECT_SECONDS = 5
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "points-engine",
    # Of several servers in the address, the one that writes: after a failover it is another.
    "target_session_attrs": "read-write",
    # A server that is gone without a word is noticed within some ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "client_encoding": "UTF8",
}


def parsed(url: str) -> dict[str, Any]:
    """What an address says, over what we say ourselves. Raises StoreUnavailable, which does not show it."""
    try:
        return {**_DEFAULTS, **conninfo_to_dict(url)}
    except psycopg.ProgrammingError:
        # Its own words may hold the password. What is raised here says nothing of the address.
        pass
    raise StoreUnavailable(
        "The database's address is none", "Write it as postgresql://USER:PASSWORD@HOST:PORT/NAME."
    )


class PostgresConnections:
    """A pool of up to `most` connections; several threads may use it at once.

    `keeps_statements` says whether the server behind a connection stays the same, so that it may keep prepared
    statements: PgBouncer in transaction mode gives each transaction another. Raises StoreUnavailable.
    """

    def __init__(
        self, url: str, most: int = 16, *, keeps_statements: bool = True, wait_seconds: float = 10.0
    ) -> None:
        self._parameters = parsed(url)
        if not keeps_statements:
            # PgBouncer tells every caller what its first server said of itself, also after that was promoted: who asks
            # for one that writes is turned away for good. What only reads is found out by writing to it (25006).
            self._parameters["target_session_attrs"] = "any"
        self._keeps_statements = keeps_statements
        self._wait_seconds = wait_seconds
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        # Connections of an earlier age are not used again.
        self._age = 0
        self._is_closed = False

    def open(self) -> Connection:
        """A connection of one's own, outside the pool: in autocommit mode, since BEGIN and COMMIT are ours."""
        try:
            connection: Connection = psycopg.connect(
                **self._parameters,
                autocommit=True,
                prepare_threshold=5 if self._keeps_statements else None,
                cursor_factory=RawCursor,
            )
        except psycopg.Error as error:
            raise refused_connection(error) from error
        # One type for all whole numbers: else each size of number would be another prepared statement.
        connection.adapters.register_dumper(int, Int8Dumper)
        return connection

    @contextmanager
    def lent(self, *, fresh: bool = False) -> Iterator[Connection]:
        """A connection for one transaction; closed afterwards if it is lost or still in one.

        `fresh`: none that was used before.
        """
        if not self._free.acquire(timeout=self._wait_seconds):
            raise StoreUnavailable(
                "All of the engine's connections to the database are busy",
                "Try again, or allow it more of them.",
            )
        try:
            connection, age = self._take(fresh=fresh)
            try:
                yield connection
            finally:
                self._give_back(connection, age)
        finally:
            self._free.release()

    def _take(self, *, fresh: bool) -> tuple[Connection, int]:
        with self._lock:
            if self._is_closed:
                raise StoreUnavailable("The engine's database is closed", "Open the engine again.")
            age = self._age
            if self._idle and not fresh:
                return self._idle.pop(), age
        return self.open(), age

    def _give_back(self, connection: Connection, age: int) -> None:
        is_whole = (
            not connection.closed
            and connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.IDLE
        )
        with self._lock:
            if is_whole and age == self._age and not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()

    def forget_all(self) -> None:
        """Use no connection again that is there now: one of them was lost, and the others hardly are better."""
        with self._lock:
            self._age += 1
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def close(self) -> None:
        """Close what is idle now, and each other when it comes back; safe to call again."""
        with self._lock:
            self._is_closed = True
        self.forget_all()
