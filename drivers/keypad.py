"""The customer's PIN keypad: it asks when it is told to, and its keys reach nobody but who asked.

A keypad is opened and watched like any device, and never delivers a scan. Between `ask` and its end every key goes into
one `PinEntry`; at any other time keys are read and forgotten, so that nothing typed early ends up in a PIN. How long a
customer may take is for the caller to say: it calls `stop_asking`.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from drivers.device import Clock, Reading, State, ThreadedDevice
from drivers.errors import DeviceStateError
from drivers.pin_entry import Effect, Pin, PinEntry, PinRules, Press
from drivers.remedies import Remedy
from drivers.repeats import RepeatFilter


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Question:
    entry: PinEntry
    on_count: Callable[[int], None]
    on_pin: Callable[[Pin], None]
    on_cancel: Callable[[], None]


class Keypad(ThreadedDevice):
    """Device `keypad:`. Subclasses read the keys and show the customer what is wanted.

    When the keypad is lost while it asks, what was typed is wiped and the customer begins anew when it is back.
    """

    transport: ClassVar[str] = "keypad"

    def __init__(
        self,
        path: str,
        rules: PinRules,
        *,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
    ) -> None:
        super().__init__(path, repeats=RepeatFilter(), clock=clock, retry_seconds=retry_seconds)
        self._rules = rules
        # Held while a receiver is called, too: once `stop_asking` has returned, nothing of that question comes any
        # more. A receiver may ask or stop asking itself; it must not wait for a thread that does.
        self._turn = threading.RLock()
        self._question: _Question | None = None
        self._shown: _Question | None = None  # the device's thread alone knows what the customer sees

    def ask(
        self, on_count: Callable[[int], None], on_pin: Callable[[Pin], None], on_cancel: Callable[[], None]
    ) -> None:
        """Ask the customer for a PIN; returns at once. A question that was open is given up without a word.

        `on_count(n)` after every key that changed the number of digits: the dots, and the same tone for every digit.
        `on_pin(Pin)` or `on_cancel()` ends the question. All are called on the keypad's thread and must be quick.
        A keypad that is away asks when it comes back. Raises DeviceStateError after `stop`.
        """
        if self.health().state is State.CLOSED:
            raise DeviceStateError(
                "A keypad that is closed cannot ask", Remedy("Open a new device for the same path.")
            )
        with self._turn:
            self._forget_question()
            self._question = _Question(PinEntry(self._rules), on_count, on_pin, on_cancel)

    def stop_asking(self) -> None:
        """End the question, if one is open: its digits are wiped, and nothing of it is delivered afterwards."""
        with self._turn:
            self._forget_question()

    def stop(self) -> None:
        """Close the keypad for good; an open question ends without a word."""
        self.stop_asking()
        super().stop()

    @abstractmethod
    def _read_presses(self) -> Sequence[Press]:
        """Wait for keys, 50 ms at most, and return their presses; DeviceLost when the keypad has gone."""

    @abstractmethod
    def _drop_presses(self) -> None:
        """Forget every key that was pressed before now."""

    @abstractmethod
    def _show_question(self) -> None:
        """Let the customer see or hear that the PIN is wanted."""

    @abstractmethod
    def _show_effect(self, effect: Effect) -> None:
        """Let the customer see what a key did, the same for every digit."""

    @abstractmethod
    def _show_end(self) -> None:
        """Let the customer see that no PIN is wanted any more."""

    def _read(self) -> Reading:
        self._follow()
        for press in self._read_presses():
            self._accept(press)
        self._follow()
        return Reading()

    def _close(self) -> None:
        """Subclasses close what is open, and call this."""
        self._shown = None
        with self._turn:
            question = self._question
            if question is not None and question.entry.count:
                question.entry.wipe()
                self._call(question.on_count, 0)

    def _follow(self) -> None:
        """Show what is asked now."""
        question = self._question
        if question is self._shown:
            return
        if question is None:
            self._show_end()
        else:
            self._drop_presses()
            self._show_question()
        self._shown = question

    def _accept(self, press: Press) -> None:
        with self._turn:
            question = self._question
            if question is None or question is not self._shown:
                return  # nobody asks, or not yet for the customer to see
            count_before = question.entry.count
            effect = question.entry.press(press)
            if question.entry.count != count_before:
                self._call(question.on_count, question.entry.count)
            if effect in (Effect.COMPLETED, Effect.CANCELED):
                self._question = None
            if effect is Effect.COMPLETED:
                self._call(question.on_pin, question.entry.take())
            elif effect is Effect.CANCELED:
                self._call(lambda _: question.on_cancel(), None)
        self._show_effect(effect)

    def _forget_question(self) -> None:
        question, self._question = self._question, None
        if question is not None:
            question.entry.wipe()
