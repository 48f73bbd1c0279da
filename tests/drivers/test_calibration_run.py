"""A calibration at work: on real lines, at unknown speeds, on keyboards of the kernel's kind, and in a window."""

import threading
from collections.abc import Callable, Iterator

import pytest

from drivers.baud_search import RATES
from drivers.calibration import Stage
from drivers.calibration_labels import LABELS
from drivers.calibration_run import CalibrationRun, can_calibrate
from drivers.device import Device, State
from drivers.evdev_gun import EvdevGun, parse_address
from drivers.keystrokes import Key
from drivers.registry import DevicePath, open_device, parse_path
from drivers.wedge import WedgeGun
from tests.drivers.gun_at_speed import GunAtSpeed
from tests.drivers.keyboard_gun import label
from tests.drivers.pty_line import PtyLine
from tests.drivers.ssi_gun import is_acknowledged, label_packets
from tests.drivers.test_calibration_keys import ENTER_KEY, press_and_release, shown
from tests.drivers.test_evdev_gun import events
from tests.drivers.watcher import LONG_SECONDS, Watcher
from tests.fakes.input_nodes import FakeInputNodes, FakeKeyboard
from tests.waiting import within

CODE = "660123456789012345"


class Pupil:
    """Follows what a run tells."""

    def __init__(self) -> None:
        self.told: list[tuple[Stage, str | None]] = []
        self._news = threading.Condition()

    def on_progress(self, stage: Stage, path: str | None) -> None:
        """Keep it."""
        with self._news:
            self.told.append((stage, path))
            self._news.notify_all()

    @property
    def stage(self) -> Stage:
        """What was told last."""
        return self.told[-1][0] if self.told else Stage.FIRST

    @property
    def path(self) -> str:
        """The path that was learnt."""
        return self.told[-1][1] or ""

    def until(self, *stages: Stage) -> None:
        """Wait until one of these was told."""
        with self._news:
            assert self._news.wait_for(lambda: self.stage in stages, LONG_SECONDS), self.told

    def until_told(self, count: int) -> None:
        """Wait until so much was told."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= count, LONG_SECONDS), self.told


@pytest.fixture
def pupil() -> Pupil:
    return Pupil()


@pytest.fixture
def begun() -> Iterator[Callable[[CalibrationRun], None]]:
    """Start runs, and stop them after the test."""
    runs: list[CalibrationRun] = []

    def begin(run: CalibrationRun) -> None:
        runs.append(run)
        run.start()

    yield begin
    for run in runs:
        run.stop()


def teach(run: CalibrationRun, gun: GunAtSpeed, pupil: Pupil) -> int:
    """Scan labels as the page asks for them, until the gun is learnt; how many were scanned."""
    scans = misreads = 0
    while pupil.stage is not Stage.LEARNT:
        misreads += not gun.is_understood()
        gun.say(LABELS[1] if pupil.stage is Stage.SECOND else LABELS[0])
        scans += 1
        pupil.until_told(scans)
        within(lambda expected=misreads: speeds_tried(run) == expected)  # type: ignore[misc]  # no annotation fits
    return scans


def speeds_tried(run: CalibrationRun) -> int:
    """How many speeds the run's listener has tried in vain; it listens at the next one by then."""
    assert run._device is not None
    return run._device.health().statistics.misreads


@pytest.mark.parametrize(
    ("rate", "frame", "options"),
    [
        (9600, b"%s\r", "frame=cr"),
        (115200, b"\x02#%s!\x03", "frame=stx&prefix=%23&suffix=%21&baud=115200"),
        (38400, b"%s", "frame=silence&silence_seconds=0.1&baud=38400"),
    ],
)
def test_a_serial_gun_teaches_the_till(
    rate: int,
    frame: bytes,
    options: str,
    line: PtyLine,
    pupil: Pupil,
    begun: Callable[[CalibrationRun], None],
    watcher: Watcher,
    started: Callable[[Device], None],
) -> None:
    """At whatever speed and in whatever frame: what is learnt reads the next payment code."""
    run = CalibrationRun(f"serial:{line.port}", pupil.on_progress)
    begun(run)
    gun = GunAtSpeed(line, rate, frame)
    until_open(run)
    scans = teach(run, gun, pupil)
    run.stop()

    assert f"serial:{line.port}?{options}" == pupil.path
    assert RATES.index(rate) + 2 == scans
    started(open_device(pupil.path))
    watcher.until_state(State.ENABLED)
    gun.say(CODE)
    watcher.until_scans(1)
    assert [CODE] == watcher.texts


def until_open(run: CalibrationRun) -> None:
    """Wait until the run's listener has its port."""
    within(lambda: run._device is None or run._device.health().state is State.ENABLED)


