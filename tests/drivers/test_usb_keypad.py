"""The USB keypad: taken away from the windows all the time, read only while it asks."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.device import Device, State
from drivers.evdev_gun import parse_address
from drivers.input_nodes import InputEvent
from drivers.key_codes import KEYPAD, NUM_LOCK
from drivers.pin_entry import PinRules
from drivers.usb_keypad import UsbKeypad
from tests.drivers.asker import Asker
from tests.drivers.watcher import LONG_SECONDS, Watcher
from tests.fakes.input_nodes import KEYBOARD, FakeInputNodes, FakeKeyboard

Start = Callable[[Device], None]

CODES = {character: code for code, character in KEYPAD.items()} | {"<": 14, "=": 96, "c": 1, "n": NUM_LOCK}
ROW = {str(digit): 2 + (digit - 1) % 10 for digit in range(10)}
NODE = replace(KEYBOARD, name="Numeric keypad", vendor_id=0x04D9, product_id=0xA02A)


def typed(keys: str, codes: dict[str, int] = CODES) -> list[InputEvent]:
    """Keys as a person types them: each goes down, repeats while it is held, and comes up."""
    return [InputEvent(1, codes[key], value, 0.0) for key in keys for value in (1, 2, 2, 0)]


class SeenKeypad(UsbKeypad):
    """A keypad of which the test sees when it takes keys, as the customer sees it on the till's screen."""

    def __init__(self, nodes: FakeInputNodes, rules: PinRules | None = None) -> None:
        address = parse_address("04d9:a02a")
        path = f"keypad:evdev:{NODE.ids}"
        super().__init__(path, address, rules, nodes=nodes, retry_seconds=0.001, read_timeout_seconds=0.005)
        self._questions = threading.Semaphore(0)

    def until_shown(self) -> None:
        """Wait for the next question to be open."""
        assert self._questions.acquire(timeout=LONG_SECONDS)

    def _show_question(self) -> None:
        super()._show_question()
        self._questions.release()


@pytest.fixture
def keyboard() -> FakeKeyboard:
    """A numeric keypad."""
    return FakeKeyboard(NODE)


@pytest.mark.parametrize(
    ("keys", "codes", "told"),
    [
        ("123456", CODES, [1, 2, 3, 4, 5, 6, "123456"]),
        ("098765", ROW, [1, 2, 3, 4, 5, 6, "098765"]),
        ("n1n2n3n4n5n6n", CODES, [1, 2, 3, 4, 5, 6, "123456"]),
        ("12<3456+-*/7", CODES, [1, 2, 1, 2, 3, 4, 5, 6, "134567"]),
        ("123.123456", CODES, [1, 2, 3, 0, 1, 2, 3, 4, 5, 6, "123456"]),
        ("12c", CODES, [1, 2, 0, "canceled"]),
    ],
)
def test_keys_make_a_pin(
    keys: str,
    codes: dict[str, int],
    told: list[int | str],
    keyboard: FakeKeyboard,
    watcher: Watcher,
    started: Start,
    asker: Asker,
) -> None:
    """Keypad or digits' row, NumLock or not, held for long or not: each press counts once, by its place."""
    keypad = SeenKeypad(FakeInputNodes(keyboard))
    started(keypad)
    watcher.until_state(State.ENABLED)
    asker.ask(keypad)
    keypad.until_shown()
    keyboard.send(*typed(keys, codes))
    asker.until(*told)


def test_enter_may_end_a_pin(keyboard: FakeKeyboard, watcher: Watcher, started: Start, asker: Asker) -> None:
    """With its rule, a PIN of four ends with Enter, and not before."""
    keypad = SeenKeypad(FakeInputNodes(keyboard), PinRules(min_digits=4, max_digits=6, ends_with_enter=True))
    started(keypad)
    asker.ask(keypad)
    keypad.until_shown()
    keyboard.send(*typed("12=1234="))
    asker.until(1, 2, 0, 1, 2, 3, 4, "1234")


def test_it_is_held_all_the_time(
    keyboard: FakeKeyboard, watcher: Watcher, started: Start, asker: Asker
) -> None:
    """Whether it asks or not, no window hears a key; what was typed before the question is no part of the answer."""
    keypad = SeenKeypad(FakeInputNodes(keyboard))
    started(keypad)
    watcher.until_state(State.ENABLED)
    assert keyboard.is_grabbed
    keyboard.send(*typed("999"))
    asker.ask(keypad)
    keypad.until_shown()
    keyboard.send(*typed("111111222"))
    asker.until(1, 2, 3, 4, 5, 6, "111111")
    assert keyboard.is_grabbed


def test_pulled_in_the_middle_it_begins_anew(
    keyboard: FakeKeyboard, watcher: Watcher, started: Start, asker: Asker
) -> None:
    """The digits are wiped with the cable, and the question stands when the keypad is back."""
    nodes = FakeInputNodes(keyboard)
    keypad = SeenKeypad(nodes)
    started(keypad)
    asker.ask(keypad)
    keypad.until_shown()
    keyboard.send(*typed("123"))
    asker.until(1, 2, 3)
    nodes.unplug(keyboard)
    watcher.until_state(State.LOST)
    asker.until(1, 2, 3, 0)
    nodes.plug(keyboard, "/dev/input/event9")
    watcher.until_state(State.ENABLED, times=2)
    keypad.until_shown()
    keyboard.send(*typed("456789"))
    asker.until(1, 2, 3, 0, 1, 2, 3, 4, 5, 6, "456789")


def test_a_keypad_that_is_away_or_forbidden_says_so(
    keyboard: FakeKeyboard, watcher: Watcher, started: Start
) -> None:
    """What keeps it from being opened is reported with its remedy."""
    nodes = FakeInputNodes()
    started(SeenKeypad(nodes))
    assert watcher.until_error("device_absent").error_remedy


def test_no_key_is_logged(
    keyboard: FakeKeyboard, watcher: Watcher, started: Start, asker: Asker, caplog: pytest.LogCaptureFixture
) -> None:
    """The log of a whole PIN names no key, and no frame of it goes to a tap."""
    caplog.set_level(logging.DEBUG)
    keypad = SeenKeypad(FakeInputNodes(keyboard))
    tapped: list[bytes] = []
    keypad.tap(lambda frame, at: tapped.append(frame))
    started(keypad)
    asker.ask(keypad)
    keypad.until_shown()
    keyboard.send(*typed("777777"))
    asker.until(1, 2, 3, 4, 5, 6, "777777")
    written = caplog.text + repr(keypad) + repr(watcher.healths)
    assert "777" not in written.replace(hex(id(keypad)), "")
    assert [] == tapped
