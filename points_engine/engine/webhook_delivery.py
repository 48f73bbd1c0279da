"""Deliveries: whoever holds an endpoint's lease carries what is due to it, outside every transaction.

An endpoint is one node's at a time, so nodes share the work without doubling it. What a node that ended had carried and
not written down is carried again by the next one, under the same id: an event arrives at least once.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from points_engine import webhook
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.webhook_ports import (
    GONE,
    DeliveryRow,
    DeliveryState,
    EndpointRow,
    Told,
    WebhookSecrets,
    WebhookSender,
)
from points_engine.webhook_signing import signed_headers

BATCH = 32
AT_ONCE = 8
"""Messages on their way to one endpoint at the same time."""
LEASE = timedelta(seconds=180)
"""Longer than a batch takes whose every message is answered at the last moment."""
_LONGEST_WISH_SECONDS = 86_400

_Outcome = tuple[DeliveryRow, Told]


class WebhookDelivery:
    """Carries out deliveries; thread-safe, and safe to run on several nodes at once."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, sender: WebhookSender, secrets: WebhookSecrets
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._sender = sender
        self._secrets = secrets

    def claim(self) -> EndpointRow | None:
        """Take an endpoint for which something is due, for as long as `LEASE`; None: there is none."""
        if not self._store.look(lambda books: books.has_free_endpoint(self._clock.now())):
            return None
        lease = self._ids.nonce().hex()

        def claim(books: Books) -> EndpointRow | None:
            now = self._clock.now()
            return books.claim_endpoint(now, lease, now + LEASE)

        return self._store.transact(claim)

    def carry(self, endpoint: EndpointRow) -> int:
        """Carry what is due to an endpoint that was claimed; how many messages were tried. Raises EngineFault."""
        due = self._store.look(lambda books: books.due_deliveries(endpoint.id, self._clock.now(), BATCH))
        outcomes = self._send_all(endpoint, due)
        self._store.transact(lambda books: self._settle(books, endpoint, outcomes))
        return len(outcomes)

    def _send_all(self, endpoint: EndpointRow, due: Sequence[DeliveryRow]) -> list[_Outcome]:
        """Whoever does not take one is not offered the rest of the batch: that would only use up tries."""
        refused = threading.Event()
        secrets = [self._secrets.secret(endpoint.endpoint_id, endpoint.secret_ref)]
        if (
            endpoint.earlier_ref is not None
            and (endpoint.earlier_until or self._clock.now()) > self._clock.now()
        ):
            secrets.append(self._secrets.secret(endpoint.endpoint_id, endpoint.earlier_ref))

        def send(row: DeliveryRow) -> _Outcome | None:
            if refused.is_set():
                return None
            body = row.event.body.encode()
            headers = signed_headers(secrets, row.event.event_id, self._clock.now(), body)
            told = self._sender.send(endpoint.url, headers, body)
            if told.problem is not None:
                refused.set()
            return row, told

        # The first alone: an endpoint that is down is asked once, not eight times.
        outcomes = [send(row) for row in due[:1]]
        with ThreadPoolExecutor(AT_ONCE, "engine webhook") as pool:
            outcomes += pool.map(send, due[1:])
        return [each for each in outcomes if each is not None]

    def _settle(self, books: Books, claimed: EndpointRow, outcomes: Sequence[_Outcome]) -> None:
        endpoint = next((each for each in books.endpoints() if each.id == claimed.id), None)
        if endpoint is None:
            return
        now = self._clock.now()
        failed = [told for _, told in outcomes if told.problem is not None]
        failures = endpoint.failures + 1 if failed else 0
        is_held = books.release_endpoint(
            endpoint._replace(
                is_enabled=endpoint.is_enabled and not any(told.status == GONE for told in failed),
                failures=failures,
                paused_until=now + timedelta(seconds=webhook.pause_seconds(failures)),
                problem=failed[0].problem if failed else None,
                lease=claimed.lease,
                leased_until=now,
            )
        )
        if not is_held:
            return  # the lease ran out, and another node sees to it
        for row, told in outcomes:
            books.set_delivery(self._after(row, told, now))

    def _after(self, row: DeliveryRow, told: Told, now: datetime) -> DeliveryRow:
        row = row._replace(tries=row.tries + 1, at=now, problem=told.problem)
        if told.problem is None:
            return row._replace(state=DeliveryState.DELIVERED)
        chance = int.from_bytes(self._ids.nonce()[:4]) / 2**32
        seconds = webhook.wait_seconds(row.tries, chance)
        if seconds is None:
            return row._replace(state=DeliveryState.DEAD)
        wished = min(told.retry_after_seconds or 0, _LONGEST_WISH_SECONDS)
        return row._replace(due_at=now + timedelta(seconds=max(seconds, wished)))
