"""`python -m drivers`: what it writes, what it never writes, and its exit codes."""

import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest

from drivers import commands, evdev_gun, hid_gun, printer_kinds, recording, registry, serial_port
from drivers.__main__ import main
from drivers.commands import Limits
from drivers.device import Device
from drivers.errors import DriverMissing
from drivers.libraries import MissingLibrary
from drivers.simulated_gun import SimulatedGun
from tests.drivers.pty_line import Port, PtyLine
from tests.drivers.watcher import LONG_SECONDS
from tests.fakes.input_nodes import KEYBOARD

CODE = "660123456789012345"


class Page:
    """What was written, and a way to wait for it."""

    def __init__(self) -> None:
        self.text = ""
        self._news = threading.Condition()

    def write(self, text: str) -> None:
        """Write."""
        with self._news:
            self.text += text
            self._news.notify_all()

    def until(self, part: str) -> None:
        """Wait for a text."""
        with self._news:
            assert self._news.wait_for(lambda: part in self.text, LONG_SECONDS), self.text


class Program:
    """A command as a program of its own."""

    def __init__(self, *arguments: str) -> None:
        self.text = ""
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "drivers", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def until(self, part: str) -> None:
        """Read on until a line with this comes."""
        assert self._process.stdout is not None
        while part not in self.text:
            line = self._process.stdout.readline()
            assert line, f"it ended: {self.text}"
            self.text += line

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit code."""
        self._process.send_signal(signal.SIGINT)
        rest, _ = self._process.communicate(timeout=LONG_SECONDS)
        self.text += rest
        return self._process.returncode


@pytest.fixture
def page() -> Page:
    """A writer."""
    return Page()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, line: PtyLine) -> PtyLine:
    """A machine with one serial gun, one keyboard, and a port that is not there any more."""
    ports = [Port(line.port, "Voyager 1200g"), Port("/dev/ttyNONE")]
    monkeypatch.setattr(serial_port, "list_ports", lambda: ports)
    monkeypatch.setattr(evdev_gun, "list_keyboards", lambda: [KEYBOARD])
    monkeypatch.setattr(hid_gun, "list_guns", list)
    monkeypatch.setattr(printer_kinds, "find_printers", list)
    monkeypatch.setattr(commands, "missing_libraries", list)
    monkeypatch.setattr(commands, "_OPEN_SECONDS", LONG_SECONDS)
    return line


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Device]]:
    """The devices that a command has opened."""
    devices: list[Device] = []
    open_device = registry.open_device

    def note(path: str) -> Device:
        devices.append(open_device(path, retry_seconds=0.01))
        return devices[-1]

    monkeypatch.setattr(registry, "open_device", note)
    yield devices
    assert {"closed", "discovered"} >= {str(device.health().state) for device in devices}


def run(*arguments: str, page: Page) -> int:
    """Run a command."""
    return main(arguments, page.write, page.write)


def at_work(command: Callable[[], int]) -> tuple[threading.Thread, list[int]]:
    """Run a command beside the test."""
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(command()))
    thread.start()
    return thread, codes


def test_what_is_attached_is_listed(machine: PtyLine, opened: list[Device], page: Page) -> None:
    """Each device with its path, its name and how it is; keyboards are left alone, or one could not type any more."""
    assert 0 == run("list", page=page)
    lines = [
        line.split("  ", 1)[0].strip() + "  " + line.rsplit("  ", 1)[-1] for line in page.text.splitlines()
    ]
    assert [
        f"serial:{machine.port}  [in order]",
        "serial:/dev/ttyNONE  [device absent: Plug it in, or choose another device.]",
        "evdev:05e0:1200  [attached]",
        "wedge:  [read through the till's window]",
        "sim:  [in order]",
    ] == lines
    assert f"Voyager 1200g ({machine.port})" in page.text


def test_listing_may_leave_everything_closed(machine: PtyLine, opened: list[Device], page: Page) -> None:
    """With --no-open no device is touched."""
    assert 0 == run("list", "--no-open", page=page)
    assert [] == opened
    assert f"Voyager 1200g ({machine.port})  [attached]" in page.text


def test_missing_libraries_are_listed_with_what_to_do(
    machine: PtyLine, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind without its library is said to be so, the others are listed, and the command that brings it is there."""

    def fail() -> list[Port]:
        raise DriverMissing("pyserial")

    missing = MissingLibrary("pyserial", "serial", "python -m pip install pyserial")
    monkeypatch.setattr(serial_port, "list_ports", fail)
    monkeypatch.setattr(commands, "missing_libraries", lambda: [missing])
    assert 0 == run("list", page=page)
    assert "sim:" in page.text
    assert "serial: cannot be listed, its library is missing (see below)\n" in page.text
    assert "  pyserial, for serial: devices. Get it with: python -m pip install pyserial\n" in page.text


