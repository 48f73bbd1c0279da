"""Tells merchants' endpoints while the engine is open: a thread that looks, and one for each endpoint it finds due."""

import logging
import threading

from points_engine.contract import EngineFault
from points_engine.engine.webhooks import Webhooks
from points_engine.webhook_ports import EndpointRow

_LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""So old an event is at most before it is on its way; a charge wakes nobody for it."""
ENDPOINTS_AT_ONCE = 4
_SWEEP_EVERY_LOOKS = 3_600
_LEAVE_SECONDS = 5.0
"""So long a message on its way is waited for at the end; what is cut off is sent again, by whoever looks next."""


class WebhookRun:
    """Runs from `start` to `close`."""

    def __init__(self, webhooks: Webhooks, look_seconds: float = LOOK_SECONDS) -> None:
        self._webhooks = webhooks
        self._look_seconds = look_seconds
        self._closing = threading.Event()
        self._slots = threading.BoundedSemaphore(ENDPOINTS_AT_ONCE)
        self._carriers: set[threading.Thread] = set()
        self._looker = threading.Thread(target=self._look_on, name="engine webhooks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._looker.start()

    def close(self) -> None:
        """Look no more; safe to call again."""
        self._closing.set()
        if self._looker.is_alive():
            self._looker.join()
        for carrier in tuple(self._carriers):
            carrier.join(_LEAVE_SECONDS)

    def _look_on(self) -> None:
        looks = 0
        while not self._closing.wait(self._look_seconds):
            try:
                self._look()
                looks += 1
                if looks % _SWEEP_EVERY_LOOKS == 0:
                    self._webhooks.sweep()
            except EngineFault:
                _LOG.warning("the engine could not see to its webhooks", exc_info=True)

    def _look(self) -> None:
        for make in (self._webhooks.events.make, self._webhooks.failures.make):
            while make() and not self._closing.is_set():
                pass
        while not self._closing.is_set() and self._slots.acquire(blocking=False):
            endpoint = None
            try:
                endpoint = self._webhooks.delivery.claim()
            finally:
                if endpoint is None:
                    self._slots.release()
            if endpoint is None:
                return
            carrier = threading.Thread(
                target=self._carry, args=(endpoint,), name="engine webhook", daemon=True
            )
            self._carriers.add(carrier)
            carrier.start()

    def _carry(self, endpoint: EndpointRow) -> None:
        try:
            self._webhooks.delivery.carry(endpoint)
        except EngineFault:
            # Its lease runs out, and whoever looks then carries it.
            _LOG.warning("the engine could not write down what a webhook's endpoint answered", exc_info=True)
        finally:
            self._carriers.discard(threading.current_thread())
            self._slots.release()
