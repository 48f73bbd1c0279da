"""Guns in keyboard mode under the kernel's own input layer, read through evdev with a grab."""

import contextlib
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import evdev
import pytest
from evdev import ecodes

from drivers.device import Device, State, ThreadedDevice
from drivers.key_codes import LAYOUTS
from drivers.registry import list_devices, open_device
from tests.devices.guest.flow import Flow
from tests.devices.guest.timed import TimedWatcher, spread
from tests.devices.guest.virtual_hid import VirtualHid
from tests.drivers.boot_keyboard import reports
from tests.drivers.hid_pos_gun import KEYBOARD_DESCRIPTOR
from tests.drivers.keyboard_gun import label, typed_on_keypad
from tests.drivers.watcher import Watcher

Start = Callable[[Device], None]
Plug = Callable[[VirtualHid], VirtualHid]

SCANS = 1000
PATH = "evdev:05e0:1200"


def gun_keyboard() -> VirtualHid:
    """A gun in keyboard mode, just plugged in."""
    return VirtualHid(KEYBOARD_DESCRIPTOR, 0x05E0, 0x1200, name="Symbol Bar Code Scanner")


def code_of(number: int) -> str:
    """A payment code."""
    return f"66{number:016d}"


def test_a_thousand_scans_through_an_unplugging(
    watcher: TimedWatcher, started: Start, plugged: Plug, note: Callable[[str], None]
) -> None:
    """Every label once and in order; in the middle the gun is pulled out within a label and comes back."""
    gun = plugged(gun_keyboard())
    driver = open_device(PATH, retry_seconds=0.05)
    flow = Flow(driver)
    started(driver)
    watcher.until_state(State.ENABLED)
    seconds = []
    for number in range(SCANS):
        if number == SCANS // 2:
            flow.pull_trigger(gun, label(code_of(number))[:20])
            gun.unplug()
            watcher.until_state(State.LOST)
            gun = plugged(gun_keyboard())
            watcher.until_state(State.ENABLED, 2)
        *keys, enter, released = label(code_of(number))
        flow.pull_trigger(gun, keys)
        start = time.monotonic()
        flow.pull_trigger(gun, [enter])
        watcher.until_scans(number + 1)
        seconds.append(watcher.received_at[-1] - start)
        flow.pull_trigger(gun, [released])
    assert [code_of(number) for number in range(SCANS)] == watcher.texts
    statistics = driver.health().statistics
    assert (SCANS, 0, 1) == (statistics.scans, statistics.misreads, statistics.reconnects)
    note(f"keyboard (uhid): {SCANS} scans, last key to receiver: {spread(seconds)}")


@pytest.fixture
def typist() -> Iterator[evdev.UInput]:
    """A keyboard made by uinput."""
    with evdev.UInput(name="uinput gun", vendor=0x05E0, product=0x1200) as device:
        yield device


def test_a_thousand_scans_of_a_uinput_keyboard(
    watcher: Watcher, started: Start, typist: evdev.UInput
) -> None:
    """The other way to make a keyboard: the same."""
    driver = open_device(PATH, retry_seconds=0.05)
    flow = Flow(driver)
    started(driver)
    watcher.until_state(State.ENABLED)

    def press(keys: Sequence[tuple[int, int]]) -> None:
        for code, value in keys:
            typist.write(ecodes.EV_KEY, code, value)
            typist.syn()

    for number in range(SCANS):
        flow.send(label(code_of(number)), press)
    watcher.until_scans(SCANS)
    assert [code_of(number) for number in range(SCANS)] == watcher.texts


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_arrives(layout: str, watcher: Watcher, started: Start, plugged: Plug) -> None:
    """A gun set to another country's keyboard is read by that layout: letters, digits, signs, third level."""
    made = LAYOUTS[layout]
    text = "".join(sorted({*made.plain.values(), *made.shifted.values(), *made.third.values()} - {"]"}))
    gun = plugged(gun_keyboard())
    driver = open_device(f"{PATH}?layout={layout}")
    flow = Flow(driver)
    started(driver)
    watcher.until_state(State.ENABLED)
    flow.pull_trigger(gun, label(text, layout))
    watcher.until_scans(1)
    assert [text] == watcher.texts


def test_caps_lock_of_the_host_changes_nothing(watcher: Watcher, started: Start, plugged: Plug) -> None:
    """The gun's lamp is put out, whenever it is lit, and a label typed by numbers arrives as well."""
    gun = plugged(gun_keyboard())
    driver = open_device(PATH)
    flow = Flow(driver)
    with contextlib.closing(evdev.InputDevice(until_node())) as other:
        other.set_led(ecodes.LED_CAPSL, 1)
        assert [b"\x02"] == gun.until_told(1)
        started(driver)
        watcher.until_state(State.ENABLED)
        assert [b"\x02", b"\x00"] == gun.until_told(2)
        other.set_led(ecodes.LED_CAPSL, 1)  # as a window system does when somebody hits Caps Lock elsewhere
        other.syn()
        assert [b"\x02", b"\x00"] == gun.until_told(4)[2:]
        flow.pull_trigger(gun, [*typed_on_keypad("Ab1"), *label("cD")])
        watcher.until_scans(1)
    assert ["Ab1cD"] == watcher.texts