@pytest.mark.parametrize("shows", [False, True])
def test_scans_are_watched(shows: bool, opened: list[Device], page: Page) -> None:
    """Type and length of a scan are written, its bytes only when asked for."""
    thread, codes = at_work(
        lambda: commands.watch(["sim:"], page.write, shows=shows, limits=Limits(LONG_SECONDS, 2))
    )
    page.until("enabled")
    (gun,) = opened
    assert isinstance(gun, SimulatedGun)
    gun.trigger("]Q1" + CODE)
    page.until("scan")
    gun.unplug()
    page.until("lost")
    gun.replug()
    gun.send(b"\xff\r")
    gun.trigger("GOODS")
    thread.join(LONG_SECONDS)
    assert [0] == codes
    assert "sim:  scan  QR Code, 18 characters, 21 bytes" in page.text
    assert "sim:  lost  device_lost: Check its cable; it comes back by itself." in page.text
    assert "sim:  scan  unknown type, 5 characters, 5 bytes" in page.text
    assert shows == (CODE.encode().hex(" ") in page.text)
    assert CODE not in page.text


def test_scans_that_do_not_come_in_time_are_a_failure(opened: list[Device], page: Page) -> None:
    """A script can ask for a scan and learn that there was none."""
    assert 1 == run("watch", "sim:", "--seconds", "0.01", "--scans", "1", page=page)
    assert 0 == run("watch", "sim:", "--seconds", "0.01", page=page)


def test_a_keypad_is_watched_by_its_count(line: PtyLine) -> None:
    """A keypad asks, and how many digits came is written, again and again; a digit never is."""
    path = f"keypad:serial:{line.port}?profile=simulated"
    with Program("watch", path, "--show") as program:
        program.until("enabled")
        assert b"\r\n\r\nPIN: " == line.receive(9)
        line.send(b"777777\r")
        program.until("PIN complete")
        assert b"******\r\nPIN: " == line.receive(13)
        line.send(b"7\x1b")
        program.until("canceled")
        assert 0 == program.interrupt()
    assert f"{path}  6 digits" in program.text
    assert "777" not in program.text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["watch", "gun:"], "names no kind of device"),
        (["watch", "serial:COM3?baud=fast"], "It must be a number from 50 to 4000000, or auto."),
        (["watch", "wedge:"], "read through the till's window"),
        (["record", "unused", "wedge:"], "Record one of: serial:, sim:, hid:, evdev:, hidkeys:."),
        (["record", "unused", "keypad:evdev:04d9:a02a"], "cannot be recorded"),
        (["record", "unused", "printer:tcp:10.0.0.9"], "cannot be recorded"),
    ],
)
def test_wrong_use_is_told_apart(arguments: list[str], words: str, page: Page) -> None:
    """A path that makes no sense for the command is exit code 2, with what would."""
    assert 2 == run(*arguments, page=page)
    assert words in page.text
    assert not Path("unused").exists()


