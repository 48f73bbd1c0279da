"""What the set-up window lists: the till's devices in order, then what is attached."""

from pathlib import Path

import pytest

from drivers.device import Health, State, Statistics
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnusable,
    DriverMissing,
)
from drivers.registry import Found
from pos_client.device_setup import DeviceRow, device_rows, lamp_of, moved
from pos_client.till.events import DeviceLamp


def health(state: State, error_kind: str | None = None, path: str = "sim:") -> Health:
    """How a device is."""
    return Health(path, state, error_kind, "Do something." if error_kind else None, Statistics())


@pytest.mark.parametrize(
    ("seen", "lamp"),
    [
        (health(State.DISCOVERED), DeviceLamp.SEARCHING),
        (health(State.CLAIMED), DeviceLamp.SEARCHING),
        (health(State.ENABLED), DeviceLamp.READY),
        (health(State.LOST), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceAbsent.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceBusy.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DeviceLost.kind), DeviceLamp.SEARCHING),
        (health(State.LOST, DevicePermission.kind), DeviceLamp.FAULT),
        (health(State.LOST, DeviceUnusable.kind), DeviceLamp.FAULT),
        (health(State.LOST, DriverMissing.kind), DeviceLamp.FAULT),
    ],
)
def test_the_lamp_of_a_health(seen: Health, lamp: DeviceLamp) -> None:
    """What mends itself is searched for; what somebody must mend is a fault."""
    assert lamp == lamp_of(seen)


def used(path: str) -> Health:
    """A device of the till's."""
    return health(State.ENABLED, path=path)


def test_devices_in_use_come_first_and_in_their_order() -> None:
    """What the system lists of them is their title; what else is attached follows without a lamp."""
    found = [Found("serial:COM4", "Datalogic"), Found("serial:COM3", "Zebra"), Found("sim:", "Simulated gun")]
    rows = device_rows([used("wedge:"), used("serial:COM3?baud=115200")], found)

    assert [
        ("wedge:", "", DeviceLamp.READY),
        ("serial:COM3?baud=115200", "Zebra", DeviceLamp.READY),
        ("serial:COM4", "Datalogic", None),
    ] == [(row.path, row.title, row.lamp) for row in rows]


def test_a_link_and_its_node_are_one_device(tmp_path: Path) -> None:
    """A gun set up by its node is not offered again by the name udev gives it."""
    node, link = tmp_path / "ttyACM0", tmp_path / "usb-gun"
    node.touch()
    link.symlink_to(node)
    rows = device_rows([used(f"serial:{node}")], [Found(f"serial:{link}", "Zebra")])

    assert [DeviceRow(f"serial:{node}", "Zebra", used(f"serial:{node}"))] == list(rows)


def test_a_path_for_any_gun_takes_them_all() -> None:
    """Who reads any gun in HID mode has no use for one of them besides."""
    rows = device_rows([used("hid:")], [Found("hid:05e0:2100", "Zebra"), Found("wedge:", "Keyboard gun")])

    assert ["hid:", "wedge:"] == [row.path for row in rows]


@pytest.mark.parametrize(
    ("path", "by", "expected"),
    [
        ("a", 1, ("b", "a", "c")),
        ("c", -1, ("a", "c", "b")),
        ("a", -1, ("a", "b", "c")),
        ("c", 5, ("a", "b", "c")),
        ("b", -9, ("b", "a", "c")),
    ],
)
def test_a_device_is_moved_as_far_as_there_are_places(path: str, by: int, expected: tuple[str, ...]) -> None:
    """Up from the first and down from the last lead nowhere."""
    assert expected == moved(("a", "b", "c"), path, by)


def test_what_we_have_named_ourselves_has_no_title() -> None:
    """The window says "keyboard gun" in its own language; the drivers' English words are for the terminal."""
    found = [Found("wedge:", "Keyboard gun"), Found("hid:05e0:2100", "Symbol Bar Code Scanner")]
    assert [("wedge:", ""), ("hid:05e0:2100", "Symbol Bar Code Scanner")] == [
        (row.path, row.title) for row in device_rows([], found)
    ]
