"""The keyboard gun on Linux: found, taken away from the windows, read through every loss of its cable."""

import errno
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.device import Device, State
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceError,
    DevicePermission,
    DeviceUnusable,
    DriverMissing,
)
from drivers.evdev_gun import EvdevAddress, EvdevGun, explain, list_keyboards, parse_address
from drivers.input_nodes import EvdevNodes, InputEvent, InputNode, evdev_package, stable_name
from drivers.key_presses import KeyPressParser
from tests.drivers.keyboard_gun import label
from tests.drivers.watcher import Watcher
from tests.fakes.input_nodes import KEYBOARD, FakeInputNodes, FakeKeyboard

CODE = "660123456789012345"
Start = Callable[[Device], None]


def events(keys: Iterable[tuple[int, int]], seconds: float = 0.0) -> list[InputEvent]:
    """Strokes as the kernel's events, a millisecond apart."""
    found = []
    for place, (code, value) in enumerate(keys):
        found.append(InputEvent(1, code, value, seconds + place / 1000))
        found.append(InputEvent(0, 0, 0, seconds + place / 1000))
    return found


def evdev_gun(
    nodes: FakeInputNodes, address: str = "05e0:1200", serial: str | None = None, **parser: str
) -> EvdevGun:
    """A gun that looks for its device every millisecond."""
    return EvdevGun(
        f"evdev:{address}",
        parse_address(address, serial),
        parser=lambda: KeyPressParser(**parser),  # type: ignore[arg-type]  # a table of settings
        retry_seconds=0.001,
        read_timeout_seconds=0.005,
        nodes=nodes,
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("05e0:1200", EvdevAddress(None, 0x05E0, 0x1200)),
        ("05E0:1200", EvdevAddress(None, 0x05E0, 0x1200)),
        ("/dev/input/event3", EvdevAddress("/dev/input/event3")),
    ],
)
def test_an_address_is_two_ids_or_a_path(text: str, address: EvdevAddress) -> None:
    """Four hexadecimal digits each, or a node."""
    assert address == parse_address(text)


@pytest.mark.parametrize("text", ["", "event3", "05e0", "05e0:12000"])
def test_any_other_address_is_refused(text: str) -> None:
    """What is neither is a ValueError."""
    with pytest.raises(ValueError, match="neither"):
        parse_address(text)


def test_labels_are_read(watcher: Watcher, started: Start) -> None:
    """Labels of a gun set to AZERTY arrive as they are, with path, kind and time, and nobody else hears a key."""
    keyboard = FakeKeyboard()
    gun = evdev_gun(FakeInputNodes(keyboard), layout="fr")
    frames: list[tuple[bytes, float]] = []
    gun.tap(lambda frame, at: frames.append((frame, at)))
    started(gun)
    watcher.until_state(State.ENABLED)
    assert keyboard.is_grabbed
    keyboard.send(*events(label("]C0aB-" + CODE, "fr")))
    watcher.until_scans(1)
    scan = watcher.scans[0]
    assert ("aB-" + CODE, "Code 128", "evdev:05e0:1200", "evdev") == (
        scan.text,
        scan.symbology,
        scan.source,
        scan.transport,
    )
    parser = KeyPressParser(layout="fr")
    replayed = [again for frame, at in frames for again in parser.feed(frame, at)]
    assert [(scan.text, scan.at)] == [(again.text, again.at) for again in replayed]


def test_a_queue_read_late_keeps_its_pauses(watcher: Watcher, started: Start) -> None:
    """Two labels without an end that waited together are two: the kernel knows when each key was pressed."""
    keyboard = FakeKeyboard()
    started(evdev_gun(FakeInputNodes(keyboard), end="silence"))
    watcher.until_state(State.ENABLED)
    keyboard.send(*events(label("12", end=None)), *events(label("34", end=None), seconds=1.0))
    watcher.until_scans(2)
    assert ["12", "34"] == watcher.texts


