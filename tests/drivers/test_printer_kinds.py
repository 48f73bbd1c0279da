"""Paths of receipt printers: what they open, what is wrong with others, and which printers there are."""

import os
from pathlib import Path

import pytest

from drivers import printer_kinds
from drivers.errors import DeviceUnusable, PathInvalid
from drivers.printer_kinds import find_printers
from drivers.printer_link import PrinterLink
from drivers.printer_node import PrinterNode
from drivers.printer_queue import PrinterQueue
from drivers.printer_serial import PrinterSerial
from drivers.printer_socket import PrinterSocket
from drivers.printer_usb import PrinterUsb
from drivers.receipt_bytes import Cut, Paper, QrMode
from drivers.receipt_printer import ReceiptPrinter, Replies
from drivers.registry import open_device
from drivers.remedies import Remedy


@pytest.mark.parametrize(
    ("path", "link", "address"),
    [
        ("printer:tcp:192.168.1.50", PrinterSocket, "192.168.1.50:9100"),
        ("printer:tcp:kitchen.local:9101", PrinterSocket, "kitchen.local:9101"),
        ("printer:tcp:[fe80::1]:9100", PrinterSocket, "fe80::1:9100"),
        ("printer:serial:/dev/ttyUSB0?baud=19200&dsrdtr=yes", PrinterSerial, "/dev/ttyUSB0"),
        ("printer:file:/dev/usb/lp0", PrinterNode, "/dev/usb/lp0"),
        ("printer:cups:counter", PrinterQueue, "counter"),
        ("printer:usb:04b8:0202?in_ep=0x81&out_ep=0x02", PrinterUsb, "04b8:0202"),
    ],
)
def test_a_path_opens_its_way(path: str, link: type[PrinterLink], address: str) -> None:
    """Each way to a printer has its kind of link, and nothing is opened yet."""
    printer = open_device(path)
    assert isinstance(printer, ReceiptPrinter)
    assert isinstance(printer._link, link)
    assert address == printer._link.address


def test_the_paper_is_in_the_options() -> None:
    """Columns, cut, QR codes, drawer and answers are said in the path."""
    printer = open_device("printer:tcp:10.0.0.9?columns=32&cut=full&qr=image&drawer_pin=5&replies=no")
    assert isinstance(printer, ReceiptPrinter)
    assert Paper(columns=32, cut=Cut.FULL, qr=QrMode.IMAGE, drawer_pin=5) == printer._paper
    assert Replies.NO is printer._replies


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("printer:", "such as serial:/dev/ttyACM0"),
        ("printer:laser", "printer:tcp:192.168.1.50, printer:serial:/dev/ttyUSB0, printer:file:/dev/usb/lp0"),
        ("printer:tcp:", "printer:tcp:192.168.1.50"),
        ("printer:tcp:a b", "Write such as printer:tcp:192.168.1.50."),
        ("printer:tcp:host:0", "Write such as printer:tcp:192.168.1.50."),
        ("printer:tcp:host:70000", "Write such as printer:tcp:192.168.1.50."),
        ("printer:usb:epson", "Write such as printer:usb:04b8:0202."),
        ("printer:tcp:host?baud=9600", "Its options are: columns, cut, drawer_pin, qr, replies."),
        ("printer:tcp:host?columns=8", "32 on 58 mm paper, 48 on 80 mm"),
        ("printer:tcp:host?cut=bite", "one of part, full, none"),
        ("printer:tcp:host?qr=round", "one of native, image"),
        ("printer:tcp:host?drawer_pin=3", "2 or 5"),
        ("printer:tcp:host?replies=maybe", "one of yes, no, auto"),
        ("printer:serial:COM3?baud=1", "a number from 50 to 4000000"),
        ("printer:usb:04b8:0202?in_ep=1", "such as 0x82"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(path: str, words: str) -> None:
    """What is missing or unknown is named, with what would be right."""
    with pytest.raises(PathInvalid) as caught:
        open_device(path)
    assert words in caught.value.remedy


def test_nodes_and_queues_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A USB printer's node and the print queues are listed by addresses that open."""
    for name in ("lp0", "lp1", "hiddev0"):
        (tmp_path / name).touch()
    monkeypatch.setattr(printer_kinds, "_NODES", tmp_path)
    monkeypatch.setattr(printer_kinds, "queue_names", lambda: ["counter"])
    found = find_printers()
    assert [f"file:{tmp_path}{os.sep}lp0", f"file:{tmp_path}{os.sep}lp1", "cups:counter"] == [
        address for address, _ in found
    ]
    for address, _ in found:
        open_device(f"printer:{address}")


def test_without_a_print_service_the_nodes_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No CUPS on this machine is no fault: most tills have none."""
    (tmp_path / "lp0").touch()

    def fail() -> list[str]:
        raise DeviceUnusable("The programs lp and lpstat are missing", Remedy("Install them."))

    monkeypatch.setattr(printer_kinds, "_NODES", tmp_path)
    monkeypatch.setattr(printer_kinds, "queue_names", fail)
    assert 1 == len(find_printers())
