"""From a gun's last byte to the painted result: the whole till, beside its least possible parts."""

import itertools
import os
import statistics
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from benchmarks.harness import Figure, Goal, Limit, interleave_all, percentile, scratch_folder
from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import AssetLimits, Engine, open_engine
from points_engine.bootstrap import Settings as EngineSettings
from points_engine.contract import (
    Charge,
    CodeIssued,
    Credit,
    EnrolMember,
    EnrolTill,
    IssueCode,
    Payment,
    PaymentState,
)
from pos_client.bootstrap import Choices, TillApplication
from pos_client.clock import SystemClock
from pos_client.demo.pty_gun import PtyGun
from pos_client.engine_client.embedded import EmbeddedEngine
from pos_client.settings import Settings
from pos_client.till.events import DeviceLamp, DigitTyped
from pos_client.till.view import View

GOAL = Goal(
    name="scan_to_result",
    what="last byte into the pty -> result painted, p99",
    yardstick="an embedded charge + a bare pty-to-paint, both p99",
    words="p99 <= 100 ms, <= 1.5 x",
    limits=(Limit("ratio", "at most", 1.5), Limit("p99 ms", "at most", 100.0)),
)

SCANS_PER_ROUND = 100
ROUNDS = 5
PATIENCE_SECONDS = 10.0
MEMBER, TILL = "M1", "till-1"

# Far above what the rounds take: this measures the way within the PIN-free limit.
UNLIMITED = EngineSettings(
    limits={
        Asset.POINTS: AssetLimits(
            pin_free_units=1000,
            pin_free_ceiling_units=1000,
            pin_free_daily_count=10**6,
            pin_free_daily_units=10**9,
        )
    }
)


class Painted(QObject):
    """Tells when a widget has been painted, and with it the whole update it belongs to."""

    done = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self.done)
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """A paint event is part of an update: when the loop comes round again, all of it is on the screen."""
        if event.type() == QEvent.Type.Paint:
            self._timer.start()
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    """Run the event loop, asleep between events, until the condition holds. Raises TimeoutError."""
    app = QApplication.instance()
    assert app is not None
    end = time.monotonic() + PATIENCE_SECONDS
    heartbeat = QTimer(interval=100)
    heartbeat.start()
    while not condition():
        # Without a maximum time: with one, Qt does not wait but spins, and starves the till's threads.
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")


class Shop:
    """An engine with one rich member, and codes for them."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = open_engine(folder, UNLIMITED)
        self._numbers = itertools.count()
        for command in (
            EnrolTill(command_id="till", till_id=TILL, shop_id="shop"),
            EnrolMember(command_id="member", member_no=MEMBER, name="王小明"),
            Credit(
                command_id="credit", member_no=MEMBER, amount=Amount(Asset.POINTS, 10**8), reason="opening"
            ),
        ):
            self.engine.execute(command)

    def fresh_code(self) -> CodeIssued:
        """A live payment code."""
        reply = self.engine.execute(IssueCode(command_id=f"code-{next(self._numbers)}", member_no=MEMBER))
        assert isinstance(reply, CodeIssued)
        return reply


class BareCharge:
    """The engine's charge alone, called where it is waited for."""

    def __init__(self, folder: Path) -> None:
        self._shop = Shop(folder)
        self._numbers = itertools.count()

    def p99_ms(self) -> float:
        """One round of charges."""
        return percentile([self._charge_ms() for _ in range(SCANS_PER_ROUND)], 0.99)

    def _charge_ms(self) -> float:
        command = Charge(
            order_id=f"order-{next(self._numbers):08d}",
            till_id=TILL,
            cashier="c",
            code=self._shop.fresh_code().code,
            amount=Amount(Asset.POINTS, 7),
        )
        start = time.perf_counter_ns()
        reply = self._shop.engine.execute(command)
        took_ms = (time.perf_counter_ns() - start) / 1e6
        assert isinstance(reply, Payment)
        assert reply.state is PaymentState.SUCCEEDED
        return took_ms

    def close(self) -> None:
        """Close the engine."""
        self._shop.engine.close()


