"""The receipt printer over real sockets: what is on the paper, in which order, and what whoever prints is told."""

from collections.abc import Callable

import pytest

from drivers.device import Device, State
from drivers.print_jobs import JobState, Progress, Ticket, Verdict
from drivers.receipt import Receipt
from drivers.receipt_bytes import Cut, Paper, QrMode
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.printing import MARK, ON_PAPER, RECEIPT, Receiver, printer_at, short
from tests.drivers.watcher import Watcher

Start = Callable[[Device], None]


def test_a_receipt_comes_out_as_it_was_meant(network: NetworkPrinter, told: Receiver, started: Start) -> None:
    """Chinese and ASCII, the QR code of the order, the cut: on paper once, and confirmed by the printer."""
    printer = printer_at(network.port)
    started(printer)
    ticket = printer.print(RECEIPT, told)
    assert Ticket(1, Verdict.ACCEPTED) == ticket
    assert 1 == told.until(ticket, JobState.PRINTED).tries
    (piece,) = network.paper.pieces
    assert ON_PAPER == piece.lines
    assert ["R20260302-000017"] == piece.codes
    assert network.paper.is_chinese
    assert [JobState.PRINTING, JobState.PRINTED] == told.states(ticket)
    assert 0 == printer.queued


def test_a_printer_without_qr_codes_gets_a_picture(
    network: NetworkPrinter, told: Receiver, started: Start
) -> None:
    """Where the printer cannot draw QR codes, they are sent as pictures."""
    printer = printer_at(network.port, paper=Paper(columns=32, qr=QrMode.IMAGE, cut=Cut.FULL))
    started(printer)
    told.until(printer.print(RECEIPT, told), JobState.PRINTED)
    (piece,) = network.paper.pieces
    assert ([], 1) == (piece.codes, piece.pictures)
    assert ON_PAPER == [line for line in piece.lines if line]


def test_receipts_keep_their_order(network: NetworkPrinter, told: Receiver, started: Start) -> None:
    """What was printed first comes out first, each on a piece of its own."""
    printer = printer_at(network.port)
    tickets = [printer.print(short(f"receipt {number}"), told) for number in range(20)]
    started(printer)
    told.until(tickets[-1], JobState.PRINTED)
    assert [[f"receipt {number}"] for number in range(20)] == [piece.lines for piece in network.paper.pieces]


def test_the_drawer_opens_first(network: NetworkPrinter, told: Receiver, started: Start) -> None:
    """The drawer does not wait for the receipts before it, and is opened once."""
    printer = printer_at(network.port, paper=Paper(drawer_pin=5))
    waiting = printer.print(short("later"), told)
    drawer = printer.open_drawer(told)
    started(printer)
    told.until(waiting, JobState.PRINTED)
    assert [drawer.number, waiting.number] == [report.number for report in told.told if report.tries == 1][
        ::2
    ]
    assert [1] == network.paper.kicks


def test_nothing_waits_for_the_printer(told: Receiver) -> None:
    """Printing on a printer that was never started, is full or is closed answers at once, and says which it is."""
    printer = printer_at(1, most=2)
    verdicts = [printer.print(short("x"), told).verdict for _ in range(3)]
    assert [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.QUEUE_FULL] == verdicts
    assert Ticket(0, Verdict.QUEUE_FULL) == printer.open_drawer(told)
    printer.stop()
    assert [Verdict.CLOSED] * 3 == [
        printer.print(short("x")).verdict,
        printer.open_drawer().verdict,
        printer.reprint(1).verdict,
    ]
    assert [JobState.DISCARDED] * 2 == [report.state for report in told.told]


def test_an_idle_printer_is_free_for_others(network: NetworkPrinter, started: Start) -> None:
    """Two tills share one network printer: neither holds it while it prints nothing."""
    tills = [(printer_at(network.port), Receiver()) for _ in range(2)]
    for till, _ in tills:
        started(till)
    for text in "abcdef":
        for till, told in tills:
            told.until(till.print(short(text), told), JobState.PRINTED)
    assert [[text] for text in "aabbccddeeff"] == [piece.lines for piece in network.paper.pieces]


def test_a_receipt_is_reprinted_with_its_mark(
    network: NetworkPrinter, told: Receiver, started: Start
) -> None:
    """A copy comes out with the mark at its top; the drawer and what is forgotten cannot be reprinted."""
    printer = printer_at(network.port)
    started(printer)
    ticket = printer.print(RECEIPT, told)
    told.until(ticket, JobState.PRINTED)
    copy = printer.reprint(ticket.number, told)
    told.until(copy, JobState.PRINTED)
    assert [ON_PAPER, [MARK, *ON_PAPER]] == [piece.lines for piece in network.paper.pieces]
    assert Verdict.UNKNOWN is printer.reprint(99).verdict
    drawer = printer.open_drawer(told)
    told.until(drawer, JobState.SENT)
    assert Verdict.UNKNOWN is printer.reprint(drawer.number).verdict


def test_what_waits_can_be_given_up(told: Receiver) -> None:
    """A receipt that nobody wants any more leaves the queue; reprinting one that waits changes nothing."""
    printer = printer_at(1)
    first, second = printer.print(short("1"), told), printer.print(short("2"), told)
    assert first == printer.reprint(first.number)
    assert printer.discard(first.number)
    assert not printer.discard(first.number)
    assert not printer.discard(99)
    assert [JobState.DISCARDED] == told.states(first)
    assert 1 == printer.queued
    progress = printer.progress(second.number)
    assert progress is not None
    assert JobState.QUEUED is progress.state
    printer.stop()


def test_stopping_lets_the_last_receipt_out(
    network: NetworkPrinter, watcher: Watcher, told: Receiver
) -> None:
    """A till that closes right after a payment still prints its receipt."""
    printer = printer_at(network.port)
    printer.start(watcher.on_scan, watcher.on_health)
    watcher.until_state(State.ENABLED)
    ticket = printer.print(RECEIPT, told)
    printer.stop()
    assert JobState.PRINTED is told.states(ticket)[-1]
    assert State.CLOSED is printer.health().state


def test_a_receipt_that_cannot_be_drawn_holds_up_none(
    network: NetworkPrinter, told: Receiver, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault in one receipt is its own: it fails, is logged without its text, and the next one is printed."""
    printer = printer_at(network.port)
    started(printer)
    broken = printer.print(Receipt((object(),)), told)  # type: ignore[arg-type]  # a fault of the caller
    told.until(printer.print(short("next"), told), JobState.PRINTED)
    told.until(broken, JobState.FAILED)
    assert "cannot be drawn: AttributeError" in caplog.text


def test_a_receiver_that_fails_stops_nothing(network: NetworkPrinter, told: Receiver, started: Start) -> None:
    """Who asked for progress and chokes on it does not keep the next receipt from coming out."""

    def choke(progress: Progress) -> None:
        raise ValueError(progress)

    printer = printer_at(network.port)
    started(printer)
    printer.print(short("first"), choke)
    told.until(printer.print(short("second"), told), JobState.PRINTED)
    assert [["first"], ["second"]] == [piece.lines for piece in network.paper.pieces]
