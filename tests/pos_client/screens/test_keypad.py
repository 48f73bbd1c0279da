"""The keypad hands over six digits once and keeps, shows and says none of them."""

import gc
import logging
from dataclasses import dataclass, field
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QInputDevice, QKeyEvent, QMouseEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from points_engine.contract import Secret
from pos_client.screens.keypad import CLEAR, ERASE, PinKeypad

PIN = "908172"


@dataclass
class Heard:
    """What a keypad told."""

    counts: list[int] = field(default_factory=list)
    pins: list[Secret] = field(default_factory=list)
    clicks: int = 0

    def click(self) -> None:
        self.clicks += 1


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def keypad(qtbot: QtBot, styled: QApplication, heard: Heard) -> PinKeypad:
    assert styled is not None
    made = PinKeypad(heard.counts.append, heard.pins.append, heard.click)
    qtbot.addWidget(made)
    made.resize(360, 320)
    made.show()
    made.ask("order/1")
    return made


def place_of(keypad: PinKeypad, key: str) -> QPoint:
    """The middle of a key."""
    return keypad.key_rect(key).center().toPoint()


def touch(keypad: PinKeypad, *keys: str) -> None:
    """Press keys with the mouse."""
    for key in keys:
        QTest.mouseClick(keypad, Qt.MouseButton.LeftButton, pos=place_of(keypad, key))


def test_six_digits_go_off_by_themselves(keypad: PinKeypad, heard: Heard) -> None:
    """Each digit is counted, the sixth hands the PIN over, and a seventh finds the keypad closed."""
    touch(keypad, *PIN, "5")

    assert heard.counts == [1, 2, 3, 4, 5, 6]
    assert [pin == Secret(PIN) for pin in heard.pins] == [True]
    assert (keypad.is_open, keypad.count) == (False, 0)


def test_every_key_clicks_alike(keypad: PinKeypad, heard: Heard) -> None:
    """Digits, erase and clear make the one click, and no key makes one while the keypad is closed."""
    touch(keypad, "1", ERASE, "2", CLEAR)
    clicks = heard.clicks
    keypad.ask(None)
    touch(keypad, "1")

    assert (clicks, heard.clicks) == (4, 4)


def test_digits_can_be_taken_back(keypad: PinKeypad, heard: Heard) -> None:
    """Erase takes the last, clear takes all, both do no harm when there is nothing."""
    touch(keypad, ERASE, "1", "2", ERASE, "3", CLEAR, ERASE, *PIN)

    assert heard.counts == [0, 1, 2, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6]
    assert heard.pins == [Secret(PIN)]


@pytest.mark.parametrize("end", ["order/2", "order/1 again", None, "hidden"])
def test_what_was_typed_is_forgotten_when_the_asking_ends(
    keypad: PinKeypad, heard: Heard, end: str | None
) -> None:
    """A new asking, a cancel and hiding wipe the digits; the same asking painted again does not."""
    touch(keypad, "9", "0", "8")
    held = keypad._digits
    keypad.ask("order/1")
    assert keypad.count == 3
    if end == "hidden":
        keypad.hide()
    else:
        keypad.ask(end)

    assert (keypad.count, held, heard.pins) == (0, bytearray(), [])


def test_fast_fingers_lose_nothing(keypad: PinKeypad, heard: Heard) -> None:
    """The second press of a double click, which Qt calls by another name, is a key like the first."""
    place = place_of(keypad, "7")
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
        press = QMouseEvent(kind, place.toPointF(), keypad.mapToGlobal(place).toPointF(), left, left, none)
        QApplication.sendEvent(keypad, press)

    assert heard.counts == [1, 2]


def test_two_thumbs_lose_nothing(keypad: PinKeypad, heard: Heard) -> None:
    """A second finger that comes down before the first is lifted is a key of its own."""
    screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    assert isinstance(screen, QPointingDevice)
    window = keypad.windowHandle()
    QTest.touchEvent(window, screen).press(0, place_of(keypad, "9"), window).commit()
    QTest.touchEvent(window, screen).stationary(0).press(1, place_of(keypad, "0"), window).commit()
    QTest.touchEvent(window, screen).release(0, place_of(keypad, "9"), window).stationary(1).commit()
    QTest.touchEvent(window, screen).release(1, place_of(keypad, "0"), window).commit()

    assert (heard.counts, bytes(keypad._digits)) == ([1, 2], b"90")


