"""Paths of receipt printers: `printer:tcp:192.168.1.50?columns=48`, and in its place `serial:/dev/ttyUSB0`,
`file:/dev/usb/lp0`, `cups:counter`, `usb:04b8:0202`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.errors import DeviceError, PathInvalid
from drivers.printer_link import PrinterLink
from drivers.printer_node import PrinterNode
from drivers.printer_queue import PrinterQueue, queue_names
from drivers.printer_serial import PrinterSerial
from drivers.printer_socket import PrinterSocket
from drivers.printer_usb import PrinterUsb
from drivers.receipt import LEAST_COLUMNS
from drivers.receipt_bytes import Cut, Paper, QrMode
from drivers.receipt_printer import ReceiptPrinter, Replies
from drivers.remedies import Remedy
from drivers.serial_port import LineSettings

_NODES = Path("/dev/usb")
_IDS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\s/]+)(?::(\d{1,5}))?", re.IGNORECASE)
_RAW_PORT = 9100
_PAPER_OPTIONS = {"columns", "cut", "qr", "drawer_pin"}


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to a printer: what its addresses look like, its own options, and how to make the link."""

    example: str
    options: frozenset[str]
    link: Callable[[str, dict[str, Any]], PrinterLink]


def open_printer(path: str, address: str, options: dict[str, Any], **device: Any) -> ReceiptPrinter:
    """The printer at `address`, which begins with its way: `tcp:`, `serial:`, `file:`, `cups:`, `usb:`.

    Raises PathInvalid.
    """
    name, _, place = address.partition(":")
    way = _WAYS.get(name)
    if way is None or not place:
        examples = ", ".join(each.example for each in _WAYS.values())
        raise PathInvalid(
            f"{path!r} does not say how the printer is connected",
            Remedy("Write such as {examples}.", examples=examples),
        )
    known = _PAPER_OPTIONS | {"replies"} | way.options
    unfit = sorted(set(options) - known)
    if unfit:
        names = ", ".join(sorted(known))
        raise PathInvalid(
            f"printer:{name}: has no option {unfit[0]!r}",
            Remedy("Its options are: {names}.", kind=f"printer:{name}", names=names),
        )
    try:
        link = way.link(place, {option: options[option] for option in options if option in way.options})
    except ValueError:
        raise PathInvalid(
            f"{place!r} is no address of a printer", Remedy("Write such as {examples}.", examples=way.example)
        ) from None
    paper = Paper(**{option: value for option, value in options.items() if option in _PAPER_OPTIONS})
    return ReceiptPrinter(path, link, paper=paper, replies=options.get("replies", Replies.AUTO), **device)


def find_printers() -> list[tuple[str, str]]:
    """The addresses of printers with a node or a queue on this machine, and what to call them."""
    nodes = [(f"file:{node}", f"USB printer ({node.name})") for node in sorted(_NODES.glob("lp*"))]
    try:
        queues = queue_names()
    except DeviceError:
        queues = []  # no print service here, and none is needed
    return nodes + [(f"cups:{name}", f"Print queue {name}") for name in queues]


def _socket(place: str, _: dict[str, Any]) -> PrinterLink:
    match = _HOST.fullmatch(place)
    port = int(match[2] or _RAW_PORT) if match else 0
    if match is None or not 0 < port < 65536:
        raise ValueError("neither a host nor host:port")
    return PrinterSocket(match[1].strip("[]"), port)


def _usb(place: str, options: dict[str, Any]) -> PrinterLink:
    match = _IDS.fullmatch(place)
    if match is None:
        raise ValueError("no USB ids")
    return PrinterUsb(int(match[1], 16), int(match[2], 16), **options)


_WAYS: Mapping[str, _Way] = {
    "tcp": _Way("printer:tcp:192.168.1.50", frozenset(), _socket),
    "serial": _Way(
        "printer:serial:/dev/ttyUSB0",
        frozenset({"baud", "bytesize", "parity", "stopbits", "dsrdtr"}),
        lambda place, options: PrinterSerial(LineSettings(place, **options)),
    ),
    "file": _Way("printer:file:/dev/usb/lp0", frozenset(), lambda place, _: PrinterNode(place)),
    "cups": _Way("printer:cups:counter", frozenset(), lambda place, _: PrinterQueue(place)),
    "usb": _Way("printer:usb:04b8:0202", frozenset({"in_ep", "out_ep"}), _usb),
}


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text, 0)
        if not least <= value <= most:
            raise ValueError("out of range")
        return value

    return read


def _one_of(words: Mapping[str, object]) -> Callable[[str], object]:
    def read(text: str) -> object:
        if text not in words:
            raise ValueError("none of the known words")
        return words[text]

    return read


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "columns": (
        _number(LEAST_COLUMNS, 64),
        f"a number from {LEAST_COLUMNS} to 64: 32 on 58 mm paper, 48 on 80 mm",
    ),
    "cut": (Cut, f"one of {', '.join(Cut)}"),
    "qr": (QrMode, f"one of {', '.join(QrMode)}"),
    "drawer_pin": (_one_of({"2": 2, "5": 5}), "2 or 5"),
    "replies": (Replies, f"one of {', '.join(Replies)}"),
    "baud": (_number(50, 4_000_000), "a number from 50 to 4000000"),
    "bytesize": (_one_of({"7": 7, "8": 8}), "7 or 8"),
    "parity": (_one_of({parity: parity for parity in "NEOMS"}), "N, E, O, M or S"),
    "stopbits": (_one_of({"1": 1, "1.5": 1.5, "2": 2}), "1, 1.5 or 2"),
    "dsrdtr": (_one_of({"yes": True, "no": False}), "yes or no"),
    "in_ep": (_number(0x80, 0x8F), "an end point of the printer's answers, such as 0x82"),
    "out_ep": (_number(0x00, 0x0F), "an end point of the printer, such as 0x01"),
}
"""The options of a `printer:` path: its paper, whether it answers, and those of its way.

The readers raise ValueError.
"""
