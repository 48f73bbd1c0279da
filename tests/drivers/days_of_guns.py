"""A day at a busy counter in fast time, with each kind of gun: scans and replugs without end, and nothing grows."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from drivers.camera import Camera, settings_of
from drivers.camera_address import CameraAddress, parse_address
from drivers.evdev_gun import EvdevGun
from drivers.evdev_gun import parse_address as parse_keyboard
from drivers.hid_gun import HidGun
from drivers.hid_gun import parse_address as parse_hid
from drivers.input_nodes import InputEvent
from drivers.keystrokes import Key
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.simulated_gun import SimulatedGun
from drivers.video import Video
from drivers.wedge import WedgeGun
from tests.drivers.film import picture
from tests.drivers.hid_pos_gun import ZEBRA
from tests.drivers.keyboard_gun import label
from tests.drivers.pty_line import PluggedLine
from tests.drivers.soak import (
    REPLUGS,
    SCANS_BETWEEN,
    SOAK_SECONDS,
    Counter,
    Day,
    Held,
    code_of,
    live,
    live_with_gun,
)
from tests.fakes.hid_library import GUN, FakeHidDevice, FakeHidLibrary
from tests.fakes.input_nodes import FakeInputNodes, FakeKeyboard

pytestmark = pytest.mark.timeout(SOAK_SECONDS)

Play = Callable[[int, Counter], None]


def playing(scan: Callable[[str], None], unplug: Callable[[], None], plug: Callable[[], None]) -> Play:
    """A round: so many scans, then the cable is pulled and put back."""

    def play(number: int, counter: Counter) -> None:
        for place in range(SCANS_BETWEEN):
            scan(code_of(number * SCANS_BETWEEN + place))
        counter.until_count((number + 1) * SCANS_BETWEEN)
        unplug()
        counter.until(lambda: counter.lost > number)
        plug()
        counter.until(lambda: counter.enabled > number + 1)

    return play


def test_a_day_with_a_simulated_gun() -> None:
    """Scan after scan in order, cable after cable, and neither thread nor file nor memory grows."""
    day = Day()
    gun = SimulatedGun(clock=day, retry_seconds=0.0, read_timeout_seconds=0.01)

    def scan(text: str) -> None:
        day.go_on()
        gun.trigger(text)

    live_with_gun(gun, playing(scan, gun.unplug, gun.replug))


def test_a_day_with_a_serial_gun(plugged: PluggedLine) -> None:
    """The same over real pseudo-terminals, each opened and closed."""
    day = Day()
    gun = SerialGun(
        f"serial:{plugged.path}",
        SerialSettings(plugged.path),
        clock=day,
        ports=list,
        retry_seconds=0.001,
        read_timeout_seconds=0.01,
    )

    def scan(text: str) -> None:
        day.go_on()
        plugged.line.send(text.encode() + b"\r\n")

    live_with_gun(gun, playing(scan, plugged.unplug, plugged.plug))


def test_a_day_with_a_hid_gun() -> None:
    """The same with reports, their parser and the locks of nodes; hidapi itself is replaced."""
    day, device = Day(), FakeHidDevice(GUN, ZEBRA.descriptor)
    library = FakeHidLibrary(device)
    gun = HidGun(
        "hid:05e0:2100",
        parse_hid("05e0:2100"),
        clock=day,
        retry_seconds=0.001,
        read_timeout_seconds=0.01,
        library=library,
        lock_node=lambda node: None,
    )

    def scan(text: str) -> None:
        day.go_on()
        device.send(*ZEBRA.reports(text.encode()))

    def plug() -> None:
        library.opened.clear()  # what the fake remembers is not the driver's
        library.handles.clear()
        library.plug(device)

    live_with_gun(gun, playing(scan, lambda: library.unplug(device), plug))


def test_a_day_with_an_evdev_gun() -> None:
    """The same with the kernel's key events; evdev itself is replaced."""
    day, keyboard = Day(), FakeKeyboard()
    nodes = FakeInputNodes(keyboard)
    gun = EvdevGun(
        "evdev:05e0:1200",
        parse_keyboard("05e0:1200"),
        clock=day,
        retry_seconds=0.001,
        read_timeout_seconds=0.01,
        nodes=nodes,
    )

    def scan(text: str) -> None:
        day.go_on()
        keyboard.send(*(InputEvent(1, code, value, day()) for code, value in label(text)))

    def plug() -> None:
        nodes.opened.clear()
        nodes.plug(keyboard)

    live_with_gun(gun, playing(scan, lambda: nodes.unplug(keyboard), plug))


