"""Waiting for so long at most: at once, later, too late, canceled."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from points_engine.http.deadlines import settled, within

LONG = 30.0


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs a coroutine on either loop."""

    def running(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(coroutine)

    return running


Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def later(times: int) -> str:
    """Pauses so often."""
    for _ in range(times):
        await asyncio.sleep(0)
    return "done"


@pytest.mark.parametrize("times", [0, 1, 5])
def test_what_comes_in_time_is_returned(run: Run, times: int) -> None:
    """Without a pause, with one, with several."""
    assert "done" == run(within(LONG, later(times)))


@pytest.mark.parametrize("times", [0, 2])
def test_what_is_raised_comes_through(run: Run, times: int) -> None:
    """Before and after a pause."""

    async def fail() -> None:
        await later(times)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(within(LONG, fail()))


def test_what_takes_too_long_is_ended(run: Run) -> None:
    """It hears that it is canceled, where it waits."""
    heard: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("canceled")
            raise

    with pytest.raises(TimeoutError):
        run(within(0.01, wait_for_ever()))
    assert ["canceled"] == heard


def test_it_sees_what_is_raised_where_it_waits(run: Run) -> None:
    """As with `await`: it may catch it and go on."""

    async def patient() -> str:
        failed = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(failed.set_exception, KeyError("gone"))
        try:
            await failed
        except KeyError:
            return await later(1)
        return "never"

    assert "done" == run(within(LONG, patient()))


def test_a_future_settles_or_is_late(run: Run) -> None:
    """Late or left alone, it goes on."""

    async def look() -> tuple[bool, bool, bool, bool]:
        loop = asyncio.get_running_loop()
        there, soon, late = loop.create_future(), loop.create_future(), loop.create_future()
        there.set_result(1)
        loop.call_soon(soon.set_exception, ZeroDivisionError())
        seen = (await settled(there, LONG), await settled(soon, LONG), await settled(late, 0.01))
        assert isinstance(soon.exception(), ZeroDivisionError)
        waiting = asyncio.ensure_future(settled(late, LONG))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return (*seen, late.cancelled() or late.done())

    assert (True, True, False, False) == run(look())
