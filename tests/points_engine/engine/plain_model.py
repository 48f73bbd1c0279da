"""What the engine should do, said a second time: plain dicts and no rule of the engine's own.

The model knows contract values alone (no rule, no table, no store). It answers each command with what the reply must
be, cut down to what a till goes by: a word for the state or the refusal, and the numbers that come with it.
"""

import math
from dataclasses import dataclass, field

PIN_FREE, CEILING, CAP, DAILY_COUNT, DAILY_SUM = 500, 2_000, 5_000, 4, 1_500
TRIES = 3
LOCK_SECONDS = (60, 300, 1_800)
CODE_SECONDS, CODE_KEPT_SECONDS, CHALLENGE_SECONDS = 60, 600, 120
DAY_SECONDS = 86_400

Told = tuple[object, ...]
"""A reply as the model tells it: ("succeeded", balance), ("pin_wrong", tries left), ..."""


@dataclass
class Member:
    """A member with points."""

    points: int = 0
    pin: str | None = None
    wrong: int = 0
    locks: int = 0
    locked_until: float = 0.0
    frozen: bool = False
    own_limit: int | None = None
    pin_free: dict[int, list[int]] = field(default_factory=dict)
    live_code: str | None = None


@dataclass
class Code:
    """An issued code; `end` is when it stops being good."""

    member: str
    end: float
    used: bool = False
    void: bool = False


@dataclass
class Order:
    """A payment; `content` is what a repetition is compared by."""

    content: object
    state: str
    units: int
    member: str | None = None
    why: str | None = None
    balance: int | None = None
    due: float = 0.0


