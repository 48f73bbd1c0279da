"""Answers that need the books: made on a thread, with faults of the surroundings told as such."""

import asyncio
import logging
from collections.abc import Callable

from points_engine.contract import EngineFault
from points_engine.http.answers import Answer, of_trouble
from points_engine.http.incoming import Incoming
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.wire.problems import Trouble

_LOG = logging.getLogger(__name__)


async def answered_by(
    workers: Workers, request: Incoming, work: Callable[[], Answer], *, seconds: float
) -> Answer:
    """What `work` answers; it may block and raise EngineFault. LATE when it takes longer than `seconds`."""
    try:
        future = workers.begin(work)
    except TooMuchWaits:
        return of_trouble(Trouble.OVERLOADED, request.request_id)
    done, _ = await asyncio.wait((future,), timeout=seconds)
    if not done:
        return of_trouble(Trouble.LATE, request.request_id)
    try:
        return future.result()
    except EngineFault as fault:
        _LOG.error("request %s: %s", request.request_id, fault)
        kind = Trouble.UNAVAILABLE if fault.nothing_changed else Trouble.OUTCOME_UNKNOWN
        return of_trouble(kind, request.request_id)
