"""A gun's keys become a scan wherever the focus is and press nothing; a person's keys arrive, in order."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodQueryEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from drivers.wedge import WedgeGun
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.key_filter import KeyFilter, digit_keys
from pos_client.screens.samples import sample_views
from pos_client.screens.typed_field import TypedField
from pos_client.screens.wording import Wording
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox

LABEL = "293847561029384756"


class Counter:
    """A window with a button that Enter would press, and a field."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QDialog()
        self.button = QPushButton("OK")
        self.button.setDefault(True)
        self.field = QLineEdit()
        column = QVBoxLayout(self.window)
        column.addWidget(self.field)
        column.addWidget(self.button)
        self.pressed: list[bool] = []
        self.finished: list[int] = []
        self.button.clicked.connect(lambda: self.pressed.append(True))
        self.window.finished.connect(self.finished.append)
        self.button.clicked.connect(self.window.accept)
        qtbot.addWidget(self.window)
        take_focus(qtbot, self.window)


def take_focus(qtbot: QtBot, window: QWidget) -> None:
    """Show a window and wait until keys go to it."""
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is window.windowHandle())


class Hands:
    """Press keys of a window, in a time of their own.

    A machine that stands still for a moment makes no person of a gun, and no gun of a person.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    def hit(self, window: QWidget, text: str) -> None:
        """A key a millisecond, as a gun does; a line feed is Enter."""
        for character in text:
            key = Qt.Key.Key_Return if character == "\n" else Qt.Key(ord(character.upper()))
            self.hit_key(window, key.value, "\r" if character == "\n" else character)

    def hit_key(self, window: QWidget, key: int, text: str = "", native_code: int = 0) -> None:
        """One key, down and up."""
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, native_code, 0, 0, text)
            QGuiApplication.sendEvent(window.windowHandle(), event)
            self.seconds += 0.0005

    def pause(self) -> None:
        """Nobody presses anything for a while."""
        self.seconds += 0.06


def in_time(qtbot: QtBot, hands: Hands, has_come: Callable[[], bool]) -> None:
    """Wait for something while the hands rest."""

    def look() -> bool:
        hands.pause()
        return has_come()

    qtbot.waitUntil(look)


@pytest.fixture
def scans() -> list[str]:
    return []


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def key_filter(styled: QApplication, scans: list[str], hands: Hands) -> Iterator[KeyFilter]:
    gun = WedgeGun(clock=lambda: hands.seconds)
    gun.start(lambda scan: scans.append(scan.text), lambda _health: None)
    made = KeyFilter(styled, gun)
    yield made
    made.close()
    gun.stop()


def stop(key_filter: KeyFilter) -> None:
    """Close a filter now that its fixture will close again."""
    key_filter.close()
    key_filter._app.focusWindowChanged.connect(key_filter._follow)


@pytest.fixture
def counter(qtbot: QtBot, key_filter: KeyFilter) -> Counter:
    assert key_filter is not None
    return Counter(qtbot)


@pytest.mark.parametrize("place", ["button", "field"])
def test_a_scan_is_caught_wherever_the_focus_is(
    qtbot: QtBot, hands: Hands, counter: Counter, scans: list[str], place: str
) -> None:
    """The label arrives once and whole; its digits are in no field, its Enter presses and closes nothing."""
    getattr(counter, place).setFocus()
    hands.hit(counter.window, LABEL + "\n")
    qtbot.waitUntil(lambda: bool(scans))
    qtbot.wait(60)

    assert scans == [LABEL]
    assert (counter.field.text(), counter.pressed, counter.finished) == ("", [], [])
    assert counter.window.isVisible()


def test_a_scan_over_a_dialog_leaves_it_open(
    qtbot: QtBot, hands: Hands, counter: Counter, scans: list[str]
) -> None:
    """With a dialog in front whose default button has the focus, a scan closes nothing."""
    front = QDialog(counter.window)
    yes = QPushButton("Yes", front)
    yes.setDefault(True)
    yes.clicked.connect(front.accept)
    front.open()
    take_focus(qtbot, front)
    yes.setFocus()
    hands.hit(front, LABEL + "\n")
    qtbot.waitUntil(lambda: bool(scans))
    qtbot.wait(60)

    assert (scans, front.isVisible()) == ([LABEL], True)


def test_a_scan_over_the_keypad_is_no_pin(
    qtbot: QtBot,
    hands: Hands,
    key_filter: KeyFilter,
    scans: list[str],
    wording: Wording,
    clock: HandClock,
    inbox: TickingInbox,
) -> None:
    """While the customer's window has the focus and asks for a PIN, a scan types no digit of it."""
    assert key_filter is not None
    window = CustomerWindow(inbox, wording, clock=clock, on_key=lambda: None, shares_keyboard=False)
    qtbot.addWidget(window)
    window.show_view({sample.name: sample.view for sample in sample_views(clock.now())}["pin"])
    take_focus(qtbot, window)
    hands.hit(window, LABEL + "\n")
    qtbot.waitUntil(lambda: bool(scans))
    qtbot.wait(60)

    assert (scans, list(inbox.events)) == ([LABEL], [])


def test_a_person_types_in_order(qtbot: QtBot, hands: Hands, counter: Counter, scans: list[str]) -> None:
    """Single keys and short bursts of fast fingers arrive as they were typed, and Enter still presses."""
    counter.field.setFocus()
    for keys, so_far in (("4", "4"), ("2", "42"), ("135", "42135"), ("0", "421350")):
        hands.hit(counter.window, keys)
        in_time(qtbot, hands, lambda: counter.field.text() == so_far)  # noqa: B023 it is waited for within the turn
    hands.hit(counter.window, "\n")
    qtbot.waitUntil(lambda: bool(counter.pressed))

    assert scans == []


