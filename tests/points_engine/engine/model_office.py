"""What is given, given back and settled, said a second time."""

from fractions import Fraction

from points_engine.contract import Refund, StaffLevel
from tests.points_engine.engine.model_charges import RULES, ModelCharges, Order
from tests.points_engine.engine.model_ledger import Earning, ShopMove, half_up
from tests.points_engine.engine.telling import Told, told_refusal

EARNED_FOR_DAYS = 31
"""A month from a day in March on; the machine never comes to April."""

_MOVES = {"charge": 0, "post": 0, "reversal": 2, "refund": 4}


def _cents(asset: str, units: int) -> int:
    worth = half_up(abs(units) * RULES[asset].worth)
    return worth if units >= 0 else -worth


class ModelOffice(ModelCharges):
    """The back office's half of the model."""

    refunds: dict[str, tuple[Refund, Told]]
    settled: dict[str, dict[int, dict[str, tuple[int, ...]]]]

    # --- points come and go

    def credit(self, kind: str, name: str, asset: str, units: int, last_day: int | None) -> Told:
        """By hand, or in the name of a campaign."""
        if not units:
            return told_refusal("amount_not_allowed")
        if last_day is not None and last_day < self.today:
            return told_refusal("expiry_not_allowed")
        if name not in self.members:
            return told_refusal("member_unknown")
        purse = self.purse(name, asset)
        self.give(kind, purse, units, last_day)
        return ("credited", self.balance(purse))

    def adjust(self, name: str, asset: str, units: int) -> Told:
        """Put right by hand; what is given so never expires."""
        if not units:
            return told_refusal("amount_not_allowed")
        if name not in self.members:
            return told_refusal("member_unknown")
        purse = self.purse(name, asset)
        if units > 0:
            self.give("adjust_up", purse, units, None)
        elif self.raw(purse) < -units:
            return told_refusal("balance_too_low")
        else:
            self.take("adjust_down", purse, -units)
        return ("credited", self.balance(purse))

    def accumulate(self, order_id: str, till: str, name: str, spend: int, last_day: int) -> Told:
        """A point for each full 1.00, once for an order."""
        if ("till", till) not in self.shops:
            return told_refusal("till_not_enrolled")
        if order_id in self.earnings:
            return told_refusal("order_mismatch")
        if name not in self.members:
            return told_refusal("member_unknown")
        units, purse = spend // 100, self.purse(name, "points")
        lot = self.give("earn", purse, units, last_day) if units else None
        self.earnings[order_id] = Earning(purse, units, lot)
        return ("accumulated", units, self.balance(purse))

    # --- money back

    def refund(self, command: Refund) -> Told:
        """A part goes back, or it is recorded why not."""
        if command.till_id is not None and ("till", command.till_id) not in self.shops:
            return told_refusal("till_not_enrolled")
        order, known = self.orders.get(command.order_id), self.refunds.get(command.refund_id)
        if order is None:
            return told_refusal("order_unknown" if known is None else "order_mismatch")
        if known is not None and known[0] == command:
            return known[1]
        self.expire(order)
        why = self._why_no_refund(order, command)
        if known is not None:
            return told_refusal("not_permitted" if why == "not_permitted" else "order_mismatch")
        told = self._give_some_back(order, command) if why is None else told_refusal(why)
        self.refunds[command.refund_id] = (command, told)
        return told

    def _why_no_refund(self, order: Order, command: Refund) -> str | None:
        is_amount = command.amount.asset == order.asset and command.amount.units > 0
        left = order.units - order.back
        if command.actor.level is StaffLevel.CASHIER:
            if command.till_id is None or self.shops["till", command.till_id] != order.shop:
                return "not_permitted"
            if is_amount and order.state == "succeeded" and left:
                shares = self._shares(order, min(left, command.amount.units))
                for part, (units, _) in zip(order.parts, shares, strict=True):
                    if part.back_by_cashiers + units > RULES[part.purse.asset].cashier:
                        return "not_permitted"
        if not is_amount:
            return "amount_not_allowed"
        if order.state != "succeeded":
            return "not_refundable"
        return "refund_too_large" if command.amount.units > left else None

    @staticmethod
    def _shares(order: Order, price: int) -> list[tuple[int, int]]:
        """(units, worth) that go back to each part: in proportion to what is left of it, odd ones by what was cut."""
        left = [part.worth - part.back_worth for part in order.parts]
        exact = [Fraction(price * units, sum(left)) for units in left]
        worths = [share.__floor__() for share in exact]
        while sum(worths) < price:
            cut = [share - worth for share, worth in zip(exact, worths, strict=True)]
            worths[cut.index(max(cut))] += 1
        return [
            (half_up(Fraction(part.units * (part.back_worth + worth), part.worth)) - part.back, worth)
            for part, worth in zip(order.parts, worths, strict=True)
        ]

    def _give_some_back(self, order: Order, command: Refund) -> Told:
        given = []
        for part, (units, worth) in zip(order.parts, self._shares(order, command.amount.units), strict=True):
            part.back += units
            part.back_worth += worth
            if command.actor.level is StaffLevel.CASHIER:
                part.back_by_cashiers += units
            if units:
                self.give_back("refund", part.purse, part.uses, units, order.shop)
                given.append((part.purse.asset, units))
        taken, owed = self.take_back(order.order_id, order.units, order.back)
        assert order.member is not None
        return (
            "refunded", tuple(given), order.back, order.units - order.back, taken, owed,
            self.balance(self.purse(order.member, order.asset)),
        )  # fmt: skip

    # --- the day's end

    def settle(self, shop: str, day: int) -> Told:
        """Close a day, and all open ones before it."""
        if shop not in self.shops.values():
            return told_refusal("shop_unknown")
        if day >= self.today:
            return told_refusal("day_not_over")
        closed = self.settled.setdefault(shop, {})
        if day not in closed:
            began = [self.day_of(move) for move in self.shop_moves if move.shop == shop]
            first = max(closed) + 1 if closed else min([day, *began])
            if first > day:
                return told_refusal("day_not_settled")
            for each in range(first, day + 1):
                closed[each] = self._close(shop, each)
        return ("settled", closed[day])

    @staticmethod
    def day_of(move: ShopMove) -> int:
        """The day of a movement."""
        return int(move.at // 86_400)

    def _close(self, shop: str, day: int) -> dict[str, tuple[int, ...]]:
        totals = {asset: [0] * 6 for asset in RULES}
        for move in self.shop_moves:
            if move.shop == shop and self.day_of(move) == day:
                place = _MOVES[move.kind]
                totals[move.asset][place] += 1
                totals[move.asset][place + 1] += move.units
        told = {}
        for asset, moved in totals.items():
            net = moved[1] - moved[3] - moved[5]
            if net:
                kind = "settlement" if net > 0 else "settlement_return"
                self.book(kind, asset, abs(net), shop=shop)
            told[asset] = (*moved, _cents(asset, net))
        return told
