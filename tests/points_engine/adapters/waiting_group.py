"""Callers that wait together for the one writer of a store, made to do so."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from points_engine.adapters.group_commit import TURNS_AT_MOST
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.ports import Books
from tests.waiting import PATIENCE_SECONDS, within


class Group:
    """A store whose leader is held in its work until so many others wait; then all of them go on together."""

    def __init__(self, store: SqliteStore) -> None:
        self.steps: list[str] = []
        self.on_step: Callable[[str], None] = self.steps.append
        self.store = store
        store._commits._on_durable_step = lambda name: self.on_step(name)  # noqa: PLW0108 -- a test may put another there
        self.pool = ThreadPoolExecutor(2 * TURNS_AT_MOST)

    def run(
        self, first: Callable[[Books], object], others: list[Callable[[Books], object]]
    ) -> list[Future[object]]:
        """What came of each, the leader's first."""
        leads, go = threading.Event(), threading.Event()

        def held(books: Books) -> object:
            leads.set()
            assert go.wait(PATIENCE_SECONDS)
            return first(books)

        futures = [self.pool.submit(self.store.transact, held)]
        assert leads.wait(PATIENCE_SECONDS)
        for number, work in enumerate(others, 1):
            futures.append(self.pool.submit(self.store.transact, work))
            self.wait_for(number)
        go.set()
        for future in futures:
            future.exception(PATIENCE_SECONDS)
        return futures

    def wait_for(self, count: int) -> None:
        """Until so many wait."""
        within(lambda: len(self.store._commits._turns._waiting) == count)

    def members(self) -> list[str]:
        """Who is enrolled."""
        connection = self.store._connect()
        rows = connection.execute("SELECT member_no FROM member ORDER BY id").fetchall()
        connection.close()
        return [row[0] for row in rows]


def enrol(name: str) -> Callable[[Books], str]:
    """Work that enrols a member and returns its number."""

    def work(books: Books) -> str:
        books.add_member(name, "Ana")
        return name

    return work


def enrol_and_fail(name: str) -> Callable[[Books], str]:
    """Work that enrols a member and then thinks better of it."""

    def work(books: Books) -> str:
        books.add_member(name, "Ana")
        raise ZeroDivisionError(name)

    return work
