"""Merchants' endpoints: who is told, with which secret, what came of it; and the run that tells them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from points_engine import webhook
from points_engine.contract import Secret
from points_engine.engine.webhook_delivery import WebhookDelivery
from points_engine.engine.webhook_events import WebhookEvents, body_of, wants
from points_engine.engine.webhook_failures import WebhookFailures
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.webhook import EndpointInvalid, EventType, WebhookRules
from points_engine.webhook_ports import (
    DeliveryRow,
    DeliveryState,
    EndpointRow,
    Told,
    WebhookSecrets,
    WebhookSender,
)
from points_engine.webhook_signing import signed_headers

ROTATION_OVERLAP = timedelta(days=1)
"""So long both secrets sign after a rotation: the merchant exchanges theirs meanwhile."""

_SWEPT_AT_ONCE = 500


class EndpointShown(NamedTuple):
    """An endpoint as the back office sees it, with how many deliveries are in each state."""

    endpoint_id: str
    url: str
    event_types: tuple[str, ...]
    is_enabled: bool
    waiting: int
    delivered: int
    dead: int
    failures: int
    problem: str | None
    created_at: datetime


class Opened(NamedTuple):
    """An endpoint's id and its fresh secret, which is shown this once."""

    endpoint_id: str
    secret: Secret


