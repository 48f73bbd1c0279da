"""The customer's keypad devices: they ask while the till asks, and what is typed on them reaches the till as a PIN."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from drivers.device import Device
from drivers.errors import DeviceStateError
from drivers.keypad import Keypad
from drivers.pin_entry import Pin
from points_engine.contract import Secret
from pos_client.ports import Inbox
from pos_client.till.events import CustomerCanceled, PinEntered, PinTyping
from pos_client.till.view import View

logger = logging.getLogger(__name__)


class Keypads:
    """Lets every keypad among `devices()` ask what the newest view asks; all methods on one thread, none waits.

    The screen's keypad asks the same at the same time, and whichever is complete first is the PIN: the till takes one
    for each asking. `on_key` is the tone, the same for every key; it is called on the keypads' own threads.
    """

    def __init__(
        self, inbox: Inbox, devices: Callable[[], Sequence[Device]], *, on_key: Callable[[], None]
    ) -> None:
        self._inbox = inbox
        self._devices = devices
        self._on_key = on_key
        self._pin_for: str | None = None
        self._asked: list[Keypad] = []

    def show_view(self, view: View) -> None:
        """Ask, go on asking, or stop, as this view says; a keypad that was added meanwhile joins in."""
        pin_for = view.customer.pin_for
        if pin_for != self._pin_for:
            self.stop_asking()
            self._pin_for = pin_for
        if pin_for is not None:
            for device in self._devices():
                if isinstance(device, Keypad) and device not in self._asked:
                    self._ask(device, pin_for)

    def stop_asking(self) -> None:
        """End all questions; what was typed is wiped and never delivered."""
        self._pin_for = None
        for keypad in self._asked:
            keypad.stop_asking()
        self._asked.clear()

    def _ask(self, keypad: Keypad, pin_for: str) -> None:
        self._asked.append(keypad)
        try:
            keypad.ask(self._typed, partial(self._entered, pin_for), self._canceled)
        except DeviceStateError:
            logger.info("%s: was closed before it could ask", keypad.path)

    def _typed(self, count: int) -> None:
        self._on_key()
        self._inbox.put(PinTyping(count))

    def _entered(self, pin_for: str, pin: Pin) -> None:
        self._inbox.put(PinEntered(Secret(pin.reveal()), pin_for))

    def _canceled(self) -> None:
        self._inbox.put(CustomerCanceled())
