"""Callers that wait together share one durable commit; each has its own result, error and answer."""

import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from points_engine.adapters.group_commit import AFTER_COMMIT, BEFORE_COMMIT, TURNS_AT_MOST
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.amounts import Asset
from points_engine.engine import bookings
from points_engine.ledger import TransferKind
from points_engine.ports import Books, StoreUnavailable
from tests.points_engine.adapters.waiting_group import Group, enrol, enrol_and_fail
from tests.points_engine.shop import Shop
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """A fresh store."""
    fresh = Group(SqliteStore(tmp_path / "points.sqlite", "key-1"))
    yield fresh
    fresh.pool.shutdown()
    fresh.store.close()


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


def test_there_are_savepoints_only_once_one_has_failed(group: Group) -> None:
    """Until then one transaction and nothing else; then all begins anew, and so does what comes after it."""
    statements: list[str] = []
    group.store._writer.set_trace_callback(statements.append)
    group.store.transact_each([lambda _: None] * 3)
    assert ["BEGIN IMMEDIATE", "COMMIT"] == statements
    statements.clear()
    group.store.transact_each([lambda _: None, lambda _: None, lambda _: 1 // 0, lambda _: None])
    group.store._writer.set_trace_callback(None)
    saved, undone, end = "SAVEPOINT turn", "ROLLBACK TO turn", "RELEASE turn"
    expected = [
        "BEGIN IMMEDIATE",
        "ROLLBACK",
        "BEGIN IMMEDIATE",
        saved,
        end,
        saved,
        undone,
        end,
        saved,
        end,
        "COMMIT",
    ]
    assert expected == statements


def test_a_caller_alone_has_no_savepoint(group: Group) -> None:
    """One transaction, nothing else."""
    statements: list[str] = []
    group.store._writer.set_trace_callback(statements.append)
    group.store.transact(lambda _: None)
    group.store._writer.set_trace_callback(None)
    assert ["BEGIN IMMEDIATE", "COMMIT"] == statements


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
