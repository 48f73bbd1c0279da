"""Checkpoints off the commit's path: the log is copied into the database while nobody waits for a charge."""

import logging
import sqlite3
import threading

_LOG = logging.getLogger(__name__)

QUIET_SECONDS = 0.25
"""A till that has written nothing for this long is idle: time to copy."""
COMMITS_AT_MOST = 2_000
"""So many commits, some 50 MB of log, are copied at once even when the till is never idle. Copying slows the charges
beside it down: at 500 one in a hundred took 3 x the median, at 2,000 it took 1.6 x."""
COMMITS_AT_LEAST = 64
"""Fewer are not worth the disk's while; closing copies them."""
_READERS_TIMEOUT_MS = 20


class Checkpointer:
    """A thread that copies the log when the till is idle, and when the log has grown long."""

    def __init__(self, connection: sqlite3.Connection, write_lock: threading.Lock) -> None:
        self._connection = connection
        # A reader that keeps the log from starting over is not worth holding writers up for long.
        connection.execute(f"PRAGMA busy_timeout = {_READERS_TIMEOUT_MS}")
        self._write_lock = write_lock
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._commits = 0
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def committed(self, transactions: int) -> None:
        """So many were made durable at once. Called with the write lock held; costs next to nothing."""
        before = self._commits // COMMITS_AT_LEAST
        self._commits += transactions
        if self._commits // COMMITS_AT_LEAST != before:
            self._wake.set()

    def close(self) -> None:
        """End the thread; SQLite itself copies the rest when the last connection closes."""
        self._closing.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                self._wake.wait()
                self._wake.clear()
                if self._closing.is_set():
                    return
                self._wait_for_quiet()
                if self._closing.is_set():
                    return
                self._copy()
        finally:
            self._connection.close()

    def _wait_for_quiet(self) -> None:
        seen = -1
        while seen != self._commits < COMMITS_AT_MOST and not self._closing.is_set():
            seen = self._commits
            self._wake.wait(QUIET_SECONDS)
            self._wake.clear()

    def _copy(self) -> None:
        """Copy beside the writers, then the little they wrote meanwhile with them held: so the log starts over."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            with self._write_lock:
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
                self._commits = 0
        except sqlite3.Error:
            # The log only stays longer: every charge is safe in it, and the next round tries again.
            _LOG.warning("the database's log could not be copied", exc_info=True)
