"""A new key for a database on a server: as in a file (`key_change`), in one transaction that nobody else is in.

Every transaction of an engine begins by reading the key's fingerprint, which keeps a lock on its table until it ends.
So this one, which locks that table for itself, waits for those under way; whoever begins meanwhile waits for it, and
then sees that the key is another. That engines were stopped is asked for besides: they would all be of no use at once.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg

from points_engine.adapters import pin_seal
from points_engine.adapters.key_change import AFTER_COMMIT, BEFORE_COMMIT, ENDED, KEY_WRITTEN
from points_engine.adapters.keys import MasterKey, write_key
from points_engine.adapters.postgres_changes import APPLICATION as OF_CHANGES
from points_engine.adapters.postgres_commit import commit
from points_engine.adapters.postgres_connections import Connection, PostgresConnections, parsed
from points_engine.adapters.postgres_faults import told
from points_engine.adapters.postgres_schema import MIGRATIONS, version_of
from points_engine.ports import KeyUnavailable, StoreUnavailable

SEALED_AT_ONCE = 1_000
_COMMIT_SECONDS = 600.0

_OTHERS = """
    SELECT count(*), min(backend_start) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = ANY ($1)
"""
_LOOKS = 20
_PAUSE = b"SELECT pg_sleep(0.1)"
"""Who was closed just now is seen for a moment longer."""
_BEGIN = (
    b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0;"
    b" SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE engine_fact IN ACCESS EXCLUSIVE MODE"
)
_BOUND = "SELECT value FROM engine_fact WHERE name = 'key_fingerprint'"
# A sealed hash says whose pepper is in it in its third part.
_NEEDED = """
    SELECT split_part(pin_hash, '$', 3) FROM member WHERE pin_hash LIKE 'sealed1$%'
    UNION SELECT split_part(secret_ref, ':', 1) FROM webhook_endpoint
    UNION SELECT split_part(earlier_ref, ':', 1) FROM webhook_endpoint WHERE earlier_ref IS NOT NULL
    UNION SELECT pepper FROM credential WHERE ends_at_us IS NULL OR ends_at_us > extract(epoch FROM now()) * 1000000
"""
_PINS = "SELECT count(*) FROM member WHERE pin_hash IS NOT NULL"
_PAGE = (
    "SELECT id, member_no, pin_hash FROM member WHERE pin_hash IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
)
_SEAL = """
    UPDATE member m SET pin_hash = s.pin_hash
    FROM unnest($1::bigint[], $2::text[]) AS s (id, pin_hash) WHERE m.id = s.id
"""
_BIND = "UPDATE engine_fact SET value = $1 WHERE name = 'key_fingerprint'"


class EnginesRunning(StoreUnavailable):
    """Engines have the database open that must not."""


def change_key_on_server(
    url: str,
    key_file: Path,
    held: MasterKey,
    on_progress: Callable[[int, int], None],
    on_durable_step: Callable[[str], None],
) -> tuple[MasterKey, int]:
    """Give a database whose engines are stopped a new key; returns it and how many PINs were sealed under it.

    `url` leads to the server itself; the rest is as for `key_change.change_key`. Raises EnginesRunning,
    StoreUnavailable or KeyUnavailable; then the old key is still in use, or, with `nothing_changed` False, whichever
    the database says.
    """
    connection = PostgresConnections(url, 1).open()
    try:
        _check_version(connection)
        _check_alone(connection, [str(parsed(url)["application_name"]), OF_CHANGES])
        connection.execute(_BEGIN, prepare=False)
        before = _key_in_use(connection, held)
        after = before.changed({row[0] for row in connection.execute(_NEEDED)})
        write_key(key_file, after, replaces=True)
        on_durable_step(KEY_WRITTEN)
        sealed = _seal_again(connection, before, after, on_progress)
        for statement in ENDED:
            connection.execute(statement.encode())
        connection.execute(_BIND, (after.fingerprint,))
        on_durable_step(BEFORE_COMMIT)
        _commit(connection)
        on_durable_step(AFTER_COMMIT)
    except psycopg.Error as error:
        raise told(error) from None
    finally:
        connection.close()
    return after, sealed


def _check_version(connection: Connection) -> None:
    version = version_of(connection, len(MIGRATIONS))
    if version < len(MIGRATIONS):
        raise StoreUnavailable(
            f"The database has version {version}, this engine works on version {len(MIGRATIONS)}",
            "Lead it to this version first: `points-engine verify` does.",
        )


def _check_alone(connection: Connection, applications: list[str]) -> None:
    others, oldest = _others(connection, applications)
    for _ in range(_LOOKS):
        if not others:
            return
        connection.execute(_PAUSE)
        others, oldest = _others(connection, applications)
    raise EnginesRunning(
        f"{others} connections of engines are open in the database, the oldest since {oldest:%Y-%m-%d %H:%M} there",
        "Stop all nodes and tills on it, and PgBouncer if it stands in between, and try again.",
    )


def _others(connection: Connection, applications: list[str]) -> tuple[int, datetime]:
    row: tuple[int, datetime] | None = connection.execute(_OTHERS, (applications,)).fetchone()
    assert row is not None
    return row


def _key_in_use(connection: Connection, held: MasterKey) -> MasterKey:
    bound = connection.execute(_BOUND).fetchone()
    key = None if bound is None else held.with_fingerprint(bound[0])
    if key is None:
        raise KeyUnavailable(
            "The key file belongs to another database",
            "Put the key file that was made with this database, or its newest copy, into the folder.",
        )
    return key


def _seal_again(
    connection: Connection, before: MasterKey, after: MasterKey, on_progress: Callable[[int, int], None]
) -> int:
    """Put every PIN hash into a box under the new key, page by page; says how many."""
    row = connection.execute(_PINS).fetchone()
    assert row is not None
    last, seen, sealed = 0, 0, 0
    while page := connection.execute(_PAGE, (last, SEALED_AT_ONCE)).fetchall():
        fresh = [
            (member, pin_seal.seal(after, member_no, opened))
            for member, member_no, pin_hash in page
            # Else somebody altered it: it verifies for nobody, and stays as it is.
            if (opened := pin_seal.open_sealed(before, member_no, pin_hash)) is not None
        ]
        connection.execute(_SEAL, ([member for member, _ in fresh], [text for _, text in fresh]))
        last, seen, sealed = page[-1][0], seen + len(page), sealed + len(fresh)
        on_progress(seen, row[0])
    return sealed


def _commit(connection: Connection) -> None:
    try:
        commit(connection, _COMMIT_SECONDS)
    except StoreUnavailable as fault:
        if fault.nothing_changed:
            raise
        raise StoreUnavailable(
            "The connection to the database was lost while the new key was made durable",
            "Nothing is lost: the key file holds both keys, and the database says which is in use. Copy the file to all"
            " engines, and start them.",
            nothing_changed=False,
        ) from fault
