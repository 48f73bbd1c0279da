"""The books for a data warehouse: lines of the ledger, payments and accounts, page by page, while tills go on.

Transfers never change, and their order never does: whoever goes on after the last one they have misses none and gets
none twice. A payment is told as it stands when it is read; what becomes of it later is in the transfers. Accounts are
read in one look, so that together they are what the ledger says at one moment.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from points_engine.ledger_ports import AccountLine, LedgerLine, PaymentLine
from points_engine.ports import Books, Clock, Store

PAGE = 1_000
SETTLED_AFTER = timedelta(seconds=60)
"""A payment is exported when it is so old: it has its number before its commit, which takes no longer than that."""


class Exports:
    """Reads pages of the books; thread-safe. All methods raise EngineFault."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def transfer_page(self, after: int, most: int) -> Sequence[LedgerLine]:
        """Lines of the ledger after a position."""
        return self._store.look(lambda books: books.ledger_lines(after, most))

    def payment_page(self, after: int, most: int) -> Sequence[PaymentLine]:
        """Payments after a number, those of the last minute left for the next time."""
        opened_by = self._clock.now() - SETTLED_AFTER
        return self._store.look(lambda books: books.payment_lines(after, opened_by, most))

    def account_page(self, after: int, most: int) -> Sequence[AccountLine]:
        """Members' accounts after a number, each as it stands now."""
        return self._store.look(lambda books: books.account_lines(after, most))

    def transfers(self, after: int) -> Iterator[Sequence[LedgerLine]]:
        """The ledger after a position, up to where it ends now."""
        head = self._store.look(lambda books: books.ledger_head())
        while after < head and (page := self.transfer_page(after, min(PAGE, head - after))):
            yield page
            after = page[-1].position

    def payments(self, after: int) -> Iterator[Sequence[PaymentLine]]:
        """All payments after a number."""
        while page := self.payment_page(after, PAGE):
            yield page
            after = page[-1].number

    def accounts(self, take: Callable[[Sequence[AccountLine]], None]) -> int:
        """Hand all members' accounts to `take`, page by page, as they stand at one moment.

        Returns the position of the ledger's newest line at that moment. `take` must not call the engine.
        """

        def look(books: Books) -> int:
            after, head = 0, books.ledger_head()
            while page := books.account_lines(after, PAGE):
                take(page)
                after = page[-1].number
            return head

        return self._store.look(look)
