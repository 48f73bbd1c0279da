"""How a charge should be judged, said a second time: codes, limits, prices over several assets, the risk hook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from points_engine.amounts import Amount
from points_engine.contract import Charge, ChargeMember, ChargeOnDelivery
from tests.points_engine.engine.model_ledger import ModelLedger, Purse, Use

TRIES = 3
LOCK_SECONDS = (60, 300, 1_800)
CODE_SECONDS, CODE_KEPT_SECONDS, CHALLENGE_SECONDS = 60, 600, 120
RISKY_UNITS, DOUBTFUL_UNITS = 666, 77
"""The hook refuses the one and wants a proof for the other, of whatever asset."""

ChargeCommand = Charge | ChargeMember | ChargeOnDelivery
Taker = tuple[str, str]


@dataclass(frozen=True)
class Rules:
    """An asset's limits."""

    minimum: int
    cap: int
    pin_free: int
    ceiling: int
    pin_free_times: int
    pin_free_sum: int
    day_times: int
    day_sum: int
    share_percent: int
    worth: Fraction
    """Of a unit, in cents."""
    cashier: int
    """What cashiers may give back of a payment."""


RULES: Mapping[str, Rules] = {
    "points": Rules(1, 5_000, 500, 2_000, 4, 1_500, 9, 8_000, 100, Fraction(5, 7), 200),
    "wallet": Rules(5, 3_000, 300, 1_000, 3, 800, 6, 4_000, 60, Fraction(1), 90),
    "stored_value": Rules(1, 4_000, 400, 400, 9, 4_000, 20, 9_000, 100, Fraction(10, 3), 50),
}


@dataclass
class Member:
    """A member."""

    pin: str | None = None
    phone: str | None = None
    wrong: int = 0
    locks: int = 0
    locked_until: float = 0.0
    frozen: bool = False
    live_code: str | None = None


@dataclass
class Code:
    """An issued code; `end` is when it stops being good."""

    member: str
    end: float
    used: bool = False
    void: bool = False


@dataclass
class SmsCode:
    """A code that was sent, for an order or (None) a recovery."""

    text: str
    member: str
    order_id: str | None
    sent: float
    end: float
    wrong: int = 0
    live: bool = True


@dataclass
class Part:
    """What one asset pays, what it is worth, where it came from, and what of it is back."""

    purse: Purse
    units: int
    worth: int
    uses: list[Use] = field(default_factory=list)
    back: int = 0
    back_worth: int = 0
    back_by_cashiers: int = 0


@dataclass
class Order:
    """A payment; `content` is what a repetition is compared by (None: it was reversed before it came)."""

    order_id: str
    taker: Taker
    shop: str
    content: object
    asset: str
    units: int
    state: str = "failed"
    member: str | None = None
    why: str | None = None
    available: int = 0
    balance: int | None = None
    due: float = 0.0
    day: int = 0
    parts: list[Part] = field(default_factory=list)

    @property
    def back(self) -> int:
        """What was refunded."""
        return sum(part.back_worth for part in self.parts)


def content_of(command: ChargeCommand) -> object:
    """What makes two charges the same."""
    payer = command.member_no if isinstance(command, ChargeMember) else command.code.reveal()
    return (
        type(command),
        payer,
        command.amount,
        command.pay_from,
        command.order_total,
        command.reference,
    )


def share_of(total: Amount, asset: str, percent: int) -> int:
    """How many units of an asset are within a share of an order."""
    return (total.units * RULES[total.asset].worth / RULES[asset].worth * percent / 100).__floor__()


def payable(least: int, most: int, worth: Fraction, price: int) -> dict[int, int]:
    """Every worth up to the price that so many units can pay, with the fewest units for it."""
    found: dict[int, int] = {}
    for units in range(1, most + 1):
        pays = (units * worth).__floor__()
        if pays > price:
            break
        if pays:
            found.setdefault(pays, units)
    return {pays: units for pays, units in found.items() if units >= least}


def distributed(ways: Sequence[Mapping[int, int]], price: int) -> list[tuple[int, int]] | None:
    """(units, worth) of each asset: the first as much as it can, as long as the others can pay the rest exactly."""
    # Bit n of reachable[i]: what comes after the first i assets can pay n.
    reachable = [1]
    for way in reversed(ways):
        later, sums = reachable[0], reachable[0]
        for pays in way:
            sums |= later << pays
        reachable.insert(0, sums)
    if not reachable[0] >> price & 1:
        return None
    paid = []
    for way, rest in zip(ways, reachable[1:], strict=True):
        pays = max(pays for pays in [0, *way] if pays <= price and rest >> (price - pays) & 1)
        paid.append((way.get(pays, 0), pays))
        price -= pays
    return paid


