"""A day at a busy counter in fast time, beside the guns: PINs and receipts without end, and nothing that grows."""

import pytest

from drivers.pin_entry import Pin
from drivers.printer_socket import PrinterSocket
from drivers.receipt import QrCode, Receipt, Text
from drivers.receipt_printer import ReceiptPrinter
from drivers.serial_keypad import SerialKeypad, load_profile
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.printing import CALM
from tests.drivers.pty_line import PluggedLine
from tests.drivers.soak import DAYS, SOAK_SECONDS, Counter, live

pytestmark = pytest.mark.timeout(SOAK_SECONDS)


def test_a_day_with_a_keypad(plugged: PluggedLine) -> None:
    """PIN after PIN, torn off now and then, and nothing of them stays."""
    rounds = round(250 * DAYS)
    profile = load_profile("counter")
    keypad = SerialKeypad(
        f"keypad:serial:{plugged.path}",
        plugged.path,
        profile,
        retry_seconds=0.001,
        read_timeout_seconds=0.002,
        ports=list,
    )
    pins = Counter()
    question = profile.commands.open + profile.commands.prompt

    def take(pin: Pin) -> None:
        pins.is_in_order = pins.is_in_order and pin.reveal() == f"{pins.count:06d}"
        pins.add()

    def play(number: int, counter: Counter) -> None:
        keypad.ask(lambda _: None, take, lambda: None)
        heard = b""
        while not heard.endswith(question):
            heard += plugged.line.receive(1)
        if number % 5 == 0:
            plugged.line.send(b"12")
            cables = counter.lost
            plugged.unplug()
            counter.until(lambda: counter.lost > cables)
            plugged.plug()
            while not heard.endswith(question * 2):
                heard += plugged.line.receive(1)
                heard = heard.replace(profile.commands.close, b"")
        plugged.line.send(b"%06d" % number)
        pins.until(lambda: pins.count == number + 1)

    live(keypad, rounds, play)
    assert pins.is_in_order


def test_a_day_with_a_printer() -> None:
    """Receipt after receipt to a network printer, a connection each, some of them reset in the middle."""
    rounds = round(500 * DAYS)
    network = NetworkPrinter()
    link = PrinterSocket("127.0.0.1", network.port)
    printer = ReceiptPrinter("printer:tcp", link, patience=CALM, retry_seconds=0.001)
    receipt = Receipt((Text("收据"), QrCode("R1")))
    printed = Counter()

    def play(number: int, counter: Counter) -> None:
        if number % 10 == 0:
            network.resets_after = 20
        printer.print(receipt, lambda progress: printed.add() if progress.state == "printed" else None)
        printed.until(lambda: printed.count == number + 1)
        network.paper.pieces.clear()

    live(printer, rounds, play)
    network.switch_off()
