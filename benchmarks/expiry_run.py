"""How long a million lots take to expire, beside the same row changes and durable commits by bare SQLite.

One run each, since a lot expires only once; both are long enough for a machine's moods to even out.
"""

# ruff: noqa: S608 -- what is put into statements is a condition of this file; values are always bound

import shutil
import sqlite3
import threading
import time
from pathlib import Path

from benchmarks.embedded_books import SETTINGS, START, write_books
from benchmarks.harness import Figure, Goal, Limit, scratch_folder
from points_engine.amounts import Asset
from points_engine.bootstrap import DATABASE_NAME, open_engine
from points_engine.engine.expiry import BATCH_ACCOUNTS, PAUSE_SECONDS
from points_engine.ledger import microseconds

GOAL = Goal(
    name="expiry_run",
    what="1,000,000 lots expire",
    yardstick="bare sqlite3: the same row changes and durable commits",
    words="<= 1.5 x",
    limits=(Limit("ratio", "at most", 1.5),),
)

LOTS = 1_000_000
LOTS_PER_MEMBER = 4
LOT_UNITS = 5
AT_US = microseconds(START)


def write_lots(folder: Path, members: int) -> None:
    """Put lots that are due into the balances of books that have none."""
    connection = sqlite3.connect(folder / DATABASE_NAME)
    connection.execute("INSERT INTO lot_terms (id, grace_days, zone) VALUES (1, 7, 'UTC')")
    due = "kind = 'customer' AND asset = 'points' AND owner <= ?"
    for _ in range(LOTS_PER_MEMBER):
        connection.execute(
            "INSERT INTO lot (account, units, left_units, expires_at_us, terms)"
            f" SELECT id, ?, ?, ?, 1 FROM account WHERE {due}",
            (LOT_UNITS, LOT_UNITS, AT_US, members),
        )
    connection.execute(f"UPDATE account SET next_expiry_us = ? WHERE {due}", (AT_US, members))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()


def expire_barely(folder: Path) -> float:
    """Change the same rows in batches of the same size, each durable, with the same pauses; returns the seconds."""
    connection = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    execute = connection.execute
    execute("PRAGMA synchronous = FULL")
    execute("PRAGMA journal_mode = WAL").fetchone()
    (number,) = execute("SELECT max(id) FROM transfer").fetchone()
    (expired,) = execute("SELECT id FROM account WHERE kind = 'expired' AND asset = 'points'").fetchone()
    pause = threading.Event()
    start = time.perf_counter()
    while True:
        execute("BEGIN IMMEDIATE")
        due = execute(
            "SELECT id, balance_units FROM account WHERE next_expiry_us <= ? LIMIT ?", (AT_US, BATCH_ACCOUNTS)
        ).fetchall()
        for account, balance in due:
            number += 1
            units = LOT_UNITS * LOTS_PER_MEMBER
            execute(
                "UPDATE lot SET expired_units = left_units, left_units = 0 WHERE account = ? AND left_units > 0",
                (account,),
            )
            execute(
                "INSERT INTO transfer (id, kind, debit, credit, units, balance_units, at_us, chain)"
                " VALUES (?, 'expire', ?, ?, ?, ?, ?, ?)",
                (number, account, expired, units, balance - units, AT_US, bytes(32)),
            )
            execute(
                "UPDATE account SET balance_units = ?, next_expiry_us = NULL WHERE id = ?",
                (balance - units, account),
            )
        execute("COMMIT")
        if not due:
            break
        pause.wait(PAUSE_SECONDS)
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def run() -> Figure:
    """Expire through the engine, then barely, on two copies of the same books."""
    members = LOTS // LOTS_PER_MEMBER
    with scratch_folder("expiry_run") as folder:
        write_books(folder / "engine", members * len(Asset))
        write_lots(folder / "engine", members)
        shutil.copytree(folder / "engine", folder / "bare")
        barely_seconds = expire_barely(folder / "bare")
        with open_engine(folder / "engine", SETTINGS, sweep_every_seconds=None) as engine:
            start = time.perf_counter()
            done = engine.expire(lambda _progress: None)
            seconds = time.perf_counter() - start
    assert done.lots == LOTS
    return GOAL.figure(
        value=seconds,
        unit="s",
        yardstick=barely_seconds,
        note=f"{done.lots / seconds:,.0f} lots/s, {BATCH_ACCOUNTS} accounts to a durable batch",
    )