class ModelCharges(ModelLedger):
    """Members, codes and orders, and what becomes of a charge."""

    def __init__(self, now: float, grace_days: int, kinds: Sequence[str], *, is_owed: bool) -> None:
        super().__init__(now, grace_days, is_owed=is_owed)
        self.kinds = kinds
        self.members: dict[str, Member] = {}
        self.codes: dict[str, Code] = {}
        self.orders: dict[str, Order] = {}
        self.shops: dict[Taker, str] = {}

    # --- proof

    def tries_left(self, name: str) -> int:
        """Wrong answers a member may still give; none in a lock."""
        member = self.members[name]
        if member.wrong == TRIES and member.locks <= len(LOCK_SECONDS) and self.now >= member.locked_until:
            member.wrong = 0
        return TRIES - member.wrong

    def kinds_of(self, name: str) -> list[str]:
        """How a member can prove themselves now."""
        member = self.members[name]
        can = {
            "pin": member.pin is not None and self.tries_left(name) > 0,
            "sms_code": member.phone is not None,
            "phone_approval": True,
        }
        return [kind for kind in self.kinds if can[kind]]

    # --- what ends an order

    def end(self, order: Order, state: str, why: str | None = None) -> None:
        """Give back what an open or paid order took and has not given back."""
        kind = "void" if order.state == "requires_action" else "reversal"
        order.state, order.why = state, why
        for part in order.parts:
            day = part.purse.on(order.day)
            day[2] -= 1
            day[3] -= part.units
            if part.units > part.back:
                self.give_back(kind, part.purse, part.uses, part.units - part.back, order.shop)
            if part.purse.asset == order.asset:
                order.balance = self.balance(part.purse)

    def expire(self, order: Order) -> None:
        """Whoever looks at an open order past its time ends it."""
        if order.state == "requires_action" and self.now >= order.due:
            self.end(order, "canceled", "payment_expired")

    # --- the charge

    def issue(self, name: str, text: str) -> None:
        """A fresh code."""
        old = self.codes.get(self.members[name].live_code or "")
        if old is not None and not old.used and self.now < old.end:
            old.void = True
        self.codes[text] = Code(name, self.now + CODE_SECONDS)
        self.members[name].live_code = text

    def charged(self, command: ChargeCommand, *, is_code: bool) -> Order | str:
        """A charge, or the same one again: the order, or why there is none."""
        taker = (str(command.taker.channel), command.taker.taker_id)
        if taker not in self.shops:
            return "till_not_enrolled"
        known, content = self.orders.get(command.order_id), content_of(command)
        if known is not None:
            if known.taker != taker or known.content not in (None, content):
                return "order_mismatch"
            self.expire(known)
            return known
        order = Order(
            command.order_id,
            taker,
            self.shops[taker],
            content,
            str(command.amount.asset),
            command.amount.units,
            day=self.today,
        )
        self.orders[command.order_id] = order
        order.why = self._why_amount(command) or self._why_payer(order, command, is_code=is_code)
        if order.why is None:
            self._judge(order, command)
        return order

    @staticmethod
    def _why_amount(command: ChargeCommand) -> str | None:
        amount = command.amount
        rules = RULES[amount.asset]
        is_size = amount.units > 0 if command.pay_from else rules.minimum <= amount.units <= rules.cap
        if not is_size:
            return "amount_not_allowed"
        percent = 100 if command.pay_from else rules.share_percent
        most = share_of(command.order_total or amount, amount.asset, percent)
        return None if amount.units <= most else "order_share_too_large"

    def _why_payer(self, order: Order, command: ChargeCommand, *, is_code: bool) -> str | None:
        if isinstance(command, ChargeMember):
            order.member = command.member_no if command.member_no in self.members else None
            return None if order.member else "member_unknown"
        if not is_code:
            return "not_a_payment_code"
        code = self.codes.get(command.code.reveal())
        if code is None or code.void:
            return "code_unknown"
        if self.now >= code.end:
            return "code_expired"
        if code.used:
            return "code_used"
        order.member = code.member
        return None

    def _judge(self, order: Order, command: ChargeCommand) -> None:
        assert order.member is not None
        member = self.members[order.member]
        if member.frozen:
            order.why = "account_frozen"
            return
        parts = self._parts(order.member, command)
        if isinstance(parts, str):
            for other in list(self.orders.values()):
                if other.member == order.member:
                    self.expire(other)
            parts = self._parts(order.member, command)
        order.available = self._available(order.member, command)
        if isinstance(parts, str):
            order.why = parts
            return
        needs_proof = not all(self._is_free(part) for part in parts)
        sizes = {part.units for part in parts}
        if RISKY_UNITS in sizes:
            order.why = "risk_too_high"
            return
        needs_proof = needs_proof or DOUBTFUL_UNITS in sizes
        if needs_proof and not self.kinds_of(order.member):
            order.why = "phone_not_bound"
            if "pin" in self.kinds:
                order.why = "pin_locked" if member.pin else "pin_not_set"
            return
        self._take(order, command, parts, needs_proof=needs_proof)

    def _is_free(self, part: Part) -> bool:
        rules, (times, units, _, _) = RULES[part.purse.asset], part.purse.on(self.today)
        own = part.purse.own_limit
        limit = rules.pin_free if own is None else min(own, rules.ceiling)
        return (
            part.units <= limit
            and times + 1 <= rules.pin_free_times
            and units + part.units <= rules.pin_free_sum
        )

    def _take(self, order: Order, command: ChargeCommand, parts: list[Part], *, needs_proof: bool) -> None:
        if not isinstance(command, ChargeMember):
            self.codes[command.code.reveal()].used = True
        order.state = "requires_action" if needs_proof else "succeeded"
        order.due = self.now + CHALLENGE_SECONDS
        order.parts = parts
        for part in parts:
            day = part.purse.on(self.today)
            for place, more in enumerate((1, part.units)):
                day[place] += 0 if needs_proof else more
                day[place + 2] += more
            kind = "hold" if needs_proof else "charge"
            part.uses = self.take(kind, part.purse, part.units, order.shop)
        assert order.member is not None
        order.balance = self.balance(self.purse(order.member, order.asset))

    # --- out of what

    def _day_room(self, purse: Purse) -> int:
        rules, (_, _, times, units) = RULES[purse.asset], purse.on(self.today)
        return max(0, rules.day_sum - units) if times < rules.day_times else 0

    def _parts(self, name: str, command: ChargeCommand) -> list[Part] | str:
        units = command.amount.units
        if command.pay_from:
            return self._several(name, command)
        purse = self.purse(name, command.amount.asset)
        if self._day_room(purse) < units:
            return "daily_limit_reached"
        return [Part(purse, units, units)] if self.raw(purse) >= units else "balance_too_low"

    def _ways(self, name: str, command: ChargeCommand, bounds: int) -> list[dict[int, int]]:
        """What each asset could pay if so many of the four bounds held."""
        ways = []
        for asset in command.pay_from:
            purse, rules = self.purse(name, asset), RULES[asset]
            most = [
                self.raw(purse),
                rules.cap,
                share_of(command.order_total or command.amount, asset, rules.share_percent),
                self._day_room(purse),
            ]
            worth = rules.worth / RULES[command.amount.asset].worth
            ways.append(payable(rules.minimum, min(most[:bounds]), worth, command.amount.units))
        return ways

    def _several(self, name: str, command: ChargeCommand) -> list[Part] | str:
        reasons = ("balance_too_low", "amount_not_allowed", "order_share_too_large", "daily_limit_reached")
        price = command.amount.units
        paid = distributed(self._ways(name, command, 4), price)
        if paid is None:
            return next(
                reason
                for bounds, reason in enumerate(reasons, start=1)
                if distributed(self._ways(name, command, bounds), price) is None
            )
        return [
            Part(self.purse(name, asset), units, worth)
            for asset, (units, worth) in zip(command.pay_from, paid, strict=True)
            if units
        ]

    def _available(self, name: str, command: ChargeCommand) -> int:
        """What a till is told when it is too little."""
        if not command.pay_from:
            return self.balance(self.purse(name, command.amount.asset))
        left = command.amount.units
        for way in self._ways(name, command, 4):
            left -= max([0, *(pays for pays in way if pays <= left)])
        return command.amount.units - left
