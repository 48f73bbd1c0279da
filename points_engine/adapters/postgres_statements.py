"""The books' statements as PostgreSQL takes them, on one connection."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from psycopg import RawServerCursor

from points_engine.adapters.postgres_connections import Connection
from points_engine.adapters.sql_statements import Row, SqlStatements

_VALUE = re.compile(r"( IS )?\?(\d*)")
_ROWS_AT_ONCE = 2_000


@cache
def translated(statement: str) -> str:
    """A shared statement with PostgreSQL's `$1`, `$2` for the values; a value that may be NULL is compared as such."""
    highest = 0

    def named(found: re.Match[str]) -> str:
        nonlocal highest
        number = int(found[2]) if found[2] else highest + 1
        highest = max(highest, number)
        return f"{' IS NOT DISTINCT FROM ' if found[1] else ''}${number}"

    return _VALUE.sub(named, statement)


class PostgresStatements(SqlStatements):
    """Runs shared statements on a connection, within its transaction."""

    _SEALED = "sealed_transfer"

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection
        self._names = itertools.count(1)

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(translated(statement).encode(), values)

    def _insert(self, statement: str, values: Sequence[Any]) -> int:
        return int(self._execute(f"{statement} RETURNING id", values).fetchone()[0])

    def _insert_all(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        # A statement for each row takes the server three times as long as one COPY of all.
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def _each(self, statement: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        with RawServerCursor(self._connection, f"each_{next(self._names)}") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(translated(statement).encode(), values)
            yield from cursor
