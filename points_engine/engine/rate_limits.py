"""Counting calls: each node by itself, told to the others a tenth of a limit at a time; what is strict, call by call.

In one window a subject gets at most its limit, and besides at each further node what that had admitted but not told
yet: less than a tenth of the limit, or what came in between two settlings.
"""

import threading
from datetime import datetime

from points_engine import rates
from points_engine.caller_ports import CallCount
from points_engine.ports import Clock, Ids, Store
from points_engine.rates import Limit, RateKind, RateRules

MOST_COUNTED = 100_000
"""Of more subjects in a window, further ones are counted as one."""

_Place = tuple[RateKind, str, int]


class _Count:
    """Calls of one subject in one window: `told` are all nodes', as far as known; `fresh` this one's since."""

    __slots__ = ("fresh", "told")

    def __init__(self) -> None:
        self.told = 0
        self.fresh = 0


class RateLimits:
    """Says who calls too often; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, rules: RateRules) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._limits = {kind: rules.limit(kind) for kind in RateKind}
        self._lock = threading.Lock()
        self._counts: dict[_Place, _Count] = {}

    def admit(self, kind: RateKind, subject: str) -> int | None:
        """Count a call, from memory alone: None when it is let in, else the seconds to wait."""
        limit = self._limits[kind]
        if not limit.calls:
            return None
        now = self._clock.now()
        place = (kind, subject, rates.window_of(now, limit.seconds))
        with self._lock:
            count = self._counts.get(place)
            if count is None:
                if len(self._counts) >= MOST_COUNTED:
                    place = (kind, "", place[2])
                count = self._counts.setdefault(place, _Count())
            if count.told + count.fresh >= limit.calls:
                return rates.wait_seconds(now, limit.seconds)
            count.fresh += 1
        return None

    def would_wait(self, kind: RateKind, subject: str) -> int | None:
        """What `admit` would say, without counting anything."""
        limit, now = self._limits[kind], self._clock.now()
        count = self._counts.get((kind, subject, rates.window_of(now, limit.seconds)))
        if not limit.calls or count is None or count.told + count.fresh < limit.calls:
            return None
        return rates.wait_seconds(now, limit.seconds)

    def attempt(self, kind: RateKind, subject: str) -> int | None:
        """Count a call together with all nodes: None when it is let in, else the seconds to wait. Asks the store.

        Raises EngineFault.
        """
        limit = self._limits[kind]
        if not limit.calls:
            return None
        now = self._clock.now()
        count = self._call((kind, subject, rates.window_of(now, limit.seconds)), 1, limit)
        counts = self._store.transact(lambda books: books.count_calls([count]))
        return rates.wait_seconds(now, limit.seconds) if counts[0] > limit.calls else None

    def settle(self) -> None:
        """Tell the other nodes, and learn of theirs; called every second or so. Raises EngineFault."""
        now = self._clock.now()
        with self._lock:
            self._forget(now)
            due = {
                place: count.fresh
                for place, count in self._counts.items()
                if count.fresh and count.fresh * rates.SETTLED_FROM >= self._limits[place[0]].calls
            }
        if not due:
            return
        # By number: two nodes that count the same subjects take their locks in the same order.
        calls = sorted(
            (self._call(place, fresh, self._limits[place[0]]), place) for place, fresh in due.items()
        )
        told = self._store.transact(lambda books: books.count_calls([call for call, _ in calls]))
        with self._lock:
            for (_, place), total in zip(calls, told, strict=True):
                count = self._counts.get(place)
                if count is not None:
                    count.told = total
                    count.fresh -= due[place]

    def _call(self, place: _Place, calls: int, limit: Limit) -> CallCount:
        kind, subject, window = place
        # Neither addresses nor names are in the table.
        number = self._ids.lookup_key(f"calls\x1f{kind}\x1f{subject}")
        return CallCount(number, window, calls, rates.end_of(window, limit.seconds))

    def _forget(self, now: datetime) -> None:
        over = [
            place
            for place in self._counts
            if place[2] != rates.window_of(now, self._limits[place[0]].seconds)
        ]
        for place in over:
            del self._counts[place]
