"""How the way to the points server is, as lamps at the till; a clock that is off has a lamp of its own."""

import logging
import threading

from drivers.remedies import Remedy
from pos_client.engine_client.server_clock import ServerClock
from pos_client.engine_client.troubles import Trouble
from pos_client.ports import Inbox
from pos_client.till.events import CLOCK_PATH, ENGINE_PATH, DeviceChanged, DeviceLamp, DeviceRemoved

logger = logging.getLogger(__name__)

CLOCK_OFF_SECONDS = 30.0
"""More than this and the times in the journal are not to be relied on."""


class EngineLink:
    """Puts what changed into the inbox, and into the log, once each time. Thread-safe."""

    def __init__(self, inbox: Inbox, clock: ServerClock) -> None:
        self._inbox = inbox
        self._clock = clock
        self._lock = threading.Lock()
        self._shown: tuple[DeviceLamp, str | None] | None = None
        self._is_clock_off = False
        self._show(DeviceLamp.SEARCHING, None)

    @property
    def is_up(self) -> bool:
        """Whether the last that was heard was an answer."""
        with self._lock:
            return self._shown == (DeviceLamp.READY, None)

    def heard(self) -> None:
        """The engine answered."""
        if self._show(DeviceLamp.READY, None):
            logger.info("engine: the points server answers")
        self._look_at_the_clock()

    def failed(self, trouble: Trouble) -> None:
        """A command had no reply."""
        if self._show(DeviceLamp.FAULT, trouble.remedy):
            logger.warning("engine: %s. %s", trouble.problem, trouble.remedy)

    def _show(self, lamp: DeviceLamp, remedy: str | None) -> bool:
        with self._lock:
            is_news = self._shown != (lamp, remedy)
            if is_news:
                self._shown = (lamp, remedy)
                self._inbox.put(DeviceChanged(ENGINE_PATH, lamp, remedy))
            return is_news

    def _look_at_the_clock(self) -> None:
        off_seconds = self._clock.off_seconds
        is_off = abs(off_seconds) > CLOCK_OFF_SECONDS
        with self._lock:
            if is_off == self._is_clock_off:
                return
            self._is_clock_off = is_off
            if not is_off:
                self._inbox.put(DeviceRemoved(CLOCK_PATH))
                return
            remedy = Remedy(
                "Set this computer's clock: it is {seconds} s off the points server's.",
                seconds=f"{off_seconds:+.0f}",
            )
            self._inbox.put(DeviceChanged(CLOCK_PATH, DeviceLamp.FAULT, remedy))
        logger.warning("engine: this computer's clock is %+.0f s off the points server's", off_seconds)