def test_the_speed_it_has_is_tried_first(
    line: PtyLine, pupil: Pupil, begun: Callable[[CalibrationRun], None]
) -> None:
    """A gun that is only framed in another way needs no search: two scans do, and its other options stay."""
    run = CalibrationRun(f"serial:{line.port}?baud=57600&stopbits=2&frame=stx", pupil.on_progress)
    begun(run)
    until_open(run)
    assert 2 == teach(run, GunAtSpeed(line, 57600, b"%s\r\n"), pupil)
    assert {"baud": "57600", "stopbits": "2", "frame": "crlf"} == parse_path(pupil.path).options


def test_packets_are_acknowledged_meanwhile(
    line: PtyLine, pupil: Pupil, begun: Callable[[CalibrationRun], None]
) -> None:
    """A Zebra gun says a label until it is answered, and is answered both times."""
    run = CalibrationRun(f"serial:{line.port}", pupil.on_progress)
    begun(run)
    until_open(run)
    for text in LABELS:
        (packet,) = label_packets(text)
        line.send(packet)
        assert is_acknowledged(line.receive(6))
        pupil.until_told(LABELS.index(text) + 1)
    assert (Stage.LEARNT, f"serial:{line.port}?protocol=ssi") == pupil.told[-1]


def test_a_keyboard_gun_teaches_the_till(pupil: Pupil, begun: Callable[[CalibrationRun], None]) -> None:
    """A German gun with a prefix, without an end, held by the till alone while it is learnt."""
    keyboard = FakeKeyboard()

    def open_gun(path: DevicePath) -> EvdevGun:
        return EvdevGun(str(path), parse_address(path.address), nodes=FakeInputNodes(keyboard))

    run = CalibrationRun("evdev:05e0:1200", pupil.on_progress, open_device=open_gun)
    begun(run)
    until_open(run)
    assert keyboard.is_grabbed
    for count, text in enumerate(LABELS, 1):
        keyboard.send(*events(label(f"z{text}", "de", end=None), seconds=count))
        pupil.until_told(count)
    assert {"layout": "de", "end": "silence", "prefix": "z", "silence_seconds": "0.1"} == parse_path(
        pupil.path
    ).options


class HandTime:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_window_lends_its_keys(
    pupil: Pupil, begun: Callable[[CalibrationRun], None], watcher: Watcher
) -> None:
    """A gun set to another layout than the system: its keys reach nobody until it is learnt, Esc does."""
    clock = HandTime()
    gun = WedgeGun(clock=clock)
    gun.start(watcher.on_scan, watcher.on_health)
    run = CalibrationRun("wedge:", pupil.on_progress, lent=gun, clock=clock)
    begun(run)
    swallowed = []

    def press(key: Key, at: float) -> None:
        clock.seconds = at
        swallowed.append(gun.press(key).swallow)

    def release(key: Key, at: float) -> None:
        clock.seconds = at
        swallowed.append(gun.release(key).swallow)

    for count, text in enumerate(LABELS, 1):
        keys = [*shown(text, "us", "fr"), ENTER_KEY]
        press_and_release(keys, clock.seconds, 0.004, 0.001, press, release)
        clock.seconds += 1.0
        pupil.until_told(count)
    assert not gun.press(Key(code=9)).swallow
    assert (Stage.LEARNT, True, []) == (pupil.stage, all(swallowed), watcher.texts)
    assert "wedge:?layouts=us,fr" == pupil.path.replace("%2C", ",")
    run.stop()
    press_and_release([*shown(CODE), ENTER_KEY], clock.seconds, 0.004, 0.001, press, release)
    assert [CODE] == watcher.texts


def test_nothing_is_told_after_the_end(
    line: PtyLine, pupil: Pupil, begun: Callable[[CalibrationRun], None]
) -> None:
    """A run that was stopped is silent, and its port is free; stopping again does nothing."""
    run = CalibrationRun(f"serial:{line.port}", pupil.on_progress)
    begun(run)
    until_open(run)
    run.stop()
    run.stop()
    line.send(f"{LABELS[0]}\r".encode())
    again = CalibrationRun(f"serial:{line.port}", pupil.on_progress)
    begun(again)
    until_open(again)
    again.stop()
    assert [] == pupil.told


@pytest.mark.parametrize(
    ("path", "can"),
    [
        ("serial:COM3", True),
        ("evdev:05e0:1200", True),
        ("hidkeys:05e0:1200", True),
        ("wedge:", True),
        ("hid:", False),
        ("sim:", False),
    ],
)
def test_which_guns_can_be_learnt(path: str, can: bool, pupil: Pupil) -> None:
    """Those of whom there is something to learn; others are refused."""
    assert can is can_calibrate(path)
    if not can:
        with pytest.raises(ValueError, match="nothing to learn"):
            CalibrationRun(path, pupil.on_progress)


def test_a_window_is_needed_for_its_gun(pupil: Pupil) -> None:
    """A keyboard gun in the windows cannot be listened to without them."""
    with pytest.raises(ValueError, match="window"):
        CalibrationRun("wedge:", pupil.on_progress)
