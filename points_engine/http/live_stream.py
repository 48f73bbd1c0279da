"""One live stream: told of changes on whatever thread wrote, it reads the state and sends it, at its reader's pace.

What waits for a slow reader is a bounded set of places to look at, never a queue of events: of each payment only the
newest state is sent, and who lags too far behind is told to look again.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from points_engine.change_ports import Change
from points_engine.contract import EngineFault
from points_engine.http.live_readings import LOOK_AGAIN, Event, Reading
from points_engine.http.workers import TooMuchWaits, Workers
from points_engine.ledger import microseconds

MOST_WAITING = 32
"""So many changes wait for a reader at most."""
_MOST_REMEMBERED = 64


class LiveRules(NamedTuple):
    """How a stream behaves, in seconds.

    A comment is sent after `heartbeat` of silence, the state is read anew after `poll()` without a change, a reader
    comes back `retry` after a stream ended, and a stream ends after `lifetime`: so its caller proves anew who they are.
    Every `watch` it is looked whether they still could.
    """

    heartbeat: float = 15.0
    poll: Callable[[], float] = lambda: 15.0
    retry: float = 2.0
    lifetime: float = 300.0
    watch: float = 1.0


class Mailbox:
    """Places to look at, put here by any thread for one reader."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._changes: dict[Change, None] = {}
        self._is_full = False
        self._is_told = False
        self.came = asyncio.Event()

    def put(self, change: Change | None) -> None:
        """Something changed; None: anything may have."""
        with self._lock:
            if change is None or len(self._changes) >= MOST_WAITING:
                self._is_full = True
                self._changes.clear()
            elif not self._is_full:
                self._changes[change] = None
            if self._is_told:
                return
            self._is_told = True
        with suppress(RuntimeError):  # the loop is over, and with it the reader
            self._loop.call_soon_threadsafe(self.came.set)

    def take(self) -> tuple[Sequence[Change], bool]:
        """What came since the last call, and whether more came than was kept."""
        with self._lock:
            taken, is_full = tuple(self._changes), self._is_full
            self._changes.clear()
            self._is_full = self._is_told = False
            self.came.clear()
        return taken, is_full


class LiveStream:
    """The events of one reader, as the bytes of a text/event-stream.

    `turns` is shared by all streams of a node: when all of them look at once, commands still find a thread.
    """

    def __init__(
        self,
        reading: Reading,
        mailbox: Mailbox,
        workers: Workers,
        rules: LiveRules,
        now: Callable[[], datetime],
        since: datetime | None,
        turns: asyncio.Semaphore,
    ) -> None:
        self._reading = reading
        self._mailbox = mailbox
        self._workers = workers
        self._rules = rules
        self._now = now
        self._since = since
        self._turns = turns
        self._sent: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._ending = False

    def end(self) -> None:
        """Send what is being read, then nothing more. In the event loop."""
        self._ending = True
        self._mailbox.came.set()

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Bytes to send, until the stream has lived long enough or is ended."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + self._rules.lifetime
        # At once, so that a client knows it is connected.
        yield b"retry: %d\n\n" % (self._rules.retry * 1000)
        yield await self._told(lambda: self._reading.opening(self._since))
        polls_at = clock() + self._rules.poll()
        while clock() < ends_at:
            waits = min(self._rules.heartbeat, polls_at - clock(), ends_at - clock())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._mailbox.came.wait(), max(waits, 0.0))
            if self._ending:
                return
            changes, is_full = self._mailbox.take()
            told = b""
            if is_full or clock() >= polls_at:
                told = await self._told(self._reading.everything, is_full=is_full)
                polls_at = clock() + self._rules.poll()
            elif changes:
                told = await self._told(lambda: self._reading.changed(changes))  # noqa: B023 -- run at once
            yield told or b":\n\n"

    async def _told(self, read: Callable[[], list[Event]], *, is_full: bool = False) -> bytes:
        """What is read, without what was sent last; a comment when the surroundings fail: the next look tells."""
        at = self._now()
        try:
            async with self._turns:
                events = await self._workers.begin(read)
        except (EngineFault, TooMuchWaits):
            self._mailbox.put(None)
            await asyncio.sleep(self._rules.retry)
            return b": the state cannot be read now\n\n"
        fresh = [event for event in events if self._is_news(event)]
        if is_full:
            fresh.append(LOOK_AGAIN)
        number = b"%d" % microseconds(at)
        return b"".join(
            b"id: %s\nevent: %s\ndata: %s\n\n" % (number, event.name.encode(), event.data) for event in fresh
        )

    def _is_news(self, event: Event) -> bool:
        place = (event.name, event.key)
        if self._sent.get(place) == event.data:
            return False
        self._sent[place] = event.data
        self._sent.move_to_end(place)
        if len(self._sent) > _MOST_REMEMBERED:
            self._sent.popitem(last=False)
        return True
