"""The till's journal: an append-only SQLite file, every entry durable before the till goes on.

WAL with synchronous=FULL: an acknowledged entry survives a power cut. Triggers refuse to change or remove an
entry; one of them keeps the table of open orders in step, in the same transaction, so that a till with years
of entries opens as fast as a new one.
"""

import errno
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pos_client.ports import Clock, Journal, JournalFault, JournalRow, LogFilter, ShiftLog
from pos_client.till.effects import EntryKind, Record
from pos_client.till.events import OpenOrder
from pos_client.till.shift import Tally, Totals, totals

SCHEMA_VERSION = 1
APPLICATION_ID = 0x504F494E  # "POIN": an SQLite file says whose it is (https://sqlite.org/pragma.html#pragma_application_id)

_SCHEMA = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, shift_id TEXT NOT NULL, till_id TEXT NOT NULL,
    cashier TEXT NOT NULL, kind TEXT NOT NULL, sale_id TEXT NOT NULL, order_id TEXT, units INTEGER NOT NULL,
    money_minor INTEGER, refusal TEXT, member TEXT
) STRICT;
CREATE INDEX entries_by_shift ON entries (shift_id);
CREATE INDEX entries_by_order ON entries (order_id) WHERE order_id IS NOT NULL;
CREATE TABLE open_orders (
    order_id TEXT PRIMARY KEY, opened_seq INTEGER NOT NULL, sale_id TEXT NOT NULL, units INTEGER NOT NULL,
    reversing INTEGER NOT NULL
) STRICT;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER entries_last BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER order_opens AFTER INSERT ON entries WHEN NEW.kind IN ('intent', 'reversal_intent') BEGIN
    INSERT INTO open_orders VALUES (NEW.order_id, NEW.seq, NEW.sale_id, NEW.units, NEW.kind = 'reversal_intent')
    ON CONFLICT (order_id) DO UPDATE SET reversing = max(reversing, excluded.reversing);
END;
CREATE TRIGGER order_closes AFTER INSERT ON entries
WHEN NEW.kind IN ('succeeded', 'failed', 'canceled', 'reversed') BEGIN
    DELETE FROM open_orders WHERE order_id = NEW.order_id;
END;
"""
_MARKS = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"

_COLUMNS = "seq, at, shift_id, cashier, kind, sale_id, order_id, units, money_minor, refusal, member"

_REMEDIES = {
    "disk_full": "Free some disk space; the till goes on by itself.",
    "read_only": "Make the journal's file and folder writable for this user.",
    "corrupt": "Keep the journal's file aside for the manager, and start with a new one.",
    "newer_schema": "The journal was written by a newer version of the till: install that version again.",
    "already_open": "This till is already open: close the other window or choose another till id.",
    "not_writable": "Check the disk and that the journal's folder exists and is writable.",
}
_BY_SQLITE_NAME = {
    "SQLITE_FULL": "disk_full",
    "SQLITE_READONLY": "read_only",
    "SQLITE_PERM": "read_only",
    "SQLITE_CORRUPT": "corrupt",
    "SQLITE_NOTADB": "corrupt",
}
_BY_ERRNO = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
    errno.EACCES: "read_only",
}


def _fault(word: str) -> JournalFault:
    return JournalFault(word, _REMEDIES[word])


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what the database or the disk says into a JournalFault; a mistake in our own SQL stays a bug."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except sqlite3.DatabaseError as error:
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        if name in {"", "SQLITE_ERROR"}:
            raise
        raise _fault(_BY_SQLITE_NAME.get(name, "not_writable")) from error
    except OSError as error:
        raise _fault(_BY_ERRNO.get(error.errno or 0, "not_writable")) from error


class SqliteJournal(Journal):
    """Writes the journal at `path`, as one till's only writer; every entry is stamped with shift and time.

    Raises JournalFault when the file cannot be used, is of a newer version, or another till has it open.
    `on_durable_step` hears "journal.<kind>.before" and ".after" around every entry. Used by one thread at a
    time, whichever it is.
    """

    def __init__(
        self,
        path: Path,
        *,
        till_id: str,
        cashier: str,
        shift_id: str,
        clock: Clock,
        on_durable_step: Callable[[str], None] | None = None,
    ) -> None:
        self._stamp = (shift_id, till_id, cashier)
        self._clock = clock
        self._on_durable_step = on_durable_step
        self._lock = _locked(path)
        try:
            with _faults():
                self._database = _opened(path)
        except BaseException:
            self._lock.release()
            raise

    def append(self, entry: Record) -> None:
        self._tell(f"journal.{entry.kind}.before")
        values = (
            _stamped(self._clock.now()), *self._stamp, entry.kind.value, entry.sale_id, entry.order_id,
            entry.units, entry.money_minor, entry.refusal, entry.member,
        )  # fmt: skip
        with _faults():
            self._database.execute(
                "INSERT INTO entries (at, shift_id, till_id, cashier, kind, sale_id, order_id, units, money_minor,"
                " refusal, member) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        self._tell(f"journal.{entry.kind}.after")

    def _tell(self, durable_step: str) -> None:
        if self._on_durable_step is not None:
            self._on_durable_step(durable_step)

    def open_orders(self) -> tuple[OpenOrder, ...]:
        with _faults():
            found = self._database.execute(
                "SELECT order_id, sale_id, units, reversing FROM open_orders ORDER BY opened_seq"
            ).fetchall()
        return tuple(
            OpenOrder(order_id=order_id, sale_id=sale_id, units=units, reversing=bool(reversing))
            for order_id, sale_id, units, reversing in found
        )

    def rows(self, shift_id: str | None = None) -> Iterator[JournalRow]:
        return _read_rows(self._database, LogFilter(shift_id=shift_id))

    def close(self) -> None:
        """Let go of the file and of the lock; safe to call again."""
        self._database.close()
        self._lock.release()


def _locked(path: Path) -> FileLock:
    # Bound to no thread: the loop's thread may not be the one that opened the journal.
    lock = FileLock(path.with_name(f"{path.name}.lock"), thread_local=False)
    with _faults():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise _fault("already_open") from None
    return lock


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to the file; mode "rwc" makes it when it is missing, "rw" does not."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)


def _opened(path: Path) -> sqlite3.Connection:
    database = _connected(path, "rwc")
    try:
        version = _version(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        if version == 0:
            database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {_MARKS} COMMIT;")
    except BaseException:
        database.close()
        raise
    return database


def _version(database: sqlite3.Connection) -> int:
    """The schema's version, 0 for an empty file; JournalFault for a newer one and for a file of somebody else."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    (owner,) = database.execute("PRAGMA application_id").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner == APPLICATION_ID and version > SCHEMA_VERSION:
        raise _fault("newer_schema")
    if tables and owner != APPLICATION_ID:
        raise _fault("corrupt")
    return int(version) if tables else 0


