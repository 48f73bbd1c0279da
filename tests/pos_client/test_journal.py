"""The journal: real files, real faults."""

import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_client import journal as journal_module
from pos_client.journal import JournalReader, SqliteJournal
from pos_client.ports import LogFilter
from pos_client.till.effects import EntryKind, Record
from pos_client.till.events import OpenOrder
from pos_client.till.shift import tallies, totals
from pos_client.till.view import JOURNAL_FAULTS
from tests.fakes.clock import START
from tests.fakes.journal import MemoryJournal
from tests.pos_client.entries import ENTRIES, entry, fault_of, opened


def test_what_was_written_is_read_whole(journal: SqliteJournal) -> None:
    """Every field comes back, with shift, cashier and a time in UTC."""
    for record in ENTRIES:
        journal.append(record)
    rows = list(journal.rows())
    assert list(range(1, len(ENTRIES) + 1)) == [row.seq for row in rows]
    assert ENTRIES == [
        Record(
            kind=row.kind, sale_id=row.sale_id, order_id=row.order_id, units=row.units,
            money_minor=row.money_minor, refusal=row.refusal, member=row.member,
        )
        for row in rows
    ]  # fmt: skip
    assert {(START, "T1/2025-06-01/林", "林")} == {(row.at, row.shift_id, row.cashier) for row in rows}
    assert timedelta(0) == rows[0].at.utcoffset()


def test_a_new_journal_has_nothing_open(journal: SqliteJournal) -> None:
    """No entries, no open orders."""
    assert ((), []) == (journal.open_orders(), list(journal.rows()))


def test_open_orders_are_those_without_an_end(journal: SqliteJournal, path: Path) -> None:
    """Opened and not closed, oldest first; a reversal opens a paid order again; another start finds the same."""
    for record in [
        entry(EntryKind.INTENT, "a", 1),
        entry(EntryKind.INTENT, "b", 2),
        entry(EntryKind.INTENT, "c", 3),
        entry(EntryKind.OUTCOME_UNKNOWN, "a", 1),
        entry(EntryKind.REVERSAL_INTENT, "a", 1),
        entry(EntryKind.SUCCEEDED, "b", 2),
        entry(EntryKind.WAITING_FOR_PIN, "c", 3),
        entry(EntryKind.INTENT, "d", 4),
        entry(EntryKind.SUCCEEDED, "d", 4),
        entry(EntryKind.REVERSAL_INTENT, "d", 4),
    ]:
        journal.append(record)
    expected = (
        OpenOrder(order_id="a", sale_id="s1", units=1, reversing=True),
        OpenOrder(order_id="c", sale_id="s1", units=3),
        OpenOrder(order_id="d", sale_id="s1", units=4, reversing=True),
    )
    assert expected == journal.open_orders()
    journal.close()
    with closing(opened(path)) as again:
        assert expected == again.open_orders()


KINDS = [kind for kind in EntryKind if kind is not EntryKind.OTHER_TENDER]


STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from("abc"), st.integers(0, 9)), max_size=25)


@settings(max_examples=40)
@given(steps=STEPS)
def test_the_file_agrees_with_the_model(steps: list[tuple[EntryKind, str, int]]) -> None:
    """Whatever is written, open orders are those of a plain list, and SQL adds up as the rules do."""
    with TemporaryDirectory() as folder:
        _check_against_the_model(Path(folder) / "journal.sqlite", steps)


def _check_against_the_model(path: Path, steps: list[tuple[EntryKind, str, int]]) -> None:
    model = MemoryJournal()
    with closing(opened(path)) as journal, closing(JournalReader(path)) as reader:
        for kind, order, units in steps:
            refusal = "code_used" if kind is EntryKind.FAILED and units % 2 else None
            record = entry(kind, order, units, refusal=refusal)
            journal.append(record)
            model.append(record)
        by_id = {order.order_id: order for order in journal.open_orders()}
        expected_totals = totals(tallies(model.entries))
        found_totals = reader.totals(LogFilter())
    assert {order.order_id: order.reversing for order in model.open_orders()} == {
        order_id: order.reversing for order_id, order in by_id.items()
    }
    assert expected_totals == found_totals


@pytest.mark.parametrize(
    "statement",
    ["UPDATE entries SET units = 0", "DELETE FROM entries", "REPLACE INTO entries (seq) VALUES (1)"],
)
def test_entries_stay(journal: SqliteJournal, path: Path, statement: str) -> None:
    """Nobody changes or removes an entry, not even another program with the file in its hands."""
    journal.append(ENTRIES[0])
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(statement)
    assert [ENTRIES[0].units] == [row.units for row in journal.rows()]


def test_an_entry_survives_a_power_cut(journal: SqliteJournal) -> None:
    """Write-ahead log, synced at every commit: what SQLite promises to survive one."""
    (mode,) = journal._database.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = journal._database.execute("PRAGMA synchronous").fetchone()
    assert ("wal", 2) == (mode, synchronous)


