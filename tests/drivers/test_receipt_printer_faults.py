"""The receipt printer when things go wrong: away, torn off, hanging, silent, out of paper."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from drivers.device import Device, State
from drivers.print_jobs import JobState, Verdict
from drivers.receipt_printer import Replies
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.printing import (
    CURIOUS,
    MARK,
    ON_PAPER,
    RECEIPT,
    SHORT,
    LeapingClock,
    Receiver,
    printer_at,
    short,
)
from tests.drivers.watcher import Watcher
from tests.held_port import HeldPort

Start = Callable[[Device], None]


def test_a_drawer_does_not_open_minutes_later(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """When its moment has passed, a drawer stays shut, whatever the printer does then."""
    skipped, drawer_seconds = [0.0], 5.0
    network.is_cover_open = True
    patience = replace(CURIOUS, drawer=drawer_seconds)
    printer = printer_at(network.port, patience, clock=lambda: time.monotonic() + skipped[0])
    started(printer)
    watcher.until_error("printer_cover_open")
    drawer = printer.open_drawer(told)
    skipped[0] = drawer_seconds + 0.1
    network.is_cover_open = False
    told.until(drawer, JobState.FAILED)
    assert [] == network.paper.kicks


def test_a_printer_that_takes_no_connection_prints_when_it_does(
    watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Switched off, the printer is reported with a remedy; switched on, it prints what was queued meanwhile."""
    with ExitStack() as stack:
        port = stack.enter_context(HeldPort()).number
        printer = printer_at(port)
        started(printer)
        assert watcher.until_error("device_unavailable").error_remedy
        ticket = printer.print(RECEIPT, told)
        network = NetworkPrinter(port)
        stack.callback(network.switch_off)
        told.until(ticket, JobState.PRINTED)
        assert [ON_PAPER] == [piece.lines for piece in network.paper.pieces]
        printer.stop()


@pytest.mark.parametrize("torn_at", [1, 10, 40, 60, 100, 150])
def test_a_connection_reset_in_the_middle_prints_whole_again(
    torn_at: int, network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Wherever it is torn off, even inside a command, the receipt comes out whole, on its own piece, and marked."""
    printer = printer_at(network.port, replies=Replies.NO)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.resets_after = torn_at
    ticket = printer.print(RECEIPT, told)
    last = told.until(ticket, JobState.SENT)
    assert (2, True) == (last.tries, last.may_be_double)
    network.until(lambda: len(network.paper.pieces) == 2)
    torn, whole = network.paper.pieces
    assert [MARK, *ON_PAPER] == whole.lines
    assert ["R20260302-000017"] == whole.codes
    assert len(torn.lines) <= len(ON_PAPER)


def test_a_printer_that_hangs_is_not_believed(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """A printer that used to answer and now only takes bytes has printed nothing: its receipt is sent again."""
    clock = LeapingClock()
    printer = printer_at(network.port, clock=clock)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_deaf = True
    ticket = printer.print(RECEIPT, told)
    told.until(ticket, JobState.PRINTING)
    clock.is_leaping = True
    told.until(ticket, JobState.WAITING)
    watcher.until_error("device_lost")
    clock.is_leaping = False
    network.is_deaf = False
    told.until(ticket, JobState.PRINTED)
    assert ON_PAPER == network.paper.pieces[-1].lines[-3:]


def test_one_that_listens_but_never_serves_is_found_out(
    watcher: Watcher, told: Receiver, started: Start
) -> None:
    """A port that takes the connection and nothing else is no printer in order, where replies are expected."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        printer = printer_at(silent.getsockname()[1], SHORT, replies=Replies.YES)
        started(printer)
        watcher.until_error("device_lost")
        ticket = printer.print(RECEIPT, told)
        assert Verdict.ACCEPTED is ticket.verdict
        printer.stop()
        assert [JobState.DISCARDED] == told.states(ticket)


def test_a_printer_that_never_answers_is_taken_as_it_is(
    network: NetworkPrinter, told: Receiver, started: Start
) -> None:
    """Cheap printers say nothing: their receipts are sent, and nobody claims that they were printed."""
    network.answers = network.tells_when_taken = False
    printer = printer_at(network.port, SHORT)
    started(printer)
    told.until(printer.print(RECEIPT, told), JobState.SENT)
    network.until(lambda: len(network.paper.pieces) == 1)
    assert ON_PAPER == network.paper.pieces[0].lines


def test_a_printer_that_cannot_confirm_is_asked_once(
    network: NetworkPrinter, told: Receiver, started: Start
) -> None:
    """A printer that says how it is but not what it has taken is not waited for a second time."""
    network.tells_when_taken = False
    printer = printer_at(network.port, replace(CURIOUS, confirm=0.3))
    started(printer)
    for text in ("first", "second"):
        told.until(printer.print(short(text), told), JobState.SENT)
    network.until(lambda: len(network.paper.pieces) == 2)
    assert 1 == network.paper.questions


@pytest.mark.parametrize("lines_left", [0, 1, 2])
def test_no_paper_prints_once_when_there_is_some(
    lines_left: int, network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Out of paper before a receipt or in its middle: it is said, and after the new roll it comes out once."""
    printer = printer_at(network.port, CURIOUS)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.lines_left = lines_left
    ticket = printer.print(RECEIPT, told)
    health = watcher.until_error("printer_out_of_paper")
    assert State.LOST is health.state
    assert "roll" in str(health.error_remedy)
    network.new_roll()
    told.until(ticket, JobState.PRINTED)
    assert [ON_PAPER] == [piece.lines for piece in network.paper.pieces]
    watcher.until_state(State.ENABLED, times=2)


def test_an_idle_printer_is_looked_at(network: NetworkPrinter, watcher: Watcher, started: Start) -> None:
    """The lamp knows of an open cover and of a printer switched off before the next receipt does."""
    printer = printer_at(network.port, CURIOUS)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_cover_open = True
    watcher.until_error("printer_cover_open")
    network.is_cover_open = False
    watcher.until_state(State.ENABLED, times=2)
    network.switch_off()
    watcher.until_error("device_unavailable")


def test_one_that_is_given_up_while_it_is_sent_is_not_sent_again(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Discarded in the middle of a try that then fails, a receipt does not wait for another."""
    clock = LeapingClock()
    printer = printer_at(network.port, clock=clock)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_deaf = True
    ticket = printer.print(RECEIPT, told)
    told.until(ticket, JobState.PRINTING)
    assert printer.discard(ticket.number)
    clock.is_leaping = True
    told.until(ticket, JobState.DISCARDED)
    clock.is_leaping = False
    network.is_deaf = False
    told.until(printer.print(short("next"), told), JobState.PRINTED)
    assert [["next"]] == [piece.lines for piece in network.paper.pieces]


def test_waits_grow_and_start_anew(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """A printer that is away is tried less and less often, up to every ten seconds, and at once again after success."""
    printer = printer_at(network.port, CURIOUS)
    network.is_cover_open = True
    waits = []
    for _ in range(14):
        printer._session()
        waits.append(printer._retry_seconds)
    assert [0.005 * 2**number for number in range(11)] == waits[:11]
    assert [10.0] * 2 == waits[-2:]
    network.is_cover_open = False
    printer._open()
    assert 0.005 == printer._retry_seconds
    printer._close()
