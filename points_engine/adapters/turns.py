"""Callers who want to write at the same time: one of them leads and does the work of all who wait.

A thread that finds nobody leading leads. The others wait at a gate each of their own, so that a thread is woken once:
when its work is done, or when it is its turn to lead. Who is alone takes one lock, once in and once out. A caller may
bring several turns, which queue up together and are then waited for one after the other.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from points_engine.ports import Books

T = TypeVar("T")


class Turn(Generic[T]):
    """A caller's work, and what came of it: a result, or an error that is the caller's."""

    __slots__ = ("_gate", "_result", "error", "has_left", "is_done", "leads", "since", "work")

    def __init__(self, work: Callable[[Books], T]) -> None:
        self.work = work
        self.since = time.monotonic()
        self.error: BaseException | None = None
        self.is_done = False
        self.leads = False
        self.has_left = False
        self._result: T | None = None
        self._gate: threading.Lock | None = None

    def run(self, books: Books) -> None:
        """Do the work; whether it counts is decided later."""
        self._result = self.work(books)

    def outcome(self) -> T:
        """The result, once done. Raises the error if there was one."""
        if self.error is not None:
            raise self.error
        return self._result  # type: ignore[return-value] # a T once `run` came through; None may be one

    def told(self) -> T | Exception:
        """The result, or the error that was kept instead of one."""
        if isinstance(self.error, Exception):
            return self.error
        return self.outcome()

    def shut(self) -> None:
        """Make the gate, closed."""
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        """Until somebody opens the gate."""
        assert self._gate is not None
        self._gate.acquire()

    def open(self) -> None:
        """Let the caller go on, if they wait at all."""
        if self._gate is not None:
            self._gate.release()


class Turns:
    """The queue. At any time at most one caller leads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Turn[object]] = deque()
        self._is_led = False

    def join(self, turn: "Turn[T]") -> None:
        """Queue up; on return either `turn.is_done`, or `turn.leads` and the caller must `hand_on` at last."""
        with self._lock:
            if not self._is_led:
                self._is_led = turn.leads = True
                return
            turn.shut()
            self._waiting.append(turn)  # type: ignore[arg-type] # its result is for its own caller alone
        self.wait_for(turn)

    def enter(self, turns: "Sequence[Turn[T]]") -> None:
        """Queue up with several turns at once; the caller has to `wait_for` each of them, in their order."""
        with self._lock:
            for turn in turns:
                turn.shut()
            self._waiting.extend(turns)  # type: ignore[arg-type] # as above
            if self._is_led or not turns:
                return
            # Who finds nobody leading finds nobody waiting either.
            first = self._waiting.popleft()
            self._is_led = first.leads = True
            first.open()

    def wait_for(self, turn: "Turn[T]") -> None:
        """Wait for a turn that has queued up; on return as `join`."""
        try:
            turn.wait()
        except BaseException:
            # Ctrl-C in the main thread: nobody may wait for a leader who has left.
            self.leave(turn)
            raise

    def take(self) -> "Turn[object] | None":
        """The next who waits, if anybody does; for the leader, who sees to it that they get an answer."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def put_back(self, turns: "list[Turn[object]]") -> None:
        """Taken, and not done after all: they are the first again, in their order."""
        with self._lock:
            self._waiting.extendleft(turn for turn in reversed(turns) if not turn.has_left)

    def hand_on(self) -> None:
        """Lead no longer: the first who waits does."""
        with self._lock:
            self._is_led = bool(self._waiting)
            if not self._waiting:
                return
            after = self._waiting.popleft()
            after.leads = True
        after.open()

    def leave(self, turn: "Turn[T]") -> None:
        """Nobody waits for this turn any more, whether or not it was done."""
        with self._lock:
            turn.has_left = True
            if turn in self._waiting:
                self._waiting.remove(turn)  # type: ignore[arg-type] # as above
                return
        if turn.leads:
            self.hand_on()
