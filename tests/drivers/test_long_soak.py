"""A day at a busy counter in fast time: scans, replugs, PINs and receipts without end, and nothing that grows.

A day is 100,000 scans and 1,000 replugs on each kind of gun. `make test` plays one, `make soak` ten.
"""

import gc
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.device import Device, Health, State
from drivers.pin_entry import Pin
from drivers.printer_socket import PrinterSocket
from drivers.receipt import QrCode, Receipt, Text
from drivers.receipt_printer import Patience, ReceiptPrinter
from drivers.scan import Scan
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.serial_keypad import SerialKeypad, load_profile
from drivers.simulated_gun import SimulatedGun
from tests.drivers.network_printer import NetworkPrinter
from tests.drivers.pty_line import PluggedLine
from tests.drivers.watcher import LONG_SECONDS

DAYS = int(os.environ.get("SOAK_DAYS", "1"))
DAY_SECONDS = 24 * 60 * 60

MOST_MORE_BLOCKS = 300
"""Of Python's memory. A leak of one object a replug, let alone a scan, is more than this in the shortest of runs."""


@dataclass(frozen=True)
class Held:
    """What the process holds on to."""

    threads: int
    files: int
    blocks: int

    @classmethod
    def now(cls) -> "Held":
        """What it holds now, when nothing is left that could be let go."""
        gc.collect()
        return cls(
            threading.active_count(), len([*Path("/proc/self/fd").iterdir()]), sys.getallocatedblocks()
        )

    def assert_no_more_than(self, before: "Held") -> None:
        """Fail for a thread, a file or a lasting object more than before."""
        assert self.threads <= before.threads
        assert self.files <= before.files  # a test before this one may still have let go of some
        assert self.blocks - before.blocks < MOST_MORE_BLOCKS


class Counter:
    """Counts what comes, checks its order, and keeps nothing."""

    def __init__(self) -> None:
        self.count = 0
        self.enabled = 0
        self.lost = 0
        self.is_in_order = True
        self._wanted = 0
        self._news = threading.Condition()

    def on_scan(self, scan: Scan) -> None:
        """One more."""
        with self._news:
            self.is_in_order = self.is_in_order and scan.text == f"66{self.count:016d}"
            self.count += 1
            if self.count == self._wanted:
                self._news.notify_all()

    def on_health(self, health: Health) -> None:
        """Count how often the gun came and went."""
        with self._news:
            self.enabled += health.state is State.ENABLED
            self.lost += health.error_kind == "device_lost"
            self._news.notify_all()

    def add(self, _: object = None) -> None:
        """One more of something else."""
        with self._news:
            self.count += 1
            self._news.notify_all()

    def until_count(self, wanted: int) -> None:
        """Wait until so many came, and be woken but once."""
        with self._news:
            self._wanted = wanted
            assert self._news.wait_for(lambda: self.count >= wanted, LONG_SECONDS), f"{self.count} came"

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait."""
        with self._news:
            assert self._news.wait_for(condition, LONG_SECONDS), f"{self.count} came"


class Day:
    """The clock of the day: it goes on with every scan, so that 100,000 of them fill 24 hours."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def __call__(self) -> float:
        return self._seconds

    def go_on(self) -> None:
        """To the next customer."""
        self._seconds += DAY_SECONDS / 100_000


def live(device: Device, rounds: int, play: Callable[[int, Counter], None]) -> Counter:
    """Play rounds with a device and compare what is held after the first fifth with what is held at the end."""
    counter = Counter()
    before_all = Held.now()
    device.start(counter.on_scan, counter.on_health)
    counter.until(lambda: counter.enabled == 1)
    warm = before_all
    for number in range(rounds):
        if number == rounds // 5:
            warm = Held.now()
        play(number, counter)
    Held.now().assert_no_more_than(warm)
    device.stop()
    ended = Held.now()
    assert ended.threads <= before_all.threads
    assert ended.files <= before_all.files
    return counter


@pytest.mark.timeout(600)
def test_a_day_with_a_simulated_gun() -> None:
    """Scan after scan in order, cable after cable, and neither thread nor file nor memory grows."""
    rounds, scans = 1000 * DAYS, 100
    day = Day()
    gun = SimulatedGun(clock=day, retry_seconds=0.0, read_timeout_seconds=0.01)

    def play(number: int, counter: Counter) -> None:
        for place in range(scans):
            day.go_on()
            gun.trigger(f"66{number * scans + place:016d}")
        gun.unplug()
        counter.until(lambda: counter.lost > number)
        gun.replug()
        counter.until(lambda: counter.enabled > number + 1)

    counter = live(gun, rounds, play)
    assert (rounds * scans, True) == (counter.count, counter.is_in_order)
    counts = gun.health().statistics
    assert (rounds * scans, rounds, 0, 0) == (
        counts.scans,
        counts.reconnects,
        counts.misreads,
        counts.repeats,
    )


@pytest.mark.timeout(600)
def test_a_day_with_a_serial_gun(plugged: PluggedLine) -> None:
    """The same over real pseudo-terminals, each opened and closed."""
    rounds, scans = 1000 * DAYS, 100
    day = Day()
    gun = SerialGun(
        f"serial:{plugged.path}",
        SerialSettings(plugged.path),
        clock=day,
        ports=list,
        retry_seconds=0.001,
        read_timeout_seconds=0.01,
    )

    def play(number: int, counter: Counter) -> None:
        for place in range(scans):
            day.go_on()
            plugged.line.send(b"66%016d\r\n" % (number * scans + place))
        counter.until_count((number + 1) * scans)
        plugged.unplug()
        counter.until(lambda: counter.lost > number)
        plugged.plug()
        counter.until(lambda: counter.enabled > number + 1)

    counter = live(gun, rounds, play)
    assert (rounds * scans, True) == (counter.count, counter.is_in_order)
    assert rounds == gun.health().statistics.reconnects


@pytest.mark.timeout(600)
def test_a_day_with_a_keypad(plugged: PluggedLine) -> None:
    """PIN after PIN, torn off now and then, and nothing of them stays."""
    rounds = 250 * DAYS
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


@pytest.mark.timeout(600)
def test_a_day_with_a_printer() -> None:
    """Receipt after receipt to a network printer, a connection each, some of them reset in the middle."""
    rounds = 500 * DAYS
    network = NetworkPrinter()
    link = PrinterSocket("127.0.0.1", network.port)
    printer = ReceiptPrinter("printer:tcp", link, patience=Patience(check=LONG_SECONDS), retry_seconds=0.001)
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


@pytest.mark.parametrize("grown", [Held(2, 3, 1000), Held(1, 4, 1000), Held(1, 3, 1000 + MOST_MORE_BLOCKS)])
def test_growth_is_noticed(grown: Held) -> None:
    """One thread, one file, or the memory of one object a round more is a failure."""
    with pytest.raises(AssertionError):
        grown.assert_no_more_than(Held(1, 3, 1000))


def test_what_is_held_is_measured(tmp_path: Path) -> None:
    """The measure sees a thread, an open file and objects that stay."""
    before = Held.now()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    with (tmp_path / "file").open("w"):
        kept = [object() for _ in range(1000)]
        now = Held.now()
    end.set()
    thread.join()
    assert (1, 1) == (now.threads - before.threads, now.files - before.files)
    assert now.blocks - before.blocks >= len(kept)
