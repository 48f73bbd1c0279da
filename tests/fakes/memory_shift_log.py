"""A shift log over rows in memory; a lock lets a test hold its readings up."""

import threading
from collections.abc import Iterable

from pos_client.ports import JournalRow, LogFilter, ShiftLog
from pos_client.till.shift import Totals, tallies, totals


class MemoryShiftLog(ShiftLog):
    """Answers from `all_rows`, which a test may lengthen; waits for `gate` before each answer."""

    def __init__(self, rows: Iterable[JournalRow] = ()) -> None:
        self.all_rows = list(rows)
        self.gate = threading.Event()
        self.gate.set()
        self.readers: set[int] = set()
        self.error: Exception | None = None
        self.pages_read = 0

    def _matching(self, which: LogFilter) -> list[JournalRow]:
        self.readers.add(threading.get_ident())
        self.gate.wait(60)
        if self.error is not None:
            raise self.error
        found = []
        for row in self.all_rows:
            texts = (row.sale_id, row.order_id, row.member, row.refusal, row.cashier)
            if (
                (which.shift_id is None or row.shift_id == which.shift_id)
                and (not which.kinds or row.kind in which.kinds)
                and any(which.text.casefold() in (text or "").casefold() for text in texts)
            ):
                found.append(row)
        return found

    def count(self, which: LogFilter) -> int:
        return len(self._matching(which))

    def page(
        self, which: LogFilter, *, offset: int, limit: int, newest_first: bool = True
    ) -> tuple[JournalRow, ...]:
        found = self._matching(which)
        self.pages_read += 1
        return tuple(found[::-1] if newest_first else found)[offset : offset + limit]

    def rows(self, which: LogFilter) -> Iterable[JournalRow]:
        return self._matching(which)

    def totals(self, which: LogFilter) -> Totals:
        return totals(tallies(self._matching(which)))

    def shift_ids(self) -> tuple[str, ...]:
        return tuple(sorted({row.shift_id for row in self.all_rows}, reverse=True))
