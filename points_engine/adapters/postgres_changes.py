"""Changes between nodes on one PostgreSQL: told by NOTIFY after the commit, in batches, heard by one LISTEN a node.

A NOTIFY inside the charge's own transaction would take a lock over the whole cluster at its commit, so it is sent by a
thread of its own, in a transaction of its own that waits for no disk. It may get lost with its node. So every node also
sends itself something all the while: when that does not come back (a server that is gone, a pooler that does not pass
notifications on) `is_hearing` says so, and streams look by themselves until it comes again.
"""

import json
import logging
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from points_engine.adapters.postgres_connections import parsed
from points_engine.change_ports import Change, Changes
from points_engine.engine.change_bus import ChangeBus

_LOG = logging.getLogger(__name__)

CHANNEL = "points_changes"
APPLICATION = "points-engine changes"
"""What its connections are called at the server."""
GATHER_SECONDS = 0.01
"""What changes within this time goes in one transaction: so few of them hardly meet at their lock."""
BEAT_SECONDS = 5.0
DEAF_SECONDS = 15.0
"""Without a word of our own for so long, nothing of the others' can be relied on either."""
RECONNECT_SECONDS = 1.0

_PAYLOAD_BYTES_MAX = 7_900
"""PostgreSQL takes less than 8,000."""
_MOST_WAITING = 20_000
"""More than this is not told one by one: everybody looks again."""
_LOOK_SECONDS = 0.25
# The setting holds until the end of its transaction, so that a pooler hands it to nobody else.
_NOTIFY = f"""
    SELECT set_config('synchronous_commit', 'off', true),
        (SELECT count(pg_notify('{CHANNEL}', told)) FROM unnest(%s::text[]) AS told)
"""  # noqa: S608 -- our own name of a channel


class PostgresChanges(Changes):
    """Relays this node's changes to all others, and theirs to this node's bus, from `start` to `close`.

    `url` may lead through a pooler; `listen_url` must lead to the server itself, which is needed for LISTEN alone. When
    it is empty nothing is heard of the others. Raises StoreUnavailable for an address that is none.
    """

    def __init__(
        self, url: str, bus: ChangeBus, listen_url: str, *, beat_seconds: float = BEAT_SECONDS,
        deaf_seconds: float = DEAF_SECONDS,
    ) -> None:  # fmt: skip
        self._parameters = parsed(url)
        self._listen_parameters = parsed(listen_url) if listen_url else None
        self._bus = bus
        self._beat_seconds = beat_seconds
        self._deaf_seconds = deaf_seconds
        self._node = secrets.token_hex(6)
        self._lock = threading.Lock()
        self._waiting: dict[Change, None] = {}
        self._is_gap = False
        self._came = threading.Event()
        self._closing = threading.Event()
        self._heard_at = float("-inf")
        self._threads = [threading.Thread(target=self._send_on, name="engine changes out", daemon=True)]
        if self._listen_parameters is not None:
            self._threads.append(
                threading.Thread(target=self._listen_on, name="engine changes in", daemon=True)
            )

    def start(self) -> None:
        """Begin to send and to listen; with a server that is not there, as soon as it is."""
        self._bus.relay_to(self)
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End both; what was not sent by then is found by those who look; safe to call again."""
        self._closing.set()
        self._came.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    @property
    def is_hearing(self) -> bool:
        """Whether what other nodes send arrives here."""
        return time.monotonic() - self._heard_at < self._deaf_seconds

    def changed(self, changes: Sequence[Change]) -> None:
        with self._lock:
            if len(self._waiting) > _MOST_WAITING:
                self._waiting.clear()
                self._is_gap = True
            for change in changes:
                self._waiting[change] = None
        if not self._came.is_set():
            self._came.set()

    # --- out

    def _send_on(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._closing.is_set():
            self._came.wait(self._beat_seconds)
            self._closing.wait(GATHER_SECONDS)
            self._came.clear()
            taken, is_gap = self._take()
            try:
                connection = connection or _connected(self._parameters)
                connection.execute(_NOTIFY, [list(self._payloads(taken, is_gap=is_gap))])
            except psycopg.Error:
                _LOG.warning("changes could not be told to the other nodes: they look by themselves")
                _close(connection)
                connection = None
                # What was not told is made good by one word, once the server is back.
                self._is_gap = True
                self._closing.wait(RECONNECT_SECONDS)
        _close(connection)

    def _take(self) -> tuple[Sequence[Change], bool]:
        with self._lock:
            taken, is_gap = tuple(self._waiting), self._is_gap
            self._waiting.clear()
            self._is_gap = False
        return taken, is_gap

    def _payloads(self, changes: Sequence[Change], *, is_gap: bool) -> Iterator[str]:
        """Texts of `[node, is_gap, [order_id, taker, account_id], …]`; at least one, if only to be heard by oneself."""
        pieces: list[str] = []
        size = 0
        for change in changes:
            piece = json.dumps(change, ensure_ascii=True, separators=(",", ":"))
            if size + len(piece) > _PAYLOAD_BYTES_MAX - 64:
                yield self._payload(pieces, is_gap=is_gap)
                pieces, size = [], 0
            pieces.append(piece)
            size += len(piece) + 1
        yield self._payload(pieces, is_gap=is_gap)

    def _payload(self, pieces: Sequence[str], *, is_gap: bool) -> str:
        return f"[{','.join([json.dumps(self._node), json.dumps(is_gap), *pieces])}]"

    # --- in

    def _listen_on(self) -> None:
        assert self._listen_parameters is not None
        is_first = True
        while not self._closing.is_set():
            try:
                with _connected(self._listen_parameters) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._heard_at = float("-inf")
                    if not is_first:
                        # What was sent in between is nowhere to be had.
                        self._bus.look_again()
                    is_first = False
                    # To be heard by oneself at once.
                    self._came.set()
                    self._hear(connection)
            except psycopg.Error:
                _LOG.warning("changes of other nodes are not heard: streams look by themselves")
            self._heard_at = float("-inf")
            self._closing.wait(RECONNECT_SECONDS)

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        """Hand on what comes; returns when nothing came for too long, raises psycopg.Error when the line is lost."""
        since = time.monotonic()
        while not self._closing.is_set():
            for notice in connection.notifies(timeout=_LOOK_SECONDS):
                self._take_in(notice.payload)
                if self._closing.is_set():
                    return
            silent_since = max(since, self._heard_at)
            if time.monotonic() - silent_since > self._deaf_seconds:
                _LOG.warning(
                    "nothing is heard on the line for changes: is it a pooler? It wants the server itself"
                )
                return

    def _take_in(self, payload: str) -> None:
        try:
            node, is_gap, *told = json.loads(payload)
            changes = [Change(str(order_id), int(taker), int(account)) for order_id, taker, account in told]
        except (ValueError, TypeError):
            # Anybody who may connect may NOTIFY; what is no change is not ours.
            return
        if node == self._node:
            self._heard_at = time.monotonic()
            return
        if is_gap is True:
            self._bus.look_again()
        self._bus.heard(changes)


def _connected(parameters: Mapping[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(
        **{**parameters, "application_name": APPLICATION}, autocommit=True, prepare_threshold=None
    )


def _close(connection: psycopg.Connection[Any] | None) -> None:
    if connection is not None:
        connection.close()
