"""A keyboard gun on a real X server: keys pressed by xdotool, windows given the focus by a window manager."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_SECONDS, within

LABEL = "293847561029384756"
PROGRAMS = ("Xvfb", "openbox", "xdotool")
ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(
    not all(shutil.which(program) for program in PROGRAMS), reason=f"needs {', '.join(PROGRAMS)}"
)


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A program that is ended at the end, whatever happens."""
    with subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def desktop() -> Iterator[dict[str, str]]:
    """The environment of a desktop of its own."""
    # -r: a key does not repeat itself, however late its release comes.
    server = ["Xvfb", "-displayfd", "1", "-screen", "0", "2166x768x24", "-noreset", "-r", "-nolisten", "tcp"]
    with running(server, dict(os.environ)) as xvfb:
        assert xvfb.stdout is not None
        number = xvfb.stdout.readline().strip()
        assert number, "Xvfb has no display to offer"
        environment = {
            **os.environ,
            "DISPLAY": f":{number}",
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONPATH": str(ROOT),
        }
        with running(["openbox"], environment):
            within(lambda: has_window_manager(environment))
            yield environment


def has_window_manager(environment: dict[str, str]) -> bool:
    """Whether somebody gives windows the focus: who does says how many desktops there are."""
    told = subprocess.run(["xdotool", "get_num_desktops"], env=environment, capture_output=True, check=False)
    return told.returncode == 0


class Till:
    """The program under test and what it told so far."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str]) -> None:
        self._process = process
        self._environment = environment
        self.told: list[str] = []
        self.wait_for("ready xcb")

    def wait_for(self, line: str) -> str:
        """Read what it tells up to a line that begins so, and return it."""
        assert self._process.stdout is not None
        for told in self._process.stdout:
            self.told.append(told.strip())
            if self.told[-1].startswith(line):
                return self.told[-1]
        raise AssertionError(f"ended before {line!r}: {self.told}")

    def scan(self, label: str, suffix: str = "Return") -> None:
        """Press keys as a gun does, 4 ms apart."""
        self._press(4, [*label, suffix])

    def type(self, key: str, line: str) -> None:
        """Press a key as a person does, and wait for what comes of it."""
        self.rest_on(key)
        self.wait_for(line)

    def rest_on(self, key: str) -> None:
        """Press a key for as long as no gun would, and no other for a while."""
        self._press(800, [key])

    def touch(self, x: str, y: str) -> None:
        """Touch the screen there."""
        self._do("mousemove", x, y, "click", "1")

    def _press(self, delay_ms: int, keys: list[str]) -> None:
        self._do("key", "--delay", str(delay_ms), *keys)

    def _do(self, *command: str) -> None:
        subprocess.run(["xdotool", *command], env=self._environment, check=True, timeout=PATIENCE_SECONDS)


@pytest.fixture
def till(request: pytest.FixtureRequest, desktop: dict[str, str]) -> Iterator[Till]:
    command = [sys.executable, "-m", "tests.pos_client.screens.x11_counter", request.param]
    with running(command, desktop) as process:
        yield Till(process, desktop)


@pytest.mark.parametrize("till", ["cashier"], indirect=True)
def test_a_gun_over_a_focused_button(till: Till) -> None:
    """The scan arrives; its Enter neither presses the focused button nor confirms the amount; then a person types."""
    till.scan(LABEL)
    till.wait_for(f"scan {LABEL}")
    for key, line in (("4", "event 4"), ("2", "event 2"), ("Return", "event Confirmed")):
        till.type(key, line)

    assert till.told == ["ready xcb", f"scan {LABEL}", "event 4", "event 2", "event Confirmed"]


@pytest.mark.parametrize("till", ["dialog"], indirect=True)
def test_a_gun_over_a_dialog(till: Till) -> None:
    """Two scans, one of them ended by a line feed, leave the dialog open; a person's Enter closes it."""
    for label, suffix in ((LABEL, "Return"), (LABEL[::-1], "Linefeed")):
        till.scan(label, suffix)
        till.wait_for(f"scan {label}")
    till.rest_on("Shift_L")  # a moment later: an Enter on the heels of a scan is the gun's second suffix
    till.type("Return", "closed")

    assert till.told == ["ready xcb", f"scan {LABEL}", f"scan {LABEL[::-1]}", "pressed", "closed"]


@pytest.mark.parametrize("till", ["field"], indirect=True)
def test_a_person_and_a_gun_in_one_field(till: Till) -> None:
    """What a person types before and after a scan stands in the field, the scan does not."""
    till.type("1", "typed 1")
    till.type("2", "typed 12")
    till.scan(LABEL)
    till.wait_for(f"scan {LABEL}")
    till.type("3", "typed 123")
    till.type("4", "typed 1234")

    assert till.told == ["ready xcb", "typed 1", "typed 12", f"scan {LABEL}", "typed 123", "typed 1234"]


@pytest.mark.parametrize("till", ["pair"], indirect=True)
def test_a_customers_touch_leaves_the_keyboard_with_the_cashier(till: Till) -> None:
    """The customer touches a key of the PIN; what the cashier types next still goes to the cashier's window."""
    _, x, y, *_ = till.told[0].split()
    till.touch(x, y)
    till.wait_for("event PinTyping")
    till.type("4", "event 4")
    till.type("2", "event 2")

    assert till.told[2:] == ["event PinTyping", "event 4", "event 2"]


@pytest.mark.parametrize("till", ["pair"], indirect=True)
def test_nobody_closes_the_customers_window(till: Till) -> None:
    """The close button of its frame does nothing: without the window no PIN could be typed."""
    _, x, y, close_x, close_y = till.told[0].split()
    till.touch(close_x, close_y)
    till.touch(x, y)
    till.wait_for("event PinTyping")

    assert till.told[2:] == ["event PinTyping"]
