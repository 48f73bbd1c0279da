"""Journals and entries for tests."""

from pathlib import Path

import pytest

from pos_client.journal import SqliteJournal
from pos_client.ports import JournalFault
from pos_client.till.effects import EntryKind, Record
from tests.fakes.clock import HandClock


def opened(path: Path, **more: object) -> SqliteJournal:
    """The journal of a till at this path."""
    stamp = {"till_id": "T1", "cashier": "林", "shift_id": "T1/2025-06-01/林", "clock": HandClock(), **more}
    return SqliteJournal(path, **stamp)  # type: ignore[arg-type]  # each has its own type


def entry(
    kind: EntryKind, order: str | None = "o1", units: int = 300, sale: str = "s1", **more: object
) -> Record:
    """An entry about an order."""
    return Record(kind=kind, sale_id=sale, order_id=order, units=units, **more)  # type: ignore[arg-type]  # likewise


ENTRIES = [
    entry(EntryKind.INTENT),
    entry(EntryKind.SUCCEEDED, member="王*"),
    entry(EntryKind.INTENT, "o2", 50, "s2"),
    entry(EntryKind.FAILED, "o2", 50, "s2", refusal="code_used"),
    entry(EntryKind.OTHER_TENDER, None, 0, "s2", money_minor=570),
    entry(EntryKind.SCAN_REFUSED, None, 20, "s3", refusal="not_a_payment_code"),
    entry(EntryKind.REVERSAL_INTENT),
    entry(EntryKind.REVERSED),
]


def fault_of(make: object) -> tuple[str, bool]:
    """The word of the fault, and whether it names a remedy."""
    with pytest.raises(JournalFault) as caught:
        make()  # type: ignore[operator]  # whatever raises
    return caught.value.fault, bool(caught.value.remedy)
