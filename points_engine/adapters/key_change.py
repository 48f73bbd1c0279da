"""A new key for a database: every PIN and every credential goes on working, what lives for minutes or hours ends.

Two steps, and between them nothing has changed. First the key file gets the new key beside the old ones; which one is
in use is told by the database's fingerprint, which is still the old one's. Then one transaction seals every PIN hash
under the new key and writes its fingerprint. A crash before its commit leaves a key in the file that nobody uses.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from points_engine.adapters import pin_seal
from points_engine.adapters.keys import MasterKey, write_key
from points_engine.adapters.sqlite_copies import to_oneself
from points_engine.ports import KeyUnavailable

KEY_WRITTEN = "key_change.key_written"
BEFORE_COMMIT = "key_change.before_commit"
AFTER_COMMIT = "key_change.after_commit"

_TOLD_EVERY = 500

ENDED = (
    # What is derived from the key and lives for minutes: payment codes, SMS codes, and what they were made from.
    "DELETE FROM payment_code WHERE state = 'live'",
    "DELETE FROM command WHERE nonce IS NOT NULL",
    "UPDATE sms_code SET state = 'void' WHERE state = 'live'",
    """
    UPDATE sms_message SET nonce = NULL, problem = 'the key was changed',
        delivery = CASE WHEN delivery IN ('waiting', 'sending') THEN 'failed' ELSE delivery END
    WHERE nonce IS NOT NULL
    """,
    # And what lives for hours: customers sign in again. Enrolment codes are made anew.
    "DELETE FROM enrolment_code",
    "DELETE FROM session",
    "DELETE FROM sign_in",
    "DELETE FROM call_count",
)
"""What ends with a key, in either database."""


def change_key(
    database: Path,
    key_file: Path,
    held: MasterKey,
    on_progress: Callable[[int, int], None],
    on_durable_step: Callable[[str], None],
) -> tuple[MasterKey, int]:
    """Give a database nobody uses a new key; returns it and how many PINs were sealed under it.

    `held` is the key file as it was read. `on_progress` is told how many of how many PINs are sealed; `on_durable_step`
    the names of the steps above, for tests to end the process there. Raises StoreInUse, StoreUnavailable or
    KeyUnavailable; then the old key is still in use.
    """
    with to_oneself(database) as connection:
        bound = connection.execute("SELECT value FROM engine_fact WHERE name = 'key_fingerprint'").fetchone()
        before = None if bound is None else held.with_fingerprint(bound[0])
        if before is None:
            raise KeyUnavailable(
                "The key file belongs to another database",
                "Put the key file that was made with this database beside it.",
            )
        opened = _opened(connection, before)
        needed = (
            {each.pepper for _, _, each in opened} | _of_webhooks(connection) | _of_credentials(connection)
        )
        after = before.changed(needed)
        write_key(key_file, after, replaces=True)
        on_durable_step(KEY_WRITTEN)
        # What is overwritten shall not lie in the file any longer: it is what the old key opens.
        connection.execute("PRAGMA secure_delete = ON")
        for place, (member, member_no, each) in enumerate(opened):
            sealed = pin_seal.seal(after, member_no, each)
            connection.execute("UPDATE member SET pin_hash = ? WHERE id = ?", (sealed, member))
            if place % _TOLD_EVERY == 0:
                on_progress(place, len(opened))
        for statement in ENDED:
            connection.execute(statement)
        connection.execute(
            "UPDATE engine_fact SET value = ? WHERE name = 'key_fingerprint'", (after.fingerprint,)
        )
        on_durable_step(BEFORE_COMMIT)
        connection.execute("COMMIT")
        on_durable_step(AFTER_COMMIT)
    return after, len(opened)


def _of_webhooks(connection: sqlite3.Connection) -> set[str]:
    """Merchants keep their webhooks' secrets: the keys those were derived from."""
    rows = connection.execute("SELECT secret_ref, earlier_ref FROM webhook_endpoint")
    return {ref.split(":")[0] for row in rows for ref in row if ref is not None}


def _of_credentials(connection: sqlite3.Connection) -> set[str]:
    """Tills keep the secrets of their credentials: the keys those were derived from, until each was renewed."""
    rows = connection.execute(
        "SELECT DISTINCT pepper FROM credential"
        " WHERE ends_at_us IS NULL OR ends_at_us > strftime('%s', 'now') * 1000000"
    )
    return {pepper for (pepper,) in rows}


def _opened(connection: sqlite3.Connection, key: MasterKey) -> list[tuple[int, str, pin_seal.Opened]]:
    found = []
    rows = connection.execute(
        "SELECT id, member_no, pin_hash FROM member WHERE pin_hash IS NOT NULL ORDER BY id"
    )
    for member, member_no, pin_hash in rows:
        opened = pin_seal.open_sealed(key, member_no, pin_hash)
        if opened is not None:  # else somebody altered it: it verifies for nobody, and stays as it is
            found.append((member, member_no, opened))
    return found
