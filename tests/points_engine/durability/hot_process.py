"""A process of a busy shop: two tills that charge, credit, cancel and reverse on a few hot accounts until told to stop.

`python hot_process.py FOLDER NAME COUNT [DATABASE]`: each of two threads makes COUNT commands, on a file in the folder
or on the PostgreSQL database of that address. Before each command a line `ask ID
KIND ...` is written, after its reply a line `told ID ANSWER`; who reads them knows at any moment what was acknowledged.
"""

import random
import sys
import threading
from dataclasses import replace
from pathlib import Path

from points_engine.amounts import Asset
from points_engine.bootstrap import Argon2Cost, AssetLimits, Engine, Settings, open_engine
from points_engine.contract import (
    AnswerChallenge,
    Cancel,
    CanceledBy,
    ChallengeKind,
    Charge,
    CodeIssued,
    Command,
    Credit,
    Credited,
    IssueCode,
    Payment,
    PaymentState,
    Reply,
    Reverse,
    Secret,
)
from tests.points_engine.shop import RIGHT_PIN, TILL, points

HOT = ("hot-1", "hot-2", "hot-3")
THREADS = 2
LIMITS = AssetLimits(pin_free_daily_count=10**6, pin_free_daily_units=10**9)
SETTINGS = Settings(
    limits={Asset.POINTS: LIMITS},
    shows_balance=True,
    code_lifetime_seconds=600,
    challenge_lifetime_seconds=600,
)
"""By the machine's clock: what is told in one moment holds when it is looked at, however slow the machine is."""
CHEAP = Argon2Cost(memory_kib=8, passes=1)
SMALL, LARGE = 10, 600


class HotTill:
    """One till's day: random commands, each written down before it is sent and after it was answered."""

    def __init__(self, engine: Engine, name: str, say: threading.Lock) -> None:
        self._engine = engine
        self._name = name
        self._say = say
        self._chance = random.Random(name)
        self._paid: list[str] = []

    def work(self, count: int) -> None:
        """Make so many payments or credits, each with what follows from it."""
        for number in range(count):
            member = self._chance.choice(HOT)
            if self._chance.random() < 0.2:
                self._credit(f"{self._name}-{number}", member)
            else:
                self._pay(f"{self._name}-{number}", member)

    def _line(self, *words: object) -> None:
        with self._say:
            sys.stdout.write(" ".join(map(str, words)) + "\n")
            sys.stdout.flush()

    def _ask(self, name: str, kind: str, command: Command, *details: object) -> Reply:
        self._line("ask", name, kind, *details)
        reply = self._engine.execute(command)
        state = reply.state if isinstance(reply, Payment) else type(reply).__name__
        self._line("told", name, state)
        return reply

    def _credit(self, name: str, member: str) -> None:
        command = Credit(command_id=name, member_no=member, amount=points(SMALL), reason="gift")
        reply = self._ask(name, "credit", command, member, SMALL)
        assert isinstance(reply, Credited)

    def _pay(self, order_id: str, member: str) -> None:
        issued = self._engine.execute(IssueCode(command_id=f"code-{order_id}", member_no=member))
        assert isinstance(issued, CodeIssued)
        units = LARGE if self._chance.random() < 0.2 else SMALL
        charge = Charge(
            order_id=order_id, till_id=TILL, cashier="lin", code=issued.code, amount=points(units)
        )
        reply = self._ask(order_id, "charge", charge, member, units)
        if not isinstance(reply, Payment):
            return
        if reply.state is PaymentState.REQUIRES_ACTION:
            if self._chance.random() < 0.4:
                reply = self._ask(order_id, "cancel", Cancel(order_id=order_id, by=CanceledBy.CUSTOMER))
            else:
                answer = AnswerChallenge(
                    order_id=order_id, answer_id=f"answer-{order_id}", kind=ChallengeKind.PIN,
                    answer=Secret(RIGHT_PIN),
                )  # fmt: skip
                reply = self._ask(order_id, "answer", answer)
        if isinstance(reply, Payment) and reply.state is PaymentState.SUCCEEDED:
            self._paid.append(order_id)
        if self._paid and self._chance.random() < 0.25:
            back = self._paid.pop(self._chance.randrange(len(self._paid)))
            self._ask(back, "reverse", Reverse(order_id=back, till_id=TILL))


def main(folder: Path, name: str, count: int, database: str = "") -> None:
    """The whole work of this process."""
    with open_engine(folder, replace(SETTINGS, database=database), pin_cost=CHEAP) as engine:
        say = threading.Lock()
        tills = [HotTill(engine, f"{name}-{number}", say) for number in range(THREADS)]
        threads = [threading.Thread(target=till.work, args=(count,)) for till in tills]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
