"""Feeds every key of the application to the keyboard gun, and gives a person's typing back to the focus.

It listens where the window system hands a key to a window, before any widget sees it, so a scan is caught wherever
the focus is: on a button, in a dialog, in a text field. It follows the focus from window to window instead of
listening to the whole application: a filter written in Python costs 3 µs an event, and painting makes hundreds.
"""

import math

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow

from drivers.keystrokes import Key, Verdict
from drivers.wedge import WedgeGun

_ENTER = {Qt.Key.Key_Return.value, Qt.Key.Key_Enter.value}
_LINE_ENDS = {"\r", "\n", "\r\n"}
"""What Enter types; a gun may send the line feed as a key of its own."""
_MODIFIERS = {
    key.value
    for key in (
        Qt.Key.Key_Shift,
        Qt.Key.Key_Control,
        Qt.Key.Key_Alt,
        Qt.Key.Key_AltGr,
        Qt.Key.Key_Meta,
        Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock,
        Qt.Key.Key_ScrollLock,
    )
}
_SHORTCUT = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)

_NUMBER_ROW = "1234567890"
_FIRST_BY_PLATFORM = {"xcb": 10, "wayland": 10, "windows": 2}
"""The native scan code of the key 1; 2 to 9 and 0 follow. X11 and Wayland: evdev's 2 and 8; Windows: set 1."""
_KEYPAD = "7894561230"
_KEYPAD_BY_PLATFORM = {
    "xcb": (79, 80, 81, 83, 84, 85, 87, 88, 89, 90),
    "windows": (71, 72, 73, 75, 76, 77, 79, 80, 81, 82),
}
_KEYPAD_BY_PLATFORM["wayland"] = _KEYPAD_BY_PLATFORM["xcb"]
"""The native scan codes of the keypad's digits, which type nothing while NumLock is off. Windows' arrow keys have the
same with bit 8 set; a Mac has no NumLock."""
_COCOA_ROW = (18, 19, 20, 21, 23, 22, 26, 28, 25, 29)
"""macOS: virtual key codes of 1 to 9 and 0 (HIToolbox/Events.h)."""


def digit_keys(platform: str) -> dict[int, str]:
    """Native scan code -> the digit printed on the key, in the number row and on the keypad; empty if unknown."""
    if platform == "cocoa":
        return dict(zip(_COCOA_ROW, _NUMBER_ROW, strict=True))
    first = _FIRST_BY_PLATFORM.get(platform)
    if first is None:
        return {}
    row = {first + place: digit for place, digit in enumerate(_NUMBER_ROW)}
    return row | dict(zip(_KEYPAD_BY_PLATFORM[platform], _KEYPAD, strict=True))


class KeyFilter(QObject):
    """Listens from its making until `close`; all in the windows' thread. The gun is started by whoever owns it.

    A person's key comes out as a press and a release at once, at the latest when its run has ended (50 ms).
    """

    def __init__(self, app: QGuiApplication, gun: WedgeGun) -> None:
        super().__init__()
        self._app = app
        self._gun = gun
        self._digits = digit_keys(app.platformName())
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._idle)
        self._window: QWindow | None = None
        self._is_giving_back = False
        app.focusWindowChanged.connect(self._follow)
        self._follow(app.focusWindow())

    def close(self) -> None:
        """Listen no more; what the gun still held when it was stopped is given back."""
        self._app.focusWindowChanged.disconnect(self._follow)
        for window in self._app.allWindows():
            window.removeEventFilter(self)
        self._timer.stop()
        self._give_back(self._gun.idle())

    @Slot(QWindow)
    def _follow(self, window: QWindow | None) -> None:
        """Keys go to the window that has the focus: listen there. Twice on one window counts once, says Qt."""
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Judge keys on their way to a window; swallow a gun's."""
        if self._is_giving_back or not isinstance(watched, QWindow) or not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            return self._keep_from_shortcuts(event)
        if event.type() not in {QEvent.Type.KeyPress, QEvent.Type.KeyRelease}:
            return False
        key = self._key(event)
        self._window = watched
        pressed = event.type() == QEvent.Type.KeyPress
        return self._apply(self._gun.press(key) if pressed else self._gun.release(key))

    def _keep_from_shortcuts(self, event: QKeyEvent) -> bool:
        """A shortcut on a bare digit or Enter would fire before anybody could tell a gun's key from a person's."""
        if event.modifiers() & _SHORTCUT or not (event.text() or event.key() in _ENTER):
            return False
        event.accept()
        return True

    def _key(self, event: QKeyEvent) -> Key:
        is_shortcut = bool(event.modifiers() & _SHORTCUT)
        return Key(
            code=event.nativeScanCode() or event.key(),
            char=None if is_shortcut else event.text() or None,
            digit=None if is_shortcut else self._digit(event),
            is_shifted=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier),
            is_enter=event.key() in _ENTER or event.text() in _LINE_ENDS,
            is_tab=event.key() in {Qt.Key.Key_Tab.value, Qt.Key.Key_Backtab.value},
            is_modifier=event.key() in _MODIFIERS,
            is_auto_repeat=event.isAutoRepeat(),
            stamp_seconds=event.timestamp() / 1000 or None,
            native=_copy(event, QEvent.Type.KeyPress),
        )

    def _digit(self, event: QKeyEvent) -> str | None:
        on_keypad = bool(event.modifiers() & Qt.KeyboardModifier.KeypadModifier)
        if on_keypad and Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9:
            return chr(event.key())
        return self._digits.get(event.nativeScanCode())

    @Slot()
    def _idle(self) -> None:
        self._apply(self._gun.idle())

    def _apply(self, verdict: Verdict) -> bool:
        self._give_back(verdict)
        wait = self._gun.seconds_until_idle()
        if wait is None:
            self._timer.stop()
        else:
            self._timer.start(math.ceil(wait * 1000))
        return verdict.swallow

    def _give_back(self, verdict: Verdict) -> None:
        """To the window that has the focus now, in order, each key as a press and a release."""
        focused: QWindow | None = self._app.focusWindow()
        window = self._window if focused is None else focused
        if not verdict.release or window is None:
            return
        self._is_giving_back = True
        try:
            for key in verdict.release:
                press = key.native
                if isinstance(press, QKeyEvent):
                    QGuiApplication.sendEvent(window, press)
                    QGuiApplication.sendEvent(window, _copy(press, QEvent.Type.KeyRelease))
        finally:
            self._is_giving_back = False


def _copy(event: QKeyEvent, kind: QEvent.Type) -> QKeyEvent:
    """The same key, as a press or as a release; Qt's own event does not outlive its delivery."""
    return QKeyEvent(
        kind,
        event.key(),
        event.modifiers(),
        event.nativeScanCode(),
        event.nativeVirtualKey(),
        event.nativeModifiers(),
        event.text(),
        event.isAutoRepeat(),
        event.count(),
    )
