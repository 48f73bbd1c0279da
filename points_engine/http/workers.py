"""Threads for what blocks: a commit, a slow hash, a read of the books. Only so many may wait for them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class TooMuchWaits(Exception):
    """The queue is full: whoever comes now is better served by another node, or in a moment."""


class Workers:
    """`count` threads; `most` calls may be under way or waiting."""

    def __init__(self, count: int, most: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=count, thread_name_prefix="engine")
        self._most = most
        self._under_way = 0

    def begin(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin `work` on a thread; what it returns or raises is in the future. Raises TooMuchWaits."""
        if self._under_way >= self._most:
            raise TooMuchWaits
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(self._end)
        return future

    def _end(self, future: "asyncio.Future[T]") -> None:
        self._under_way -= 1
        # Whoever asked may be gone: what was raised is looked at here, so that nobody logs it with its text.
        if not future.cancelled():
            future.exception()

    def close(self) -> None:
        """Wait until all that was begun is done."""
        self._threads.shutdown(wait=True)
