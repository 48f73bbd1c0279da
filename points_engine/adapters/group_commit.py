"""One durable commit for all who wait together: the disk is what a payment waits for, and it is asked once.

A work that fails takes nothing of the others with it, each is answered after the COMMIT and not before, and a fault of
the COMMIT is everybody's. Works hardly ever fail, since a refusal is an answer like any other: so they run one after
the other in one transaction, and when one does fail all begins anew with a savepoint around each.
"""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from points_engine.adapters.sqlite_books import SqliteBooks
from points_engine.adapters.sqlite_faults import told
from points_engine.adapters.turns import Turn, Turns
from points_engine.change_ports import Changes
from points_engine.ports import Books

T = TypeVar("T")

BEFORE_COMMIT = "engine.before_commit"
AFTER_COMMIT = "engine.after_commit"

TURNS_AT_MOST = 64
"""So many share a commit at most: the first of them waits for the last."""


class Commits(Protocol):
    """Who is told of commits."""

    def committed(self, transactions: int) -> None:
        """So many callers' work was made durable. Called with the write lock held."""


class GroupCommit:
    """The one writer of a store, led by one of its callers at a time.

    `check_open` raises when the store is closed; `begin` starts a write transaction for a caller who has been there
    since a moment of the monotonic clock. `write_lock` is held from before it until after the COMMIT.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        check_open: Callable[[], None],
        begin: Callable[[float], None],
        write_lock: threading.Lock,
        commits: Commits,
        on_durable_step: Callable[[str], None],
        changes: Changes,
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._books = SqliteBooks(connection)
        self._check_open = check_open
        self._begin = begin
        self._write_lock = write_lock
        self._commits = commits
        self._on_durable_step = on_durable_step
        self._changes = changes
        self._turns = Turns()

    def transact(self, work: Callable[[Books], T]) -> T:
        """Run `work` in a transaction, alone or with others; durable when this returns. As `Store.transact`."""
        turn = Turn(work)
        self._turns.join(turn)
        if turn.leads:
            self._lead(turn)
        return turn.outcome()

    def transact_each(self, works: Sequence[Callable[[Books], T]]) -> list[T | Exception]:
        """Run works that came together, beside each other and beside whoever else waits. As `Store.transact_each`."""
        turns = [Turn(work) for work in works]
        self._turns.enter(turns)
        for place, turn in enumerate(turns):
            try:
                self._turns.wait_for(turn)
                if turn.leads:
                    self._lead(turn)
            except Exception as error:  # noqa: BLE001 -- it is that work's outcome
                turn.error = error
            except BaseException:
                for later in turns[place + 1 :]:
                    self._turns.leave(later)
                raise
        return [turn.told() for turn in turns]

    def _lead(self, own: Turn[T]) -> None:
        group: list[Turn[object]] = []
        try:
            try:
                with self._write_lock:
                    self._check_open()
                    is_durable = self._carry_out(own, group)  # type: ignore[arg-type] # its result is its caller's
            finally:
                self._turns.hand_on()
            if is_durable:
                self._on_durable_step(AFTER_COMMIT)
        finally:
            for turn in group:
                if turn is not own and turn.is_done:
                    turn.open()

    def _carry_out(self, own: Turn[object], group: list[Turn[object]]) -> bool:
        """Do the leader's work and all that waits; `group` is who took part. Says whether there was a commit."""
        is_committing = False
        try:
            if is_durable := self._run_all(own, group):
                self._on_durable_step(BEFORE_COMMIT)
                is_committing = True
                self._execute("COMMIT")
                self._commits.committed(len(group))
                self._tell()
        except Exception as error:  # noqa: BLE001 -- each of the group raises it
            self._undo()
            for turn in group:
                turn.error = turn.error or told(error, nothing_changed=not is_committing)
            is_durable = False
        except BaseException:
            # Ctrl-C is the leader's alone.
            if not is_committing or self._connection.in_transaction:
                self._undo()
                others = [turn for turn in group if turn is not own]
                group.clear()
                for turn in others:
                    turn.error = None
                self._turns.put_back(others)
            raise
        finally:
            for turn in group:
                turn.is_done = True
        return is_durable

    def _run_all(self, own: Turn[object], group: list[Turn[object]]) -> bool:
        """Run works until nobody waits; says whether there is anything to commit."""
        turn: Turn[object] | None = own
        is_careful = False
        while turn is not None:
            group.append(turn)
            if not self._run(turn, is_careful=is_careful):
                is_careful = True
                self._run_again(group)
            turn = self._turns.take() if len(group) < TURNS_AT_MOST else None
        return self._connection.in_transaction

    def _run(self, turn: Turn[object], *, is_careful: bool) -> bool:
        """Run one work; False when it failed in a way that the work before it has to be done again.

        Raises what ended the whole transaction, if something did.
        """
        if not self._connection.in_transaction:
            self._run_first(turn)
        elif is_careful:
            self._run_beside(turn)
        else:
            try:
                turn.run(self._books)
            except Exception:
                if not self._connection.in_transaction:
                    # A full or failing disk can make SQLite roll everything back, the others' work too.
                    raise
                return False
        return True

    def _run_again(self, group: list[Turn[object]]) -> None:
        """One of them has failed: begin anew, with a savepoint each, so that it takes nothing of the others with it."""
        self._undo()
        for turn in group:
            turn.error = None
            self._run(turn, is_careful=True)

    def _run_first(self, turn: Turn[object]) -> None:
        try:
            self._begin(turn.since)
            turn.run(self._books)
        except Exception as error:  # noqa: BLE001 -- the caller raises it
            self._undo()
            turn.error = told(error)

    def _run_beside(self, turn: Turn[object]) -> None:
        """Run a work that may fail; raises as `_run`."""
        self._execute("SAVEPOINT turn")
        try:
            turn.run(self._books)
        except Exception as error:
            if not self._connection.in_transaction:
                raise
            self._execute("ROLLBACK TO turn")
            self._books.forget()
            turn.error = told(error)
        self._execute("RELEASE turn")

    def _tell(self) -> None:
        """What is durable now; also what of it a savepoint took back: to look once too often does no harm."""
        touched, self._books.touched = self._books.touched, []
        if touched:
            self._changes.changed(touched)

    def _undo(self) -> None:
        roll_back(self._connection)
        self._books.touched = []
        self._books.forget()


def roll_back(connection: sqlite3.Connection) -> None:
    """End a connection's transaction, if it is in one."""
    if connection.in_transaction:
        # After a fault SQLite may have rolled back by itself, or find the disk gone: the fault is what counts.
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            return
