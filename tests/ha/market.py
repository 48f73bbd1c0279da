"""A chain's tills and members, and a while of selling whose end is a verdict."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import Engine
from points_engine.contract import (
    BalanceShown,
    Credit,
    Done,
    EnrolMember,
    EnrolTill,
    Payment,
    PaymentState,
    Query,
    ShowBalance,
)
from points_engine.wire.callers import CallerKind
from tests.ha.line import Credential, Line
from tests.ha.till import Order, SimulatedTill
from tests.ha.verdict import Verdict, judge

MEMBERS_PER_TILL = 4
_OPENING_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class Market:
    """`tills` tills with their own members each, in the books of `engine`, sending to `nodes` ("host:port").

    `credential_of` gives a till's credential, `phones` is that of whoever shows codes for the members.
    """

    engine: Engine
    nodes: Sequence[str]
    tills: int
    credential_of: Callable[[str], Credential]
    phones: Credential
    phones_kind: CallerKind = CallerKind.BACK_OFFICE

    @property
    def till_ids(self) -> list[str]:
        """The tills' ids."""
        return [f"till-{number}" for number in range(1, self.tills + 1)]

    @staticmethod
    def members_of(till_id: str) -> list[str]:
        """Who buys at a till: nobody buys at two, for a fresh code voids the older one."""
        return [f"{till_id}-member-{number}" for number in range(1, MEMBERS_PER_TILL + 1)]

    def open(self) -> Self:
        """Enrol tills and members, and give these points."""
        for till_id in self.till_ids:
            assert (
                self.engine.execute(EnrolTill(command_id=till_id, till_id=till_id, shop_id="shop-1"))
                == Done()
            )
        members = [member for till_id in self.till_ids for member in self.members_of(till_id)]
        for member in members:
            enrol = EnrolMember(command_id=f"enrol {member}", member_no=member, name="王小明")
            assert self.engine.execute(enrol) == Done()
        opening = Amount(Asset.POINTS, _OPENING_UNITS)
        self.engine.credit_all(
            [
                Credit(
                    command_id=f"opening {member}", member_no=member, amount=opening, reason="opening balance"
                )
                for member in members
            ]
        )
        return self

    def balances(self) -> dict[str, int]:
        """What every member has."""
        found = {}
        for till_id in self.till_ids:
            for member in self.members_of(till_id):
                reply = self.engine.execute(ShowBalance(member_no=member, asset=Asset.POINTS))
                assert isinstance(reply, BalanceShown), reply
                found[member] = reply.balance.units
        return found

    def state_of(self, order_id: str) -> PaymentState | None:
        """How an order stands in the books; None where they do not know it."""
        reply = self.engine.execute(Query(order_id=order_id))
        return reply.state if isinstance(reply, Payment) else None


class Selling:
    """All tills of a market sell, from the beginning of the block to its end; what is open then is settled.

    `settle_seconds` after the end whatever is still open counts as stuck.
    """

    def __init__(self, market: Market, *, pause_seconds: float, settle_seconds: float) -> None:
        self._market = market
        self._before = market.balances()
        self._settle_seconds = settle_seconds
        self._stop, self._give_up = threading.Event(), threading.Event()
        self._start = self._end = 0.0
        self._tills = [
            SimulatedTill(
                till_id,
                Line(market.nodes, market.credential_of(till_id), CallerKind.TILL, first=number),
                Line(market.nodes, market.phones, market.phones_kind, first=number),
                market.members_of(till_id),
                stop=self._stop,
                give_up=self._give_up,
                pause_seconds=pause_seconds,
            )
            for number, till_id in enumerate(market.till_ids)
        ]

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        for till in self._tills:
            till.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end = time.monotonic()
        self._stop.set()
        deadline = self._end + self._settle_seconds
        for till in self._tills:
            till.join(max(0.0, deadline - time.monotonic()))
        self._give_up.set()
        for till in self._tills:
            till.join()

    def orders(self) -> list[Order]:
        """All tills' journals."""
        return [order for till in self._tills for order in till.journal]

    def verdict(self) -> Verdict:
        """Hold what the tills were told against the books; after the block, when the books can be read."""
        orders = self.orders()
        after = self._market.balances()
        return judge(
            orders,
            {order.order_id: self._market.state_of(order.order_id) for order in orders},
            {member: units - after[member] for member, units in self._before.items()},
            [str(finding) for finding in self._market.engine.verify()],
            broken=[f"{till.till_id}: {till.broken}" for till in self._tills if till.broken],
            start=self._start,
            end=self._end,
        )
