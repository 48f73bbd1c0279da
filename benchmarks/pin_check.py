"""What a slow PIN hash costs: who is asked for a PIN, and nobody else.

Three things are measured in turn on the same books: a payment with a PIN beside a bare hash and a payment without one;
payments without one while PINs are checked beside the same payments alone; and PINs checked a second beside bare hashes
a second, by as many threads as the engine lets hash at once (all cores but one).
"""

import itertools
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2

from benchmarks.embedded_books import TILL, ChargingEngine
from benchmarks.harness import Figure, Goal, Limit, interleave_all, percentile, scratch_folder, time_each_ms
from points_engine.adapters.pin_hasher import Argon2Cost
from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    ChargeMember,
    Done,
    Payment,
    PaymentState,
    Secret,
    SetPin,
)

T = TypeVar("T")

GOAL = Goal(
    name="pin_check",
    what="charge on SQLite with a PIN, median",
    yardstick="bare argon2id and a PIN-free charge",
    words="<= 1.15 x; PIN-free p99 while PINs are checked <= 2 x alone; checks/s >= 0.9 x bare argon2id/s",
    limits=(
        Limit("ratio", "at most", 1.15),
        Limit("PIN-free p99", "at most", 2.0),
        Limit("checks/s", "at least", 0.9),
    ),
)

ACCOUNTS = 100_000
PIN = "284619"
OVER_THE_LIMIT = Amount(Asset.POINTS, 600)
PINS_PER_ROUND = 20
PIN_FREE_PER_ROUND = 1_000
CHECKERS = 4
"""Who waits for a check at once: more than are checked at once."""
CORES = max(1, (os.cpu_count() or 1) - 1)
ROUNDS = 11


class PinCharges:
    """Payments over the limit by members who have a PIN; each is a signed-in member's order, so it needs no code."""

    def __init__(self, charging: ChargingEngine) -> None:
        self._engine = charging.engine
        self._numbers = itertools.count(1)
        self._members = [f"m-{number}" for number in range(1, PINS_PER_ROUND + 1)]
        for member_no in self._members:
            command = SetPin(command_id=f"pin-{member_no}", member_no=member_no, pin=Secret(PIN))
            assert self._engine.execute(command) == Done()

    def open(self, _number: int = 0) -> str:
        """Charge over the limit; the order that waits for its PIN."""
        number = next(self._numbers)
        order_id = f"{TILL}-2028{number:012}"
        reply = self._engine.execute(
            ChargeMember(
                order_id=order_id,
                shop_id="shop-1",
                member_no=self._members[number % len(self._members)],
                amount=OVER_THE_LIMIT,
            )
        )
        assert isinstance(reply, Payment)
        assert reply.state is PaymentState.REQUIRES_ACTION
        return order_id

    def answer(self, order_id: str) -> None:
        """The right PIN for an order that waits."""
        reply = self._engine.execute(
            AnswerChallenge(
                order_id=order_id, answer_id=f"answer-{order_id}", kind=ChallengeKind.PIN, answer=Secret(PIN)
            )
        )
        assert isinstance(reply, Payment)
        assert reply.state is PaymentState.SUCCEEDED


class BareHash:
    """The same hash of the same cost, and nothing around it."""

    def __init__(self) -> None:
        cost = Argon2Cost()
        self._hasher = argon2.PasswordHasher(
            time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._hash = self._hasher.hash(PIN)

    def check(self, _number: int = 0) -> None:
        """Check the right PIN."""
        assert self._hasher.verify(self._hash, PIN)


def rate_of(action: Callable[[T], object], work: Sequence[T], threads: int) -> float:
    """How much of the work so many threads do a second."""
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        for _ in pool.map(action, work):
            pass
        return len(work) / (time.perf_counter() - start)


class Contest:
    """The rounds of the three comparisons, on one engine."""

    def __init__(self, charging: ChargingEngine) -> None:
        self._charging = charging
        self._pins = PinCharges(charging)
        self._bare = BareHash()
        self.alone_ms: list[float] = []
        self.beside_ms: list[float] = []

    def with_pin(self) -> float:
        """Milliseconds of a payment with a PIN."""
        return statistics.median(
            time_each_ms(lambda number: self._pins.answer(self._pins.open(number)), PINS_PER_ROUND)
        )

    def barely(self) -> float:
        """Milliseconds of a bare hash and a payment without a PIN."""
        ready = self._charging.prepare(PINS_PER_ROUND)

        def hash_and_charge(number: int) -> None:
            self._bare.check()
            self._charging.charge(ready[number])

        return statistics.median(time_each_ms(hash_and_charge, PINS_PER_ROUND))

    def alone(self) -> float:
        """The slowest hundredth of payments without a PIN while nothing else happens."""
        ready = self._charging.prepare(PIN_FREE_PER_ROUND)
        seen = time_each_ms(lambda number: self._charging.charge(ready[number]), len(ready))
        self.alone_ms += seen
        return percentile(seen, 0.99)

    def beside(self) -> float:
        """The same for as long as PINs are checked at the same time."""
        orders = [self._pins.open() for _ in range(PINS_PER_ROUND)]
        ready = self._charging.prepare(PIN_FREE_PER_ROUND)
        seen: list[float] = []
        with ThreadPoolExecutor(CHECKERS) as checkers:
            checks = [checkers.submit(self._pins.answer, order_id) for order_id in orders]
            for each in ready:
                if all(check.done() for check in checks):
                    break
                start = time.perf_counter_ns()
                self._charging.charge(each)
                seen.append((time.perf_counter_ns() - start) / 1e6)
        for check in checks:
            check.result()
        self.beside_ms += seen
        return percentile(seen, 0.99)

    def checks(self) -> float:
        """PINs checked a second."""
        return rate_of(self._pins.answer, [self._pins.open() for _ in range(PINS_PER_ROUND)], CHECKERS)

    def bare_checks(self) -> float:
        """Bare hashes a second."""
        return rate_of(self._bare.check, range(PINS_PER_ROUND), CORES)


def run() -> Figure:
    """Measure the six in turn."""
    with scratch_folder("pin_check") as folder:
        charging = ChargingEngine(folder, ACCOUNTS)
        charging.warm_up()
        contest = Contest(charging)
        rounds = interleave_all(
            {
                each.__name__: each
                for each in (
                    contest.with_pin, contest.barely, contest.alone, contest.beside, contest.checks,
                    contest.bare_checks,
                )
            },
            ROUNDS,
        )  # fmt: skip
        charging.engine.close()
    seen = {name: statistics.median(numbers) for name, numbers in rounds.items()}
    alone_p99_ms, beside_p99_ms = percentile(contest.alone_ms, 0.99), percentile(contest.beside_ms, 0.99)
    return GOAL.figure(
        value=seen["with_pin"],
        unit="ms",
        yardstick=seen["barely"],
        seen={
            "PIN-free p99": beside_p99_ms / alone_p99_ms,
            "checks/s": seen["checks"] / seen["bare_checks"],
        },
        note=f"PIN-free p99 {alone_p99_ms:.2f} ms alone, {beside_p99_ms:.2f} ms beside; {seen['checks']:.0f} checks/s,"
        f" {CORES} at once",
    )
