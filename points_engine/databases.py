"""Where an engine keeps its books: a SQLite file in its folder, or a PostgreSQL database; and the key to either.

The key stands in the folder, never in the database. Engines that share a database share the key file too.
"""

import abc
from collections.abc import Callable
from pathlib import Path

from points_engine.adapters.keys import MasterKey, create_key, read_key
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.change_ports import Changes
from points_engine.ports import KeyUnavailable, Store, StoreUnavailable
from points_engine.settings import Settings

DATABASE_NAME = "points.sqlite"
KEY_NAME = "points.key"
"""Keep a copy of it apart from the database's copies: the one without the other opens nothing."""

OnDurableStep = Callable[[str], None]


class Database(abc.ABC):
    """Where the books are."""

    seals_apart = False
    """Whether transfers are chained after their commit, by whoever calls `Store.seal`."""

    @abc.abstractmethod
    def is_there(self) -> bool:
        """Whether there are books already. Raises StoreUnavailable."""

    @abc.abstractmethod
    def fingerprint(self) -> str | None:
        """The fingerprint of the key the books are bound to; None when there is none yet. Raises StoreUnavailable."""

    @abc.abstractmethod
    def open(
        self, key_fingerprint: str, on_durable_step: OnDurableStep | None, changes: Changes | None
    ) -> Store:
        """Open the books, made if they are not there. Raises StoreUnavailable or KeyUnavailable."""


class SqliteDatabase(Database):
    """A file in the engine's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / DATABASE_NAME

    def is_there(self) -> bool:
        return self._path.exists()

    def fingerprint(self) -> str | None:
        from points_engine.adapters.sqlite_copies import bound_fingerprint  # noqa: PLC0415 -- after a change of the key alone

        return bound_fingerprint(self._path) if self.is_there() else None

    def open(
        self, key_fingerprint: str, on_durable_step: OnDurableStep | None, changes: Changes | None
    ) -> Store:
        return SqliteStore(self._path, key_fingerprint, on_durable_step=on_durable_step, changes=changes)


class PostgresDatabase(Database):
    """A database on a server. Its driver is loaded when it is first needed: a till starts without it."""

    seals_apart = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def is_there(self) -> bool:
        return self.fingerprint() is not None

    def fingerprint(self) -> str | None:
        from points_engine.adapters.postgres_store import bound_fingerprint  # noqa: PLC0415 -- see the class

        return bound_fingerprint(self._settings.database)

    def open(
        self, key_fingerprint: str, on_durable_step: OnDurableStep | None, changes: Changes | None
    ) -> Store:
        from points_engine.adapters.postgres_store import PostgresStore  # noqa: PLC0415 -- see the class

        return PostgresStore(
            self._settings.database,
            key_fingerprint,
            most_connections=self._settings.database_connections,
            keeps_statements=not self._settings.database_is_pooled,
            on_durable_step=on_durable_step,
            changes=changes,
        )


def database_of(folder: Path, settings: Settings) -> Database:
    """Where the engine in `folder` keeps its books."""
    return PostgresDatabase(settings) if settings.database else SqliteDatabase(folder)


def key_in_use(folder: Path, database: Database) -> MasterKey:
    """The key in an engine's folder, made when there is neither key nor books.

    Of several keys in the file the one the books were bound to last; opening them sees whether it is any of them.
    Raises KeyUnavailable or StoreUnavailable.
    """
    key = _key_of(folder, database)
    if not key.has_earlier:
        return key
    fingerprint = database.fingerprint()
    return (fingerprint and key.with_fingerprint(fingerprint)) or key


def _key_of(folder: Path, database: Database) -> MasterKey:
    key_path = folder / KEY_NAME
    if key_path.exists():
        return read_key(key_path)
    from filelock import FileLock  # noqa: PLC0415 -- for a fresh folder alone: a till starts faster without it

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "points.lock"):
            # Somebody else may have been first.
            if key_path.exists():
                return read_key(key_path)
            if database.is_there():
                raise KeyUnavailable(
                    f"The key file {key_path} is missing, though its database is there",
                    "Put it back from where you keep its copy: without it this database's codes and PINs mean nothing.",
                )
            return create_key(key_path)
    except OSError as error:
        raise StoreUnavailable(
            f"The engine's folder {folder} cannot be used ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from error