class Webhooks:
    """Manages endpoints and tells them; thread-safe. All of its methods raise EngineFault.

    `events` makes events out of the ledger, `failures` out of the payments that failed, `delivery` carries them; `tell`
    does all until nothing is due.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        sender: WebhookSender,
        secrets: WebhookSecrets,
        rules: WebhookRules,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._sender = sender
        self._secrets = secrets
        self._rules = rules
        self.events = WebhookEvents(store, clock, ids)
        self.failures = WebhookFailures(store, clock, ids)
        self.delivery = WebhookDelivery(store, clock, ids, sender, secrets)

    # --- endpoints

    def add(self, url: str, event_types: Sequence[EventType] = ()) -> Opened:
        """Tell `url` of what happens from now on: of these types, or of all. Raises EndpointInvalid."""
        webhook.check_url(url, allows_http=self._rules.allows_http)
        endpoint_id, ref = f"ep_{self._ids.nonce().hex()[:16]}", self._secrets.fresh_ref()

        def work(books: Books) -> None:
            now, head, newest = self._clock.now(), books.ledger_head(), books.newest_payment()
            books.lock_webhook_position()
            _begin_anew(books)
            books.add_endpoint(
                EndpointRow(
                    0, endpoint_id, url, ",".join(sorted(event_types)), ref, None, None, head, newest,
                    is_enabled=True, failures=0, paused_until=now, lease=None, leased_until=now, created_at=now,
                    problem=None,
                )
            )  # fmt: skip

        self._store.transact(work)
        return Opened(endpoint_id, self._secrets.secret(endpoint_id, ref))

    def rows(self) -> Sequence[EndpointRow]:
        """Every endpoint as it is stored, oldest first."""
        return self._store.look(lambda books: books.endpoints())

    def endpoints(self) -> list[EndpointShown]:
        """Every endpoint, oldest first."""

        def look(books: Books) -> list[EndpointShown]:
            counts = books.waiting_counts()
            return [
                EndpointShown(
                    row.endpoint_id, row.url, tuple(filter(None, row.event_types.split(","))), row.is_enabled,
                    counts.get((row.id, DeliveryState.WAITING), 0), counts.get((row.id, DeliveryState.DELIVERED), 0),
                    counts.get((row.id, DeliveryState.DEAD), 0), row.failures, row.problem, row.created_at,
                )
                for row in books.endpoints()
            ]  # fmt: skip

        return self._store.look(look)

    def remove(self, endpoint_id: str) -> None:
        """Tell it no more, and forget what waits for it. Raises EndpointInvalid when there is none."""

        def work(books: Books) -> None:
            # Whoever makes events holds the same lock: none is made for an endpoint that is going.
            books.lock_webhook_position()
            books.remove_endpoint(_found(books, endpoint_id).id)

        self._store.transact(work)

    def enable(self, endpoint_id: str) -> None:
        """Try again at once with one that said it was gone, or that failed. Raises EndpointInvalid."""

        def work(books: Books) -> None:
            row = _found(books, endpoint_id)
            now = self._clock.now()
            if not row.is_enabled:
                books.lock_webhook_position()
                _begin_anew(books)
            books.set_endpoint(row._replace(is_enabled=True, failures=0, paused_until=now, problem=None))

        self._store.transact(work)

    def rotate(self, endpoint_id: str, *, at_once: bool = False) -> Secret:
        """A fresh secret; the one before signs too for a day, unless `at_once`. Raises EndpointInvalid."""
        ref = self._secrets.fresh_ref()

        def work(books: Books) -> None:
            row = _found(books, endpoint_id)
            earlier = (None, None) if at_once else (row.secret_ref, self._clock.now() + ROTATION_OVERLAP)
            books.set_endpoint(row._replace(secret_ref=ref, earlier_ref=earlier[0], earlier_until=earlier[1]))

        self._store.transact(work)
        return self._secrets.secret(endpoint_id, ref)

    def test(self, endpoint_id: str) -> Told:
        """Send a message that means nothing, now, and say what the endpoint answered. Raises EndpointInvalid."""
        row = self._store.look(lambda books: _found(books, endpoint_id))
        now = self._clock.now()
        body = body_of(EventType.ENDPOINT_TEST, now.isoformat(), {"endpoint_id": endpoint_id}).encode()
        secret = self._secrets.secret(endpoint_id, row.secret_ref)
        headers = signed_headers([secret], f"evt_{self._ids.nonce().hex()}", now, body)
        return self._sender.send(row.url, headers, body)

    def replay(
        self,
        endpoint_id: str,
        *,
        state: DeliveryState = DeliveryState.DEAD,
        since: datetime | None = None,
        event_id: str | None = None,
    ) -> int:
        """Tell anew, under the same ids, what is dead, or was delivered; how many that are. Raises EndpointInvalid."""
        return self._store.transact(
            lambda books: books.replay_deliveries(
                _found(books, endpoint_id).id, state, since, event_id, self._clock.now()
            )
        )

    def deliveries(
        self, endpoint_id: str | None = None, state: DeliveryState | None = None, most: int = 100
    ) -> Sequence[DeliveryRow]:
        """The newest deliveries, newest first. Raises EndpointInvalid."""
        return self._store.look(
            lambda books: books.deliveries(
                None if endpoint_id is None else _found(books, endpoint_id).id, state, most
            )
        )

    # --- telling

    def tell(self) -> int:
        """Make events and carry what is due, until there is nothing; how many messages were tried."""
        tried = 0
        while self.events.make() + self.failures.make():
            pass
        while (endpoint := self.delivery.claim()) is not None:
            tried += self.delivery.carry(endpoint)
        return tried

    def sweep(self) -> int:
        """Forget what was delivered long ago; how many deliveries."""
        kept_since = self._clock.now() - timedelta(days=self._rules.kept_days)
        return self._store.transact(lambda books: books.drop_delivered(kept_since, _SWEPT_AT_ONCE))


def _begin_anew(books: Books) -> None:
    """Where nobody listened: what happened meanwhile is nobody's. With the cursor's lock."""
    listening = [each for each in books.endpoints() if each.is_enabled]
    if not listening:
        books.set_webhook_position(books.ledger_head())
    if not any(wants(each, EventType.PAYMENT_FAILED) for each in listening):
        books.set_failures_position(books.newest_payment())


def _found(books: Books, endpoint_id: str) -> EndpointRow:
    row = next((each for each in books.endpoints() if each.endpoint_id == endpoint_id), None)
    if row is None:
        raise EndpointInvalid(f"there is no endpoint {endpoint_id}")
    return row
