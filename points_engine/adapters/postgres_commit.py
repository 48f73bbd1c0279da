"""The COMMIT of PostgreSQL: the one moment at which a lost connection leaves it open what happened.

It is sent and waited for by hand. A statement's time-out must not end it: a server that waits for its standby, and is
told to stop waiting, says that all is well though only one disk has it. So the server's time-out is off, and ours
closes the connection: the server goes on waiting for its standby and shows nobody what it has not kept twice, and
whoever asks again later is told how it ended.
"""

import selectors
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import errors, pq

from points_engine.adapters.postgres_faults import unknown_outcome

_COMMIT = b"SET LOCAL statement_timeout = 0; COMMIT"


def commit(connection: psycopg.Connection[Any], wait_seconds: float) -> None:
    """Make a connection's transaction durable.

    Raises StoreUnavailable with `nothing_changed=False` when nobody knows whether it is, and psycopg.Error when the
    server says that nothing was changed.
    """
    last = last_answer(connection, lambda pgconn: pgconn.send_query(_COMMIT), wait_seconds)
    if last.command_status != b"COMMIT":
        connection.close()
        raise unknown_outcome()


def last_answer(
    connection: psycopg.Connection[Any], send: Callable[[pq.abc.PGconn], None], wait_seconds: float
) -> pq.abc.PGresult:
    """The last result of what `send` sends, which makes something durable. Raises as `commit`."""
    warnings: list[str] = []

    def hear(notice: errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            warnings.append(notice.sqlstate or "")

    connection.add_notice_handler(hear)
    try:
        results = _sent(connection, send, wait_seconds)
    except psycopg.Error as error:
        connection.close()
        raise unknown_outcome(error) from None
    finally:
        connection.remove_notice_handler(hear)
    last = results[-1] if results else None
    if last is not None and last.status == pq.ExecStatus.FATAL_ERROR:
        refused = errors.error_from_result(last)
        if refused.diag.severity_nonlocalized != "ERROR":
            connection.close()
            raise unknown_outcome(refused)
        raise refused
    if last is None or warnings:
        connection.close()
        raise unknown_outcome()
    return last


def _sent(
    connection: psycopg.Connection[Any], send: Callable[[pq.abc.PGconn], None], wait_seconds: float
) -> list[pq.abc.PGresult]:
    """Send it and wait for all that comes back. Raises psycopg.Error when the connection ends, or time does."""
    pgconn = connection.pgconn
    send(pgconn)
    deadline = time.monotonic() + wait_seconds
    results: list[pq.abc.PGresult] = []
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        pgconn.flush()
        while True:
            while pgconn.is_busy():
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise psycopg.OperationalError("no answer to the COMMIT")
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                return results
            results.append(result)
