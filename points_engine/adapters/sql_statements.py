"""What the rooms of the books ask of a connection: the same statements for SQLite and PostgreSQL.

A statement is written once, as both understand it, with `?` or `?1`, `?2` for its values. What they do not both
understand is behind the few methods here; each store's own books fill them in.
"""

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

from points_engine.change_ports import Change
from points_engine.ledger import microseconds, moment

Row = tuple[Any, ...]


def moment_or_none(at_us: int | None) -> datetime | None:
    """The time of a column that may be empty."""
    return None if at_us is None else moment(at_us)


def microseconds_or_none(at: datetime | None) -> int | None:
    """A column that may be empty, of a time that may be missing."""
    return None if at is None else microseconds(at)


class SqlStatements(abc.ABC):
    """A connection's statements. `touched` is what the transaction wrote to, for whoever is told once it is durable."""

    _execute: Callable[..., Any]
    """Runs a statement with a sequence of values; returns its cursor."""
    _SEALED: ClassVar[str]
    """The transfers by their place in the chain: numbers that never change, without a gap."""

    _unless_taken = ""
    """Ends a SELECT ... LIMIT 1 of something to be worked on, where somebody else may be taking it at this moment."""

    _to_change = ""
    """Ends a SELECT of rows that are about to be changed, where somebody else may be changing them at this moment."""

    def __init__(self) -> None:
        self.touched: list[Change] = []

    @abc.abstractmethod
    def _insert(self, statement: str, values: Sequence[Any]) -> int:
        """Run an INSERT of one row; returns the id the database gave it."""

    @abc.abstractmethod
    def _insert_all(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows, in this order, all of them or none; `columns` are named with commas between."""

    @abc.abstractmethod
    def _each(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a statement, however many, without keeping them all."""

    def _changed(self, statement: str, *values: object) -> int:
        """Run a statement; how many rows it changed."""
        rows: int = self._execute(statement, values).rowcount
        return rows

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._execute(statement, values).fetchone()
        return row
