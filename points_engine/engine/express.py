"""Plain charges: those that certainly go through without a proof, told by little and paid by little.

Whatever is not plain, or turns out not to be, is nobody's here: the rules carry it out as if it had never come by.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from points_engine import limits
from points_engine.contract import Charge, ChargeOnDelivery, Command, EngineFault, Payment, Reply
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.express_ports import Express, PlainCharge, PlainPaid
from points_engine.ports import Books, Clock, Ids, Store

_WHOLE_ORDER = 100


class PlainCharges:
    """Tells which commands may be plain charges, pays them out of books that can, and replies."""

    def __init__(self, ids: Ids, scheme: Scheme, replies: Replies) -> None:
        self._ids = ids
        self._scheme = scheme
        self._replies = replies

    def of(self, command: Command) -> PlainCharge | None:
        """A command as a plain charge, if it may be one as far as the command itself tells."""
        if not isinstance(command, Charge | ChargeOnDelivery) or not self._may_be_plain(command):
            return None
        return PlainCharge(
            order_id=command.order_id,
            taker=command.taker,
            cashier=command.cashier if isinstance(command, Charge) else "",
            code_key=self._ids.lookup_key(command.code.reveal()),
            asset=command.amount.asset,
            units=command.amount.units,
            reference=command.reference,
        )

    def _may_be_plain(self, command: Charge | ChargeOnDelivery) -> bool:
        amount = command.amount
        rules = self._scheme.limits.get(amount.asset)
        return (
            rules is not None
            and rules.allows(amount.units)
            and rules.order_share_percent == _WHOLE_ORDER
            and command.order_total is None
            and not command.pay_from
            and self._scheme.layout.recognises(command.code.reveal())
        )

    def pay(self, books: Books, charge: PlainCharge, now: datetime) -> Payment | None:
        """Pay a charge within a transaction, if these books can tell that it is plain."""
        rules, day = self._scheme.limits[charge.asset], limits.shop_day(now, self._scheme.zone)
        paid = books.pay_plainly(charge, rules, now, day)
        return None if paid is None else self.reply(charge, paid, now)

    def reply(self, charge: PlainCharge, paid: PlainPaid, now: datetime) -> Payment:
        """What is told of a charge that was paid plainly."""
        return self._replies.paid_at_once(
            charge.order_id, charge.asset, charge.units, paid.member_name, paid.balance_units, now
        )


class ExpressLane:
    """Plain charges by a store's own express way, all that wait in one go; thread-safe."""

    def __init__(self, express: Express, clock: Clock, scheme: Scheme, plain: PlainCharges) -> None:
        self._express = express
        self._clock = clock
        self._scheme = scheme
        self._plain = plain

    def charge(self, commands: Mapping[int, Command]) -> dict[int, Reply | Exception]:
        """What came of those commands that were plain charges and were paid, or met a fault."""
        plain: dict[int, PlainCharge] = {}
        for place, command in commands.items():
            charge = self._plain.of(command)
            if charge is not None:
                plain[place] = charge
        if not plain:
            return {}
        now = self._clock.now()
        outcomes: dict[int, Reply | Exception] = {}
        for (place, charge), paid in zip(plain.items(), self._each(list(plain.values()), now), strict=True):
            if isinstance(paid, PlainPaid):
                outcomes[place] = self._plain.reply(charge, paid, now)
            elif paid is not None:
                outcomes[place] = paid
        return outcomes

    def _each(self, charges: Sequence[PlainCharge], now: datetime) -> Sequence[PlainPaid | Exception | None]:
        day = limits.shop_day(now, self._scheme.zone)
        try:
            return self._express.charge(charges, self._scheme.limits, now, day)
        except EngineFault as fault:
            return [_own(fault) for _ in charges]
        except Exception as error:  # noqa: BLE001 -- it is that charge's outcome
            if len(charges) == 1:
                return [error]
            # Nothing was kept of any: alone, each meets its own error and no other's.
            return [outcome for charge in charges for outcome in self._each([charge], now)]


def lane_of(store: Store, clock: Clock, scheme: Scheme, plain: PlainCharges | None) -> ExpressLane | None:
    """The express lane of a store that has one; none where no charge is plain."""
    if store.express is None or plain is None:
        return None
    return ExpressLane(store.express, clock, scheme, plain)


def _own(fault: EngineFault) -> EngineFault:
    """A fault of everybody's for one of them: exceptions that are raised twice grow each other's traces."""
    own = type(fault)(fault.problem, fault.remedy, nothing_changed=fault.nothing_changed)
    own.__cause__ = fault
    return own
