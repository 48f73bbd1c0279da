"""Callers that wait together share one durable commit; each has its own result, error and answer."""

import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from points_engine.adapters.group_commit import AFTER_COMMIT, BEFORE_COMMIT, TURNS_AT_MOST
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.adapters.turns import Turn
from points_engine.amounts import Asset
from points_engine.engine import bookings
from points_engine.ledger import TransferKind
from points_engine.ports import Books, StoreUnavailable
from tests.points_engine.shop import Shop

PATIENCE_SECONDS = 30.0


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
        never = threading.Event()
        for _ in range(int(PATIENCE_SECONDS * 1000)):
            if len(self.store._commits._turns._waiting) == count:
                return
            never.wait(0.001)
        raise AssertionError(f"{count} callers never waited")

    def members(self) -> list[str]:
        """Who is enrolled."""
        connection = self.store._connect()
        rows = connection.execute("SELECT member_no FROM member ORDER BY id").fetchall()
        connection.close()
        return [row[0] for row in rows]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """A fresh store."""
    fresh = Group(SqliteStore(tmp_path / "points.sqlite", "key-1"))
    yield fresh
    fresh.pool.shutdown()
    fresh.store.close()


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


def test_all_who_wait_share_one_commit(group: Group) -> None:
    """Sixteen callers, one commit, each with its own result, in the order they came."""
    names = [f"m-{number}" for number in range(16)]
    futures = group.run(enrol(names[0]), [enrol(name) for name in names[1:]])
    assert names == [future.result() for future in futures] == group.members()
    assert [BEFORE_COMMIT, AFTER_COMMIT] == group.steps


def test_nobody_is_answered_before_the_commit(group: Group) -> None:
    """At the last step before it, none of those who share it has an answer."""
    answered: list[bool] = []
    futures: list[Future[object]] = []
    leads, go = threading.Event(), threading.Event()

    def held(books: Books) -> None:
        leads.set()
        assert go.wait(PATIENCE_SECONDS)

    group.on_step = lambda name: (
        answered.extend(future.done() for future in futures) if name == BEFORE_COMMIT else None
    )
    futures.append(group.pool.submit(group.store.transact, held))
    assert leads.wait(PATIENCE_SECONDS)
    for number in range(1, 4):
        futures.append(group.pool.submit(group.store.transact, enrol(f"m-{number}")))
        group.wait_for(number)
    go.set()
    assert [None, "m-1", "m-2", "m-3"] == [future.result(PATIENCE_SECONDS) for future in futures]
    assert [False] * 4 == answered


@pytest.mark.parametrize("failing", [{0}, {2}, {0, 1}, {1, 3}, {0, 1, 2, 3}])
def test_one_that_fails_takes_nothing_with_it(group: Group, failing: set[int]) -> None:
    """The first, one in the middle, several or all: each hears its own error, the others are written."""
    works = [(enrol_and_fail if number in failing else enrol)(f"m-{number}") for number in range(4)]
    futures = group.run(works[0], list(works[1:]))
    for number, future in enumerate(futures):
        if number in failing:
            assert f"m-{number}" == str(future.exception())
        else:
            assert f"m-{number}" == future.result()
    assert [f"m-{number}" for number in range(4) if number not in failing] == group.members()
    assert ([] if len(failing) == 4 else [BEFORE_COMMIT, AFTER_COMMIT]) == group.steps


def test_a_bug_in_one_statement_is_that_callers_alone(group: Group) -> None:
    """A second member of the same number breaks the database's own rule, and only its own work."""
    futures = group.run(enrol("m-1"), [enrol("m-1"), enrol("m-2")])
    assert isinstance(futures[1].exception(), sqlite3.IntegrityError)
    assert ["m-1", "m-2"] == group.members()


