"""Keyboards that are attached, detached and typed on by the test."""

import errno
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from drivers.errors import DriverMissing
from drivers.input_nodes import InputEvent, InputHandle, InputNode, InputNodes

KEYBOARD = InputNode("/dev/input/event3", "Symbol Bar Code Scanner", 0x05E0, 0x1200, "S1", is_keyboard=True)
"""A gun in keyboard mode."""


@dataclass
class FakeKeyboard:
    """One keyboard: its events come from `send`."""

    node: InputNode = KEYBOARD
    open_error: OSError | None = None
    is_grabbed: bool = False
    events: "queue.SimpleQueue[Sequence[InputEvent] | None]" = field(default_factory=queue.SimpleQueue)

    def send(self, *events: InputEvent) -> None:
        """Send events that are read at once."""
        self.events.put(events)


class FakeInputHandle(InputHandle):
    """An open keyboard."""

    def __init__(self, keyboard: FakeKeyboard) -> None:
        self._keyboard = keyboard
        self.is_closed = False
        keyboard.is_grabbed = True

    def read(self, timeout_seconds: float) -> Sequence[InputEvent]:
        try:
            events = self._keyboard.events.get(timeout=timeout_seconds)
        except queue.Empty:
            return ()
        if events is None or self.is_closed:
            raise OSError(errno.ENODEV, "No such device")
        return events

    def close(self) -> None:
        self.is_closed = True
        self._keyboard.is_grabbed = False


class FakeInputNodes(InputNodes):
    """What is plugged in now."""

    def __init__(self, *keyboards: FakeKeyboard) -> None:
        self._lock = threading.Lock()
        self._keyboards = list(keyboards)
        self.opened: list[str] = []
        self.is_installed = True

    def nodes(self) -> Sequence[InputNode]:
        with self._lock:
            return [keyboard.node for keyboard in self._keyboards]

    def open(self, node: str) -> InputHandle:
        if not self.is_installed:
            raise DriverMissing("evdev-binary")
        with self._lock:
            keyboard = next((keyboard for keyboard in self._keyboards if keyboard.node.node == node), None)
        if keyboard is None:
            raise OSError(errno.ENODEV, "No such device")
        if keyboard.open_error is not None:
            raise keyboard.open_error
        if keyboard.is_grabbed:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.opened.append(node)
        return FakeInputHandle(keyboard)

    def plug(self, keyboard: FakeKeyboard, node: str | None = None) -> None:
        """Attach a keyboard, perhaps as another node than before."""
        with self._lock:
            keyboard.node = replace(keyboard.node, node=node or keyboard.node.node)
            keyboard.events = queue.SimpleQueue()
            self._keyboards.append(keyboard)

    def unplug(self, keyboard: FakeKeyboard) -> None:
        """Pull its cable: what it had typed is still read."""
        with self._lock:
            self._keyboards.remove(keyboard)
        keyboard.events.put(None)
