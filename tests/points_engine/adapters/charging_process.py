"""A process that charges until it is told to stop, or dies; the tests beside it start it.

`python charging_process.py FOLDER NAME COUNT [STEP AT]`: makes COUNT charges of 10 points on the member "hot", a few of
them with a PIN, a few reversed. Before each command that matters it writes a line `ask ORDER CODE`, after each reply
`told ORDER STATE`. With STEP and AT it kills itself with SIGKILL when that durable step comes for the AT-th time.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from points_engine.amounts import Asset
from points_engine.bootstrap import Argon2Cost, AssetLimits, Settings, open_engine
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    CodeIssued,
    IssueCode,
    Payment,
    PaymentState,
    Reply,
    Reverse,
    Secret,
)
from tests.points_engine.shop import RIGHT_PIN, TILL, points

UNITS = 10
SETTINGS = Settings(
    limits={Asset.POINTS: AssetLimits(pin_free_daily_count=10**6, pin_free_daily_units=10**6)},
    shows_balance=True,
    code_lifetime_seconds=600,
    challenge_lifetime_seconds=600,
)
"""By the machine's clock: what is asked again after a death is asked in its time, however slow the machine is."""
CHEAP = Argon2Cost(memory_kib=8, passes=1)


def killer(step: str, at: int) -> Callable[[str], None]:
    """A hook that ends this process, unasked, at the `at`-th of `step`."""
    seen = 0

    def on_durable_step(name: str) -> None:
        nonlocal seen
        seen += name == step
        if seen == at and name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return on_durable_step


def say(*words: str) -> None:
    """One line to whoever reads, at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def tell(order_id: str, reply: Reply) -> None:
    """What came of an order."""
    state = reply.state if isinstance(reply, Payment) else "refused"
    say("told", order_id, state)


def charge_on(folder: Path, name: str, count: int, on_durable_step: Callable[[str], None] | None) -> None:
    """The whole work of this process."""
    engine = open_engine(
        folder, SETTINGS, pin_cost=CHEAP, on_durable_step=on_durable_step, sweep_every_seconds=None
    )
    for number in range(count):
        order_id = f"{name}-{number}"
        issued = engine.execute(IssueCode(command_id=f"code-{order_id}", member_no="hot"))
        assert isinstance(issued, CodeIssued)
        # Every fifth is over the limit.
        units = 600 if number % 5 == 4 else UNITS
        say("ask", order_id, issued.code.reveal(), str(units))
        reply = engine.execute(
            Charge(order_id=order_id, till_id=TILL, cashier="lin", code=issued.code, amount=points(units))
        )
        tell(order_id, reply)
        if isinstance(reply, Payment) and reply.state is PaymentState.REQUIRES_ACTION:
            answer = AnswerChallenge(
                order_id=order_id,
                answer_id=f"answer-{order_id}",
                kind=ChallengeKind.PIN,
                answer=Secret(RIGHT_PIN),
            )
            tell(order_id, engine.execute(answer))
        if number % 7 == 6:
            tell(order_id, engine.execute(Reverse(order_id=order_id, till_id=TILL)))
    engine.close()


if __name__ == "__main__":
    hook = killer(sys.argv[4], int(sys.argv[5])) if len(sys.argv) > 4 else None
    charge_on(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), hook)