def until_node() -> str:
    """The node of the gun, once there is one."""
    for _ in range(2000):
        for node in Path("/sys/class/input").glob("event*"):
            if "Symbol" in (node / "device" / "name").read_text():
                return f"/dev/input/{node.name}"
        threading.Event().wait(0.01)
    raise AssertionError("no node came")


def test_nobody_else_hears_the_gun(watcher: Watcher, started: Start, plugged: Plug) -> None:
    """While a gun is read, a window system that has its node open gets none of its keys; afterwards it does again."""
    gun = plugged(gun_keyboard())
    driver = open_device(PATH)
    flow = Flow(driver)
    with contextlib.closing(evdev.InputDevice(until_node())) as window:
        started(driver)
        watcher.until_state(State.ENABLED)
        flow.pull_trigger(gun, label(code_of(1)))
        watcher.until_scans(1)
        assert ([], [], []) == select.select([window.fd], [], [], 0.1)
        driver.stop()
        gun.send(*reports(label("1")))
        assert select.select([window.fd], [], [], 5)[0]
    assert [code_of(1)] == watcher.texts


def test_a_gun_that_another_program_has_taken_is_busy(
    watcher: Watcher, started: Start, plugged: Plug
) -> None:
    """A grab is exclusive: the gun says so, and is read when it is free."""
    plugged(gun_keyboard())
    with contextlib.closing(evdev.InputDevice(until_node())) as other:
        other.grab()
        started(open_device(PATH, retry_seconds=0.05))
        watcher.until_error("device_busy")
        other.ungrab()
        watcher.until_state(State.ENABLED)


def test_keys_that_the_kernel_dropped_make_no_label(watcher: Watcher, started: Start, plugged: Plug) -> None:
    """A gun faster than the till for a while: what the kernel could not keep spoils its label, and no other."""
    gun = plugged(gun_keyboard())
    driver = open_device(PATH)
    assert isinstance(driver, ThreadedDevice)
    is_held, stall = threading.Event(), threading.Event()

    def hold(frame: bytes, at: float) -> None:
        is_held.set()
        stall.wait(20)

    driver.tap(hold)
    started(driver)
    watcher.until_state(State.ENABLED)
    sent = [code_of(number) for number in range(60)]
    first, *rest = [report for text in sent for report in reports(label(text))]
    gun.send(first)
    assert is_held.wait(20)
    gun.send(*rest)
    stall.set()
    assert watcher.until(lambda: driver.health().statistics.misreads > 0)
    gun.send(*reports(label("last")))
    watcher.until(lambda: watcher.texts[-1:] == ["last"])
    assert set(watcher.texts) <= {*sent, "last"}
    assert "last" == watcher.texts[-1]


def test_the_gun_is_listed_before_other_keyboards(plugged: Plug) -> None:
    """What is attached is named, the makers of guns first."""
    plugged(gun_keyboard())
    until_node()
    keyboards = [found for found in list_devices() if found.path.startswith("evdev:")]
    assert (PATH, "Symbol Bar Code Scanner") == (keyboards[0].path, keyboards[0].title)


def test_a_thousand_scans_through_hidapi(
    watcher: TimedWatcher, started: Start, plugged: Plug, note: Callable[[str], None]
) -> None:
    """The same keyboard by its raw reports, with the cable pulled within a label: every label once and in order."""
    gun = plugged(gun_keyboard())
    driver = open_device("hidkeys:05e0:1200", retry_seconds=0.05)
    started(driver)
    watcher.until_state(State.ENABLED)
    seconds = []
    for number in range(SCANS):
        if number == SCANS // 2:
            gun.send(*reports(label(code_of(number))[:20]))
            gun.unplug()
            watcher.until_state(State.LOST)
            gun = plugged(gun_keyboard())
            watcher.until_state(State.ENABLED, 2)
        start = time.monotonic()
        gun.send(*reports(label(code_of(number))))
        watcher.until_scans(number + 1)
        seconds.append(watcher.received_at[-1] - start)
    assert [code_of(number) for number in range(SCANS)] == watcher.texts
    statistics = driver.health().statistics
    assert (SCANS, 0, 1) == (statistics.scans, statistics.misreads, statistics.reconnects)
    note(f"keyboard through hidapi (uhid): {SCANS} scans, first key to receiver: {spread(seconds)}")
