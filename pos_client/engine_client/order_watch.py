"""What becomes of payments that the customer may approve on a phone of their own: told by the server, or asked for.

The till's request was answered long ago when the customer taps; somebody has to say so. The server does where it can
(server-sent events); where it cannot the till asks every second.
"""

import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from points_engine.contract import (
    ChallengeKind,
    EngineFault,
    Payment,
    PaymentState,
    Query,
    Reply,
)
from points_engine.wire.replies import ResponseInvalid, decode_reply
from points_engine.wire.routes import PREFIX
from pos_client.engine_client.http_line import AnswerStream
from pos_client.engine_client.remote_door import RemoteDoor
from pos_client.engine_client.server_events import EventTooLarge, server_events
from pos_client.engine_client.troubles import LineFault

logger = logging.getLogger(__name__)

EVENTS_PATH = f"{PREFIX}/events"
POLL_SECONDS = 1.0
SILENCE_SECONDS = 20.0
"""A stream that says nothing for so long, not even that it lives, is dead."""
WITHOUT_STREAM_SECONDS = 60.0
"""A server that has no stream is not asked for one again so soon."""
GRACE_SECONDS = 30.0
"""So long after a challenge's end the engine's word about it may take."""


class OrderWatch:
    """Follows open payments on a thread of its own. `on_end` is called there with each that has come to its end."""

    def __init__(self, door: RemoteDoor, on_end: Callable[[Payment], None]) -> None:
        self._door = door
        self._on_end = on_end
        self._news = threading.Condition()
        self._orders: dict[str, float] = {}
        self._stream: AnswerStream | None = None
        self._no_stream_before = 0.0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="engine watch", daemon=True)
        self._thread.start()

    def see(self, reply: Reply) -> None:
        """Follow the payment in a reply while it may be approved on a phone, or follow it no more."""
        if not isinstance(reply, Payment):
            return
        challenge = reply.challenge
        waits = reply.state is PaymentState.REQUIRES_ACTION and challenge is not None
        with self._news:
            if waits and challenge is not None and ChallengeKind.PHONE_APPROVAL in challenge.kinds:
                left_seconds = (challenge.expires_at - reply.at).total_seconds()
                self._change(reply.order_id, time.monotonic() + left_seconds + GRACE_SECONDS)
            elif not waits:
                self._change(reply.order_id, None)

    def close(self) -> None:
        """Follow nothing any more."""
        with self._news:
            self._is_closing = True
            self._cut()
        self._thread.join()

    def _change(self, order_id: str, until: float | None) -> None:
        """With the lock: what is followed has changed, so whoever reads a stream asks for another one."""
        is_change = (order_id in self._orders) != (until is not None)
        if until is None:
            self._orders.pop(order_id, None)
        else:
            self._orders[order_id] = until
        if is_change:
            self._cut()

    def _cut(self) -> None:
        if self._stream is not None:
            self._stream.cut()
        self._news.notify_all()

    def _run(self) -> None:
        while True:
            orders = self._next()
            if orders is None:
                return
            if time.monotonic() < self._no_stream_before or not self._follow(orders):
                self._ask(orders)

    def _next(self) -> tuple[str, ...] | None:
        """The orders to follow, when there are any; None at the end."""
        with self._news:
            while True:
                now = time.monotonic()
                self._orders = {order_id: until for order_id, until in self._orders.items() if until > now}
                if self._is_closing:
                    return None
                if self._orders:
                    return tuple(self._orders)
                self._news.wait()

    def _follow(self, orders: tuple[str, ...]) -> bool:
        """Read a stream until it ends or other orders are to be followed; False when there is none to be had."""
        query = urlencode([("order", order_id) for order_id in orders])
        try:
            stream = self._door.open_stream(f"{EVENTS_PATH}?{query}", SILENCE_SECONDS)
        except LineFault:
            return False
        try:
            if stream.status != 200 or "event-stream" not in stream.headers.get("content-type", ""):
                self._no_stream_before = time.monotonic() + WITHOUT_STREAM_SECONDS
                return False
            with self._news:
                if tuple(self._orders) != orders or self._is_closing:
                    return True
                self._stream = stream
            for event in server_events(stream.pieces()):
                if event.name == "payment":
                    self._told(event.data)
        except EventTooLarge:
            return False
        finally:
            with self._news:
                self._stream = None
            stream.close()
        return self._has_changed(orders)

    def _has_changed(self, orders: tuple[str, ...]) -> bool:
        """Whether a stream ended because of us. If not it is asked for again, but not at once."""
        with self._news:
            return self._is_closing or tuple(self._orders) != orders

    def _told(self, data: bytes) -> None:
        try:
            payment = decode_reply(200, data)
        except ResponseInvalid:
            logger.warning("engine: an event of the points server makes no sense")
            return
        if isinstance(payment, Payment):
            self._end(payment)

    def _ask(self, orders: tuple[str, ...]) -> None:
        """One round of questions, and a rest."""
        for order_id in orders:
            try:
                reply = self._door.execute(Query(order_id=order_id))
            except EngineFault:  # the door's listener has heard of it
                break
            if isinstance(reply, Payment):
                self._end(reply)
        with self._news:
            if not self._is_closing and tuple(self._orders) == orders:
                self._news.wait(POLL_SECONDS)

    def _end(self, payment: Payment) -> None:
        """Tell the end of a payment, once."""
        if payment.state is PaymentState.REQUIRES_ACTION:
            return
        with self._news:
            is_followed = self._orders.pop(payment.order_id, None) is not None
            self._cut()
        if is_followed:
            self._on_end(payment)
