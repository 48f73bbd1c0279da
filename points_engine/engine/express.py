"""The express lane: plain charges that the store carries out by itself, all that wait in one go.

Whatever is not plain, or turns out not to be, is nobody's here: the rules carry it out as if it had never come by.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from points_engine import limits
from points_engine.contract import Charge, ChargeOnDelivery, Command, EngineFault, Payment, Reply
from points_engine.engine.replies import Replies
from points_engine.engine.scheme import Scheme
from points_engine.express_ports import Express, PlainCharge, PlainPaid
from points_engine.ports import Clock, Ids, Store

_WHOLE_ORDER = 100


def lane_of(
    store: Store, clock: Clock, ids: Ids, scheme: Scheme, replies: Replies, *, asks_risk: bool
) -> "ExpressLane | None":
    """The express lane of a store that has one. With a risk hook no charge is plain: it wants to see each."""
    if store.express is None or asks_risk:
        return None
    return ExpressLane(store.express, clock, ids, scheme, replies)


class ExpressLane:
    """Carries out plain charges; thread-safe."""

    def __init__(self, express: Express, clock: Clock, ids: Ids, scheme: Scheme, replies: Replies) -> None:
        self._express = express
        self._clock = clock
        self._ids = ids
        self._scheme = scheme
        self._replies = replies

    def charge(self, commands: Mapping[int, Command]) -> dict[int, Reply | Exception]:
        """What came of those commands that were plain charges and were paid, or met a fault."""
        plain: dict[int, PlainCharge] = {}
        for place, command in commands.items():
            if isinstance(command, Charge | ChargeOnDelivery) and self._may_be_plain(command):
                plain[place] = self._plain(command)
        if not plain:
            return {}
        now = self._clock.now()
        outcomes: dict[int, Reply | Exception] = {}
        for (place, charge), paid in zip(plain.items(), self._each(list(plain.values()), now), strict=True):
            if isinstance(paid, PlainPaid):
                outcomes[place] = self._reply(charge, paid, now)
            elif paid is not None:
                outcomes[place] = paid
        return outcomes

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

    def _plain(self, command: Charge | ChargeOnDelivery) -> PlainCharge:
        return PlainCharge(
            order_id=command.order_id,
            taker=command.taker,
            cashier=command.cashier if isinstance(command, Charge) else "",
            code_key=self._ids.lookup_key(command.code.reveal()),
            asset=command.amount.asset,
            units=command.amount.units,
            reference=command.reference,
        )

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

    def _reply(self, charge: PlainCharge, paid: PlainPaid, now: datetime) -> Payment:
        return self._replies.paid_at_once(
            charge.order_id, charge.asset, charge.units, paid.member_name, paid.balance_units, now
        )


def _own(fault: EngineFault) -> EngineFault:
    """A fault of everybody's for one of them: exceptions that are raised twice grow each other's traces."""
    own = type(fault)(fault.problem, fault.remedy, nothing_changed=fault.nothing_changed)
    own.__cause__ = fault
    return own
