"""A USB numeric keypad for the customer's PIN, on Linux: taken away from the windows, read by its keys' places.

It is held from when it is opened, not only while it asks: a digit typed early or late must not end up as the amount in
the cashier's window. On other systems no program may take a keyboard away; there the customer's window reads it.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from drivers.device import Clock
from drivers.errors import DeviceAbsent, DeviceLost
from drivers.evdev_gun import EvdevAddress, explain
from drivers.input_nodes import EvdevNodes, InputEvent, InputHandle, InputNode, InputNodes
from drivers.key_codes import ENTER, KEYPAD, KEYPAD_ENTER
from drivers.keypad import Keypad
from drivers.pin_entry import Effect, PinRules, Press, Stroke

_KEY_EVENT, _PRESSED = 1, 1  # <linux/input.h>: EV_KEY; a value of 2 is the repeat of a key that is held
_ESCAPE, _BACKSPACE, _KEYPAD_POINT, _DELETE = 1, 14, 83, 111
_READ_TIMEOUT_SECONDS = 0.05

_DIGITS = {code: int(character) for code, character in KEYPAD.items() if character.isdigit()} | {
    code: (code - 1) % 10 for code in range(2, 12)
}
KEYS: Mapping[int, Press] = MappingProxyType(
    {code: Press(Stroke.DIGIT, digit) for code, digit in _DIGITS.items()}
    | {code: Press(Stroke.ENTER) for code in (ENTER, KEYPAD_ENTER)}
    | {code: Press(Stroke.CLEAR) for code in (_KEYPAD_POINT, _DELETE)}
    | {_BACKSPACE: Press(Stroke.ERASE), _ESCAPE: Press(Stroke.CANCEL)}
)
"""What each key means, NumLock or not: the keypad's digits and point (Del), Enter, Backspace, Esc; no other does."""


class UsbKeypad(Keypad):
    """Device `keypad:evdev:`. The customer sees dots and hears tones from the till: such a keypad shows nothing."""

    def __init__(
        self,
        path: str,
        address: EvdevAddress,
        rules: PinRules | None = None,
        *,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        read_timeout_seconds: float = _READ_TIMEOUT_SECONDS,
        nodes: InputNodes | None = None,
    ) -> None:
        super().__init__(path, rules or PinRules(), clock=clock, retry_seconds=retry_seconds)
        self._address = address
        self._read_timeout_seconds = read_timeout_seconds
        self._nodes = nodes or EvdevNodes()
        self._found: InputNode | None = None
        self._handle: InputHandle | None = None

    def _open(self) -> None:
        found = next((node for node in self._nodes.nodes() if self._address.is_at(node)), None)
        if found is None:
            raise DeviceAbsent(self.path)
        try:
            self._handle = self._nodes.open(found.node)
        except OSError as error:
            raise explain(found, error) from error
        self._found = found

    def _identity(self) -> str | None:
        found = self._found
        return None if found is None else f"{found.ids}:{found.serial}"

    def _close(self) -> None:
        super()._close()
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()

    def _read_presses(self) -> Sequence[Press]:
        return [KEYS[event.code] for event in self._events(self._read_timeout_seconds) if _is_press(event)]

    def _drop_presses(self) -> None:
        while self._events(0.0):
            pass

    def _events(self, timeout_seconds: float) -> Sequence[InputEvent]:
        try:
            if self._handle is None:
                raise OSError(errno.EBADF, "the keypad is not open")  # noqa: TRY301  # as if it had gone
            return self._handle.read(timeout_seconds)
        except (OSError, ValueError) as error:
            raise DeviceLost(self.path) from error

    def _show_question(self) -> None:
        """Such a keypad has no display."""

    def _show_effect(self, effect: Effect) -> None:
        """As above."""

    def _show_end(self) -> None:
        """As above."""


def _is_press(event: InputEvent) -> bool:
    return event.type == _KEY_EVENT and event.value == _PRESSED and event.code in KEYS
