"""The engine far away, as a service: commands run on a few threads, each with a connection of its own.

Imported only where a till's settings name a server: the HTTP library takes longer to load than the rest of the till.
"""

import logging
from collections.abc import Callable
from functools import partial

from points_engine.calling import CheckedIn, CheckIn
from points_engine.contract import Command, EngineFault, Reply
from pos_client.engine_client.engine_link import EngineLink
from pos_client.engine_client.heartbeat import Heartbeat
from pos_client.engine_client.order_watch import OrderWatch
from pos_client.engine_client.pin_sealing import PinSealing
from pos_client.engine_client.remote_door import Credential, RemoteDoor, Server
from pos_client.engine_client.renewal import Renewal
from pos_client.engine_client.server_clock import ServerClock
from pos_client.engine_client.workers import Workers
from pos_client.ports import EngineClient, Inbox
from pos_client.till.events import Replied

logger = logging.getLogger(__name__)

ARE_YOU_THERE = CheckIn(key_id="")
"""The signature says whose key it is. A reply says that network, key and database are well."""

UNASKED = 0
"""The request number of what the engine tells unasked: no request of the till has it."""


class RemoteEngine(EngineClient):
    """Sends commands to the points server; a command's time begins when it is sent, also while it waits for a thread.

    What cannot be done becomes an answer as `Workers` say. How the server is, and that this computer's clock is
    wrong, reach the inbox as lamps; that a customer approved on their own phone, as a reply nobody asked for. PINs are
    sealed where the engine can open them. `renews` makes what keeps the till's key fresh, of the way to the server.
    Raises EngineFault when the server's CA file cannot be read.
    """

    def __init__(
        self,
        server: Server,
        credential: Credential,
        inbox: Inbox,
        *,
        workers: int = 4,
        renews: Callable[[RemoteDoor], Renewal] | None = None,
    ) -> None:
        self._clock = ServerClock()
        self._answer_seconds = server.answer_seconds
        self._link = EngineLink(inbox, self._clock)
        self._door = RemoteDoor(server, credential, clock=self._clock, listener=self._link)
        self._sealing = PinSealing()
        self._watch = OrderWatch(self._door, lambda payment: inbox.put(Replied(UNASKED, payment)))
        # The watch hears of a reply after the till: what it tells in turn comes behind it.
        self._workers = Workers(inbox, workers, _noted, self._watch.see)
        self._renewal = None if renews is None else renews(self._door)
        self._heartbeat = Heartbeat(self._ask, lambda: self._link.is_up)

    def send(self, request_id: int, command: Command) -> None:
        deadline = self._clock.monotonic() + self._answer_seconds
        self._workers.start(request_id, command, partial(self._execute, deadline))

    def _execute(self, deadline: float, command: Command) -> Reply:
        reply = self._door.execute(self._sealing.sealed(command), deadline)
        # Before the till hears of it: the customer may be quick.
        self._sealing.see(reply)
        return reply

    def close(self) -> None:
        self._heartbeat.close()
        self._workers.close()
        self._watch.close()
        self._door.close()

    def _ask(self) -> None:
        try:
            said = self._door.execute(ARE_YOU_THERE)
        except EngineFault as fault:
            _noted(fault)
            return
        # On the heartbeat's own thread, with its own connection: no payment waits for it.
        if self._renewal is not None and isinstance(said, CheckedIn):
            self._renewal.consider(said)


def _noted(fault: EngineFault) -> None:
    """The link has said it aloud, once; each time is for who looks closer."""
    logger.debug("engine: %s", fault.problem)
