"""The other ways to a printer: device nodes, serial lines, print queues and USB."""

import gc
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from drivers.device import Clock, Device, State
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceError,
    DeviceLost,
    DevicePermission,
    DeviceUnusable,
    DriverMissing,
)
from drivers.print_jobs import JobState, Progress, Ticket
from drivers.printer_link import Condition, PrinterLink, condition_of, is_offline, is_status, is_taken
from drivers.printer_node import PrinterNode, condition_of_lines
from drivers.printer_queue import PrinterQueue, queue_names
from drivers.printer_serial import PrinterSerial
from drivers.printer_usb import PrinterUsb
from drivers.receipt import Receipt, Text
from drivers.receipt_bytes import Paper, escpos_printers
from drivers.receipt_printer import Patience, ReceiptPrinter
from drivers.serial_port import LineSettings
from tests.drivers.paper import Interpreter
from tests.drivers.printing import CALM, LeapingClock
from tests.drivers.pty_line import PtyLine
from tests.drivers.watcher import LONG_SECONDS, Watcher

Start = Callable[[Device], None]
RECEIPT = Receipt((Text("收据"), Text("receipt")))
ON_PAPER = ["收据", "receipt"]
SILENT = replace(CALM, answer=0.3)
"""For what never says anything."""


def print_through(
    link: PrinterLink, started: Start, patience: Patience = CALM, clock: Clock = time.monotonic
) -> Progress:
    """Print a receipt through a link; its last progress."""
    printer = ReceiptPrinter(
        "printer:test", link, paper=Paper(), patience=patience, clock=clock, retry_seconds=0.005
    )
    started(printer)
    told: list[Progress] = []
    is_over = threading.Event()

    def on_progress(progress: Progress) -> None:
        told.append(progress)
        if progress.state in (JobState.PRINTED, JobState.SENT):
            is_over.set()

    assert Ticket(1, printer.print(RECEIPT, on_progress).verdict).number
    assert is_over.wait(LONG_SECONDS), f"{told}, {printer.health()}"
    return told[-1]


class PtyPrinter:
    """A printer at the far end of a serial line, in order and willing to say so."""

    def __init__(self, line: PtyLine) -> None:
        self.paper = Interpreter()
        self._line = line
        self._is_off = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def switch_off(self) -> None:
        """Stop serving."""
        self._is_off.set()
        self._thread.join(LONG_SECONDS)

    def _serve(self) -> None:
        while not self._is_off.is_set():
            data = self._line.receive(1, timeout_seconds=0.01)
            if data == b"\x10":
                self._line.receive(2)
                self._line.send(b"\x12")
                continue
            questions = self.paper.questions
            self.paper.feed(data)
            if self.paper.questions > questions:
                self._line.send(b"\x00")


@pytest.fixture
def far(line: PtyLine) -> Iterator[PtyPrinter]:
    """A printer at the far end of `line`."""
    printer = PtyPrinter(line)
    yield printer
    printer.switch_off()


def test_a_serial_printer_prints_and_says_so(line: PtyLine, far: PtyPrinter, started: Start) -> None:
    """Over a serial line a receipt comes out whole and is confirmed."""
    link = PrinterSerial(LineSettings(line.port, 115200), ports=list)
    assert JobState.PRINTED is print_through(link, started).state
    assert [ON_PAPER] == [piece.lines for piece in far.paper.pieces]


def test_a_printers_node_prints_and_says_so(line: PtyLine, far: PtyPrinter, started: Start) -> None:
    """Through a character device that also reads, such as /dev/usb/lp0, it is the same."""
    assert JobState.PRINTED is print_through(PrinterNode(line.port), started).state
    assert [ON_PAPER] == [piece.lines for piece in far.paper.pieces]


def test_a_node_whose_printer_is_pulled_is_lost(line: PtyLine, far: PtyPrinter) -> None:
    """When the cable goes, the next write and the next read say so."""
    link = PrinterNode(line.port)
    with closing(link):
        link.open()
        far.switch_off()
        line.pull()
        with pytest.raises(DeviceLost):
            link.write(b"x")


