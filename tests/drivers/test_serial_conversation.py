"""A serial gun that is talked to, on a real line: answers, commands, and its speed."""

import time
from collections.abc import Callable, Iterator

import pytest

from drivers.baud_search import RATES
from drivers.calibration_labels import LABELS
from drivers.device import Clock, Device, State
from drivers.gun_commands import Feedback
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.serial_protocols import SerialProtocol
from drivers.ssi import TRIGGER_OFF, TRIGGER_ON
from tests.drivers.gun_at_speed import GunAtSpeed
from tests.drivers.pty_line import PtyLine
from tests.drivers.ssi_gun import is_acknowledged, label_packets, transmissions
from tests.drivers.watcher import Watcher
from tests.waiting import within

CODE = "660123456789012345"
Start = Callable[[Device], None]


def gun_at(
    line: PtyLine,
    protocol: SerialProtocol = SerialProtocol.PLAIN,
    baud: int | None = 9600,
    clock: Clock = time.monotonic,
) -> SerialGun:
    """A gun on a line."""
    settings = SerialSettings(line.port, baud, protocol=protocol)
    return SerialGun(f"serial:{line.port}", settings, ports=list, clock=clock, read_timeout_seconds=0.01)


def test_every_packet_is_acknowledged(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """Zebra's packets: a hundred labels, every third packet broken, each label once and in order."""
    started(gun_at(line, SerialProtocol.SSI))
    watcher.until_state(State.ENABLED)
    texts = [f"66{number:016d}" for number in range(100)]
    for number, text in enumerate(texts):
        for place, transmission in enumerate(transmissions(label_packets(text)[0])):
            is_broken = number % 3 == 0 and place == 0
            line.send(transmission[:-1] + b"\x00" if is_broken else transmission)
            if is_acknowledged(line.receive(7 if is_broken else 6)):
                break
    watcher.until_scans(100)
    assert texts == watcher.texts


@pytest.mark.parametrize(
    ("protocol", "on", "off"),
    [
        (SerialProtocol.HONEYWELL, b"\x16T\r", b"\x16U\r"),
        (SerialProtocol.ACKNAK, b"\x16T\r", b"\x16U\r"),
        (SerialProtocol.SSI, TRIGGER_ON, TRIGGER_OFF),
    ],
)
def test_a_gun_is_told(
    protocol: SerialProtocol, on: bytes, off: bytes, line: PtyLine, watcher: Watcher, started: Start
) -> None:
    """Trigger and beeps go out in the gun's own words, and not before it is there."""
    gun = gun_at(line, protocol)
    feedback: Feedback = gun
    assert not feedback.trigger(on=True)
    started(gun)
    watcher.until_state(State.ENABLED)
    assert (True, True) == (feedback.trigger(on=True), feedback.trigger(on=False))
    assert on + off == line.receive(len(on + off))
    assert (True, True) == (feedback.accept(), feedback.reject())
    assert line.receive(9)
    gun.stop()
    assert not feedback.accept()


def test_a_plain_gun_cannot_be_told(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """Nothing is sent to a gun of whom nothing is known."""
    gun = gun_at(line)
    started(gun)
    watcher.until_state(State.ENABLED)
    assert (False, False, False) == (gun.accept(), gun.reject(), gun.trigger(on=True))
    assert b"" == line.receive(1, timeout_seconds=0.05)


@pytest.fixture
def gun_at_speed(line: PtyLine) -> Iterator[GunAtSpeed]:
    """A gun set to the third speed that is tried."""
    gun = GunAtSpeed(line, RATES[2])
    yield gun
    gun.close()


def test_the_speed_is_found(
    line: PtyLine, watcher: Watcher, started: Start, gun_at_speed: GunAtSpeed
) -> None:
    """With `baud=auto` the calibration label is scanned until it is read, as no scan; then labels are read."""
    now, heard = [100.0], list[bytes]()
    gun = gun_at(line, baud=None, clock=lambda: now[0])
    gun.tap(lambda frame, at: heard.append(frame))
    started(gun)
    watcher.until_state(State.ENABLED)
    for scans in (1, 2):
        gun_at_speed.say(LABELS[0])
        within(lambda scans=scans: len(heard) == scans)  # type: ignore[misc]  # no annotation fits
        now[0] += 0.35
        assert watcher.until(lambda scans=scans: watcher.healths[-1].statistics.misreads == scans)  # type: ignore[misc]  # as above
    gun_at_speed.say(LABELS[0])
    assert watcher.until(lambda: gun.found_baud is not None)
    assert (RATES[2], 2) == (gun.found_baud, gun.health().statistics.misreads)
    gun_at_speed.say(CODE)
    assert watcher.until(lambda: CODE in watcher.texts)
    assert set(watcher.texts) <= {CODE, *LABELS}
