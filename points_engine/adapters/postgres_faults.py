"""From PostgreSQL's errors to faults with a remedy. What a statement was asked to write never gets into a text.

PostgreSQL likes to show the row it refused. Whatever is raised from here says which rule was broken and no more.
"""

import psycopg
from psycopg import errors

from points_engine.ports import StoreUnavailable

_AGAIN = "Try again; nothing has to be repaired."

_FAULTS: dict[str, tuple[str, str]] = {
    "53100": ("The database server's disk is full", "Make room on it; nothing has to be repaired."),
    "53200": ("The database server is out of memory", "Give it more, or fewer connections."),
    "53300": (
        "The database server takes no more connections",
        "Allow it more (max_connections), give each engine fewer, or put PgBouncer in between.",
    ),
    "25006": (
        "The database server only reads: it is a standby, or was made one",
        "Name all servers in the database's address; the engine finds the one that writes.",
    ),
    "55P03": ("Others have kept what this needs locked for too long", _AGAIN),
    "57014": ("The database took too long over a statement", _AGAIN),
    "25P03": ("The database gave up waiting for the engine", _AGAIN),
    "42501": (
        "The database does not permit this to the engine's user",
        "Let the user in the database's address own the database, or grant it what it needs.",
    ),
    "40001": ("Others kept changing what this needs", _AGAIN),
    "40P01": ("Others kept standing in the way of this", _AGAIN),
}
_CLASSES: dict[str, tuple[str, str]] = {
    "08": ("The connection to the database is lost", _AGAIN),
    "57": ("The database server is being stopped, or was restarted", _AGAIN),
    "53": ("The database server is short of something", "Look into its log."),
    "58": ("The database server's disk failed", "Look into its log, and check the disk."),
    "XX": ("The database is damaged", "Stop the engine, keep the server's files, and look into its log."),
}

# What a server says when it lets nobody in has no code that reaches us.
_AT_THE_DOOR: tuple[tuple[str, str, str], ...] = (
    ("too many clients", *_FAULTS["53300"]),
    ("too many connections", *_FAULTS["53300"]),
    ("connection slots are reserved", *_FAULTS["53300"]),
    (
        "authentication failed",
        "The database does not accept the engine's user or password",
        "Put its address right.",
    ),
    (
        "does not exist",
        "There is no such database, or no such user",
        "Make it, or put the database's address right.",
    ),
    ("starting up", *_CLASSES["57"]),
    ("shutting down", *_CLASSES["57"]),
    ("read-only", *_FAULTS["25006"]),
)

RETRIED = frozenset({"40001", "40P01", "23505"})
"""Somebody else was faster: the work sees what they did when it is run again.

A unique index that objects (23505) is one of these: the row was not there when it was looked for.
"""

GONE = frozenset({"08", "57"})
"""Classes of errors after which a connection, and perhaps the whole server, is not what it was."""


class StatementRefused(AssertionError):
    """The database refused a statement: a bug, or tables changed by hand. Nothing was changed."""


def is_lost(connection: psycopg.Connection[object], error: psycopg.Error) -> bool:
    """Whether a connection is of no more use, and others from the same time hardly are."""
    state = error.sqlstate or ""
    return (
        connection.closed or connection.broken or state == "25006" or (state[:2] in GONE and state != "57014")
    )


def refused_connection(error: psycopg.Error) -> StoreUnavailable:
    """The fault behind a connection that did not come about."""
    return refused_connection_words(str(error))


def refused_connection_words(said: str) -> StoreUnavailable:
    """The fault behind what libpq says of a connection that did not come about."""
    for words, problem, remedy in _AT_THE_DOOR:
        if words in said:
            return StoreUnavailable(problem, remedy)
    return StoreUnavailable(
        "The database cannot be reached",
        "Check that its server runs, and the address in the setting `database`.",
    )


def fault_of(error: psycopg.Error) -> StoreUnavailable | None:
    """The fault behind an error before the COMMIT, or None when it is a bug of ours."""
    state = error.sqlstate or ""
    known = _FAULTS.get(state) or _CLASSES.get(state[:2])
    if known is None and not state and isinstance(error, psycopg.OperationalError):
        known = _CLASSES["08"]
    return None if known is None else StoreUnavailable(*known)


def told(error: psycopg.Error) -> Exception:
    """What a caller is told of an error before the COMMIT: a fault, or a bug without what was to be written."""
    fault = fault_of(error)
    if fault is not None:
        fault.__cause__ = _without_content(error)
        return fault
    return _without_content(error)


def unknown_outcome(error: Exception | None = None) -> StoreUnavailable:
    """Nobody knows whether the COMMIT counted."""
    fault = StoreUnavailable(
        "The connection to the database was lost while it made something durable",
        "Ask for the payment again before charging anew.",
        nothing_changed=False,
    )
    if isinstance(error, psycopg.Error):
        fault.__cause__ = _without_content(error)
    return fault


def _without_content(error: psycopg.Error) -> StatementRefused:
    """The error without the rows and values that PostgreSQL tells with it, where it was raised."""
    rule = error.diag.constraint_name or error.diag.table_name or ""
    kind = errors.lookup(error.sqlstate).__name__ if error.sqlstate else type(error).__name__
    bare = StatementRefused(f"{kind} {rule}".strip())
    # A trigger's words are our own.
    if error.sqlstate == "23000" and error.diag.message_primary:
        bare = StatementRefused(error.diag.message_primary)
    return bare.with_traceback(error.__traceback__)
