"""Webhooks in SQL: endpoints, events, deliveries, and how far in the ledger events are made."""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from points_engine.adapters.sql_statements import Row, SqlStatements, microseconds_or_none, moment_or_none
from points_engine.ledger import microseconds, moment
from points_engine.webhook_ports import DeliveryRow, DeliveryState, EndpointRow, EventRow, WebhookBooks

_ENDPOINT = """
    id, endpoint_id, url, event_types, secret_ref, earlier_ref, earlier_until_us, after_position, after_payment,
    is_enabled, failures, paused_until_us, lease, leased_until_us, created_at_us, problem
"""
_DELIVERY = """
    d.id, d.endpoint, d.state, d.tries, d.due_at_us, d.at_us, d.problem,
    e.id, e.event_id, e.event_type, e.body, e.at_us
"""
_FREE = """
    SELECT p.id FROM webhook_endpoint p
    WHERE p.is_enabled = 1 AND p.paused_until_us <= ? AND p.leased_until_us <= ?
        AND EXISTS (
            SELECT 1 FROM webhook_delivery d WHERE d.endpoint = p.id AND d.state = 'waiting' AND d.due_at_us <= ?
        )
    ORDER BY p.leased_until_us, p.id LIMIT 1
"""
_FORGET_EVENTS = """
    DELETE FROM webhook_event
    WHERE NOT EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event = webhook_event.id)
"""


def _endpoint(row: Row) -> EndpointRow:
    number, name, url, types, ref, earlier, until_us, after, after_payment, enabled, failures = row[:11]
    paused_us, lease, leased_us, created_us, problem = row[11:]
    return EndpointRow(
        number, name, url, types, ref, earlier, moment_or_none(until_us), after, after_payment, bool(enabled),
        failures, moment(paused_us), lease, moment(leased_us), moment(created_us), problem,
    )  # fmt: skip


def _delivery(row: Row) -> DeliveryRow:
    number, endpoint, state, tries, due_us, at_us, problem, *event = row
    return DeliveryRow(
        number, endpoint, EventRow(event[0], event[1], event[2], event[3], moment(event[4])), DeliveryState(state),
        tries, moment(due_us), moment(at_us), problem,
    )  # fmt: skip


