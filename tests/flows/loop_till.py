"""A till without windows: the real loop, journal and session, over any engine client."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

from points_engine.amounts import Exchange
from points_engine.bootstrap import CodeLayout
from points_engine.contract import Secret
from pos_client.cashier import Cashier
from pos_client.clock import SystemClock
from pos_client.inbox import QueueInbox
from pos_client.journal import JournalReader, SqliteJournal
from pos_client.ports import EngineClient, Inbox, JournalRow, LogFilter
from pos_client.till.effects import EntryKind
from pos_client.till.events import DigitTyped, Event, Scanned
from pos_client.till.state import Rules, Till
from pos_client.till.view import CashierView
from tests.fakes.screen import RecordingScreen
from tests.waiting import PATIENCE_SECONDS

CLOSING = {EntryKind.SUCCEEDED, EntryKind.FAILED, EntryKind.CANCELED, EntryKind.REVERSED}


class LoopTill:
    """A till in `folder`, from the beginning of the block to its end; opened there again it finds its journal.

    That no answer will come is its client's to say: by its own clock it waits for ever. It asks again sooner than a
    shop's, so that nobody waits for these tests; `queries` is how often before it reverses.
    """

    def __init__(
        self, folder: Path, till_id: str, open_client: Callable[[Inbox], EngineClient], *, queries: int = 3
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        clock = SystemClock()
        self.inbox = QueueInbox()
        self.screen = RecordingScreen()
        self._open = ExitStack()
        journal = SqliteJournal(
            folder / "journal.sqlite", till_id=till_id, cashier="lin", shift_id="s", clock=clock
        )
        self._open.enter_context(closing(journal))
        self._reader = self._open.enter_context(closing(JournalReader(folder / "journal.sqlite")))
        client = self._open.enter_context(closing(open_client(self.inbox)))
        rules = Rules(
            till_id=till_id,
            shop_name="店",
            cashier="lin",
            is_payment_code=CodeLayout("84").recognises,
            exchange=Exchange(100, 100),
            reply_due_seconds=10 * PATIENCE_SECONDS,
            ask_again_seconds=(0.05, 0.1, 0.2),
            queries=queries,
        )
        run_id = f"{till_id}-{time.time_ns()}"
        self._cashier = Cashier(
            self.inbox, journal, client, self.screen, clock, Till(rules=rules, run_id=run_id),
            raise_bugs=True,
        )  # fmt: skip
        self._loop = threading.Thread(target=self._cashier.run)

    def __enter__(self) -> Self:
        self._loop.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._open:
            self.inbox.close()
            self._loop.join(PATIENCE_SECONDS)
            assert not self._loop.is_alive()

    def put(self, *events: Event) -> None:
        """Let things happen at the till."""
        for event in events:
            self.inbox.put(event)

    def charge(self, units: int, code: Secret) -> None:
        """Type an amount and scan a code."""
        self.put(*(DigitTyped(digit) for digit in str(units)), Scanned(code, "sim:"))

    @property
    def view(self) -> CashierView:
        """What the cashier sees."""
        return self.screen.views[-1].cashier

    def shows(self, key: str) -> None:
        """Wait until the cashier reads this."""
        self.wait(lambda: bool(self.screen.views) and self.view.headline.key == key)

    def wait(self, has_come: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not has_come():
            assert time.monotonic() < deadline, [view.cashier.headline.key for view in self.screen.views]
            threading.Event().wait(0.01)

    def rows(self) -> list[JournalRow]:
        """All the journal holds."""
        return list(self._reader.rows(LogFilter()))

    def open_orders(self) -> set[str]:
        """Orders with an intent and no end."""
        rows = self.rows()
        opened = {row.order_id for row in rows if row.kind is EntryKind.INTENT and row.order_id}
        return opened - {row.order_id for row in rows if row.kind in CLOSING}

    def settled(self) -> None:
        """Wait until an order was begun and none is open."""
        self.wait(lambda: bool(self.rows()) and not self.open_orders())

    def ends(self) -> list[tuple[EntryKind, int]]:
        """How its orders ended: the closing entries with their points."""
        return [(row.kind, row.units) for row in self.rows() if row.kind in CLOSING]
