"""The parts of payments in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from points_engine.adapters.sql_statements import SqlStatements, moment_or_none
from points_engine.amounts import Asset
from points_engine.part_ports import PartBooks, PartRow


class SqlPartBooks(SqlStatements, PartBooks):
    """The part of the books that only payments out of several assets need, on one connection."""

    def parts(self, payment_id: int) -> Sequence[PartRow]:
        return [
            PartRow(Asset(asset), *rest)
            for asset, *rest in self._execute(
                "SELECT asset, units, worth_units, account, clearing FROM payment_part WHERE payment = ?"
                " ORDER BY place",
                (payment_id,),
            )
        ]

    def member_since(self, member: int) -> datetime | None:
        row = self._one("SELECT enrolled_at_us FROM member WHERE id = ?", member)
        return None if row is None else moment_or_none(row[0])

    def add_parts(self, payment_id: int, parts: Sequence[PartRow]) -> None:
        for place, part in enumerate(parts):
            self._execute(
                "INSERT INTO payment_part (payment, place, asset, units, worth_units, account, clearing)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (payment_id, place, *part),
            )

    def all_parts(self) -> Iterator[tuple[int, PartRow]]:
        for payment_id, asset, *rest in self._each(
            "SELECT payment, asset, units, worth_units, account, clearing FROM payment_part ORDER BY payment, place"
        ):
            yield payment_id, PartRow(Asset(asset), *rest)
