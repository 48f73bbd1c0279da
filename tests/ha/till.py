"""A simulated till and its customers: it writes an order down before it sends it, and lets go of none it has begun."""

import enum
import random
import threading
import time
import uuid
from dataclasses import dataclass, field

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    Charge,
    CodeIssued,
    Command,
    IssueCode,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Reverse,
    Secret,
)
from tests.ha.line import Line, NoReply

_RETRY_SECONDS = 0.4
_ASKS, _QUERIES = 3, 2
"""How often a charge without an answer is sent, and asked about, before the till takes it back."""
_WALKS_AWAY = 0.2
"""How many customers do not wait when the outcome is unknown: the till takes their payment back."""


class Outcome(enum.StrEnum):
    """What a till knows of an order."""

    UNKNOWN = "unknown"
    PAID = "paid"
    REFUSED = "refused"
    REVERSED = "reversed"


@dataclass(slots=True)
class Order:
    """One line of a till's journal. Times are by time.monotonic()."""

    order_id: str
    member_no: str
    units: int
    began_at: float
    outcome: Outcome = Outcome.UNKNOWN
    was_unknown: bool = False
    """Whether at some time a sending had no answer that could be relied on."""
    told_paid_at: float | None = None
    """When the till was told that it is paid: from then on the customer has the goods."""
    is_reversing: bool = False
    """Whether its till has begun to take it back: from then on nothing else is an end."""
    why: str = ""
    troubles: list[str] = field(default_factory=list)


class SimulatedTill(threading.Thread):
    """Sells to its own customers one after the other until it is told to stop, and then settles what is open.

    `line` is the till's, `phones` sends what its customers' phones send. `stop` ends the selling, `give_up` the whole
    till, whatever is open.
    """

    def __init__(
        self,
        till_id: str,
        line: Line,
        phones: Line,
        members: list[str],
        *,
        stop: threading.Event,
        give_up: threading.Event,
        pause_seconds: float,
    ) -> None:
        super().__init__(name=till_id, daemon=True)
        self.till_id = till_id
        self.journal: list[Order] = []
        self.broken = ""
        """What a till that fell over said last."""
        self._line = line
        self._phones = phones
        self._members = members
        self._stop_selling = stop
        self._give_up = give_up
        self._pause_seconds = pause_seconds
        self._chance = random.Random(till_id)

    def run(self) -> None:
        try:
            self._work()
        except Exception as bug:
            self.broken = repr(bug)
            raise

    def _work(self) -> None:
        while not self._stop_selling.wait(self._chance.uniform(0.5, 1.5) * self._pause_seconds):
            code = self._show_code(member_no := self._chance.choice(self._members))
            if code is not None:
                self._sell(member_no, code)
        self._line.close()
        self._phones.close()

    def _show_code(self, member_no: str) -> Secret | None:
        try:
            reply = self._phones.ask(IssueCode(command_id=uuid.uuid4().hex, member_no=member_no))
        except NoReply:
            self._give_up.wait(_RETRY_SECONDS)
            return None
        # A node whose clock is wrong lets nobody in.
        return reply.code if isinstance(reply, CodeIssued) else None

    def _sell(self, member_no: str, code: Secret) -> None:
        order = Order(uuid.uuid4().hex, member_no, self._chance.randint(1, 9), time.monotonic())
        self.journal.append(order)
        charge = Charge(
            order_id=order.order_id,
            till_id=self.till_id,
            cashier="cashier",
            code=code,
            amount=Amount(Asset.POINTS, order.units),
        )
        for _ in range(_ASKS):
            if self._ask(order, charge) or self._give_up.is_set():
                return
            if order.was_unknown and self._chance.random() < _WALKS_AWAY:
                break
        self._resolve(order)

    def _resolve(self, order: Order) -> None:
        """Query a few times, then take it back for as long as it takes.

        Never the other way round: a reversal may be on its way still, and a word from before it counts for nothing.
        """
        query = Query(order_id=order.order_id)
        for _ in range(_QUERIES):
            if self._ask(order, query) or self._give_up.is_set():
                return
        order.is_reversing = True
        reverse = Reverse(order_id=order.order_id, till_id=self.till_id)
        while not self._give_up.is_set() and not self._ask(order, reverse):
            continue

    def _ask(self, order: Order, command: Command) -> bool:
        """Send once; say whether the order has its outcome now."""
        try:
            reply = self._line.ask(command)
        except NoReply as fault:
            order.was_unknown |= fault.maybe_done
            order.troubles.append(f"{type(command).__name__}: {fault}")
            self._give_up.wait(_RETRY_SECONDS)
            return False
        self._note(order, reply)
        return order.outcome is not Outcome.UNKNOWN

    def _note(self, order: Order, reply: Reply) -> None:
        if isinstance(reply, Refused):
            # It says nothing of an earlier sending of the same order; and after a query that finds nothing a charge may
            # still be on its way: only a payment as it stands is an end then.
            if not order.was_unknown and reply.refusal is not Refusal.ORDER_UNKNOWN:
                order.outcome, order.why = Outcome.REFUSED, reply.refusal.code
            return
        assert isinstance(reply, Payment), reply
        if reply.state is PaymentState.SUCCEEDED:
            if order.is_reversing:
                return
            order.outcome, order.told_paid_at = Outcome.PAID, time.monotonic()
        elif reply.state is PaymentState.REVERSED:
            order.outcome = Outcome.REVERSED
        else:
            order.outcome = Outcome.REFUSED
            order.why = reply.refused.refusal.code if reply.refused else reply.state
