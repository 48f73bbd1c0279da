"""A till that lacks a library: its kind of device says so and how to get it, and every other kind works.

Each case is a program of its own in which the library cannot be imported, as on a machine without it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

WITHOUT = """
import json, queue, sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None  # an import of it is now a ModuleNotFoundError
"""

USE = (
    WITHOUT
    + """
from drivers.__main__ import main
from drivers.device import State
from drivers.registry import open_device
written, healths = [], {}
code = main(["list", "--no-open"], written.append, written.append)
news = queue.SimpleQueue()
for path in sys.argv[2:]:
    device = open_device(path, retry_seconds=0.01)
    device.start(lambda scan: None, news.put)
    health = news.get(timeout=60)
    while health.state is not State.ENABLED and health.error_kind is None:
        health = news.get(timeout=60)
    device.stop()
    healths[path] = [str(health.state), health.error_kind, health.error_remedy]
sys.stdout.write(json.dumps({"code": code, "listed": "".join(written), "healths": healths}))
"""
)

PIP = "python -m pip install "
PATHS = ["sim:", "wedge:", "serial:/dev/ttyNONE", "keypad:serial:/dev/ttyNONE?profile=counter"]
PATHS += ["hid:ffff:ffff", "printer:file:/dev/usb/lpNONE", "printer:tcp:localhost:1"]

# Which modules are away, what the listing says of it, and which of the paths cannot do without.
CASES = [
    ("serial", PIP + "pyserial", {"serial:/dev/ttyNONE", "keypad:serial:/dev/ttyNONE?profile=counter"}),
    ("hid,hidraw", PIP + "hidapi", {"hid:ffff:ffff"}),
    ("evdev", PIP + "evdev", set[str]()),
    ("escpos", PIP + "python-escpos", {"printer:file:/dev/usb/lpNONE", "printer:tcp:localhost:1"}),
    ("cv2", PIP + "opencv-python-headless", set[str]()),
    ("zxingcpp", PIP + "zxing-cpp", set[str]()),
    ("pyzbar", PIP + "pyzbar", set[str]()),
]


def run(program: str, *arguments: str) -> str:
    """Run a program and return what it wrote."""
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(("modules", "command", "dependent"), CASES, ids=[case[0] for case in CASES])
def test_one_missing_library_disables_its_own_kind_alone(
    modules: str, command: str, dependent: set[str]
) -> None:
    """Listing works and names the command that brings it; who needs it says the same; all others are as ever."""
    told: dict[str, Any] = json.loads(run(USE, modules, *PATHS))
    assert 0 == told["code"]
    assert "sim:" in told["listed"]
    assert command in told["listed"]
    missing = {path for path, (_, kind, _) in told["healths"].items() if kind == "driver_missing"}
    assert dependent == missing
    assert dict.fromkeys(dependent, f"Install it with: {command}") == {
        path: told["healths"][path][2] for path in missing
    }
    assert ["enabled", None, None] == told["healths"]["sim:"]
    assert ["enabled", None, None] == told["healths"]["wedge:"]


def test_everything_missing_still_sells() -> None:
    """Without any of them a till has its simulated and its keyboard gun, and a list of what to get."""
    modules = ",".join(case[0] for case in CASES)
    told: dict[str, Any] = json.loads(run(USE, modules, "sim:", "wedge:"))
    assert all(command in told["listed"] for _, command, _ in CASES)
    assert {"enabled"} == {state for state, _, _ in told["healths"].values()}


def test_a_recording_is_replayed_without_any_library() -> None:
    """Recordings need no device and none of its libraries."""
    modules = ",".join(case[0] for case in CASES)
    program = WITHOUT + "from drivers.__main__ import main\nraise SystemExit(main(['replay', *sys.argv[2:]]))"
    file = ROOT / "tests" / "drivers" / "recordings" / "hid-continued-label.jsonl"
    assert run(program, modules, str(file)).endswith("3 scans, 1 misreads\n")


def test_a_keyboard_gun_without_its_library_says_so() -> None:
    """Keyboards are listed without it; opening one asks for it."""
    program = WITHOUT + (
        "from drivers.errors import DriverMissing\n"
        "from drivers.input_nodes import EvdevNodes\n"
        "EvdevNodes().nodes()\n"
        "try:\n    EvdevNodes().open('/dev/input/event0')\n"
        "except DriverMissing as error:\n    sys.stdout.write(error.remedy)\n"
    )
    assert PIP + "evdev" in run(program, "evdev")
