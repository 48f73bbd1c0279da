"""What a node hears of changes: its own engine's, and with PostgreSQL those of the other nodes too."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from points_engine.engine.change_bus import ChangeBus

if TYPE_CHECKING:
    from points_engine.adapters.postgres_changes import PostgresChanges

CALM_SECONDS = 15.0
DEAF_SECONDS = 2.0


class NodeChanges:
    """The bus that an engine tells of its commits, and those who wait subscribe to; a context manager.

    `database` is the address of a PostgreSQL database that other nodes write to, empty when there are none.
    `listen` is its server's own address, where `database` leads through a pooler (`is_pooled`); without it a pooled
    node does not hear the others. Raises StoreUnavailable for an address that is none.
    """

    def __init__(self, database: str = "", listen: str = "", *, is_pooled: bool = False) -> None:
        self.bus = ChangeBus()
        listens_at = listen or ("" if is_pooled else database)
        self._link = _link(database, self.bus, listens_at) if database else None

    def __enter__(self) -> Self:
        if self._link is not None:
            self._link.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._link is not None:
            self._link.close()

    def poll_seconds(self) -> float:
        """How often those who wait look by themselves: seldom where changes are heard, often where they are not."""
        return CALM_SECONDS if self._link is None or self._link.is_hearing else DEAF_SECONDS


def _link(database: str, bus: ChangeBus, listens_at: str) -> "PostgresChanges":
    from points_engine.adapters.postgres_changes import PostgresChanges  # noqa: PLC0415 -- with PostgreSQL alone

    return PostgresChanges(database, bus, listens_at)
