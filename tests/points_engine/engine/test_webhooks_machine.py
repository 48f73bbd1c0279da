"""Whatever ends the process between two steps, every event is told at least once, under one id, or kept as dead."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from points_engine.engine.webhook_delivery import LEASE
from points_engine.engine.webhook_events import _Batch
from points_engine.engine.webhooks import Webhooks
from points_engine.ports import Books, Store
from points_engine.webhook import MOST_TRIES
from points_engine.webhook_ports import DeliveryState, EndpointRow, Told
from tests.points_engine.webhook_office import DOWN, TAKEN, ToldSender, WebhookShop

T = TypeVar("T")

URLS = ("https://one.example/hook", "https://two.example/hook")


class _Ended(BaseException):
    """The process ends here."""


class EndingStore(Store):
    """A store of a process that ends: before or after one of its commits."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.before_commit: int | None = None
        self.after_commit: int | None = None
        self._commits = 0

    def look(self, work: Callable[[Books], T]) -> T:
        return self._store.look(work)

    def transact(self, work: Callable[[Books], T]) -> T:
        self._commits += 1
        if self._commits == self.before_commit:
            raise _Ended
        result = self._store.transact(work)
        if self._commits == self.after_commit:
            raise _Ended
        return result

    def close(self) -> None:
        """The process is gone anyway."""


class Telling(RuleBasedStateMachine):
    """Two nodes make events and carry them; nodes end at any step; endpoints are up or down."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.sender = ToldSender()
        self.sender.answer = self._answer
        self.shop = WebhookShop(Path(self._folder.name), sender=self.sender)
        self.is_up = dict.fromkeys(URLS, True)
        self.expected: dict[str, int] = dict.fromkeys(URLS, 0)
        self.taken: dict[str, list[str]] = {url: [] for url in URLS}
        self.endpoints: dict[str, str] = {}
        self.claimed: list[EndpointRow] = []
        self.batches: list[_Batch] = []

    def _answer(self, url: str, event_id: str) -> Told:
        if not self.is_up[url]:
            return DOWN
        self.taken[url].append(event_id)
        return TAKEN

    def teardown(self) -> None:
        """In the end both are up for long enough, and the dead are replayed: everybody has everything."""
        try:
            self._tell_all()
        finally:
            self.shop.engine.close()
            self._folder.cleanup()

    def _tell_all(self) -> None:
        self.is_up = dict.fromkeys(URLS, True)
        self.shop.clock.advance(LEASE.total_seconds())
        self.shop.webhooks.tell()
        for endpoint_id in self.endpoints.values():
            self.shop.webhooks.replay(endpoint_id)
        for _ in range(MOST_TRIES):
            self.shop.clock.advance(timedelta(days=2).total_seconds())
            self.shop.webhooks.tell()
        assert self.expected == {url: len(set(ids)) for url, ids in self.taken.items()}

    @initialize()
    def begin(self) -> None:
        """A member, and one endpoint."""
        self.shop.member("m-1")
        self.listen(0)

    @rule(which=st.integers(0, 1))
    def listen(self, which: int) -> None:
        """An endpoint is added, once each."""
        url = URLS[which]
        if url not in self.endpoints:
            self.endpoints[url] = self.shop.webhooks.add(url).endpoint_id

    @rule(times=st.integers(1, 3))
    def credit(self, times: int) -> None:
        """Something happens."""
        for _ in range(times):
            self.shop.credit("m-1", 1)
            for url in self.endpoints:
                self.expected[url] += 1

    @rule()
    def fail(self) -> None:
        """A payment fails."""
        self.shop.pay("m-1", 1_000_000)
        for url in self.endpoints:
            self.expected[url] += 1

    @rule(which=st.integers(0, 1), up=st.booleans())
    def switch(self, which: int, up: bool) -> None:
        """An endpoint goes down, or comes back."""
        self.is_up[URLS[which]] = up

    @rule(seconds=st.sampled_from((1, 60, 600, 90_000)))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.shop.clock.advance(seconds)

    @rule()
    def tell(self) -> None:
        """A node does its work to the end."""
        self.shop.webhooks.tell()

    @rule()
    def make_and_claim(self) -> None:
        """A node makes events and takes an endpoint, and is then slow."""
        self.shop.webhooks.events.make()
        endpoint = self.shop.webhooks.delivery.claim()
        if endpoint is not None:
            self.claimed.append(endpoint)

    @rule()
    def read_a_batch(self) -> None:
        """A node reads the ledger for events, and is then slow."""
        batch = self.shop.store.look(self.shop.webhooks.events._read)
        if batch.lines:
            self.batches.append(batch)

    @precondition(lambda self: self.batches)
    @rule(which=st.integers(0, 5))
    def write_late(self, which: int) -> None:
        """It writes the events it read, which others may have written meanwhile."""
        batch = self.batches.pop(which % len(self.batches))
        self.shop.store.transact(lambda books: self.shop.webhooks.events._write(books, batch))

    @rule(which=st.integers(0, 1))
    def be_away_for_weeks(self, which: int) -> None:
        """An endpoint is down for longer than anybody tries."""
        self.is_up[URLS[which]] = False
        for _ in range(MOST_TRIES + 1):
            self.shop.webhooks.tell()
            self.shop.clock.advance(timedelta(days=2).total_seconds())

    @precondition(lambda self: self.claimed)
    @rule(which=st.integers(0, 5))
    def carry_late(self, which: int) -> None:
        """The slow node carries what it claimed, perhaps long after its lease ran out."""
        self.shop.webhooks.delivery.carry(self.claimed.pop(which % len(self.claimed)))

    @rule(commit=st.integers(1, 4), is_after=st.booleans())
    def end_while_telling(self, commit: int, is_after: bool) -> None:
        """A node ends just before or just after one of its commits."""
        store = EndingStore(self.shop.store)
        if is_after:
            store.after_commit = commit
        else:
            store.before_commit = commit
        whole = self.shop.webhooks
        webhooks = Webhooks(
            store,
            self.shop.clock,
            whole._ids,
            self.sender,
            whole._secrets,
            whole._rules,
        )
        with suppress(_Ended):
            webhooks.tell()

    @invariant()
    def dead_are_kept(self) -> None:
        """Whatever was not taken is waiting or dead: nothing is forgotten."""
        position = self.shop.store.look(lambda books: books.webhook_position())
        looked_at, newest = self.shop.store.look(
            lambda books: (books.failures_position(), books.newest_payment())
        )
        if (position, looked_at) == (self.shop.store.look(lambda books: books.ledger_head()), newest):
            for shown in self.shop.webhooks.endpoints():
                known = shown.waiting + shown.delivered + shown.dead
                assert self.expected[shown.url] == known
                assert shown.delivered <= len(set(self.taken[shown.url]))

    @invariant()
    def tries_are_counted(self) -> None:
        """No delivery is tried more often than the schedule says, nor dead before."""
        for each in self.shop.webhooks.deliveries():
            assert each.tries <= MOST_TRIES
            assert (each.tries == MOST_TRIES) or each.state is not DeliveryState.DEAD


TestTelling = Telling.TestCase
TestTelling.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
