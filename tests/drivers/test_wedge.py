"""The keyboard gun as a device: keys in on the window's thread, scans and health out."""

import threading

import pytest

from drivers.device import State
from drivers.keystrokes import Key, KeystrokeParser
from drivers.wedge import WedgeGun
from tests.drivers.key_stream import Burst, Stroke, burst, person_key
from tests.drivers.watcher import Watcher

CODE = "660123456789012345"


class Window:
    """A window that feeds a gun in its own time, as a key filter does."""

    def __init__(self, path: str = "wedge:", parser: KeystrokeParser | None = None) -> None:
        self.now = 10.0
        self.gun = WedgeGun(path, parser=parser, clock=lambda: self.now)
        self.arrived: list[Key] = []

    def type(self, strokes: list[Stroke] | tuple[Stroke, ...]) -> None:
        """Feed strokes that do not overlap, one after the other, from now on."""
        start = self.now
        for stroke in strokes:
            self.wait_until(start + stroke.at)
            verdict = self.gun.press(stroke.key)
            self.arrived += [*verdict.release, *([] if verdict.swallow else [stroke.key])]
            self.wait_until(start + stroke.at + stroke.dwell)
            self.arrived += self.gun.release(stroke.key).release

    def wait_until(self, moment: float) -> None:
        """Let time pass, and call `idle` when the gun asked for it."""
        while (wait := self.gun.seconds_until_idle()) is not None and self.now + wait <= moment:
            self.now += wait
            self.arrived += self.gun.idle().release
        self.now = max(self.now, moment)

    def rest(self) -> None:
        """Let a second pass."""
        self.wait_until(self.now + 1.0)


@pytest.fixture
def window(watcher: Watcher) -> Window:
    """A window whose gun has been started."""
    window = Window()
    window.gun.start(watcher.on_scan, watcher.on_health)
    return window


def test_a_burst_is_delivered_like_any_gun_s(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A label goes to the receiver with path, transport and time; its Enter goes nowhere; no thread is started."""
    starters: list[threading.Thread] = []
    start = threading.Thread.start

    def note(thread: threading.Thread) -> None:
        starters.append(threading.current_thread())
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", note)
    window = Window()
    window.gun.start(watcher.on_scan, watcher.on_health)
    window.type(burst(CODE, 0.0).strokes)
    scan = watcher.scans[0]
    assert (CODE, "wedge:", "wedge") == (scan.text, scan.source, scan.transport)
    assert 10.0 + 18 * 0.005 == pytest.approx(scan.at)
    assert ([], False) == (window.arrived, threading.current_thread() in starters)


def test_typing_goes_back_to_the_focus(window: Window, watcher: Watcher) -> None:
    """Typed keys come back in order, and no scan comes of them."""
    keys = [Stroke(0.15 * n, 0.08, person_key(n, char)) for n, char in enumerate("300\n")]
    window.type(keys)
    window.rest()
    assert ([stroke.key for stroke in keys], []) == (window.arrived, watcher.scans)


def test_repeats_and_misreads_are_counted(window: Window, watcher: Watcher) -> None:
    """The same label twice is one scan; a burst with a typed key in it is a misread that is reported at once."""
    window.type(burst(CODE, 0.0).strokes)
    window.rest()
    window.type(burst(CODE, 0.0).strokes)
    window.rest()
    disturbed: Burst = burst(CODE, 0.0)
    typed = person_key(1, "7")
    first, second = disturbed.strokes[:9], disturbed.strokes[9:]
    window.type(first)
    window.gun.press(typed)
    window.type([Stroke(s.at - second[0].at + 0.005, s.dwell, s.key) for s in second])
    window.rest()
    counts = window.gun.health().statistics
    assert (1, 1, 1) == (counts.scans, counts.repeats, counts.misreads)
    assert 1 == watcher.healths[-1].statistics.misreads
    assert ([CODE], [typed]) == (watcher.texts, window.arrived)


def test_its_life_is_that_of_a_device(window: Window, watcher: Watcher) -> None:
    """A keyboard gun is enabled at once, and closed for good by stop."""
    assert window.gun.seconds_until_idle() is None
    window.gun.stop()
    window.gun.stop()
    assert [State.CLAIMED, State.ENABLED, State.CLOSED] == watcher.states


def test_stopping_gives_held_keys_back(window: Window, watcher: Watcher) -> None:
    """Keys that are held when the gun is stopped come back with the next call, and from then on all keys pass."""
    held, later = person_key(0, "1"), person_key(1, "2")
    assert window.gun.press(held).swallow
    window.gun.stop()
    assert (held,) == window.gun.idle().release
    assert ((), False) == (window.gun.press(later).release, window.gun.press(later).swallow)
    assert [] == watcher.scans


def test_before_it_starts_every_key_passes() -> None:
    """A gun that has not been started holds nothing."""
    window = Window()
    window.type(burst(CODE, 0.0).strokes)
    assert 19 == len(window.arrived)


def test_the_wait_until_idle_is_never_negative(window: Window) -> None:
    """A filter that comes late to its timer is told to call at once."""
    window.gun.press(person_key(0, "1"))
    assert 0.05 == pytest.approx(window.gun.seconds_until_idle())
    window.now += 5
    assert 0.0 == window.gun.seconds_until_idle()
