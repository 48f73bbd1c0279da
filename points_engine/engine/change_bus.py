"""Changes inside one node: who commits tells everybody who waits for that order, till or member.

A subscriber names rows (their till, their accounts) and is called with each change that touches one. What is behind the
call must be quick: it runs on the thread that wrote. Nothing is kept for anybody, so nobody's slowness costs memory
here. After a gap in what was heard from other nodes, everybody is told to look at everything again.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from points_engine.change_ports import Change, Changes


class Topic(NamedTuple):
    """What a subscriber may be told of: one taker's payments, or one account."""

    kind: str
    row: int


def taker_topic(taker: int) -> Topic:
    """The payments of a till, courier or order page that went on after its answer."""
    return Topic("taker", taker)


def account_topic(account_id: int) -> Topic:
    """A customer account: its balance and its payments."""
    return Topic("account", account_id)


class Subscription:
    """One who wants to be told; `on_change(None)` says: anything may have changed, look again."""

    __slots__ = ("on_change", "topics")

    def __init__(self, topics: frozenset[Topic], on_change: Callable[[Change | None], None]) -> None:
        self.topics = topics
        self.on_change = on_change


class ChangeBus(Changes):
    """Hands changes to subscribers; thread-safe. `relays` are told of what this node's own store made durable."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_topic: dict[Topic, tuple[Subscription, ...]] = {}
        self._relays: tuple[Changes, ...] = ()

    def relay_to(self, relay: Changes) -> None:
        """Tell somebody else of this node's own changes too: the way to the other nodes, or to the webhooks."""
        with self._lock:
            self._relays = (*self._relays, relay)

    def subscribe(self, topics: Iterable[Topic], on_change: Callable[[Change | None], None]) -> Subscription:
        """Be told from now on of what touches one of these topics; `on_change` runs on the thread that wrote."""
        subscription = Subscription(frozenset(topics), on_change)
        with self._lock:
            for topic in subscription.topics:
                self._by_topic[topic] = (*self._by_topic.get(topic, ()), subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Be told no more; safe to call again."""
        with self._lock:
            for topic in subscription.topics:
                rest = tuple(each for each in self._by_topic.get(topic, ()) if each is not subscription)
                if rest:
                    self._by_topic[topic] = rest
                else:
                    self._by_topic.pop(topic, None)

    def changed(self, changes: Sequence[Change]) -> None:
        for relay in self._relays:
            relay.changed(changes)
        self.heard(changes)

    def heard(self, changes: Sequence[Change]) -> None:
        """Hand on what another node made durable; it goes to no relay."""
        # Values are never altered in place, and looking one up is atomic: the writer waits for no subscriber's lock.
        by_topic = self._by_topic
        if not by_topic:
            return
        for change in changes:
            for subscription in by_topic.get(Topic("taker", change.taker), ()):
                subscription.on_change(change)
            for subscription in by_topic.get(Topic("account", change.account_id), ()):
                subscription.on_change(change)

    def look_again(self) -> None:
        """Something may have been missed: tell every subscriber, once each, to look at everything."""
        with self._lock:
            everybody = {
                id(each): each for subscriptions in self._by_topic.values() for each in subscriptions
            }
        for subscription in everybody.values():
            subscription.on_change(None)