def test_what_is_recorded_can_be_replayed(tmp_path: Path, opened: list[Device], page: Page) -> None:
    """The frames of a gun, its cable pulled in between, give the same scans again; the file is its owner's alone."""
    file = tmp_path / "gun.jsonl"
    thread, codes = at_work(
        lambda: commands.record(file, "sim:?frame=crlf", page.write, limits=Limits(LONG_SECONDS, 2))
    )
    page.until("enabled")
    (gun,) = opened
    assert isinstance(gun, SimulatedGun)
    gun.trigger("]C0first")
    page.until("scan")
    gun.send(b"torn")
    gun.unplug()
    page.until("lost")
    gun.replug()
    gun.trigger("second")
    thread.join(LONG_SECONDS)
    assert [0] == codes
    recorded = recording.parse(file.read_text(encoding="utf-8"))
    assert "sim:?frame=crlf" == recorded.path
    assert ["Opened", "Frame", "Frame", "Lost", "Opened", "Frame", "End"] == [
        type(event).__name__ for event in recorded.events
    ]
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert "2 scans are in" in page.text
    again = Page()
    assert 0 == run("replay", str(file), page=again)
    assert "Code 128, 5 characters, 8 bytes" in again.text
    assert again.text.endswith("2 scans, 0 misreads\n")
    assert b"first".hex(" ") not in again.text
    assert 0 == run("replay", str(file), "--show", page=again)
    assert b"first".hex(" ") in again.text


def test_a_recording_never_replaces_a_file(tmp_path: Path, opened: list[Device], page: Page) -> None:
    """A file that is there stays as it is."""
    file = tmp_path / "gun.jsonl"
    file.write_text("precious", encoding="utf-8")
    assert 1 == run("record", str(file), "sim:", page=page)
    assert "cannot be made: File exists" in page.text
    assert "precious" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "The file is empty"),
        (b"\xff\xfe", "cannot be replayed"),
        (b'{"recording":1,"path":"gun:"}\n', "names no kind of device"),
        (b'{"recording":1,"path":"wedge:"}\n', "cannot be replayed, only serial, sim, hid, evdev"),
        (b'{"recording":1,"path":"sim:"}\n{}\n', "Line 2 is not understood"),
    ],
)
def test_what_is_no_recording_is_refused(
    content: bytes | None, words: str, tmp_path: Path, page: Page
) -> None:
    """Each way of not being a recording is exit code 1 and one sentence."""
    file = tmp_path / "gun.jsonl"
    if content is not None:
        file.write_bytes(content)
    assert 1 == run("replay", str(file), page=page)
    assert words in page.text
    assert 1 == page.text.count("\n")


@pytest.mark.parametrize("command", ["record", "replay"])
def test_the_help_warns_of_what_is_in_a_recording(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever records is told not to record payment codes."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert 0 == ended.value.code
    assert "never a customer's payment code" in " ".join(capsys.readouterr().out.split())


def test_ctrl_c_ends_watching_politely(line: PtyLine) -> None:
    """As a program of its own: Ctrl-C is the way to end, closes the gun and is no failure."""
    with Program("watch", f"serial:{line.port}") as program:
        program.until("enabled")
        line.send(CODE.encode() + b"\r")
        program.until("18 characters, 18 bytes")
        assert 0 == program.interrupt()
    assert program.text.rstrip().endswith("18 bytes")


def test_ctrl_c_ends_a_recording_whole(line: PtyLine, tmp_path: Path) -> None:
    """What was recorded until Ctrl-C is a recording, with its end."""
    file = tmp_path / "gun.jsonl"
    with Program("record", str(file), f"serial:{line.port}") as program:
        program.until("enabled")
        line.send(CODE.encode() + b"\r")
        program.until("18 characters")
        assert 0 == program.interrupt()
    recorded = recording.parse(file.read_text(encoding="utf-8"))
    assert isinstance(recorded.events[-1], recording.End)
    assert "1 scans are in" in program.text
    assert CODE not in program.text
