"""The express charge over one statement of PostgreSQL's: there, decided, durable and back in one journey.

The statement (`express_schema`) is a transaction of its own, so a connection that is lost while it is under way leaves
it open whether it counts; it is sent and waited for as a COMMIT is.
"""

import random
import select
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import psycopg
from psycopg import pq

from points_engine.adapters.postgres_commit import last_answer
from points_engine.adapters.postgres_connections import Connection, PostgresConnections
from points_engine.adapters.postgres_faults import told
from points_engine.amounts import Asset
from points_engine.change_ports import Change, Changes
from points_engine.express_ports import Express, PlainCharge, PlainPaid
from points_engine.ledger import microseconds
from points_engine.limits import AssetLimits

_CHARGE = b"SELECT place, account, balance_units, member_name FROM charge_plainly($1, $2, $3, $4)"
_TYPES = tuple(psycopg.adapters.types[name].oid for name in ("json", "json", "int8", "int8"))

MOST_TRIES = 6
"""So often the statement is sent when others keep standing in its way."""
ANSWER_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05
_RETRIED = frozenset({"40001", "40P01"})


class PostgresExpress(Express):
    """Plain charges over the store's own connections. `on_durable_step` and `changes` as the store has them.

    `steps` are the names of what `on_durable_step` is told before the statement and after it.
    """

    def __init__(
        self,
        connections: PostgresConnections,
        changes: Changes,
        on_durable_step: Callable[[str], None],
        steps: tuple[str, str],
    ) -> None:
        self._connections = connections
        self._changes = changes
        self._on_durable_step = on_durable_step
        self._before, self._after = steps
        self._never = threading.Event()

    def charge(
        self, charges: Sequence[PlainCharge], limits: Mapping[Asset, AssetLimits], now: datetime, day: int
    ) -> list[PlainPaid | None]:
        values = (
            msgspec.json.encode([_asked(place, charge) for place, charge in enumerate(charges)]),
            msgspec.json.encode([_rule(asset, rules) for asset, rules in limits.items()]),
            b"%d" % microseconds(now),
            b"%d" % day,
        )
        outcomes: list[PlainPaid | None] = [None] * len(charges)
        touched: list[Change] = []
        for place, account, balance, name in self._rows(values):
            number, account_id = int(place), int(account)
            outcomes[number] = PlainPaid(name.decode(), int(balance))
            touched += (Change(charges[number].order_id, 0, account_id), Change("", 0, account_id))
        if touched:
            self._changes.changed(touched)
        return outcomes

    def _rows(self, values: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        """What the statement says of those that were paid. Raises StoreUnavailable."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        for left in reversed(range(MOST_TRIES)):
            try:
                rows = self._rows_once(values)
            except psycopg.Error as error:
                if not left or error.sqlstate not in _RETRIED:
                    raise told(error) from None
            else:
                self._on_durable_step(self._after)
                return rows
            self._never.wait(random.uniform(0, pause_seconds))
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
        raise AssertionError("the last try either returns or raises")

    def _rows_once(self, values: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        with self._connections.lent() as idle:
            if not _has_ended(idle):
                return self._sent(idle, values)
            # The server was restarted, or is another by now: better known before than after something was sent.
            idle.close()
            self._connections.forget_all()
        with self._connections.lent(fresh=True) as connection:
            return self._sent(connection, values)

    def _sent(self, connection: Connection, values: Sequence[bytes]) -> list[tuple[bytes, ...]]:
        """Raises psycopg.Error when nothing was changed, StoreUnavailable when nobody knows."""
        self._on_durable_step(self._before)
        last = last_answer(
            connection, lambda pgconn: pgconn.send_query_params(_CHARGE, values, _TYPES), ANSWER_SECONDS
        )
        assert last.status == pq.ExecStatus.TUPLES_OK
        return [
            tuple(last.get_value(row, column) or b"" for column in range(last.nfields))
            for row in range(last.ntuples)
        ]


def _has_ended(connection: Connection) -> bool:
    """Whether the other end of a connection that rests is gone."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    try:
        # The end comes after all that was said before it.
        while poll.poll(0):
            connection.pgconn.consume_input()
    except psycopg.Error:
        return True
    return False


def _asked(place: int, charge: PlainCharge) -> dict[str, object]:
    channel, taker_id = charge.taker
    return {
        "place": place, "order_id": charge.order_id, "taker_id": taker_id, "channel": channel,
        "cashier": charge.cashier, "code_key": charge.code_key, "asset": charge.asset, "units": charge.units,
        "reference": charge.reference,
    }  # fmt: skip


def _rule(asset: Asset, rules: AssetLimits) -> dict[str, object]:
    return {
        "asset": asset,
        "pin_free_units": rules.pin_free_units,
        "pin_free_ceiling_units": rules.pin_free_ceiling_units,
        "pin_free_daily_count": rules.pin_free_daily_count,
        "pin_free_daily_units": rules.pin_free_daily_units,
        "daily_count": rules.daily_count,
        "daily_units": rules.daily_units,
    }
