"""From SQLite's errors to faults with a remedy. What a statement was asked to write never gets into a text."""

import sqlite3

from points_engine.ports import StoreUnavailable

_FAULTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "The disk, or the space given to the database, is full",
        "Make room on it; nothing has to be repaired.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Another program has kept the database locked for too long",
        "Close whatever else has it open (a database viewer, a backup) and try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The database may not be written",
        "Let the user who runs the engine own the database's file and folder.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The database file cannot be opened",
        "Check that its folder exists and that the user who runs the engine may write to it.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "The database file is damaged",
        "Stop the engine, keep the file, and restore the newest backup.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk failed while the database was being read or written",
        "Check the disk and its cable; ask for the payment again before charging anew.",
    ),
}
_FAULTS[sqlite3.SQLITE_LOCKED] = _FAULTS[sqlite3.SQLITE_BUSY]
_FAULTS[sqlite3.SQLITE_PERM] = _FAULTS[sqlite3.SQLITE_READONLY]
_FAULTS[sqlite3.SQLITE_NOTADB] = _FAULTS[sqlite3.SQLITE_CORRUPT]


def fault_of(error: sqlite3.Error, *, nothing_changed: bool = True) -> StoreUnavailable | None:
    """The fault behind an error of SQLite's, or None when it is a bug of ours and should come through as it is.

    `nothing_changed` is what is known when the disk itself has failed; all other faults leave everything as it was.
    """
    # The low byte is the primary result code, whatever the extended one says.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _FAULTS:
        return None
    problem, remedy = _FAULTS[code]
    return StoreUnavailable(problem, remedy, nothing_changed=nothing_changed or code != sqlite3.SQLITE_IOERR)


def told(error: Exception, *, nothing_changed: bool = True) -> Exception:
    """What a caller is told: the fault behind an error of SQLite's, or the error itself when it is no such fault."""
    fault = fault_of(error, nothing_changed=nothing_changed) if isinstance(error, sqlite3.Error) else None
    if fault is None:
        return error
    fault.__cause__ = error
    return fault