class PlainModel:
    """Members, codes and orders; `now` counts seconds from midnight in the shop."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.members: dict[str, Member] = {}
        self.codes: dict[str, Code] = {}
        self.orders: dict[str, Order] = {}

    # --- what can be seen

    def told(self, order: Order) -> Told:
        """An order as a till sees it."""
        if order.why == "pin_locked":
            assert order.member is not None
            return (order.state, order.why, self.wait_seconds(order.member))
        if order.state in {"failed", "canceled"}:
            return (order.state, order.why)
        if order.state == "requires_action":
            assert order.member is not None
            return (order.state, order.balance, self.tries_left(order.member))
        return (order.state, order.balance)

    def tries_left(self, member: str) -> int:
        """Wrong PINs a member may still type."""
        self._unlock_if_over(self.members[member])
        return TRIES - self.members[member].wrong

    def _unlock_if_over(self, member: Member) -> None:
        if member.wrong == TRIES and member.locks <= len(LOCK_SECONDS) and self.now >= member.locked_until:
            member.wrong = 0

    def wait_seconds(self, name: str) -> int | None:
        """How long a locked PIN stays so: None for good."""
        member = self.members[name]
        if self.tries_left(name):
            return 0
        return None if member.locks > len(LOCK_SECONDS) else math.ceil(member.locked_until - self.now)

    def on_hold(self) -> int:
        """All points that wait for a PIN."""
        return sum(order.units for order in self.orders.values() if order.state == "requires_action")

    def taken(self) -> int:
        """All points the shop has."""
        return sum(order.units for order in self.orders.values() if order.state == "succeeded")

    # --- what happens

    def issue(self, name: str, text: str) -> None:
        """A fresh code."""
        old = self.codes.get(self.members[name].live_code or "")
        if old is not None and not old.used and self.now < old.end:
            old.void = True
        self.codes[text] = Code(name, self.now + CODE_SECONDS)
        self.members[name].live_code = text

    def charge(self, order_id: str, till: str, text: str, units: int, *, is_code: bool) -> Told:
        """A charge, or the same one again."""
        content = (till, text, units)
        known = self.orders.get(order_id)
        if known is not None:
            if known.content not in (content, (till,)):
                return ("order_mismatch",)
            self._expire(known)
            return self.told(known)
        order = self.orders[order_id] = Order(content, "failed", units)
        order.why = self._why_not(order, text, units, is_code=is_code)
        if order.why is None:
            self._take(order, text, units)
        return self.told(order)

    def _why_not(self, order: Order, text: str, units: int, *, is_code: bool) -> str | None:
        if not 1 <= units <= CAP:
            return "amount_not_allowed"
        if not is_code:
            return "not_a_payment_code"
        code = self.codes.get(text)
        if code is None or code.void:
            return "code_unknown"
        if self.now >= code.end:
            return "code_expired"
        if code.used:
            return "code_used"
        order.member = code.member
        return self._why_not_from(code.member, units)

    def _why_not_from(self, name: str, units: int) -> str | None:
        member = self.members[name]
        if member.frozen:
            return "account_frozen"
        if units > member.points:
            for other in self.orders.values():
                if other.member == name:
                    self._expire(other)
        if units > member.points:
            return "balance_too_low"
        if self._is_free(member, units):
            return None
        if member.pin is None:
            return "pin_not_set"
        return None if self.tries_left(name) else "pin_locked"

    def _is_free(self, member: Member, units: int) -> bool:
        limit = PIN_FREE if member.own_limit is None else member.own_limit
        today = [*member.pin_free.get(self._day(), []), units]
        return units <= limit and len(today) <= DAILY_COUNT and sum(today) <= DAILY_SUM

    def _day(self) -> int:
        return int(self.now // DAY_SECONDS)

    def _take(self, order: Order, text: str, units: int) -> None:
        code = self.codes[text]
        code.used = True
        member = self.members[code.member]
        if self._is_free(member, units):
            member.pin_free.setdefault(self._day(), []).append(units)
            order.state = "succeeded"
        else:
            order.state, order.due = "requires_action", self.now + CHALLENGE_SECONDS
        member.points -= units
        order.balance = member.points

    def _end(self, order: Order, state: str, why: str | None = None) -> None:
        """Give back what an open or paid order took."""
        assert order.member is not None
        self.members[order.member].points += order.units
        order.state, order.why, order.balance = state, why, self.members[order.member].points

    def _expire(self, order: Order) -> None:
        if order.state == "requires_action" and self.now >= order.due:
            self._end(order, "canceled", "payment_expired")

    def query(self, order_id: str) -> Told:
        """How an order stands."""
        order = self.orders.get(order_id)
        if order is None:
            return ("order_unknown",)
        self._expire(order)
        return self.told(order)

    def answer(self, order_id: str, pin: str) -> Told:
        """A fresh answer."""
        told = self.query(order_id)
        order = self.orders.get(order_id)
        if order is None or order.state != "requires_action":
            return told
        assert order.member is not None
        member = self.members[order.member]
        if member.frozen:
            self._end(order, "canceled", "account_frozen")
        elif not self.tries_left(order.member):
            self._end(order, "failed", "pin_locked")
        elif pin == member.pin:
            member.wrong = member.locks = 0
            order.state, order.balance = "succeeded", member.points
        else:
            member.wrong += 1
            if member.wrong < TRIES:
                return ("pin_wrong", TRIES - member.wrong)
            member.locked_until = self.now + LOCK_SECONDS[min(member.locks, len(LOCK_SECONDS) - 1)]
            member.locks += 1
            self._end(order, "failed", "pin_locked")
        return self.told(order)

    def cancel(self, order_id: str) -> Told:
        """Customer or till cancels."""
        told = self.query(order_id)
        order = self.orders.get(order_id)
        if order is None or order.state != "requires_action":
            return told
        self._end(order, "canceled", "payment_canceled")
        return self.told(order)

    def reverse(self, order_id: str, till: str) -> Told:
        """Nothing shall be taken."""
        order = self.orders.get(order_id)
        if order is None:
            order = self.orders[order_id] = Order((till,), "reversed", 0)
        assert isinstance(order.content, tuple)
        if order.content[0] != till:
            return ("not_permitted",)
        self._expire(order)
        if order.state in {"requires_action", "succeeded"}:
            self._end(order, "reversed")
        return self.told(order)

    def sweep(self) -> None:
        """All orders past their time end; codes long expired are forgotten."""
        for order in self.orders.values():
            self._expire(order)
        for text in [text for text, code in self.codes.items() if self.now >= code.end + CODE_KEPT_SECONDS]:
            del self.codes[text]
