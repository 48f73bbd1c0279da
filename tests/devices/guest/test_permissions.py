"""What a till hears that may not open its guns: run as nobody, on nodes that are root's."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.devices.guest.virtual_hid import VirtualHid
from tests.drivers.hid_pos_gun import KEYBOARD_DESCRIPTOR, ZEBRA

NOBODY = 65534
PROGRAM = """
import json, sys, threading
from drivers.registry import open_device
device, errors = open_device(sys.argv[1]), []
known = threading.Event()
def on_health(health):
    if health.error_kind:
        errors[:] = [health.error_kind, health.error_remedy]
        known.set()
device.start(lambda scan: None, on_health)
known.wait(20)
device.stop()
sys.stdout.write(json.dumps(errors))
"""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("hid:05e0:2100", ["resources/udev/70-points-till.rules", "udevadm trigger"]),
        ("evdev:05e0:1200", ["resources/udev/70-points-till.rules", "usermod -aG input $USER"]),
        ("serial:/dev/ttyS1", ["usermod -aG dialout $USER"]),
    ],
)
def test_a_denied_gun_names_its_remedy(
    path: str, words: list[str], plugged: Callable[[VirtualHid], VirtualHid]
) -> None:
    """Each kind of gun says which permission is missing, with the command that gives it."""
    scanner = plugged(VirtualHid(ZEBRA.descriptor, 0x05E0, 0x2100))
    keyboard = plugged(VirtualHid(KEYBOARD_DESCRIPTOR, 0x05E0, 0x1200))
    assert scanner is not keyboard
    for node in (*Path("/dev").glob("hidraw*"), *Path("/dev/input").glob("event*"), Path("/dev/ttyS1")):
        node.chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, path],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    kind, remedy = json.loads(done.stdout)
    assert "device_permission" == kind
    assert [] == [word for word in words if word not in remedy]