def test_a_file_stands_for_a_printer(tmp_path: Path, started: Start) -> None:
    """Receipts go to the end of an ordinary file, which says nothing."""
    file = tmp_path / "receipts.bin"
    file.touch()
    assert JobState.SENT is print_through(PrinterNode(str(file)), started, SILENT).state
    paper = Interpreter()
    paper.feed(file.read_bytes())
    assert [ON_PAPER] == [piece.lines for piece in paper.pieces]


def test_a_node_is_never_made(tmp_path: Path, watcher: Watcher, started: Start) -> None:
    """An unplugged printer's node does not become an ordinary file that swallows receipts."""
    node = tmp_path / "lp0"
    printer = ReceiptPrinter("printer:file", PrinterNode(str(node)), retry_seconds=0.005)
    started(printer)
    printer.print(RECEIPT)
    watcher.until_error("device_absent")
    assert not node.exists()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "denied"), DevicePermission),
        (OSError(16, "busy"), DeviceBusy),
        (OSError(6, "no such device"), DeviceAbsent),
        (IsADirectoryError(21, "a folder"), DeviceUnusable),
    ],
)
def test_a_node_that_cannot_be_opened_says_why(
    error: OSError, expected: type[DeviceError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way of not being opened has its own error, with a remedy."""
    node = tmp_path / "lp0"
    node.touch()

    def refuse(path: str, flags: int) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(expected) as caught:
        PrinterNode(str(node)).open()
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("lines", "condition"),
    [
        (0x18, Condition.READY),
        (0x38, Condition.NO_PAPER),
        (0x30, Condition.NO_PAPER),
        (0x08, Condition.NOT_READY),
        (0x10, Condition.NOT_READY),
        (0x00, Condition.NOT_READY),
    ],
)
def test_the_status_lines_of_a_node(lines: int, condition: Condition) -> None:
    """The three lines of <linux/lp.h> tell paper, selection and error apart."""
    assert condition is condition_of_lines(lines)


@pytest.mark.parametrize(
    ("cause", "paper", "condition"),
    [
        (0x12, 0x72, Condition.NO_PAPER),
        (0x32, 0x12, Condition.NO_PAPER),
        (0x16, 0x12, Condition.COVER_OPEN),
        (0x36, 0x72, Condition.COVER_OPEN),
        (0x52, 0x12, Condition.NOT_READY),
        (0x00, 0x00, Condition.NOT_READY),
    ],
)
def test_why_a_printer_is_offline(cause: int, paper: int, condition: Condition) -> None:
    """The bits of DLE EOT 2 and 4: an open cover explains a missing paper, not the other way round."""
    assert condition is condition_of(cause, paper)


def test_answers_are_told_apart() -> None:
    """No byte answers both questions, and flow control answers none of them."""
    assert [] == [byte for byte in range(256) if is_status(byte) and is_taken(byte)]
    assert not any(is_status(byte) or is_taken(byte) for byte in (0x11, 0x13))
    assert (True, False) == (is_offline(0x1A), is_offline(0x12))


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs with an `lp` that keeps what it is given, and a queue named counter."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {
        "lp": f'test ! -e {tmp_path}/broken || exit 1\necho "$@" > {tmp_path}/asked\ncat >> {tmp_path}/job\n',
        "lpstat": "echo counter\necho kitchen\n",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (programs / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def test_a_queue_takes_receipts_raw(cups: Path, started: Start) -> None:
    """`lp` gets the printer's bytes unchanged, and a job name that tells nothing of the receipt."""
    assert ["counter", "kitchen"] == queue_names()
    assert JobState.SENT is print_through(PrinterQueue("counter"), started).state
    assert "-d counter -t receipt -o raw" == (cups / "asked").read_text().strip()
    paper = Interpreter()
    paper.feed((cups / "job").read_bytes())
    assert [ON_PAPER] == [piece.lines for piece in paper.pieces]


def test_a_queue_that_refuses_is_asked_again(cups: Path, watcher: Watcher, started: Start) -> None:
    """When `lp` fails, the receipt waits and is handed over when it does not."""
    (cups / "broken").touch()
    printer = ReceiptPrinter("printer:cups:counter", PrinterQueue("counter"), retry_seconds=0.005)
    started(printer)
    ticket = printer.print(RECEIPT)
    watcher.until_error("device_lost")
    (cups / "broken").unlink()
    assert watcher.until(lambda: watcher.states.count(State.ENABLED) >= 2)
    printer._jobs.wait_until_empty(LONG_SECONDS)
    progress = printer.progress(ticket.number)
    assert progress is not None
    assert JobState.SENT is progress.state


def test_an_unknown_queue_is_absent(cups: Path) -> None:
    """A queue that the machine does not have is not printed to."""
    with pytest.raises(DeviceAbsent):
        PrinterQueue("bar").open()


def test_without_cups_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no `lp`, the error says how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceUnusable, match="cups-client"):
        PrinterQueue("counter").open()


class UsbDevice:
    """What pyusb gives for a printer: end points that take and give bytes."""

    class Backend:
        """One of those that leave the system's drivers alone."""

    backend = Backend()

    def __init__(self) -> None:
        self.paper = Interpreter()
        self.is_plugged = True
        self.is_forbidden = False
        self._answers: list[bytes] = []

    def set_configuration(self) -> None:
        """Nothing to set."""

    def reset(self) -> None:
        """Nothing to reset."""

    def write(self, end_point: int, data: bytes, timeout: int) -> int:
        """Print."""
        if not self.is_plugged:
            raise OSError(19, "no such device")
        assert (0x01, 1000) == (end_point, timeout)
        if data.startswith(b"\x10\x04"):
            self._answers.append(b"\x12")
            return len(data)
        questions = self.paper.questions
        self.paper.feed(data)
        if self.paper.questions > questions:
            self._answers.append(b"\x00")
        return len(data)

    def read(self, end_point: int, size: int, timeout: int) -> bytes:
        """Answer, or time out as pyusb does."""
        assert 0x82 == end_point
        if not self._answers:
            raise OSError(110, "timed out")
        return self._answers.pop(0)


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> Iterator[UsbDevice]:
    """A machine with pyusb and one printer."""
    device = UsbDevice()
    escpos_printers()
    from escpos.printer import usb as module  # noqa: PLC0415  # only where its library is imported anyway

    def find(**wanted: int) -> UsbDevice | None:
        if device.is_forbidden:
            raise OSError(13, "Access denied (insufficient permissions)")
        return device if device.is_plugged and wanted == {"idVendor": 0x04B8, "idProduct": 0x0202} else None

    monkeypatch.setattr(module, "_DEP_USB", True)
    core = SimpleNamespace(find=find, USBError=OSError)
    fake = SimpleNamespace(core=core, util=SimpleNamespace(dispose_resources=lambda _: None))
    monkeypatch.setattr(module, "usb", fake, raising=False)
    yield device
    gc.collect()  # python-escpos's printers close themselves when they are collected, by the library of this fixture


def test_a_usb_printer_prints_and_says_so(usb: UsbDevice, started: Start) -> None:
    """Through python-escpos's USB printer a receipt comes out whole and is confirmed."""
    assert JobState.PRINTED is print_through(PrinterUsb(0x04B8, 0x0202), started).state
    assert [ON_PAPER] == [piece.lines for piece in usb.paper.pieces]


def test_what_a_printer_said_is_heard_however_late(usb: UsbDevice, started: Start) -> None:
    """A till that had no turn for longer than its patience lasts does not take the printer for a silent one."""
    clock = LeapingClock()
    clock.is_leaping = True
    assert JobState.PRINTED is print_through(PrinterUsb(0x04B8, 0x0202), started, clock=clock).state


def test_a_usb_printer_that_is_away_says_so(usb: UsbDevice) -> None:
    """Not found, not allowed, and pulled while it is open: all are errors with a remedy."""
    with pytest.raises(DeviceAbsent):
        PrinterUsb(0x04B8, 0xFFFF).open()
    link = PrinterUsb(0x04B8, 0x0202)
    usb.is_forbidden = True
    with pytest.raises(DevicePermission, match="udev"):
        link.open()
    usb.is_forbidden = False
    link.open()
    usb.is_plugged = False
    with pytest.raises(DeviceLost):
        link.write(b"x")
    link.close()
    with pytest.raises(DeviceLost):
        link.read()


def test_without_pyusb_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A USB printer without the library is an error that says how to get it."""
    escpos_printers()
    from escpos.printer import usb as module  # noqa: PLC0415  # only where its library is imported anyway

    monkeypatch.setattr(module, "_DEP_USB", False)
    with pytest.raises(DriverMissing, match="pip install pyusb"):
        PrinterUsb(0x04B8, 0x0202).open()