class SqlWebhookBooks(SqlStatements, WebhookBooks):
    """The part of the books that only webhooks need, on one connection."""

    # --- endpoints

    def endpoints(self) -> Sequence[EndpointRow]:
        return [
            _endpoint(row)
            for row in self._execute(f"SELECT {_ENDPOINT} FROM webhook_endpoint ORDER BY id").fetchall()
        ]

    def add_endpoint(self, endpoint: EndpointRow) -> int:
        row = self._one(
            """
            INSERT INTO webhook_endpoint
                (endpoint_id, url, event_types, secret_ref, after_position, after_payment, is_enabled, created_at_us)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """,
            *endpoint[1:5],
            endpoint.after_position,
            endpoint.after_payment,
            int(endpoint.is_enabled),
            microseconds(endpoint.created_at),
        )
        assert row is not None
        return int(row[0])

    def set_endpoint(self, endpoint: EndpointRow) -> None:
        # Nothing of the lease: a node may be delivering meanwhile.
        self._execute(
            """
            UPDATE webhook_endpoint SET secret_ref = ?, earlier_ref = ?, earlier_until_us = ?, is_enabled = ?,
                failures = ?, paused_until_us = ?, problem = ?
            WHERE id = ?
            """,
            (
                endpoint.secret_ref,
                endpoint.earlier_ref,
                microseconds_or_none(endpoint.earlier_until),
                int(endpoint.is_enabled),
                endpoint.failures,
                microseconds(endpoint.paused_until),
                endpoint.problem,
                endpoint.id,
            ),
        )

    def release_endpoint(self, endpoint: EndpointRow) -> bool:
        # Nothing of the secrets: they may have been rotated meanwhile.
        released = self._execute(
            """
            UPDATE webhook_endpoint SET is_enabled = ?, failures = ?, paused_until_us = ?, problem = ?, lease = NULL,
                leased_until_us = ?
            WHERE id = ? AND lease = ?
            """,
            (
                int(endpoint.is_enabled),
                endpoint.failures,
                microseconds(endpoint.paused_until),
                endpoint.problem,
                microseconds(endpoint.leased_until),
                endpoint.id,
                endpoint.lease,
            ),
        ).rowcount
        return bool(released)

    def remove_endpoint(self, endpoint: int) -> None:
        self._execute("DELETE FROM webhook_delivery WHERE endpoint = ?", (endpoint,))
        self._execute("DELETE FROM webhook_endpoint WHERE id = ?", (endpoint,))
        self._execute(_FORGET_EVENTS)

    def claim_endpoint(self, now: datetime, lease: str, until: datetime) -> EndpointRow | None:
        now_us = microseconds(now)
        row = self._one(
            f"""
            UPDATE webhook_endpoint SET lease = ?, leased_until_us = ?
            WHERE id = ({_FREE}) AND leased_until_us <= ? RETURNING {_ENDPOINT}
            """,
            lease,
            microseconds(until),
            now_us,
            now_us,
            now_us,
            now_us,  # looked at once more when another node's claim was waited for
        )
        return None if row is None else _endpoint(row)

    def has_free_endpoint(self, now: datetime) -> bool:
        now_us = microseconds(now)
        return self._one(_FREE, now_us, now_us, now_us) is not None

    # --- the cursor, events and deliveries

    def webhook_position(self) -> int:
        row = self._one("SELECT position FROM webhook_cursor WHERE id = 1")
        assert row is not None
        return int(row[0])

    def lock_webhook_position(self) -> int:
        row = self._one("UPDATE webhook_cursor SET position = position WHERE id = 1 RETURNING position")
        assert row is not None
        return int(row[0])

    def set_webhook_position(self, position: int) -> None:
        self._execute("UPDATE webhook_cursor SET position = ? WHERE id = 1", (position,))

    def failures_position(self) -> int:
        row = self._one("SELECT failures_after FROM webhook_cursor WHERE id = 1")
        assert row is not None
        return int(row[0])

    def set_failures_position(self, number: int) -> None:
        self._execute("UPDATE webhook_cursor SET failures_after = ? WHERE id = 1", (number,))

    def newest_payment(self) -> int:
        row = self._one("SELECT coalesce(max(id), 0) FROM payment")
        assert row is not None
        return int(row[0])

    def add_event(self, event: EventRow) -> int | None:
        row = self._one(
            """
            INSERT INTO webhook_event (event_id, event_type, body, at_us) VALUES (?, ?, ?, ?)
            ON CONFLICT DO NOTHING RETURNING id
            """,
            *event[1:4],
            microseconds(event.at),
        )
        return None if row is None else int(row[0])

    def add_delivery(self, event: int, endpoint: int, due_at: datetime) -> None:
        due_us = microseconds(due_at)
        self._execute(
            """
            INSERT INTO webhook_delivery (event, endpoint, state, due_at_us, at_us) VALUES (?, ?, 'waiting', ?, ?)
            """,
            (event, endpoint, due_us, due_us),
        )

    def due_deliveries(self, endpoint: int, now: datetime, most: int) -> Sequence[DeliveryRow]:
        return self._deliveries(
            "d.endpoint = ? AND d.state = 'waiting' AND d.due_at_us <= ? ORDER BY d.due_at_us, d.id LIMIT ?",
            (endpoint, microseconds(now), most),
        )

    def set_delivery(self, delivery: DeliveryRow) -> None:
        self._execute(
            """
            UPDATE webhook_delivery SET state = ?, tries = ?, due_at_us = ?, at_us = ?, problem = ? WHERE id = ?
            """,
            (
                str(delivery.state),
                delivery.tries,
                microseconds(delivery.due_at),
                microseconds(delivery.at),
                delivery.problem,
                delivery.id,
            ),
        )

    def deliveries(
        self, endpoint: int | None, state: DeliveryState | None, most: int
    ) -> Sequence[DeliveryRow]:
        asked = [("d.endpoint = ?", endpoint), ("d.state = ?", None if state is None else str(state))]
        wanted = [(part, value) for part, value in asked if value is not None]
        where = " AND ".join(part for part, _ in wanted) or "1 = 1"
        return self._deliveries(
            f"{where} ORDER BY d.id DESC LIMIT ?", (*(value for _, value in wanted), most)
        )

    def _deliveries(self, where: str, values: tuple[Any, ...]) -> Sequence[DeliveryRow]:
        statement = (
            f"SELECT {_DELIVERY} FROM webhook_delivery d JOIN webhook_event e ON e.id = d.event WHERE {where}"
        )
        return [_delivery(row) for row in self._execute(statement, values).fetchall()]

    def replay_deliveries(
        self, endpoint: int, state: DeliveryState, since: datetime | None, event_id: str | None, now: datetime
    ) -> int:
        asked = [
            ("AND at_us >= ?", microseconds_or_none(since)),
            ("AND event_id = ?", event_id),
        ]
        wanted = [(part, value) for part, value in asked if value is not None]
        of_events = " ".join(part for part, _ in wanted)
        now_us = microseconds(now)
        replayed: int = self._execute(
            f"""
            UPDATE webhook_delivery SET state = 'waiting', tries = 0, due_at_us = ?, at_us = ?
            WHERE endpoint = ? AND state = ? AND event IN (SELECT id FROM webhook_event WHERE 1 = 1 {of_events})
            """,
            (now_us, now_us, endpoint, str(state), *(value for _, value in wanted)),
        ).rowcount
        return replayed

    def waiting_counts(self) -> Mapping[tuple[int, DeliveryState], int]:
        rows = self._execute(
            "SELECT endpoint, state, count(*) FROM webhook_delivery GROUP BY endpoint, state"
        )
        return {(endpoint, DeliveryState(state)): count for endpoint, state, count in rows.fetchall()}

    def drop_delivered(self, delivered_by: datetime, most: int) -> int:
        gone = self._execute(
            """
            DELETE FROM webhook_delivery WHERE id IN (
                SELECT id FROM webhook_delivery WHERE state = 'delivered' AND at_us <= ? ORDER BY at_us LIMIT ?
            ) RETURNING event
            """,
            (microseconds(delivered_by), most),
        ).fetchall()
        for (event,) in gone:
            self._execute(f"{_FORGET_EVENTS} AND id = ?", (event,))
        return len(gone)