def test_a_fault_of_the_commit_reaches_all(group: Group) -> None:
    """The disk fails within it: everybody hears that the outcome is open, and can ask again."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fail(name: str) -> None:
        if name == BEFORE_COMMIT:
            # As on a disk that takes no further byte.
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))

    group.on_step = fail
    try:
        futures = group.run(enrol("m-0"), [enrol("m-1"), enrol_and_fail("m-2")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    faults = [future.exception() for future in futures]
    for fault in faults[:2]:
        assert isinstance(fault, StoreUnavailable)
        assert not fault.nothing_changed
    assert faults[0] is not faults[1]
    assert isinstance(faults[2], ZeroDivisionError)
    group.on_step = group.steps.append
    assert [] == group.members()
    assert "m-1" == group.store.transact(enrol("m-1"))


def test_a_fault_before_the_commit_changes_nothing_for_anybody(group: Group) -> None:
    """The transaction is gone with one of them: all hear a fault, and that nothing changed."""

    def lose_all(_: Books) -> None:
        # What SQLite does by itself when the disk is full or fails in the middle.
        group.store._writer.execute("ROLLBACK")
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    futures = group.run(enrol("m-0"), [enrol("m-1"), lose_all])
    for future in futures:
        fault = future.exception()
        assert isinstance(fault, StoreUnavailable)
        assert fault.nothing_changed
    assert [] == group.members()


def test_ctrl_c_is_the_leaders_alone(group: Group) -> None:
    """It ends the call of whoever leads; the others are done by the next in line, once."""

    def interrupted(_: Books) -> None:
        raise KeyboardInterrupt

    futures = group.run(interrupted, [enrol("m-1"), enrol("m-2")])
    assert isinstance(futures[0].exception(), KeyboardInterrupt)
    assert ["m-1", "m-2"] == [future.result() for future in futures[1:]] == group.members()


def test_no_more_share_a_commit_than_the_first_can_wait_for(group: Group) -> None:
    """The rest have the next one, led by one of them."""
    futures = group.run(enrol("m-0"), [enrol(f"m-{number}") for number in range(1, TURNS_AT_MOST + 3)])
    assert [f"m-{number}" for number in range(TURNS_AT_MOST + 3)] == [future.result() for future in futures]
    assert 2 == group.steps.count(BEFORE_COMMIT)


def test_a_caller_alone_has_no_savepoint(group: Group) -> None:
    """One transaction, nothing else."""
    statements: list[str] = []
    group.store._writer.set_trace_callback(statements.append)
    group.store.transact(lambda _: None)
    group.store._writer.set_trace_callback(None)
    assert ["BEGIN IMMEDIATE", "COMMIT"] == statements


# --- several turns of one caller


def test_what_came_together_shares_one_commit(group: Group) -> None:
    """Sixteen works of one caller: one commit, the results in their order."""
    names = [f"m-{number}" for number in range(16)]
    assert names == group.store.transact_each([enrol(name) for name in names]) == group.members()
    assert [BEFORE_COMMIT, AFTER_COMMIT] == group.steps
    assert [] == group.store.transact_each([])


@pytest.mark.parametrize("failing", [{0}, {2}, {0, 1}, {1, 3}, {0, 1, 2, 3}])
def test_an_error_is_one_works_alone(group: Group, failing: set[int]) -> None:
    """It is that work's outcome; the others are written."""
    works = [(enrol_and_fail if number in failing else enrol)(f"m-{number}") for number in range(4)]
    outcomes = group.store.transact_each(works)
    for number, outcome in enumerate(outcomes):
        assert isinstance(outcome, ZeroDivisionError) == (number in failing)
        assert f"m-{number}" == str(outcome)
    assert [f"m-{number}" for number in range(4) if number not in failing] == group.members()


def test_they_wait_with_others_and_in_their_order(group: Group) -> None:
    """Two callers with several works and one with a single one queue behind a leader: one commit for all."""
    leads, go = threading.Event(), threading.Event()

    def held(books: Books) -> str:
        leads.set()
        assert go.wait(PATIENCE_SECONDS)
        return enrol("m-0")(books)

    first = group.pool.submit(group.store.transact, held)
    assert leads.wait(PATIENCE_SECONDS)
    pair = group.pool.submit(group.store.transact_each, [enrol("m-1"), enrol_and_fail("m-2")])
    group.wait_for(2)
    single = group.pool.submit(group.store.transact, enrol("m-3"))
    group.wait_for(3)
    other = group.pool.submit(group.store.transact_each, [enrol("m-4"), enrol("m-5")])
    group.wait_for(5)
    go.set()
    assert ("m-0", "m-3") == (first.result(PATIENCE_SECONDS), single.result(PATIENCE_SECONDS))
    assert ["m-1", "m-2"] == list(map(str, pair.result(PATIENCE_SECONDS)))
    assert ["m-4", "m-5"] == other.result(PATIENCE_SECONDS)
    assert ["m-0", "m-1", "m-3", "m-4", "m-5"] == group.members()
    assert [BEFORE_COMMIT, AFTER_COMMIT] == group.steps


def test_more_than_a_commit_takes_are_all_done(group: Group) -> None:
    """The rest have commits of their own, and all are durable at the end."""
    names = [f"m-{number}" for number in range(2 * TURNS_AT_MOST + 1)]
    assert names == group.store.transact_each([enrol(name) for name in names]) == group.members()
    assert 3 == group.steps.count(BEFORE_COMMIT)


