"""What the engine asks of the world for webhooks: endpoints, events, deliveries, and somebody who carries them.

`WebhookBooks` is the part of `Books` that only they need. Rows are immutable values; times are aware UTC datetimes.
"""

import abc
import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine.contract import Secret


class DeliveryState(enum.StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Tried for the last time; kept until it is replayed or its endpoint removed."""


class EndpointRow(NamedTuple):
    """Where a merchant wants to be told. `id` is 0 until stored.

    `event_types` are the words it wants, with commas between; empty for all. `secret_ref` is what its signing secret is
    derived from with the key outside the database; the one before signs too until `earlier_until`. It hears of what is
    in the ledger after `after_position`, and of payments with a number after `after_payment`. `failures` in a row leave
    it alone until `paused_until`; whoever holds the `lease` is delivering to it, until `leased_until`.
    """

    id: int
    endpoint_id: str
    url: str
    event_types: str
    secret_ref: str
    earlier_ref: str | None
    earlier_until: datetime | None
    after_position: int
    after_payment: int
    is_enabled: bool
    failures: int
    paused_until: datetime
    lease: str | None
    leased_until: datetime
    created_at: datetime
    problem: str | None


class EventRow(NamedTuple):
    """Something to tell: `body` is the JSON that is sent, the same each time. `id` is 0 until stored."""

    id: int
    event_id: str
    event_type: str
    body: str
    at: datetime


class DeliveryRow(NamedTuple):
    """An event on its way to an endpoint; the next try is at `due_at`, `at` is when its state was written."""

    id: int
    endpoint: int
    event: EventRow
    state: DeliveryState
    tries: int
    due_at: datetime
    at: datetime
    problem: str | None


class WebhookBooks(abc.ABC):
    """The reads and writes of one transaction that have to do with webhooks."""

    # --- endpoints

    @abc.abstractmethod
    def endpoints(self) -> Sequence[EndpointRow]:
        """Every endpoint, oldest first."""

    @abc.abstractmethod
    def add_endpoint(self, endpoint: EndpointRow) -> int:
        """Keep a fresh one; returns its id."""

    @abc.abstractmethod
    def set_endpoint(self, endpoint: EndpointRow) -> None:
        """Write down what the back office decides: its secrets, whether it is enabled, failures, pause and problem."""

    @abc.abstractmethod
    def release_endpoint(self, endpoint: EndpointRow) -> bool:
        """Give its lease back, with failures, pause, problem and whether it is enabled; False: the lease was lost."""

    @abc.abstractmethod
    def remove_endpoint(self, endpoint: int) -> None:
        """Forget it with all its deliveries, and events nobody else waits for."""

    @abc.abstractmethod
    def claim_endpoint(self, now: datetime, lease: str, until: datetime) -> EndpointRow | None:
        """Take the lease of an endpoint for which something is due; None: there is none that is free."""

    @abc.abstractmethod
    def has_free_endpoint(self, now: datetime) -> bool:
        """Whether there is one to claim: a look that writes nothing."""

    # --- the cursor, events and deliveries

    @abc.abstractmethod
    def webhook_position(self) -> int:
        """How far in the ledger's order events are made."""

    @abc.abstractmethod
    def lock_webhook_position(self) -> int:
        """`webhook_position`; nobody else moves it until this transaction ends."""

    @abc.abstractmethod
    def set_webhook_position(self, position: int) -> None:
        """Events are made up to here."""

    @abc.abstractmethod
    def failures_position(self) -> int:
        """Up to which number payments were looked at for those that failed."""

    @abc.abstractmethod
    def set_failures_position(self, number: int) -> None:
        """Payments were looked at up to this number; to be called with `lock_webhook_position`."""

    @abc.abstractmethod
    def newest_payment(self) -> int:
        """The largest number of a payment; 0 when there is none."""

    @abc.abstractmethod
    def add_event(self, event: EventRow) -> int | None:
        """Keep a fresh event; its id, None when one of this event_id is there."""

    @abc.abstractmethod
    def add_delivery(self, event: int, endpoint: int, due_at: datetime) -> None:
        """An event waits for an endpoint."""

    @abc.abstractmethod
    def due_deliveries(self, endpoint: int, now: datetime, most: int) -> Sequence[DeliveryRow]:
        """What waits for an endpoint and is due, what was due first before all."""

    @abc.abstractmethod
    def set_delivery(self, delivery: DeliveryRow) -> None:
        """Write down its state, tries, due_at, at and problem."""

    @abc.abstractmethod
    def deliveries(
        self, endpoint: int | None, state: DeliveryState | None, most: int
    ) -> Sequence[DeliveryRow]:
        """The newest deliveries, newest first: of one endpoint or all, in one state or any."""

    @abc.abstractmethod
    def replay_deliveries(
        self, endpoint: int, state: DeliveryState, since: datetime | None, event_id: str | None, now: datetime
    ) -> int:
        """Let what is in this state wait anew, with no try counted; how many that are.

        Of events made at or after `since`, of one event, or all.
        """

    @abc.abstractmethod
    def waiting_counts(self) -> Mapping[tuple[int, DeliveryState], int]:
        """How many deliveries each endpoint has in each state."""

    @abc.abstractmethod
    def drop_delivered(self, delivered_by: datetime, most: int) -> int:
        """Forget deliveries made by then, and events nobody waits for any more; how many deliveries."""


class Told(NamedTuple):
    """What an endpoint answered. `status` is None when it gave no answer; `problem` None when it took the message.

    `retry_after_seconds` is what it asked for, if it did; nothing of its answer's text is in here.
    """

    status: int | None
    problem: str | None
    retry_after_seconds: int | None = None


GONE = 410
"""An endpoint that answers so wants no more messages."""


class WebhookSender(abc.ABC):
    """Carries one message to an endpoint; several threads may call it at once."""

    @abc.abstractmethod
    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        """POST `body`. Whatever goes wrong on the way is in what is told: raises nothing."""


class WebhookSecrets(abc.ABC):
    """Signing secrets, derived with the key outside the database."""

    @abc.abstractmethod
    def fresh_ref(self) -> str:
        """What a fresh secret is derived from; useless without the key."""

    @abc.abstractmethod
    def secret(self, endpoint_id: str, ref: str) -> Secret:
        """The secret of an endpoint. Raises KeyUnavailable when the key that made it is in the key file no more."""
