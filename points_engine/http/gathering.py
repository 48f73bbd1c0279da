"""Charges that arrive while the writer is busy go together: one commit for all of them.

The first goes at once and alone. Those that come while it is being made durable wait for its end and go together, and
so on: the busier the disk, the more share a commit, and nobody waits for a timer.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from points_engine.contract import Charge, ChargeMember, ChargeOnDelivery, Command, IssueCode, Reply
from points_engine.http.workers import TooMuchWaits

GATHERED: frozenset[type[Command]] = frozenset({Charge, ChargeMember, ChargeOnDelivery, IssueCode})
"""What the engine carries out together."""

Together = Callable[[Sequence[Command]], "list[Reply | Exception]"]


class Gatherer:
    """`together` is the engine's `execute_together`; `on_size` hears how many went each time.

    `writers` groups of up to `together_most` are under way at once at most: the first of a group waits for the last.
    `most` commands may wait.
    """

    def __init__(
        self,
        together: Together,
        *,
        writers: int,
        together_most: int,
        most: int,
        on_size: Callable[[int], None],
    ) -> None:
        self._together = together
        self._writers = writers
        self._together_most = together_most
        self._most = most
        self._on_size = on_size
        self._threads = ThreadPoolExecutor(max_workers=writers, thread_name_prefix="charges")
        self._waiting: deque[tuple[Command, asyncio.Future[Reply]]] = deque()
        self._under_way = 0

    def begin(self, command: Command) -> asyncio.Future[Reply]:
        """Carry a command out, alone or with others; its reply, or what it raised, is in the future.

        Raises TooMuchWaits.
        """
        if len(self._waiting) >= self._most:
            raise TooMuchWaits
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._under_way < self._writers:
            self._go()
        return future

    def _go(self) -> None:
        count = min(len(self._waiting), self._together_most)
        group = [self._waiting.popleft() for _ in range(count)]
        self._under_way += 1
        self._on_size(count)
        commands = [command for command, _ in group]
        done = asyncio.get_running_loop().run_in_executor(self._threads, self._together, commands)
        done.add_done_callback(lambda outcome: self._come(group, outcome))

    def _come(
        self,
        group: list[tuple[Command, asyncio.Future[Reply]]],
        outcome: "asyncio.Future[list[Reply | Exception]]",
    ) -> None:
        self._under_way -= 1
        if self._waiting:
            self._go()
        error = outcome.exception()
        outcomes = [error] * len(group) if error is not None else outcome.result()
        for (_, future), each in zip(group, outcomes, strict=True):
            if isinstance(each, BaseException):
                future.set_exception(each)
                # Whoever asked may be gone: looked at here, so that nobody logs it with its text.
                future.exception()
            else:
                future.set_result(each)

    def close(self) -> None:
        """Wait until what is under way is done. Nothing may wait any more."""
        self._threads.shutdown(wait=True)
