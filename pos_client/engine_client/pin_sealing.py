"""PINs sealed before they leave the till, so that nothing between it and the engine sees one: not even who ends TLS."""

import threading
from dataclasses import replace

from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Command,
    Payment,
    PaymentState,
    Reply,
    SealTo,
    Secret,
)
from points_engine.sealing import seal_pin

MOST_ORDERS = 100
"""Of more open payments the oldest are forgotten; their PINs would be sent as they were typed."""


class PinSealing:
    """Knows what the engine wants PINs sealed to, payment by payment, from its replies. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: dict[str, SealTo] = {}

    def see(self, reply: Reply) -> None:
        """Remember what a payment that waits is sealed to, or forget one that is over."""
        if not isinstance(reply, Payment):
            return
        seal_to = reply.challenge.seal_to if reply.challenge is not None else None
        with self._lock:
            if seal_to is not None:
                self._orders[reply.order_id] = seal_to
                if len(self._orders) > MOST_ORDERS:
                    del self._orders[next(iter(self._orders))]
            elif reply.state is not PaymentState.REQUIRES_ACTION:
                self._orders.pop(reply.order_id, None)

    def sealed(self, command: Command) -> Command:
        """The command with its PIN sealed, where the engine takes sealed ones. Raises PinTooLong."""
        if not isinstance(command, AnswerChallenge) or command.kind is not ChallengeKind.PIN:
            return command
        with self._lock:
            seal_to = self._orders.get(command.order_id)
        if seal_to is None or not isinstance(command.answer, Secret):
            return command
        return replace(command, answer=seal_pin(command.answer, command.order_id, seal_to))