KILLED = """
import os, signal, sys
from pathlib import Path
from pos_client.clock import SystemClock
from pos_client.journal import SqliteJournal
from pos_client.till.effects import EntryKind, Record

def die(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

journal = SqliteJournal(
    Path(sys.argv[1]), till_id="T1", cashier="c", shift_id="s", clock=SystemClock(), on_durable_step=die
)
journal.append(Record(kind=EntryKind.INTENT, sale_id="s1", order_id="o1", units=5))
"""


@pytest.mark.parametrize(("step", "expected"), [("journal.intent.before", 0), ("journal.intent.after", 1)])
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
def test_a_killed_till_leaves_what_it_wrote_and_no_lock(path: Path, step: str, expected: int) -> None:
    """Killed around an entry: it is whole or not there, and the next till opens the journal at once."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), step], check=False, cwd=Path.cwd())
    assert -signal.SIGKILL == killed.returncode
    with closing(opened(path)) as journal:
        assert expected == len(list(journal.rows())) == len(journal.open_orders())


def test_durable_steps_are_named(path: Path) -> None:
    """A test that kills the till knows where it is."""
    steps: list[str] = []
    with closing(opened(path, on_durable_step=steps.append)) as journal:
        journal.append(ENTRIES[0])
    assert ["journal.intent.before", "journal.intent.after"] == steps


# --- faults


def test_a_till_is_open_once(journal: SqliteJournal, path: Path) -> None:
    """A second till on the same journal is told so; after closing it may open."""
    assert ("already_open", True) == fault_of(lambda: opened(path))
    journal.close()
    opened(path).close()


def test_closing_works_from_another_thread(path: Path) -> None:
    """Whoever ends the program closes the journal, and the next may open it."""
    journal = opened(path)
    closing = threading.Thread(target=journal.close)
    closing.start()
    closing.join()
    opened(path).close()


def test_a_full_disk_writes_nothing_and_passes(journal: SqliteJournal) -> None:
    """Full: the entry is refused and not there; with room again the same journal goes on."""
    journal.append(ENTRIES[0])
    (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
    journal._database.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for number in range(1_000):
            journal.append(entry(EntryKind.INTENT, f"order-{number}", member="x" * 500))

    assert ("disk_full", True) == fault_of(fill)
    written = len(list(journal.rows()))
    assert written == len(journal.open_orders())
    journal._database.execute("PRAGMA max_page_count = 100000")
    journal.append(ENTRIES[1])
    assert written + 1 == len(list(journal.rows()))


def test_a_read_only_journal_names_its_remedy(journal: SqliteJournal) -> None:
    """Nothing can be written: said so, with what to do."""
    journal._database.execute("PRAGMA query_only = ON")
    assert ("read_only", True) == fault_of(lambda: journal.append(ENTRIES[0]))


def test_a_file_of_something_else_is_no_journal(path: Path) -> None:
    """Text, or another program's database: kept as it is."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database at all, but long enough to look like a file" * 20)
    before = path.read_bytes()
    assert ("corrupt", True) == fault_of(lambda: opened(path))
    assert before == path.read_bytes()
    path.unlink()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE notes (text)")
    assert ("corrupt", True) == fault_of(lambda: opened(path))


def test_a_damaged_journal_is_told(journal: SqliteJournal, path: Path) -> None:
    """Pages overwritten behind the till's back: an error with a remedy, no half-read rows."""
    for number in range(200):
        journal.append(entry(EntryKind.INTENT, f"order-{number}"))
    journal.close()
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))

    def read() -> None:
        damaged = opened(path)
        try:
            damaged.append(ENTRIES[0])
        finally:
            damaged.close()

    assert ("corrupt", True) == fault_of(read)


def test_a_newer_journal_is_left_alone(journal: SqliteJournal, path: Path) -> None:
    """An older till does not touch what it does not understand."""
    journal.close()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(f"PRAGMA user_version = {journal_module.SCHEMA_VERSION + 1}")
    assert ("newer_schema", True) == fault_of(lambda: opened(path))
    assert ("newer_schema", True) == fault_of(lambda: JournalReader(path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "till").write_text("in the way")
    assert ("not_writable", True) == fault_of(lambda: opened(tmp_path / "till" / "journal.sqlite"))


def test_a_failed_opening_lets_the_lock_go(path: Path) -> None:
    """Once what was wrong is put right the same program can open the journal."""
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database" * 100)
    fault_of(lambda: opened(path))
    path.unlink()
    opened(path).close()


def test_every_fault_has_a_remedy_and_words() -> None:
    """The faults the journal can raise are those the screens have words for."""
    raised = {*journal_module._BY_SQLITE_NAME.values(), *journal_module._BY_ERRNO.values(), "not_writable"}
    assert set(JOURNAL_FAULTS) == set(journal_module._REMEDIES)
    assert raised <= set(JOURNAL_FAULTS)