class JournalReader(ShiftLog):
    """Reads the journal at `path` on a connection of its own, while a till writes it; for any thread.

    Raises JournalFault when the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        with _faults():
            self._database = _connected(path, "rw")
            self._database.execute("PRAGMA query_only = ON")
            if _version(self._database) == 0:
                self._database.close()
                raise _fault("not_writable")
        self._path = path

    def count(self, which: LogFilter) -> int:
        where, values = _where(which)
        with self._turn, _faults():
            (count,) = self._database.execute(
                f"SELECT count(*) FROM entries AS entry WHERE {where}",  # noqa: S608  # our own words
                values,
            ).fetchone()
        return int(count)

    def page(
        self, which: LogFilter, *, offset: int, limit: int, newest_first: bool = True
    ) -> tuple[JournalRow, ...]:
        where, values = _where(which)
        order = "DESC" if newest_first else "ASC"
        with self._turn, _faults():
            found = self._database.execute(
                f"SELECT {_COLUMNS} FROM entries AS entry WHERE {where}"  # noqa: S608  # our own words
                f" ORDER BY seq {order} LIMIT ? OFFSET ?",
                (*values, limit, offset),
            ).fetchall()
        return tuple(_row(line) for line in found)

    def rows(self, which: LogFilter) -> Iterator[JournalRow]:
        with _faults(), closing(_connected(self._path, "rw")) as database:
            yield from _read_rows(database, which)

    def totals(self, which: LogFilter) -> Totals:
        where, values = _where(which)
        with self._turn, _faults():
            found = self._database.execute(
                "SELECT kind, refusal, kind = 'reversed' AND EXISTS (SELECT 1 FROM entries AS earlier WHERE"  # noqa: S608  # our own words
                " earlier.order_id = entry.order_id AND earlier.kind = 'succeeded' AND earlier.seq < entry.seq),"
                " count(*), sum(units), total(money_minor)"
                f" FROM entries AS entry WHERE {where} GROUP BY 1, 2, 3",
                values,
            ).fetchall()
        return totals(
            Tally(
                kind=EntryKind(kind), refusal=refusal, gave_back=bool(gave_back),
                count=count, units=units, money_minor=int(money_minor),
            )
            for kind, refusal, gave_back, count, units, money_minor in found
        )  # fmt: skip

    def shift_ids(self) -> tuple[str, ...]:
        with self._turn, _faults():
            found = self._database.execute(
                "SELECT shift_id FROM entries GROUP BY shift_id ORDER BY max(seq) DESC"
            ).fetchall()
        return tuple(shift_id for (shift_id,) in found)

    def close(self) -> None:
        """Let go of the file; safe to call again."""
        with self._turn:
            self._database.close()


def _read_rows(database: sqlite3.Connection, which: LogFilter) -> Iterator[JournalRow]:
    where, values = _where(which)
    with _faults():
        found = database.execute(
            f"SELECT {_COLUMNS} FROM entries AS entry WHERE {where} ORDER BY seq",  # noqa: S608  # our own words
            values,
        )
        for line in found:
            yield _row(line)


def _where(which: LogFilter) -> tuple[str, tuple[Any, ...]]:
    """A filter as a condition and its values."""
    conditions, values = ["TRUE"], list[Any]()
    if which.shift_id is not None:
        conditions.append("shift_id = ?")
        values.append(which.shift_id)
    if which.kinds:
        conditions.append(f"kind IN ({', '.join('?' for _ in which.kinds)})")
        values += [kind.value for kind in which.kinds]
    if which.text.strip():
        texts = "sale_id || ' ' || ifnull(order_id, '') || ' ' || ifnull(member, '') || ' ' || ifnull(refusal, '')"
        conditions.append(f"instr(lower({texts} || ' ' || cashier), lower(?))")
        values.append(which.text.strip())
    if which.since is not None:
        conditions.append("at >= ?")
        values.append(_stamped(which.since))
    if which.until is not None:
        conditions.append("at < ?")
        values.append(_stamped(which.until))
    return " AND ".join(conditions), tuple(values)


def _stamped(at: datetime) -> str:
    """A time as it is stored: UTC, always equally long, so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _row(line: tuple[Any, ...]) -> JournalRow:
    seq, at, shift_id, cashier, kind, sale_id, order_id, units, money_minor, refusal, member = line
    return JournalRow(
        seq=seq,
        at=datetime.fromisoformat(at),
        shift_id=shift_id,
        cashier=cashier,
        kind=EntryKind(kind),
        sale_id=sale_id,
        order_id=order_id,
        units=units,
        money_minor=money_minor,
        refusal=refusal,
        member=member,
    )
