"""A caller that brings several works: they share a commit, and each has its own outcome."""

import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from points_engine.adapters.group_commit import AFTER_COMMIT, BEFORE_COMMIT, TURNS_AT_MOST
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.adapters.turns import Turn
from points_engine.ports import Books, StoreUnavailable
from tests.points_engine.adapters.waiting_group import Group, enrol, enrol_and_fail
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    """A fresh store."""
    fresh = Group(SqliteStore(tmp_path / "points.sqlite", "key-1"))
    yield fresh
    fresh.pool.shutdown()
    fresh.store.close()


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
