"""How fast `verify` reads the whole ledger, beside a bare SELECT of the same rows through SHA-256."""

import hashlib
import sqlite3
import time
from pathlib import Path

from benchmarks.embedded_books import SETTINGS, write_books
from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder
from points_engine.bootstrap import DATABASE_NAME, open_engine

GOAL = Goal(
    name="verify_ledger",
    what="verify, transfers/s over 1,000,000",
    yardstick="bare SELECT of the same rows through sha256",
    words=">= 0.5 x",
    limits=(Limit("ratio", "at least", 0.5),),
)

TRANSFERS = 1_000_000


def hash_barely(folder: Path) -> float:
    """Read every transfer's row and chain it by SHA-256; returns transfers per second."""
    connection = sqlite3.connect(folder / DATABASE_NAME)
    start, chain, count = time.perf_counter(), bytes(32), 0
    for row in connection.execute("SELECT * FROM transfer ORDER BY id"):
        chain = hashlib.sha256(chain + "\x1f".join(map(str, row)).encode()).digest()
        count += 1
    rate = count / (time.perf_counter() - start)
    connection.close()
    return rate


def run() -> Figure:
    """Verify and hash in turn, on the same file."""
    with scratch_folder("verify_ledger") as folder:
        write_books(folder, TRANSFERS)
        with open_engine(folder, SETTINGS, sweep_every_seconds=None) as engine:

            def verify() -> float:
                start = time.perf_counter()
                assert engine.verify() == []
                return TRANSFERS / (time.perf_counter() - start)

            rounds = interleave(verify, lambda: hash_barely(folder))
    return GOAL.figure(
        value=rounds.value,
        unit="transfers/s",
        yardstick=rounds.yardstick_value,
        note=f"{rounds.spread}; payments, lots and counters are checked too",
    )