class BareWindows(QObject):
    """Two plain windows of the till's sizes; a thread reads the pty, a queued signal sets their labels' text."""

    arrived = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._gun, self._till = os.openpty()
        tty.setraw(self._till)
        self._labels = []
        self._windows = []
        for width, height in ((1366, 768), (800, 480)):
            window = QWidget()
            label = QLabel("0", alignment=Qt.AlignmentFlag.AlignCenter)
            label.setStyleSheet("font-size: 64px; background: #146c3a; color: white")
            column = QVBoxLayout(window)
            column.addWidget(label)
            window.resize(width, height)
            window.show()
            self._labels.append(label)
            self._windows.append(window)
        self._painted_at = 0
        self._painted = Painted(self._labels[0])
        self._painted.done.connect(self._stamp)
        self.arrived.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: self._painted_at > 0)

    def p99_ms(self) -> float:
        """One round of labels."""
        return percentile([self._label_ms(number) for number in range(SCANS_PER_ROUND)], 0.99)

    def _label_ms(self, number: int) -> float:
        label = f"{84 * 10**16 + number}"
        self._painted_at = 0
        start = time.perf_counter_ns()
        os.write(self._gun, label.encode() + b"\r")
        wait_for(lambda: self._painted_at > 0)
        return (self._painted_at - start) / 1e6

    def _read(self) -> None:
        while (data := os.read(self._till, 4096)) != b"\x04":
            self.arrived.emit(data.decode().strip())

    @Slot(str)
    def _show(self, text: str) -> None:
        for label in self._labels:
            label.setText(text)

    @Slot()
    def _stamp(self) -> None:
        self._painted_at = time.perf_counter_ns()

    def close(self) -> None:
        """Close windows and line."""
        os.write(self._gun, b"\x04")
        self._reader.join(5)
        os.close(self._gun)
        os.close(self._till)
        for window in self._windows:
            window.close()


class WholeTill:
    """The till as a shop runs it."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        self._gun = PtyGun()
        self._shop = Shop(folder / "engine")
        settings = Settings(
            till_id=TILL,
            shop_name="店",
            cashier="c",
            devices=(self._gun.path, "wedge:"),
            data_folder=str(folder),
        )
        choices = Choices(
            open_client=lambda inbox: EmbeddedEngine(
                self._shop.engine, inbox, on_closed=self._shop.engine.close
            ),
            clock=SystemClock(),
            code_prefix=UNLIMITED.code_prefix,
            zone=UNLIMITED.zone,
        )
        self._till = TillApplication(app, settings, choices)
        self._headline = ""
        self._painted_at = 0
        self._amount_units = -1
        self._ready = False
        self._till.shown.connect(self._see)
        self._painted = Painted(self._till.cashier.status)
        self._painted.done.connect(self._stamp)
        self._till.start()
        wait_for(lambda: self._ready)

    def p99_ms(self) -> float:
        """One round of scans, each a payment."""
        return percentile([self._scan_ms() for _ in range(SCANS_PER_ROUND)], 0.99)

    def _scan_ms(self) -> float:
        code = self._shop.fresh_code().code.reveal()
        self._till.inbox.put(DigitTyped("7"))
        wait_for(lambda: self._amount_units == 7 and self._headline == "cashier.enter_amount")
        self._painted_at = 0
        start = time.perf_counter_ns()
        self._gun.scan(code)
        wait_for(lambda: self._headline == "cashier.paid" and self._painted_at > 0)
        return (self._painted_at - start) / 1e6

    def _see(self, view: View) -> None:
        self._headline = view.cashier.headline.key
        self._amount_units = view.cashier.amount_units
        self._painted_at = 0
        self._ready = self._ready or (
            any(
                lamp is DeviceLamp.READY and path.startswith("serial") for path, lamp, _ in view.cashier.lamps
            )
        )

    def _stamp(self) -> None:
        self._painted_at = time.perf_counter_ns()

    def close(self) -> None:
        """Close the till."""
        self._till.close()
        self._gun.close()


def run() -> Figure:
    """Measure the whole till and its two least parts, interleaved."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with scratch_folder("scan_to_result") as folder:
        charge, windows, till = BareCharge(folder / "bare"), BareWindows(), WholeTill(app, folder / "till")
        seen = interleave_all(
            {"till": till.p99_ms, "charge": charge.p99_ms, "paint": windows.p99_ms}, rounds=ROUNDS
        )
        till.close()
        charge.close()
        windows.close()
    value, charge_ms, paint_ms = (statistics.median(seen[name]) for name in ("till", "charge", "paint"))
    return GOAL.figure(
        value=value,
        unit="ms",
        yardstick=charge_ms + paint_ms,
        seen={"p99 ms": value},
        note=f"charge {charge_ms:.2f} ms, bare paint {paint_ms:.2f} ms; {SCANS_PER_ROUND} scans a round",
    )
