"""Events of payments that failed: they move nothing, so a cursor of its own goes along the payments.

As with the ledger: events, deliveries and the cursor's new place are one transaction, and a charge does nothing for it.
A payment has its number before its commit, so those of the last minute are left for later; none is passed over.
"""

from collections.abc import Sequence
from typing import NamedTuple

from points_engine.contract import PaymentState
from points_engine.engine.exports import SETTLED_AFTER
from points_engine.engine.webhook_events import body_of, id_of_failure, wants
from points_engine.ledger_ports import PaymentLine
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.webhook import EventType
from points_engine.webhook_ports import EndpointRow, EventRow

BATCH_PAYMENTS = 500


class _Batch(NamedTuple):
    """Payments after a number, those that did not fail as well."""

    position: int
    payments: Sequence[PaymentLine]


class WebhookFailures:
    """Makes events; thread-safe, and safe to run on several nodes at once."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def make(self) -> int:
        """Make the events of the next payments; how many payments were looked at. Raises EngineFault."""
        batch = self._store.look(self._read)
        if not batch.payments:
            return 0
        return self._store.transact(lambda books: self._write(books, batch))

    def _read(self, books: Books) -> _Batch:
        position = books.failures_position()
        if not _listening(books):
            return _Batch(position, ())
        opened_by = self._clock.now() - SETTLED_AFTER
        return _Batch(position, books.payment_lines(position, opened_by, BATCH_PAYMENTS))

    def _write(self, books: Books, batch: _Batch) -> int:
        books.lock_webhook_position()
        if books.failures_position() != batch.position:
            return 0  # another node was quicker
        now, listening = self._clock.now(), _listening(books)
        for line in batch.payments:
            # An endpoint hears of what happens after it was added.
            wanting = [each for each in listening if line.number > each.after_payment]
            if line.state != PaymentState.FAILED or not wanting:
                continue
            event_id = books.add_event(self._event(line))
            if event_id is not None:  # else its void in the ledger made it
                for each in wanting:
                    books.add_delivery(event_id, each.id, now)
        books.set_failures_position(batch.payments[-1].number)
        return len(batch.payments)

    def _event(self, line: PaymentLine) -> EventRow:
        data = {
            "order_id": line.order_id,
            "asset": str(line.asset),
            "units": line.units,
            "parts": [],
            "member_no": line.member_no,
            "shop_id": line.shop_id,
            "taker_id": line.taker_id,
            "channel": line.channel,
            "reference": line.reference,
            "reason": line.refusal,
        }
        body = body_of(EventType.PAYMENT_FAILED, line.at.isoformat(), data)
        return EventRow(0, id_of_failure(self._ids, line.order_id), EventType.PAYMENT_FAILED, body, line.at)


def _listening(books: Books) -> list[EndpointRow]:
    return [each for each in books.endpoints() if each.is_enabled and wants(each, EventType.PAYMENT_FAILED)]
