"""Eight processes on one file or database, killed at random moments, and what they were told held against the books."""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from points_engine.bootstrap import open_engine
from points_engine.contract import Credit, Credited, Payment, PaymentState, Query
from points_engine.engine.front_door import Engine
from points_engine.ledger import TransferKind
from points_engine.ports import Books
from tests.points_engine.durability.hot_process import CHEAP, HOT, SETTINGS
from tests.points_engine.shop import RIGHT_PIN, Shop, points

PROCESSES = 8
START_UNITS = 1_000_000
CHILD = Path(__file__).with_name("hot_process.py")

_S = PaymentState
_MAY_FOLLOW = {
    None: frozenset(_S),
    _S.REQUIRES_ACTION: frozenset({_S.REQUIRES_ACTION, _S.SUCCEEDED, _S.CANCELED, _S.FAILED, _S.REVERSED}),
    _S.SUCCEEDED: frozenset({_S.SUCCEEDED, _S.REVERSED}),
    _S.FAILED: frozenset({_S.FAILED, _S.REVERSED}),
    _S.CANCELED: frozenset({_S.CANCELED, _S.REVERSED}),
    _S.REVERSED: frozenset({_S.REVERSED}),
}
"""Where a payment may stand that was last told to be in a state, when a further command was on its way."""


@dataclass
class Asked:
    """What a till knows of one order or credit: the last it was told, and whether it still waits for an answer."""

    kind: str
    member: str
    units: int
    told: str | None = None
    is_in_flight: bool = True


@dataclass
class Seen:
    """All that was asked and told, over all processes."""

    asked: dict[str, Asked] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    replies: int = 0
    kills: int = 0

    def read(self, line: str) -> None:
        """One line of a process. The last one of a killed process may be cut off: then it was never told."""
        words = line.split()
        if not line.endswith("\n"):
            return
        if words[0] == "ask" and words[2] in {"charge", "credit"}:
            self.asked[words[1]] = Asked(words[2], words[3], int(words[4]))
        elif words[0] == "ask":
            self.asked[words[1]].is_in_flight = True
        else:
            self.asked[words[1]].told = words[2]
            self.asked[words[1]].is_in_flight = False
            self.replies += 1


class Slot:
    """A place for one process: each in turn is killed after some replies, the last one may finish."""

    def __init__(self, folder: Path, number: int, count: int, kills: int, database: str) -> None:
        self._folder = folder
        self._number = number
        self._count = count
        self._kills = kills
        self._database = database
        self._chance = random.Random(number)
        self.seen = Seen()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for turn in range(self._kills + 1):
            self._one(f"p{self._number}-{turn}", is_last=turn == self._kills)

    def _one(self, name: str, *, is_last: bool) -> None:
        last_line = None if is_last else self._chance.randrange(1, 2 * self._count)
        with subprocess.Popen(
            [sys.executable, str(CHILD), str(self._folder), name, str(self._count), self._database],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), "PYTHONHASHSEED": "0"},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stderr is not None
            for number, line in enumerate(process.stdout):
                self.seen.read(line)
                if number == last_line:
                    # It is somewhere in its next commands: which, only chance knows.
                    process.kill()
                    self.seen.kills += 1
            errors = process.stderr.read()
        if process.returncode not in {0, -9} or errors:
            self.seen.errors.append(errors)


def run_hot_shop(folder: Path, count: int, kills: int, database: str = "") -> Seen:
    """Let eight slots work at once, each process for `count` payments a thread, each slot killed so many times.

    On the PostgreSQL database of that address, or on a file in the folder.
    """
    with _opened(folder, database) as engine:
        shop = Shop(folder, engine=engine)
        for member in HOT:
            shop.member(member, START_UNITS, RIGHT_PIN)
    slots = [Slot(folder, number, count, kills, database) for number in range(PROCESSES)]
    for slot in slots:
        slot.thread.start()
    for slot in slots:
        slot.thread.join()
    whole = Seen()
    for slot in slots:
        whole.asked |= slot.seen.asked
        whole.errors += slot.seen.errors
        whole.replies += slot.seen.replies
        whole.kills += slot.seen.kills
    return whole


def _opened(folder: Path, database: str) -> Engine:
    return open_engine(folder, replace(SETTINGS, database=database), pin_cost=CHEAP, sweep_every_seconds=None)


def wrong_with(folder: Path, seen: Seen, database: str = "") -> list[str]:
    """What the books say otherwise than the tills were told; what was in flight is asked again first."""
    wrong: list[str] = []
    with _opened(folder, database) as engine:
        left = Counter(dict.fromkeys(HOT, START_UNITS))
        for name, asked in seen.asked.items():
            check = _check_credit if asked.kind == "credit" else _check_payment
            moved, problem = check(engine, name, asked)
            left[asked.member] += moved
            wrong += problem
        for member in HOT:
            counted = Credit(command_id=f"count-{member}", member_no=member, amount=points(1), reason="count")
            reply = engine.execute(counted)
            if reply != Credited(balance=points(left[member] + 1)):
                wrong.append(f"{member}: {reply}, the orders say {left[member]}")
        wrong += map(str, engine.verify())
        wrong += engine._store.look(_twice)
    return wrong


def _check_credit(engine: Engine, name: str, asked: Asked) -> tuple[int, list[str]]:
    command = Credit(command_id=name, member_no=asked.member, amount=points(asked.units), reason="gift")
    there = engine._store.look(lambda books: books.command(name) is not None)
    if asked.told is not None and not there:
        return 0, [f"credit {name} was told and is lost"]
    if not isinstance(engine.execute(command), Credited):
        return 0, [f"credit {name} is another one when asked again"]
    return asked.units, []


def _check_payment(engine: Engine, order_id: str, asked: Asked) -> tuple[int, list[str]]:
    reply = engine.execute(Query(order_id=order_id))
    if not isinstance(reply, Payment):
        return 0, [] if asked.told is None else [f"order {order_id} was told {asked.told} and is lost"]
    told = None if asked.told is None else PaymentState(asked.told)
    allowed = _MAY_FOLLOW[told] if asked.is_in_flight else frozenset({told})
    problem = [] if reply.state in allowed else [f"order {order_id} was told {told} and is {reply.state}"]
    has_taken = reply.state in {_S.SUCCEEDED, _S.REQUIRES_ACTION}
    return -asked.units if has_taken else 0, problem


def _twice(books: Books) -> list[str]:
    """Transfers that a payment or command has more than once."""
    kinds: Counter[tuple[int | str | None, TransferKind]] = Counter(
        (transfer.payment_id or transfer.command_id, transfer.kind) for transfer, _ in books.all_transfers()
    )
    return [f"{key} was booked {times} times" for key, times in kinds.items() if times > 1]