def test_a_gun_comes_back_as_another_node(watcher: Watcher, started: Start) -> None:
    """It is found by its ids and read on; what was typed before the cable was pulled is read, a cut label is not."""
    keyboard = FakeKeyboard()
    nodes = FakeInputNodes(keyboard)
    gun = evdev_gun(nodes)
    started(gun)
    for round_number in range(5):
        watcher.until_state(State.ENABLED, round_number + 1)
        keyboard.send(*events(label(f"{CODE}{round_number}")))
        keyboard.send(*events(label("999", end=None)))
        nodes.unplug(keyboard)
        watcher.until_state(State.LOST, round_number + 1)
        assert not keyboard.is_grabbed
        nodes.plug(keyboard, f"/dev/input/event{7 + round_number}")
    watcher.until_state(State.ENABLED, 6)
    assert [f"{CODE}{round_number}" for round_number in range(5)] == watcher.texts
    assert 5 == gun.health().statistics.reconnects


@pytest.mark.parametrize(
    ("address", "serial", "opened"),
    [
        ("05e0:1200", None, "/dev/input/event3"),
        ("05e0:1200", "S2", "/dev/input/event5"),
        ("/dev/input/event6", None, "/dev/input/event6"),
    ],
)
def test_an_address_chooses_the_keyboard(
    address: str, serial: str | None, opened: str, watcher: Watcher, started: Start
) -> None:
    """By ids and serial number, or by node; the same gun's other devices are left alone."""
    nodes = FakeInputNodes(
        FakeKeyboard(replace(KEYBOARD, node="/dev/input/event2", is_keyboard=False)),
        FakeKeyboard(),
        FakeKeyboard(replace(KEYBOARD, node="/dev/input/event5", serial="S2")),
        FakeKeyboard(replace(KEYBOARD, node="/dev/input/event6", vendor_id=1, product_id=2, serial="")),
    )
    started(evdev_gun(nodes, address, serial))
    watcher.until_state(State.ENABLED)
    assert [opened] == nodes.opened


def test_another_gun_at_the_address_is_not_taken(watcher: Watcher, started: Start) -> None:
    """The same model with another serial number is another gun."""
    keyboard = FakeKeyboard()
    nodes = FakeInputNodes(keyboard)
    started(evdev_gun(nodes))
    watcher.until_state(State.ENABLED)
    nodes.unplug(keyboard)
    nodes.plug(FakeKeyboard(replace(KEYBOARD, serial="S2")))
    watcher.until_error("device_changed")


def test_two_devices_do_not_share_a_keyboard(watcher: Watcher, started: Start) -> None:
    """What is taken is busy."""
    nodes = FakeInputNodes(FakeKeyboard())
    started(evdev_gun(nodes))
    watcher.until_state(State.ENABLED)
    started(evdev_gun(nodes))
    watcher.until_error("device_busy")


def test_a_missing_library_is_named(watcher: Watcher, started: Start) -> None:
    """Without evdev the gun says which package to install, and is read once that is done."""
    nodes = FakeInputNodes(FakeKeyboard())
    nodes.is_installed = False
    started(evdev_gun(nodes))
    assert "pip install evdev-binary" in (watcher.until_error("driver_missing").error_remedy or "")
    nodes.is_installed = True
    watcher.until_state(State.ENABLED)


def test_a_device_without_keys_is_named(watcher: Watcher, started: Start) -> None:
    """A node that is no keyboard's is not taken."""
    started(evdev_gun(FakeInputNodes(FakeKeyboard(replace(KEYBOARD, is_keyboard=False))), KEYBOARD.node))
    assert "event-kbd" in (watcher.until_error("device_unusable").error_remedy or "")


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOENT, DeviceAbsent, "Plug it in"),
        (errno.ENODEV, DeviceAbsent, "Plug it in"),
        (errno.EBUSY, DeviceBusy, "Close another program"),
        (errno.EACCES, DevicePermission, "sudo cp resources/udev/70-points-till.rules /etc/udev/rules.d/"),
        (errno.EACCES, DevicePermission, "sudo usermod -aG input $USER"),
        (errno.EACCES, DevicePermission, "add its ids (05e0:1200)"),
        (errno.EINVAL, DeviceUnusable, "another device"),
    ],
)
def test_what_a_failed_opening_means(number: int, kind: type[DeviceError], words: str) -> None:
    """One line an error: what it is, and what to do."""
    error = explain(KEYBOARD, OSError(number, "as the kernel says"))
    assert kind is type(error)
    assert words in error.remedy


