"""Receipts: which outcomes are printed, what stands on the paper, and that nobody waits for it."""

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from drivers.print_jobs import Ticket, Verdict
from drivers.printer_socket import PrinterSocket
from drivers.receipt import QrCode, Receipt, Row
from drivers.receipt_printer import ReceiptPrinter
from points_engine.amounts import Exchange
from pos_client.ports import JournalRow
from pos_client.receipts import Head, Receipts
from pos_client.screens.samples import sample_rows
from pos_client.screens.wording import Language, load_wording
from pos_client.till.effects import EntryKind, Record
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.printing import CALM, NARROW
from tests.fakes.clock import START, HandClock

HEAD = Head(
    shop_name="和平路便利店",
    till_id="till-1",
    cashier="小林",
    zone=ZoneInfo("Asia/Shanghai"),
    exchange=Exchange(100, 100),
)
PAID = Record(kind=EntryKind.SUCCEEDED, sale_id="s-1", order_id="order-1", units=1_200, member="王*明")
ROW: JournalRow = replace(
    sample_rows(START, 1)[0], kind=EntryKind.SUCCEEDED, order_id="order-1", units=1_200, member="王*明"
)


@pytest.fixture
def paper() -> Iterator[NetworkPrinter]:
    """A printer on the network."""
    printer = NetworkPrinter()
    yield printer
    printer.switch_off()


@pytest.fixture
def driver(paper: NetworkPrinter) -> Iterator[ReceiptPrinter]:
    """Its driver, at work."""
    link = PrinterSocket("127.0.0.1", paper.port)
    device = ReceiptPrinter("printer:tcp:127.0.0.1", link, paper=NARROW, patience=CALM, retry_seconds=0.01)
    device.start(lambda _scan: None, lambda _health: None)
    yield device
    device.stop()


def receipts(*printers: ReceiptPrinter, language: Language = Language.ZH_CN) -> Receipts:
    """Receipts on these printers."""
    return Receipts(HEAD, lambda: printers, load_wording(language).say, HandClock())


def test_a_payment_is_on_paper(paper: NetworkPrinter, driver: ReceiptPrinter) -> None:
    """Shop, order, time in the shop's zone, member, points and their worth; the order again as a QR code."""
    receipts(driver).take(PAID)
    paper.until(lambda: len(paper.paper.pieces) == 1)
    piece = paper.paper.pieces[0]
    words = "\n".join(piece.lines)
    for word in ("和平路便利店", "积分支付凭证", "order-1", "17:30:00", "小林", "王*明", "1,200", "12.00"):
        assert word in words
    assert "重印" not in words
    assert ["order-1"] == piece.codes


def test_a_reversal_is_on_paper_when_the_payment_was(paper: NetworkPrinter, driver: ReceiptPrinter) -> None:
    """What was never paid, as far as the customer knows, needs no paper when it is given back."""
    till = receipts(driver)
    till.take(replace(PAID, kind=EntryKind.REVERSED, order_id="never-paid"))
    till.take(PAID)
    till.take(replace(PAID, kind=EntryKind.REVERSED))
    paper.until(lambda: len(paper.paper.pieces) == 2)
    titles = [piece.lines[1].strip() for piece in paper.paper.pieces]
    assert ["积分支付凭证", "积分支付已撤销"] == titles


@pytest.mark.parametrize("kind", sorted(set(EntryKind) - {EntryKind.SUCCEEDED, EntryKind.REVERSED}))
def test_nothing_else_is_printed(kind: EntryKind) -> None:
    """What came to nothing, or is not over yet, is no receipt."""
    stack = Stack()
    Receipts(HEAD, lambda: [stack], load_wording().say, HandClock()).take(replace(PAID, kind=kind))
    assert [] == stack.taken


def test_a_copy_says_that_it_is_one(paper: NetworkPrinter, driver: ReceiptPrinter) -> None:
    """Printed again out of the shift log, days later or after the till was opened anew."""
    assert receipts(driver).print_again(ROW)
    paper.until(lambda: len(paper.paper.pieces) == 1)
    assert "重印" in paper.paper.pieces[0].lines[0]
    assert not receipts(driver).print_again(replace(ROW, kind=EntryKind.FAILED))
    assert not receipts().print_again(ROW)


def test_nobody_waits_for_a_printer_that_is_not_there(
    caplog: pytest.LogCaptureFixture, paper: NetworkPrinter
) -> None:
    """It takes at once what it cannot print yet; what has no room any more is said in the log, without a member."""
    link = PrinterSocket("127.0.0.1", paper.port)
    stuck = ReceiptPrinter("printer:tcp:127.0.0.1", link, paper=NARROW, most_queued=2)
    till = receipts(stuck)
    for number in range(3):
        till.take(replace(PAID, order_id=f"order-{number}"))
    assert 2 == stuck.queued
    assert ["the receipt of order-2 was not taken by a printer: queue_full"] == caplog.messages


class Stack:
    """A printer that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[Receipt] = []

    def print(self, receipt: Receipt) -> Ticket:
        """Keep it."""
        self.taken.append(receipt)
        return Ticket(len(self.taken), Verdict.ACCEPTED)


@pytest.mark.parametrize("language", Language)
def test_every_word_is_in_every_language(language: Language) -> None:
    """Also those of a reversal."""
    stack = Stack()
    till = Receipts(HEAD, lambda: [stack], load_wording(language, strict=True).say, HandClock())
    till.take(PAID)
    till.take(replace(PAID, kind=EntryKind.REVERSED))
    assert 2 == len(stack.taken)


def test_an_order_no_gun_could_type_has_no_code() -> None:
    """A till may be named in Chinese, and its orders are named after it."""
    stack = Stack()
    till = Receipts(HEAD, lambda: [stack], load_wording().say, HandClock())
    till.take(replace(PAID, order_id="一号台-0001"))
    assert [] == [each for each in stack.taken[0].elements if isinstance(each, QrCode)]
    assert "一号台-0001" in [
        value for each in stack.taken[0].elements if isinstance(each, Row) for value in each.values
    ]
