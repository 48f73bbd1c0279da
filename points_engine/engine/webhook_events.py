"""Events out of the ledger: a cursor goes along its lines, and what endpoints want is written down for them, once.

Events, deliveries and the cursor's new place are one transaction: whatever ends the process between two of them, no
event is lost and none is made twice. The charge itself does nothing for it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from points_engine.contract import PaymentState
from points_engine.engine.bookings import parts_of
from points_engine.ledger import TransferKind
from points_engine.ledger_ports import LedgerLine
from points_engine.ports import Books, Clock, Ids, Store
from points_engine.webhook import OF_PAYMENTS, TYPE_OF, EventType
from points_engine.webhook_ports import EndpointRow, EventRow

BATCH_LINES = 200
"""Lines to a transaction: a few milliseconds' work."""

_SIGN: Mapping[TransferKind, int] = {
    TransferKind.ADJUST_DOWN: -1,
    TransferKind.EXPIRE: -1,
    TransferKind.CLAW_BACK: -1,
    TransferKind.RECOVERY: -1,
    TransferKind.SETTLEMENT_RETURN: -1,
}
"""Of what is told as a change: down where it is less afterwards."""


def body_of(event_type: str, at: str, data: Mapping[str, Any]) -> str:
    """The JSON that an endpoint gets."""
    return json.dumps(
        {"type": event_type, "timestamp": at, "data": data}, ensure_ascii=False, separators=(",", ":")
    )


def wants(endpoint: EndpointRow, event_type: str) -> bool:
    """Whether an endpoint listens to this type of event."""
    return not endpoint.event_types or event_type in endpoint.event_types.split(",")


def id_of_failure(ids: Ids, order_id: str) -> str:
    """The event of a payment that failed, whether it is found among the payments or by its void in the ledger."""
    return f"evt_{ids.token(f'webhook event{EventType.PAYMENT_FAILED}{order_id}').hex()}"


class _Batch(NamedTuple):
    """Lines of the ledger after a position, and the events of those that somebody wants."""

    position: int
    lines: Sequence[LedgerLine]
    events: Mapping[int, EventRow]


class WebhookEvents:
    """Makes events; thread-safe, and safe to run on several nodes at once."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def make(self) -> int:
        """Make the events of the next lines of the ledger; how many lines that were. Raises EngineFault.

        The ledger is read before the transaction, which so holds no lock that a charge waits for.
        """
        batch = self._store.look(self._read)
        if not batch.lines:
            return 0
        return self._store.transact(lambda books: self._write(books, batch))

    def _read(self, books: Books) -> _Batch:
        position = books.webhook_position()
        listening = [each for each in books.endpoints() if each.is_enabled]
        if not listening or position >= books.ledger_head():
            return _Batch(position, (), {})
        lines = books.ledger_lines(position, BATCH_LINES)
        events = {}
        for line in lines:
            event_type = _type_of(books, line)
            if any(_hears(each, line, event_type) for each in listening):
                events[line.position] = self._event(books, line, event_type)
        return _Batch(position, lines, events)

    def _event(self, books: Books, line: LedgerLine, event_type: EventType) -> EventRow:
        data = _DATA.get(line.kind, _of_account)(books, line)
        body = body_of(event_type, line.at.isoformat(), data)
        return EventRow(0, self._event_id(line, event_type), event_type, body, line.at)

    def _write(self, books: Books, batch: _Batch) -> int:
        if books.lock_webhook_position() != batch.position:
            return 0  # another node was quicker
        now = self._clock.now()
        endpoints = [each for each in books.endpoints() if each.is_enabled]
        for line in batch.lines:
            event = batch.events.get(line.position)
            if event is None:
                continue
            wanting = [each for each in endpoints if _hears(each, line, event.event_type)]
            if not wanting:
                continue
            event_id = books.add_event(event)
            if event_id is not None:  # else another part of the same payment made it
                for each in wanting:
                    books.add_delivery(event_id, each.id, now)
        books.set_webhook_position(batch.lines[-1].position)
        return len(batch.lines)

    def _event_id(self, line: LedgerLine, event_type: EventType) -> str:
        """Always the same for the same occurrence; the parts of a payment are one."""
        if event_type is EventType.PAYMENT_FAILED:
            assert line.order_id is not None
            return id_of_failure(self._ids, line.order_id)
        what: object = line.position
        if line.kind in OF_PAYMENTS:
            what = line.command_id if line.kind is TransferKind.REFUND else line.order_id
        return f"evt_{self._ids.token(f'webhook event{line.kind}{what}').hex()}"


def _type_of(books: Books, line: LedgerLine) -> EventType:
    if line.kind is TransferKind.VOID and line.order_id is not None:
        # What it became is for good: who used their tries up has not canceled.
        row = books.payment(line.order_id)
        if row is not None and row.state is PaymentState.FAILED:
            return EventType.PAYMENT_FAILED
    return TYPE_OF[line.kind]


def _hears(endpoint: EndpointRow, line: LedgerLine, event_type: str) -> bool:
    return line.position > endpoint.after_position and wants(endpoint, event_type)


def _of_payment(books: Books, line: LedgerLine) -> dict[str, Any]:
    assert line.order_id is not None
    row = books.payment(line.order_id)
    assert row is not None
    told: dict[str, Any] = {
        "order_id": line.order_id,
        "asset": str(row.asset),
        "units": row.units,
        "parts": [
            {"asset": str(part.asset), "units": part.units, "worth_units": part.worth_units}
            for part in parts_of(books, row)
        ],
        "member_no": line.member_no,
        "shop_id": line.shop_id,
        "taker_id": line.taker_id,
        "channel": line.channel,
        "reference": row.reference,
    }
    if line.kind is TransferKind.VOID and row.refusal is not None:
        # What it became is for good: nothing is taken any more, and the reason stays.
        told["reason"] = row.refusal.code
    return told


def _of_refund(books: Books, line: LedgerLine) -> dict[str, Any]:
    assert line.command_id is not None
    refund = books.refund(line.command_id)
    assert refund is not None
    told = _of_payment(books, line)
    told["payment_units"] = told.pop("units")
    told["parts"] = [
        {"asset": str(part.asset), "units": part.units, "worth_units": part.worth_units}
        for part in books.refund_parts(refund.id)
        if part.units
    ]
    return told | {
        "refund_id": refund.refund_id,
        "units": refund.units,
        "refunded_units": refund.before_units + refund.units,
        "reason": refund.reason,
    }


def _of_account(_books: Books, line: LedgerLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "member_no": line.member_no,
        "asset": str(line.asset),
        "units": line.units * _SIGN.get(line.kind, 1),
        "balance_units": line.balance_units,
        "order_id": line.order_id,
        "command_id": line.command_id,
        "reason": line.reason,
    }


def _of_shop(_books: Books, line: LedgerLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "shop_id": line.shop_id,
        "asset": str(line.asset),
        "units": line.units * _SIGN.get(line.kind, 1),
        "day": line.reason,
    }


_DATA: Mapping[TransferKind, Callable[[Books, LedgerLine], dict[str, Any]]] = {
    **dict.fromkeys(OF_PAYMENTS, _of_payment),
    TransferKind.REFUND: _of_refund,
    TransferKind.SETTLEMENT: _of_shop,
    TransferKind.SETTLEMENT_RETURN: _of_shop,
}
