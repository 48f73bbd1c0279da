"""The tap of a device: its raw frames, as they came, beside what was read from them."""

from collections.abc import Callable

import pytest

from drivers.device import Device, State
from drivers.errors import DeviceStateError
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.simulated_gun import SimulatedGun
from tests.drivers.pty_line import PtyLine
from tests.drivers.watcher import Watcher

CODE = "660123456789012345"
Start = Callable[[Device], None]


def test_a_tap_hears_what_the_line_carried(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """Every byte of a serial gun goes through the tap, terminators and noise included, with rising times."""
    frames: list[tuple[bytes, float]] = []
    gun = SerialGun(f"serial:{line.port}", SerialSettings(line.port), ports=list, read_timeout_seconds=0.01)
    gun.tap(lambda frame, at: frames.append((frame, at)))
    started(gun)
    watcher.until_state(State.ENABLED)
    sent = f"\x02{CODE}\x03\x00\xff\r\n\x02{CODE[::-1]}\x03".encode("latin-1")
    line.send(sent)
    watcher.until_scans(2)
    assert sent == b"".join(frame for frame, _ in frames)
    times = [at for _, at in frames]
    assert sorted(times) == times


def test_a_tap_that_fails_ends_nothing(
    watcher: Watcher, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A recording on a full disk is not the till's fault: the gun reads on, and no code is logged."""

    def full(frame: bytes, at: float) -> None:
        raise OSError(28, f"no space left for {frame!r}")

    gun = SimulatedGun(read_timeout_seconds=0.01)
    gun.tap(full)
    started(gun)
    gun.trigger(CODE)
    watcher.until_scans(1)
    assert [CODE] == watcher.texts
    assert "OSError" in caplog.text
    assert CODE not in caplog.text


def test_a_device_is_tapped_before_it_starts(watcher: Watcher, started: Start) -> None:
    """A tap on a running device would begin in the middle of a frame, so there is none."""
    gun = SimulatedGun(read_timeout_seconds=0.01)
    started(gun)
    with pytest.raises(DeviceStateError):
        gun.tap(lambda frame, at: None)
