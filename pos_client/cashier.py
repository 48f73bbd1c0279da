"""The only loop: takes an event from the inbox, steps the session, carries the effects out, shows the view."""

import logging
import traceback
from dataclasses import replace

from pos_client.ports import Clock, EngineClient, Inbox, Journal, JournalFault, NoPrinter, Printer, Screen
from pos_client.till.effects import Play, Record, Send, StartTimer, StopTimer, Timer
from pos_client.till.events import Event, JournalFailed, NoReply, Started, TimerFired
from pos_client.till.session import step
from pos_client.till.showing import view
from pos_client.till.state import Notice, Till
from pos_client.till.view import View

logger = logging.getLogger(__name__)


class Cashier:
    """Runs a till from `run` until its inbox is closed. Raises JournalFault when the journal cannot be read.

    Timers are deadlines by the clock's monotonic time, looked at between events: no threads, no polling.
    A bug in a step is logged by its type and place alone, since its text might hold a code; the state stays
    what it was, so the sale is still there, and people see that something went wrong. With `raise_bugs` it
    is raised instead, as tests want it.
    """

    def __init__(
        self,
        inbox: Inbox,
        journal: Journal,
        client: EngineClient,
        screen: Screen,
        clock: Clock,
        till: Till,
        *,
        printer: Printer | None = None,
        raise_bugs: bool = False,
    ) -> None:
        self._printer = printer or NoPrinter()
        self._inbox = inbox
        self._journal = journal
        self._client = client
        self._screen = screen
        self._clock = clock
        self._till = till
        self._raise_bugs = raise_bugs
        self._deadlines: dict[Timer, float] = {}
        self._shown: View | None = None
        self._open_orders = journal.open_orders()

    @property
    def till(self) -> Till:
        """The state after the last event."""
        return self._till

    def run(self) -> None:
        """Begin with the orders that are still open, then take events until the inbox is closed and empty."""
        self.take(Started(self._open_orders))
        while not self._inbox.closed:
            event = self._next()
            if event is not None:
                self.take(event)

    def take(self, event: Event) -> None:
        """One event: step, effects, view."""
        try:
            self._step(event)
            self._show()
        except Exception as bug:  # noqa: BLE001  # logged, and the till goes on
            self._own_up(bug, event)

    def _next(self) -> Event | None:
        """A timer that is due, or else the oldest event there is before the next one is."""
        if not self._deadlines:
            return self._inbox.get(None)
        timer = min(self._deadlines, key=self._deadlines.__getitem__)
        left_seconds = self._deadlines[timer] - self._clock.monotonic()
        if left_seconds > 0:
            return self._inbox.get(left_seconds)
        del self._deadlines[timer]
        return TimerFired(timer)

    def _step(self, event: Event) -> None:
        self._till, effects = step(self._till, event)
        for place, effect in enumerate(effects):
            match effect:
                case Record():
                    fault = self._write(effect)
                    if fault is not None:
                        self._step(JournalFailed(fault, effects[place:]))
                        return
                    self._print(effect)
                case Send():
                    self._send(effect)
                case StartTimer():
                    self._deadlines[effect.timer] = self._clock.monotonic() + effect.seconds
                case StopTimer():
                    self._deadlines.pop(effect.timer, None)
                case Play():
                    self._play(effect)

    def _write(self, entry: Record) -> str | None:
        """Make an entry durable, or return what is wrong with the journal."""
        try:
            self._journal.append(entry)
        except JournalFault as fault:
            logger.error("journal: %s (%s)", fault.fault, fault.remedy)  # noqa: TRY400  # no bug, no trace
            return fault.fault
        except Exception as bug:  # noqa: BLE001  # logged, and the till goes on
            self._log(bug, "the journal")
            return "not_writable"
        return None

    def _print(self, entry: Record) -> None:
        try:
            self._printer.take(entry)
        except Exception as bug:  # noqa: BLE001  # logged, and the till goes on
            self._log(bug, "a receipt")

    def _send(self, effect: Send) -> None:
        """A client that fails to take a command is one that will not answer: the session knows what to do."""
        try:
            self._client.send(effect.request_id, effect.command)
        except Exception as bug:  # noqa: BLE001  # logged, and the till goes on
            self._log(bug, "the engine client")
            self._inbox.put(NoReply(effect.request_id))

    def _play(self, effect: Play) -> None:
        try:
            self._screen.play(effect.sound)
        except Exception as bug:  # noqa: BLE001  # logged, and the till goes on
            self._log(bug, "a sound")

    def _show(self) -> None:
        now = view(self._till)
        if now != self._shown:
            self._shown = now
            self._screen.show(now)

    def _own_up(self, bug: Exception, event: Event) -> None:
        self._log(bug, type(event).__name__)
        self._till = replace(self._till, notice=Notice(key="notice.internal_fault"))
        self._deadlines[Timer.NOTICE_OVER] = self._clock.monotonic() + self._till.rules.notice_seconds
        try:
            self._show()
        except Exception as another:  # noqa: BLE001  # logged, and the till goes on
            self._log(another, "the screen")

    def _log(self, bug: Exception, at: str) -> None:
        """Name a bug by its type and place, without its text, which might hold a code. In tests: raise it."""
        if self._raise_bugs:
            raise bug
        frames = traceback.extract_tb(bug.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
        logger.error("bug at %s: %s at %s", at, type(bug).__name__, where)