def test_no_text_is_shown_or_logged(
    watcher: Watcher, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """Keys, labels and errors show nowhere."""
    secret = "zqxjkvwypghbzqxjkv"
    keyboard = FakeKeyboard()
    nodes = FakeInputNodes(keyboard)
    gun = evdev_gun(nodes)
    typed = events([*label(secret), *label(secret + "\\"), *label(secret, end=None)])
    with caplog.at_level(logging.DEBUG):
        started(gun)
        watcher.until_state(State.ENABLED)
        keyboard.send(*typed)
        watcher.until_scans(2)
        nodes.unplug(keyboard)
        watcher.until_state(State.LOST)
        gun.stop()
    shown = caplog.text + repr([gun, gun.health(), *watcher.scans, *watcher.healths, gun._parser, *typed])
    assert secret[:4] not in shown
    assert "code=" not in shown


# ---- what the kernel says of its devices


def make_node(system: Path, event: str, **says: str) -> None:
    """A device in a folder like sysfs'."""
    device = system / event / "device"
    (device / "id").mkdir(parents=True)
    (device / "capabilities").mkdir()
    known = {"name": "Gun", "uniq": "", "vendor": "05e0", "product": "1200", "key": "0"}
    for key, text in {**known, **says}.items():
        folder = {"vendor": "id", "product": "id", "key": "capabilities"}.get(key, ".")
        (device / folder / key).write_text(text + "\n")


KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""The keys of an ordinary keyboard, as a 64-bit kernel prints them."""


def test_devices_are_read_from_the_kernel(tmp_path: Path) -> None:
    """Name, ids, serial number, and whether it has the keys of a gun; one that is going away is left out."""
    make_node(tmp_path, "event10", key=KEYS, uniq="S1", name="Symbol Bar Code Scanner")
    make_node(tmp_path, "event2", vendor="046d", product="c077", key="ff0000 0 0 0 0", name="Mouse")
    make_node(tmp_path, "event4", vendor="")
    (tmp_path / "event5").mkdir()
    (tmp_path / "mouse0").mkdir()
    nodes = EvdevNodes(tmp_path, Path("/dev/input"))
    assert [
        InputNode("/dev/input/event2", "Mouse", 0x046D, 0xC077, "", is_keyboard=False),
        InputNode("/dev/input/event10", "Symbol Bar Code Scanner", 0x05E0, 0x1200, "S1", is_keyboard=True),
    ] == nodes.nodes()
    assert ["05e0:1200"] == [found.ids for found in list_keyboards(nodes)]


def test_a_system_without_input_devices_has_none(tmp_path: Path) -> None:
    """Where there is no sysfs nothing is listed."""
    assert [] == EvdevNodes(tmp_path / "none").nodes()


def test_a_link_of_udev_is_the_name_for_good(tmp_path: Path) -> None:
    """The link that leads to a node, if there is one."""
    node, link = tmp_path / "event3", tmp_path / "usb-Symbol-event-kbd"
    node.touch()
    link.symlink_to(node)
    assert str(link) == stable_name(str(node), [tmp_path / "dead", link])
    assert stable_name(str(node), []) is None


def test_the_real_port_says_what_it_cannot_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is none is an OSError; a missing library names the package for this machine."""
    pytest.importorskip("evdev")
    with pytest.raises(OSError, match="none"):
        EvdevNodes().open(str(tmp_path / "none"))
    monkeypatch.setitem(__import__("sys").modules, "evdev", None)
    with pytest.raises(DriverMissing, match=evdev_package()):
        EvdevNodes().open(str(tmp_path / "none"))
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert "evdev" == evdev_package()