def test_a_day_with_a_wedge_gun() -> None:
    """Keys through the window: nothing to unplug, and the focus leaves in the middle of a label between the rounds."""
    day = Day()
    gun = WedgeGun(clock=day)
    keys = {char: Key(code=place, char=char, digit=char) for place, char in enumerate("0123456789", 2)}
    enter = Key(code=28, is_enter=True)

    def type_in(*pressed: Key) -> None:
        for key in pressed:
            day.go_on(0.002)
            gun.press(key)
            day.go_on(0.001)
            gun.release(key)

    def play(number: int, counter: Counter) -> None:
        for place in range(SCANS_BETWEEN):
            day.go_on()
            type_in(*(keys[char] for char in code_of(number * SCANS_BETWEEN + place)), enter)
        counter.until_count((number + 1) * SCANS_BETWEEN)
        gun.press(keys["1"])
        day.go_on(10)
        while gun.seconds_until_idle() is not None:
            gun.idle()
            day.go_on(10)

    counter = live(gun, REPLUGS, play)
    assert (REPLUGS * SCANS_BETWEEN, True) == (counter.count, counter.is_in_order)


class StagedVideo:
    """A camera at a counter: gives the picture that is laid before it, every few milliseconds, until it is pulled."""

    frame_seconds: float | None = None

    def __init__(self, day: Day) -> None:
        self._day = day
        self._picture = picture()
        self._wait_seconds = 0.0
        self.is_plugged = threading.Event()
        self.is_plugged.set()
        self._never = threading.Event()

    def show(self, image: NDArray[Any], later_seconds: float) -> None:
        """Lay another picture there, so much later."""
        self._picture, self._wait_seconds = image, later_seconds

    def read(self) -> NDArray[Any] | None:
        """The next picture, a thirtieth of a second after the one before."""
        self._never.wait(0.002)
        later_seconds, self._wait_seconds = self._wait_seconds, 0.0
        self._day.go_on(later_seconds + 1 / 30)
        return self._picture if self.is_plugged.is_set() else None

    def rewind(self) -> bool:
        """There is no such thing."""
        return False

    def release(self) -> None:
        """Nothing was opened."""


def test_a_day_with_a_camera() -> None:
    """Codes held before a camera, five a replug (a picture takes milliseconds to read): its two threads come and go."""
    day, pictures, scans = Day(), [picture(code_of(number)) for number in range(20)], 5
    video = StagedVideo(day)

    def source(address: CameraAddress, settings: Mapping[str, float]) -> Video:
        video.is_plugged.set()
        return video

    gun = Camera(
        "camera:0",
        settings_of(parse_address("0"), {}),
        clock=day,
        retry_seconds=0.001,
        source=source,
    )

    def play(number: int, counter: Counter) -> None:
        for place in range(number * scans, (number + 1) * scans):
            video.show(pictures[place % 20], later_seconds=6)
            counter.until_count(place + 1)
        video.is_plugged.clear()
        counter.until(lambda: counter.lost > number)
        counter.until(lambda: counter.enabled > number + 1)

    counter = live(gun, REPLUGS, play, lambda place: code_of(place % 20))
    assert (REPLUGS * scans, True) == (counter.count, counter.is_in_order)


def test_what_is_held_is_measured(tmp_path: Path) -> None:
    """The measure sees a thread, an open file and objects that stay."""
    before = Held.now()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    with (tmp_path / "file").open("w"):
        kept = [object() for _ in range(1000)]
        now = Held.now()
    end.set()
    thread.join()
    assert (1, 1) == (now.threads - before.threads, now.files - before.files)
    assert now.blocks - before.blocks >= len(kept)
