"""The expiry run: lots whose time is up, emptied in batches between which everybody else gets their turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from points_engine.engine import bookings
from points_engine.ports import Books, Clock, Store

BATCH_ACCOUNTS = 250
"""Accounts to a transaction: some ten milliseconds' work, so that a charge hardly waits for it."""

PAUSE_SECONDS = 0.002
"""Between batches: a lock that is let go and taken again at once is never anybody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryProgress:
    """How far a run has come: accounts, the lots and units that expired, and the lots it found due at its start."""

    accounts: int = 0
    lots: int = 0
    units: int = 0
    lots_due: int = 0


def _nobody_looks(_progress: ExpiryProgress) -> None:
    """What happens after a batch when nobody asked to be told."""


class ExpiryRun:
    """Expires what is due; thread-safe, and safe to run twice at once: each lot expires once."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def run(
        self,
        on_progress: Callable[[ExpiryProgress], None] | None = None,
        stop: threading.Event | None = None,
        batch_accounts: int = BATCH_ACCOUNTS,
    ) -> ExpiryProgress:
        """Expire all that is due, a batch to a transaction, and say what was done.

        `on_progress` is called after every batch. Ends early, between two batches, when `stop` is set or `on_progress`
        raises; what was done is durable, and the next run goes on from there.
        """
        tell, stop = on_progress or _nobody_looks, stop or threading.Event()
        now = self._clock.now()
        done = ExpiryProgress(lots_due=self._store.look(lambda books: books.lots_due(now)))
        while not stop.is_set():
            before = done
            done = self.batch(before, batch_accounts)
            if done == before:
                break
            tell(done)
            stop.wait(PAUSE_SECONDS)
        return done

    def batch(self, before: ExpiryProgress, most_accounts: int = BATCH_ACCOUNTS) -> ExpiryProgress:
        """Expire what is due in so many accounts; the progress after it, the same when there was nothing."""

        def work(books: Books) -> ExpiryProgress:
            now = self._clock.now()
            accounts = books.accounts_due(now, most_accounts)
            lots = units = 0
            for account_id in accounts:
                _, expired = bookings.expire_lots(books, books.holder(account_id), now)
                lots += expired.lots
                units += expired.units
            return ExpiryProgress(
                accounts=before.accounts + len(accounts),
                lots=before.lots + lots,
                units=before.units + units,
                lots_due=before.lots_due,
            )

        return self._store.transact(work)