def test_what_was_typed_goes_to_whoever_has_the_focus_then(
    qtbot: QtBot, hands: Hands, counter: Counter
) -> None:
    """Keys held while the focus moved are typed where it is now."""
    counter.field.setFocus()
    hands.hit(counter.window, "7")
    second = QLineEdit()
    qtbot.addWidget(second)
    take_focus(qtbot, second)
    in_time(qtbot, hands, lambda: second.text() + counter.field.text() != "")

    assert second.text() == "7"


def test_keys_that_no_label_begins_with_pass_at_once(counter: Counter) -> None:
    """Backspace and arrows wait for nothing."""
    counter.field.setText("12")
    counter.field.setFocus()
    QTest.keyClick(counter.window.windowHandle(), Qt.Key.Key_Backspace)

    assert counter.field.text() == "1"


def test_a_shortcut_on_a_bare_key_is_not_pulled_by_a_gun(counter: Counter, key_filter: KeyFilter) -> None:
    """A window with shortcuts on digits and Enter sees none of a scan's; without the filter it would."""
    counter.button.setFocus()
    pulled: list[str] = []
    for name in ("2", "Return"):
        shortcut = QShortcut(QKeySequence(name), counter.window)
        shortcut.activated.connect(lambda it=name: pulled.append(it))
    keys = [Qt.Key(ord(digit)) for digit in LABEL] + [Qt.Key.Key_Return]
    pulled_with_and_without = []
    for _ in range(2):
        for key in keys:
            QTest.keyClick(counter.window.windowHandle(), key)
        pulled_with_and_without.append(set(pulled))
        stop(key_filter)

    assert pulled_with_and_without == [set(), {"2", "Return"}]


def test_a_french_keyboard_sends_the_same_digits(
    qtbot: QtBot, hands: Hands, counter: Counter, key_filter: KeyFilter, scans: list[str]
) -> None:
    """On AZERTY the number row makes &é"' of a gun's digits: the place of the key counts, not its letter."""
    key_filter._digits = digit_keys("xcb")
    letters = dict(zip("1234567890", "&é\"'(-è_çà", strict=True))
    for digit in LABEL:
        letter = letters[digit]
        hands.hit_key(counter.window, ord(letter.upper()), letter, 10 + "1234567890".index(digit))
    hands.hit(counter.window, "\n")
    qtbot.waitUntil(lambda: bool(scans))

    assert scans == [LABEL]


def test_a_keypad_without_num_lock_sends_the_same_digits(
    qtbot: QtBot, hands: Hands, counter: Counter, key_filter: KeyFilter, scans: list[str]
) -> None:
    """A gun that types on the keypad types End, Down and so on while NumLock is off: here too the place counts."""
    key_filter._digits = digit_keys("xcb")
    moves = {
        "7": Qt.Key.Key_Home, "8": Qt.Key.Key_Up, "9": Qt.Key.Key_PageUp, "4": Qt.Key.Key_Left,
        "5": Qt.Key.Key_Clear, "6": Qt.Key.Key_Right, "1": Qt.Key.Key_End, "2": Qt.Key.Key_Down,
        "3": Qt.Key.Key_PageDown, "0": Qt.Key.Key_Insert,
    }  # fmt: skip
    codes = {digit: code for code, digit in digit_keys("xcb").items() if code >= 79}
    for digit in LABEL:
        hands.hit_key(counter.window, moves[digit].value, "", codes[digit])
    hands.hit(counter.window, "\n")
    qtbot.waitUntil(lambda: bool(scans))

    assert scans == [LABEL]
    assert counter.finished == []


def test_an_input_method_gets_no_key(qtbot: QtBot) -> None:
    """A field for paths wants no input method: a Chinese one would make words of a gun's keys."""
    field = TypedField()
    qtbot.addWidget(field)
    asked = QInputMethodQueryEvent(Qt.InputMethodQuery.ImEnabled)
    QGuiApplication.sendEvent(field, asked)
    assert not asked.value(Qt.InputMethodQuery.ImEnabled)


@pytest.mark.parametrize(
    ("platform", "code", "digit"),
    [
        ("xcb", 10, "1"),
        ("xcb", 19, "0"),
        ("wayland", 18, "9"),
        ("xcb", 79, "7"),
        ("wayland", 90, "0"),
        ("windows", 82, "0"),
        ("windows", 79, "1"),
        ("windows", 0x14F, None),  # End beside the keypad
        ("windows", 2, "1"),
        ("windows", 11, "0"),
        ("cocoa", 18, "1"),
        ("cocoa", 22, "6"),
        ("cocoa", 29, "0"),
        ("offscreen", 10, None),
    ],
)
def test_the_digits_of_each_system(platform: str, code: int, digit: str | None) -> None:
    """Native scan codes of the number row and of the keypad, as each window system counts them."""
    assert digit_keys(platform).get(code) == digit


def test_after_the_end_every_key_passes(
    qtbot: QtBot, hands: Hands, counter: Counter, key_filter: KeyFilter
) -> None:
    """A closed filter holds nothing back."""
    stop(key_filter)
    counter.field.setFocus()
    hands.hit(counter.window, LABEL)

    assert counter.field.text() == LABEL
    assert qtbot is not None
