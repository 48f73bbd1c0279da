"""A gun in keyboard mode: its keys come through the till's window, so it has no thread and opens nothing.

The window's key filter feeds it, on the window's thread, and does what it answers:

    class KeyFilter(QObject):
        def __init__(self, gun: WedgeGun) -> None:
            self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
            self._timer.timeout.connect(lambda: self._apply(self._gun.idle()))

        def eventFilter(self, watched, event) -> bool:
            if self._is_giving_back or event.type() not in (KeyPress, KeyRelease) or watched is not the window:
                return False
            key = Key(
                code=event.nativeScanCode() or event.key(),
                char=event.text() or None,          # None with Ctrl, Alt or Meta
                digit=…,                            # by the native scan code's place, else None
                is_shifted=…, is_enter=…, is_tab=…, is_modifier=…, is_auto_repeat=event.isAutoRepeat(),
                stamp_seconds=event.timestamp() / 1000 or None,
                native=event.clone(),
            )
            verdict = self._gun.press(key) if event.type() == KeyPress else self._gun.release(key)
            return self._apply(verdict)

        def _apply(self, verdict: Verdict) -> bool:
            for key in verdict.release:         # to the focus, in order: a press and a release each
                ...
            wait = self._gun.seconds_until_idle()
            self._timer.stop() if wait is None else self._timer.start(math.ceil(wait * 1000))
            return verdict.swallow

The verdict's scan has gone to `on_scan` already, like every other gun's. Shortcuts bound to plain digits or Enter fire
before a key press is delivered: a filter that wants them back accepts the ShortcutOverride event of such keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from drivers.device import Clock, Device, Reading, Repeats, State, Step
from drivers.key_codes import LAYOUTS
from drivers.keystrokes import Key, KeystrokeParser, Verdict
from drivers.repeats import RepeatFilter


class WedgeGun(Device):
    """Device `wedge:`. Every method is called on the window's thread; none waits."""

    transport: ClassVar[str] = "wedge"

    def __init__(
        self,
        path: str = "wedge:",
        *,
        parser: KeystrokeParser | None = None,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__(path, repeats=repeats or RepeatFilter(), clock=clock)
        self._parser = parser or KeystrokeParser()
        self._on_key: Callable[[Key, float, bool], None] | None = None

    def lend(self, on_key: Callable[[Key, float, bool], None] | None) -> None:
        """Hand characters, Enter and Tab to `on_key` (key, seconds, whether pressed) and nobody else, until None.

        From any thread; `on_key` is called on the window's thread. What comes meanwhile is neither scan nor typing.
        """
        self._on_key = on_key

    def press(self, key: Key) -> Verdict:
        """A key went down: give `release` back to the focus, then drop the event if `swallow`."""
        if self._lent(key, is_press=True):
            return Verdict(swallow=True, release=self._parser.flush())
        return self._judge(self._parser.press, key)

    def release(self, key: Key) -> Verdict:
        """A key went up: give `release` back to the focus, then drop the event if `swallow`."""
        if self._lent(key, is_press=False):
            return Verdict(swallow=True, release=self._parser.flush())
        return self._judge(self._parser.release, key)

    def idle(self) -> Verdict:
        """The time of `seconds_until_idle` has passed: give `release` back to the focus."""
        if self.health().state is not State.ENABLED:
            return Verdict(release=self._parser.flush())
        return self._conclude(self._parser.idle(self._clock()))

    def seconds_until_idle(self) -> float | None:
        """How long to wait before calling `idle`; None while no key is held."""
        deadline = self._parser.next_deadline
        return None if deadline is None else max(0.0, deadline - self._clock())

    def stop(self) -> None:
        """Close the gun. Call `idle` once more for the keys still held; from then on every key passes."""
        self._finish()

    def _begin(self) -> None:
        self._move(Step.CLAIM)
        self._move(Step.ENABLE)

    def _lent(self, key: Key, *, is_press: bool) -> bool:
        """Whether somebody else has taken the key; those by which a person leaves a window are not lent."""
        on_key = self._on_key
        if on_key is None or not (key.is_suffix or key.scanned_char is not None):
            return False
        at = self._clock()
        self._call(lambda lent: on_key(lent, at, is_press), key)
        return True

    def _judge(self, judge: Callable[[Key, float], Verdict], key: Key) -> Verdict:
        if self.health().state is not State.ENABLED:
            return Verdict(release=self._parser.flush())
        return self._conclude(judge(key, self._clock()))

    def _conclude(self, verdict: Verdict) -> Verdict:
        scans = () if verdict.scan is None else (verdict.scan,)
        self._take(Reading(scans, self._parser.take_misreads()))
        return verdict


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 2:
        raise ValueError("no such time")
    return value


def _length(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 1024:
        raise ValueError("no such length")
    return value


def _keys(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no such keys")
    return text


def _layouts(text: str) -> str:
    gun, comma, system = text.partition(",")
    if not comma or gun not in LAYOUTS or system not in LAYOUTS:
        raise ValueError("no such layouts")
    return text


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "gap_seconds": (_seconds, "a number of seconds above 0, 2 at most"),
    "late_suffix_seconds": (_seconds, "a number of seconds above 0, 2 at most"),
    "gun_dwell_seconds": (_seconds, "a number of seconds above 0, 2 at most"),
    "min_length": (_length, "a number from 1 to 1024"),
    "min_length_unsuffixed": (_length, "a number from 1 to 1024"),
    "prefix": (_keys, "characters that keys make"),
    "suffix": (_keys, "characters that keys make"),
    "layouts": (_layouts, f"two of {', '.join(LAYOUTS)} with a comma: the gun's, the system's"),
}
"""The options of a `wedge:` path: the parameters of `KeystrokeParser`, how to read each, and what it may be.

The readers raise ValueError.
"""
