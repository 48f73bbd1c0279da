"""The simulated gun takes the way of a real one: thread, framing, repeats, health."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.device import TABLE, Device, State
from drivers.framing import FrameMode
from drivers.simulated_gun import SimulatedGun
from tests.drivers.watcher import Watcher

CODE = "660123456789012345"
Start = Callable[[Device], None]


@pytest.mark.parametrize("frame", FrameMode)
def test_a_trigger_is_a_scan(frame: FrameMode, watcher: Watcher, started: Start) -> None:
    """However its bytes are framed, a triggered label comes out."""
    gun = SimulatedGun(frame=frame, read_timeout_seconds=0.01)
    started(gun)
    gun.trigger(CODE)
    watcher.until_scans(1)
    scan = watcher.scans[0]
    assert (CODE, "sim:", "sim") == (scan.text, scan.source, scan.transport)


def test_the_same_label_twice_is_a_repeat(watcher: Watcher, started: Start) -> None:
    """The label under the gun twice within the window is one scan and one repeat; another label is a scan."""
    now = [100.0]
    gun = SimulatedGun(clock=lambda: now[0])
    started(gun)
    gun.trigger(CODE)
    gun.trigger(CODE)
    gun.trigger(CODE[::-1])
    watcher.until_scans(2)
    now[0] += 2.5
    gun.trigger(CODE)
    watcher.until_scans(3)
    assert [CODE, CODE[::-1], CODE] == watcher.texts
    assert 1 == gun.health().statistics.repeats


def test_raw_bytes_may_be_a_fault(watcher: Watcher, started: Start) -> None:
    """Noise on the line is a misread that is reported, and the next label is read."""
    gun = SimulatedGun()
    started(gun)
    gun.send(b"66\x00\xff\r")
    gun.trigger(CODE)
    watcher.until_scans(1)
    assert watcher.until(lambda: watcher.healths[-1].statistics.misreads == 1)


def test_an_unplugged_gun_reads_nothing_and_comes_back(watcher: Watcher, started: Start) -> None:
    """While the cable is out the lamp is off and triggers do nothing; back in, the gun reads again."""
    gun = SimulatedGun(retry_seconds=0.001)
    started(gun)
    watcher.until_state(State.ENABLED)
    gun.trigger(CODE)
    gun.unplug()
    gun.trigger("000000")
    watcher.until_error("device_absent")
    gun.replug()
    gun.trigger(CODE[::-1])
    watcher.until_scans(2)
    assert [CODE, CODE[::-1]] == watcher.texts
    assert 1 == gun.health().statistics.reconnects


def test_a_gun_may_be_unplugged_from_the_start(watcher: Watcher, started: Start) -> None:
    """A gun that is not there yet is waited for."""
    gun = SimulatedGun(retry_seconds=0.001)
    gun.unplug()
    gun.unplug()
    started(gun)
    watcher.until_error("device_absent")
    gun.replug()
    watcher.until_state(State.ENABLED)
    assert 0 == gun.health().statistics.reconnects


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["scan", "unplug", "replug"]), max_size=12))
def test_whatever_happens_to_the_cable(acts: list[str]) -> None:
    """Every label triggered while the gun is read arrives once, in order, and every report follows the table."""
    watcher, sent, is_plugged = Watcher(), list[str](), True
    gun = SimulatedGun(retry_seconds=0.001, read_timeout_seconds=0.005)
    gun.start(watcher.on_scan, watcher.on_health)
    enabled = 1
    watcher.until_state(State.ENABLED)
    for number, act in enumerate(acts):
        if act == "scan":
            gun.trigger(f"{number:06d}")
            sent += [f"{number:06d}"] if is_plugged else []
        elif act == "unplug" and is_plugged:
            gun.unplug()
            is_plugged = False
        elif act == "replug" and not is_plugged:
            gun.replug()
            is_plugged, enabled = True, enabled + 1
            watcher.until_state(State.ENABLED, times=enabled)
    watcher.until_scans(len(sent))
    gun.stop()
    assert sent == watcher.texts
    moves = zip([State.DISCOVERED, *watcher.states], watcher.states, strict=False)
    assert {*moves} <= {(before, after) for (before, _), after in TABLE.items()}
    assert enabled - 1 == gun.health().statistics.reconnects
