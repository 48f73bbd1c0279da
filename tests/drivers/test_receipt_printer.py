"""The receipt printer over real sockets: what is on the paper, and what becomes of receipts when things go wrong."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.device import Device, State
from drivers.print_jobs import JobState, Progress, Ticket, Verdict
from drivers.printer_socket import PrinterSocket
from drivers.receipt import Align, QrCode, Receipt, Row, Size, Text
from drivers.receipt_bytes import Cut, Paper, QrMode
from drivers.receipt_printer import Patience, ReceiptPrinter, Replies
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.watcher import LONG_SECONDS, Watcher

Start = Callable[[Device], None]

RECEIPT = Receipt(
    (
        Text("街角咖啡", Align.CENTER, is_bold=True, size=Size.LARGE),
        Row("拿铁咖啡", ("2", "￥36.00"), (4, 9)),
        Row("积分支付", ("3600分",), is_bold=True),
        QrCode("R20260302-000017"),
    )
)
ON_PAPER = ["    街角咖啡", "拿铁咖啡             2   ￥36.00", "积分支付                  3600分"]
MARK = "         重印 / REPRINT"
SHORT = Patience(answer=0.3, take=0.3, confirm=0.3, look=0.05, check=0.05, drawer=5.0)
CALM = Patience(check=LONG_SECONDS)
NARROW = Paper(columns=32)


def short(text: str) -> Receipt:
    """A receipt of one line."""
    return Receipt((Text(text),))


class Receiver:
    """Who printed: the progress of all tickets, and a way to wait for it."""

    def __init__(self) -> None:
        self.told: list[Progress] = []
        self._news = threading.Condition()

    def __call__(self, progress: Progress) -> None:
        """Keep a report."""
        with self._news:
            self.told.append(progress)
            self._news.notify_all()

    def until(self, ticket: Ticket, state: JobState) -> Progress:
        """Wait until a receipt has come to a state, and return what was told."""
        with self._news:
            found = self._news.wait_for(lambda: self._last(ticket, state), LONG_SECONDS)
        assert found is not None, f"{state} did not come: {self.told}"
        return found

    def states(self, ticket: Ticket) -> list[JobState]:
        """The states of a receipt, in order."""
        return [progress.state for progress in self.told if progress.number == ticket.number]

    def _last(self, ticket: Ticket, state: JobState) -> Progress | None:
        found = [told for told in self.told if (told.number, told.state) == (ticket.number, state)]
        return found[-1] if found else None


@pytest.fixture
def network() -> Iterator[NetworkPrinter]:
    """A printer on the network."""
    printer = NetworkPrinter()
    yield printer
    printer.switch_off()


@pytest.fixture
def told() -> Receiver:
    """A receiver of progress."""
    return Receiver()


def printer_at(
    port: int,
    patience: Patience = CALM,
    *,
    replies: Replies = Replies.AUTO,
    paper: Paper = NARROW,
    most: int = 50,
    clock: Callable[[], float] = time.monotonic,
) -> ReceiptPrinter:
    """A printer driver that tries again soon."""
    return ReceiptPrinter(
        f"printer:tcp:127.0.0.1:{port}",
        PrinterSocket("127.0.0.1", port),
        paper=paper,
        replies=replies,
        patience=patience,
        most_queued=most,
        clock=clock,
        retry_seconds=0.005,
    )


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


def test_a_drawer_does_not_open_minutes_later(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """When its moment has passed, a drawer stays shut, whatever the printer does then."""
    skipped = [0.0]
    network.is_cover_open = True
    printer = printer_at(network.port, SHORT, clock=lambda: time.monotonic() + skipped[0])
    started(printer)
    watcher.until_error("printer_cover_open")
    drawer = printer.open_drawer(told)
    skipped[0] = SHORT.drawer + 0.1
    network.is_cover_open = False
    told.until(drawer, JobState.FAILED)
    assert [] == network.paper.kicks


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


def test_a_printer_that_takes_no_connection_prints_when_it_does(
    watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Switched off, the printer is reported with a remedy; switched on, it prints what was queued meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port: int = reserved.getsockname()[1]
    printer = printer_at(port, SHORT)
    started(printer)
    assert watcher.until_error("device_unavailable").error_remedy
    ticket = printer.print(RECEIPT, told)
    network = NetworkPrinter(port)
    told.until(ticket, JobState.PRINTED)
    assert [ON_PAPER] == [piece.lines for piece in network.paper.pieces]
    network.switch_off()


@pytest.mark.parametrize("torn_at", [1, 10, 40, 60, 100, 150])
def test_a_connection_reset_in_the_middle_prints_whole_again(
    torn_at: int, network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Wherever it is torn off, even inside a command, the receipt comes out whole, on its own piece, and marked."""
    printer = printer_at(network.port, SHORT, replies=Replies.NO)
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
    printer = printer_at(network.port, SHORT)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_deaf = True
    ticket = printer.print(RECEIPT, told)
    told.until(ticket, JobState.WAITING)
    watcher.until_error("device_lost")
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
    printer = printer_at(network.port, SHORT)
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
    printer = printer_at(network.port, SHORT)
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
    printer = printer_at(network.port, SHORT)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_cover_open = True
    watcher.until_error("printer_cover_open")
    network.is_cover_open = False
    watcher.until_state(State.ENABLED, times=2)
    network.switch_off()
    watcher.until_error("device_unavailable")


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


def test_one_that_is_given_up_while_it_is_sent_is_not_sent_again(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """Discarded in the middle of a try that then fails, a receipt does not wait for another."""
    printer = printer_at(network.port, SHORT)
    started(printer)
    watcher.until_state(State.ENABLED)
    network.is_deaf = True
    ticket = printer.print(RECEIPT, told)
    told.until(ticket, JobState.PRINTING)
    assert printer.discard(ticket.number)
    told.until(ticket, JobState.DISCARDED)
    network.is_deaf = False
    told.until(printer.print(short("next"), told), JobState.PRINTED)
    assert [["next"]] == [piece.lines for piece in network.paper.pieces]


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


def test_waits_grow_and_start_anew(
    network: NetworkPrinter, watcher: Watcher, told: Receiver, started: Start
) -> None:
    """A printer that is away is tried less and less often, up to every ten seconds, and at once again after success."""
    printer = printer_at(network.port, SHORT)
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