def test_a_press_between_the_keys_is_none(keypad: PinKeypad, heard: Heard) -> None:
    """Only keys are keys, and only for the left button."""
    gap = QPoint(round(keypad.key_rect("1").right()) + 4, 10)
    QTest.mouseClick(keypad, Qt.MouseButton.LeftButton, pos=gap)
    QTest.mouseClick(keypad, Qt.MouseButton.RightButton, pos=place_of(keypad, "1"))

    assert heard.counts == []


@pytest.mark.parametrize(
    ("key", "is_repeat", "was_ours"),
    [
        (Qt.Key.Key_3, False, True),
        (Qt.Key.Key_3, True, False),
        (Qt.Key.Key_Backspace, False, True),
        (Qt.Key.Key_Delete, False, True),
        (Qt.Key.Key_A, False, False),
        (Qt.Key.Key_Return, False, False),
    ],
)
def test_a_real_keyboard_types_too(keypad: PinKeypad, key: Qt.Key, is_repeat: bool, was_ours: bool) -> None:
    """Digits, Backspace and Delete are taken, once each; all else is left to the window."""
    event = QKeyEvent(QEvent.Type.KeyPress, key.value, Qt.KeyboardModifier.NoModifier, "", is_repeat)

    assert keypad.take_key_event(event) == was_ours


def test_nobody_can_read_the_pin(
    keypad: PinKeypad, heard: Heard, caplog: pytest.LogCaptureFixture, qtlog: object
) -> None:
    """No text, property or name of any widget, no log and no repr tells a digit that was typed, at any moment."""
    caplog.set_level(logging.DEBUG)
    keypad.ask("another asking")
    pictures = []
    for digit in PIN[:5]:
        touch(keypad, digit)
        pictures.append(keypad.grab().toImage())
        texts = [
            keypad.accessibleName(),
            keypad.accessibleDescription(),
            keypad.toolTip(),
            keypad.objectName(),
        ]
        values = [keypad.property(bytes(name.data()).decode()) for name in keypad.dynamicPropertyNames()]
        values += vars(keypad).values()
        texts += [str(value) for value in values if isinstance(value, str | int | float | bytes)]
        assert not any(set(text) & set(PIN) for text in texts)
    touch(keypad, PIN[5])

    assert keypad.findChildren(QWidget) == []
    assert all(picture == pictures[0] for picture in pictures), "a picture would tell which key was pressed"
    assert PIN not in caplog.text + repr(heard) + str(qtlog)


def holders(digits: str) -> list[str]:
    """The types of what holds these digits, as text or as bytes, anywhere in this process but on the stack."""
    encoded, found = digits.encode(), []
    # Loops, for a closure of this function's own would hold them too.
    for owner in gc.get_objects():
        if isinstance(owner, FrameType):
            continue
        for held in gc.get_referents(owner):
            is_text, is_bytes = isinstance(held, str), isinstance(held, bytes | bytearray)
            if (is_text and held == digits) or (is_bytes and held == encoded):
                found.append(type(owner).__name__)
    return found


def test_the_digits_leave_no_copy_behind(keypad: PinKeypad, heard: Heard) -> None:
    """Once a PIN was handed over, the Secret alone holds it, and nothing when that is gone."""
    # Put together here: a constant would be held by this module.
    digits = "".join(reversed("613709"))
    touch(keypad, *digits)
    assert ["Secret"] == holders(digits)
    heard.pins.clear()
    assert [] == holders(digits)
    assert b"" == bytes(keypad._digits)


@given(keys=st.lists(st.sampled_from([*"0123456789", CLEAR, ERASE]), max_size=40))
def test_a_keypad_is_a_text_of_at_most_six_digits(qapp: QApplication, keys: list[str]) -> None:
    """Whatever is pressed, the counts and PINs are those of a plain text edited the same way."""
    assert qapp is not None
    heard = Heard()
    keypad = PinKeypad(heard.counts.append, heard.pins.append, heard.click)
    expected: list[str] = []
    typed, asking = "", 0
    keypad.ask("0")
    for key in keys:
        keypad.type_key(key)
        typed = "" if key == CLEAR else typed[:-1] if key == ERASE else typed + key
        if len(typed) == 6:
            expected.append(typed)
            typed, asking = "", asking + 1
            keypad.ask(str(asking))
        assert keypad.count == len(typed)

    assert [pin.reveal() for pin in heard.pins] == expected
