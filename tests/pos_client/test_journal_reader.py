"""The shift log's reader: filters, pages and totals by SQL, while the till writes."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pos_client.journal import JournalReader, SqliteJournal
from pos_client.ports import LogFilter
from pos_client.till.effects import EntryKind
from pos_client.till.shift import tallies, totals
from tests.fakes.clock import START
from tests.pos_client.entries import ENTRIES, entry, fault_of, opened


@pytest.fixture
def filled(journal: SqliteJournal, reader: JournalReader) -> JournalReader:
    for record in ENTRIES:
        journal.append(record)
    return reader


@pytest.mark.parametrize(
    ("which", "seqs"),
    [
        (LogFilter(), [1, 2, 3, 4, 5, 6, 7, 8]),
        (LogFilter(shift_id="T1/2025-06-01/林"), [1, 2, 3, 4, 5, 6, 7, 8]),
        (LogFilter(shift_id="another"), []),
        (LogFilter(kinds=(EntryKind.INTENT, EntryKind.FAILED)), [1, 3, 4]),
        (LogFilter(text="S2"), [3, 4, 5]),
        (LogFilter(text="o2"), [3, 4]),
        (LogFilter(text=" 王 "), [2]),
        (LogFilter(text="code"), [4, 6]),
        (LogFilter(text="林"), [1, 2, 3, 4, 5, 6, 7, 8]),
        (LogFilter(text="%"), []),
        (LogFilter(text="'; DROP TABLE entries; --"), []),
        (LogFilter(text="s2", kinds=(EntryKind.OTHER_TENDER,)), [5]),
        (LogFilter(since=START), [1, 2, 3, 4, 5, 6, 7, 8]),
        (LogFilter(until=START), []),
        (
            LogFilter(since=START - timedelta(days=1), until=START + timedelta(seconds=1)),
            [1, 2, 3, 4, 5, 6, 7, 8],
        ),
    ],
)
def test_a_filter_finds_its_rows(filled: JournalReader, which: LogFilter, seqs: list[int]) -> None:
    """Rows, count, pages and the export all mean the same rows."""
    assert seqs == [row.seq for row in filled.rows(which)]
    assert len(seqs) == filled.count(which)
    page = filled.page(which, offset=0, limit=100)
    assert seqs[::-1] == [row.seq for row in page]
    oldest_first = filled.page(which, offset=1, limit=2, newest_first=False)
    assert seqs[1:3] == [row.seq for row in oldest_first]


def test_totals_are_those_of_the_rows(filled: JournalReader) -> None:
    """Counted by the database or by hand: the same."""
    assert totals(tallies(ENTRIES)) == filled.totals(LogFilter())
    assert totals([]) == filled.totals(LogFilter(shift_id="another"))


def test_shifts_come_newest_first(journal: SqliteJournal, reader: JournalReader, path: Path) -> None:
    """The log offers the shifts it knows."""
    journal.append(ENTRIES[0])
    journal.close()
    with closing(opened(path, shift_id="later")) as later:
        later.append(ENTRIES[1])
    assert ("later", "T1/2025-06-01/林") == reader.shift_ids()
    assert [2] == [row.seq for row in reader.rows(LogFilter(shift_id="later"))]


def test_the_log_is_read_while_the_till_writes(journal: SqliteJournal, reader: JournalReader) -> None:
    """Reading from another thread holds no entry up, and never sees half of one."""
    done = threading.Event()
    counts: list[int] = []

    def read() -> None:
        while not done.is_set():
            counts.append(reader.count(LogFilter()))
            list(reader.rows(LogFilter()))

    with ThreadPoolExecutor(1) as others:
        reading = others.submit(read)
        try:
            for number in range(100):
                journal.append(entry(EntryKind.INTENT, f"order-{number}"))
        finally:
            done.set()
        reading.result()
    assert sorted(counts) == counts
    assert 100 == reader.count(LogFilter())


def test_a_journal_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    """The reader makes no journal of its own."""
    assert ("not_writable", True) == fault_of(lambda: JournalReader(tmp_path / "no" / "journal.sqlite"))
    assert ("not_writable", True) == fault_of(lambda: JournalReader(tmp_path / "journal.sqlite"))
    assert [] == list(tmp_path.iterdir())
