"""Waiting for so long at most, at no cost where nothing is waited for."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


async def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. Raises TimeoutError, and cancels it, when it takes longer.

    Nearly always what is asked for is there already: a small body came with its head, a caller is known. Then there is
    nothing to wait for, and no timer is set.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    async with asyncio.timeout(seconds):
        return await _rest(coroutine, awaited)


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, T], awaited: Any) -> Generator[Any, Any, T]:
    """A coroutine from its first pause on, as `await` would have gone on with it."""
    step: Callable[[Any], Any]
    while True:
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 -- it is the coroutine's: cancelled, for one
            step, given = coroutine.throw, error
        else:
            step, given = coroutine.send, sent
        try:
            awaited = step(given)
        except StopIteration as end:
            result: T = end.value
            return result


async def settled(future: "asyncio.Future[Any]", seconds: float) -> bool:
    """Whether a future is done within so many seconds; it goes on when it is not, or when nobody waits any more."""
    if future.done():
        return True
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(seconds, wake)
    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        future.remove_done_callback(wake)
    return future.done()