def test_a_fault_of_their_commit_is_everybodys(group: Group) -> None:
    """All hear that the outcome is open, each with a fault of its own; the one that failed before keeps its error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fail(name: str) -> None:
        if name == BEFORE_COMMIT:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))

    group.on_step = fail
    try:
        outcomes = group.store.transact_each([enrol("m-0"), enrol("m-1"), enrol_and_fail("m-2")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    for outcome in outcomes[:2]:
        assert isinstance(outcome, StoreUnavailable)
        assert not outcome.nothing_changed
    assert outcomes[0] is not outcomes[1]
    assert isinstance(outcomes[2], ZeroDivisionError)
    assert [] == group.members()


def test_a_closed_store_is_every_works_outcome(group: Group) -> None:
    """Nobody waits for ever."""
    group.store.close()
    outcomes = group.store.transact_each([enrol("m-0"), enrol("m-1"), enrol("m-2")])
    assert [StoreUnavailable] * 3 == [type(outcome) for outcome in outcomes]


def test_ctrl_c_leaves_none_of_them_in_the_queue(group: Group) -> None:
    """It ends the call; what was not done is not done, and the next caller leads at once."""

    def interrupted(_: Books) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        group.store.transact_each([enrol("m-0"), interrupted, enrol("m-2")])
    assert [] == group.members()
    assert "m-3" == group.store.transact(enrol("m-3"))
    assert ["m-3"] == group.members()


def test_ctrl_c_while_they_wait_hands_the_lead_on(group: Group) -> None:
    """Whoever waits behind them is served all the same."""
    turns = group.store._commits._turns
    leader = Turn(enrol("m-0"))
    turns.join(leader)
    gone = [Turn(enrol("m-1")), Turn(enrol("m-2"))]
    turns.enter(gone)
    behind = group.pool.submit(group.store.transact, enrol("m-3"))
    group.wait_for(3)
    # The lead comes to the first of them, and its caller is gone.
    turns.hand_on()
    assert gone[0].leads
    for turn in gone:
        turns.leave(turn)
    assert "m-3" == behind.result(PATIENCE_SECONDS)
    assert ["m-3"] == group.members()


# --- the newest link of the chain, remembered between transactions


def credit(shop: Shop, units: int, *, fails: bool = False) -> Callable[[Books], int]:
    """Work that books a credit for m-1, and may fail afterwards."""

    def work(books: Books) -> int:
        member = books.member("m-1")
        assert member is not None
        holder = books.holder_of(member.member, Asset.POINTS)
        balance = bookings.transfer(books, TransferKind.CREDIT, holder, units, shop.clock.now())
        if fails:
            raise ZeroDivisionError
        return balance

    return work


def test_the_chain_holds_when_a_transfer_is_rolled_back_between_two(shop: Shop) -> None:
    """In one group: the second's transfer is undone, and the third is chained to the first."""
    shop.member("m-1", 100)
    store = shop.engine._store
    assert isinstance(store, SqliteStore)
    group = Group(store)
    futures = group.run(
        credit(shop, 1), [credit(shop, 2, fails=True), credit(shop, 4), credit(shop, 8, fails=True)]
    )
    group.pool.shutdown()
    assert [101, 105] == [futures[0].result(), futures[2].result()]
    assert 106 == shop.credit("m-1", 1)
    assert [1, 2, 3, 4] == store.look(lambda books: [transfer.id for transfer, _ in books.all_transfers()])
    assert [] == shop.engine.verify()


def test_two_engines_take_turns_and_one_is_rolled_back_in_between(shop: Shop) -> None:
    """Each remembers a link that the other has gone beyond, and one that never came to be."""
    shop.member("m-1", 100)
    with Shop(shop.folder, clock=shop.clock) as other:
        stores = [shop.engine._store, other.engine._store]
        balance = 100
        for turn in range(12):
            one, two = stores[turn % 2], stores[(turn + 1) % 2]
            balance += 1
            assert balance == one.transact(credit(shop, 1))
            with pytest.raises(ZeroDivisionError):
                (one if turn % 3 else two).transact(credit(shop, 7, fails=True))
            if turn % 4 == 3:
                balance += 2
                assert balance == two.transact(credit(shop, 2))
    count = 1 + 12 + 3
    assert [*range(1, count + 1)] == shop.engine._store.look(
        lambda books: [transfer.id for transfer, _ in books.all_transfers()]
    )
    assert [] == shop.engine.verify()
