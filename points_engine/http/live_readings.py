"""What a live stream tells: the same JSON as the routes, read anew through the engine's front door.

A change says only where to look, so nothing is told that its caller could not ask for, and an event is never older than
the state it was read from.
"""

import abc
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from points_engine.amounts import Asset
from points_engine.change_ports import Change
from points_engine.contract import (
    Payment,
    PaymentState,
    Query,
    Reply,
    ShowBalance,
    ShowStatement,
    ShowWaiting,
    Statement,
    Taker,
)
from points_engine.engine.change_bus import Topic, account_topic, taker_topic
from points_engine.engine.front_door import Engine
from points_engine.wire.replies import encode_reply

MOST_ORDERS = 20
"""A till may name so many, and so many results are told again to a customer who was away."""

_OVERLAP = timedelta(seconds=10)
"""Of two changes at the same moment one may have been told and the other not; clocks of nodes differ a little."""


class Event(NamedTuple):
    """Something to tell; `key` is what it is about: only the newest state of each is worth telling."""

    name: str
    key: str
    data: bytes


LOOK_AGAIN = Event("look_again", "", b"{}")
"""More happened than was kept for this reader: ask the routes."""


class Reading(abc.ABC):
    """What one caller is told. Blocks: for a thread. All methods raise EngineFault."""

    topics: frozenset[Topic]

    @abc.abstractmethod
    def opening(self, since: datetime | None) -> list[Event]:
        """What is told first: the state, and what a caller missed who was there until `since`."""

    @abc.abstractmethod
    def changed(self, changes: Iterable[Change]) -> list[Event]:
        """What these changes led to."""

    @abc.abstractmethod
    def everything(self) -> list[Event]:
        """All that may have changed."""


class CustomerReading(Reading):
    """A member's payments, those that wait for their proof, and their balances."""

    def __init__(self, engine: Engine, member_no: str, accounts: Mapping[Asset, int]) -> None:
        self._engine = engine
        self._member_no = member_no
        self._accounts = accounts
        self.topics = frozenset(map(account_topic, accounts.values()))

    def opening(self, since: datetime | None) -> list[Event]:
        return [*(() if since is None else self._missed(since - _OVERLAP)), *self.everything()]

    def changed(self, changes: Iterable[Change]) -> list[Event]:
        changes = tuple(changes)
        events = [_payment(self._engine, order_id) for order_id in _orders_of(changes)]
        if any(is_open for _, is_open in events):
            events.append((self._waiting(), False))
        touched = {change.account_id for change in changes}
        balances = (self._balance(asset) for asset, row in self._accounts.items() if row in touched)
        return [*(event for event, _ in events), *balances]

    def everything(self) -> list[Event]:
        return [self._waiting(), *map(self._balance, self._accounts)]

    def _missed(self, since: datetime) -> list[Event]:
        """Payments of which something moved since then, oldest first."""
        moved: dict[str, datetime] = {}
        for asset in self._accounts:
            page = self._engine.execute(
                ShowStatement(member_no=self._member_no, asset=asset, newest_first=True, most=MOST_ORDERS)
            )
            assert isinstance(page, Statement)
            for line in page.lines:
                if line.order_id and line.at >= since:
                    moved.setdefault(line.order_id, line.at)
        newest = sorted(moved, key=moved.__getitem__)[-MOST_ORDERS:]
        return [_payment(self._engine, order_id)[0] for order_id in newest]

    def _waiting(self) -> Event:
        return _event("waiting", "", self._engine.execute(ShowWaiting(member_no=self._member_no)))

    def _balance(self, asset: Asset) -> Event:
        reply = self._engine.execute(ShowBalance(member_no=self._member_no, asset=asset))
        return _event("balance", asset, reply)


class TakerReading(Reading):
    """What becomes of payments after the answer to who took them: of those it names, or of all."""

    def __init__(self, engine: Engine, taker: Taker, row: int, orders: Sequence[str]) -> None:
        self._engine = engine
        self._taker = taker
        self._orders = orders
        self._open: dict[str, None] = {}
        self.topics = frozenset({taker_topic(row)})

    def opening(self, since: datetime | None) -> list[Event]:  # noqa: ARG002 -- it names its open orders anew
        return self.everything()

    def changed(self, changes: Iterable[Change]) -> list[Event]:
        return [
            self._payment(order_id)
            for order_id in _orders_of(changes)
            if not self._orders or order_id in self._orders
        ]

    def everything(self) -> list[Event]:
        return [self._payment(order_id) for order_id in (self._orders or tuple(self._open))]

    def _payment(self, order_id: str) -> Event:
        if order_id in self._orders and self._engine.register.is_taker_of(order_id, self._taker) is not True:
            # Nobody's yet, or somebody else's: neither is told of.
            return Event("unknown", order_id, msgspec.json.encode({"order_id": order_id}))
        event, is_open = _payment(self._engine, order_id)
        if is_open and len(self._open) < MOST_ORDERS:
            self._open[order_id] = None
        elif not is_open:
            self._open.pop(order_id, None)
        return event


def _orders_of(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(change.order_id for change in changes if change.order_id))


def _payment(engine: Engine, order_id: str) -> tuple[Event, bool]:
    reply = engine.execute(Query(order_id=order_id))
    is_open = isinstance(reply, Payment) and reply.state is PaymentState.REQUIRES_ACTION
    return _event("payment", order_id, reply), is_open


def _event(name: str, key: str, reply: Reply) -> Event:
    return Event(name, key, encode_reply(reply).body)
