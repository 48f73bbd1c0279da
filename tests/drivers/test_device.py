"""A device's life: its table, its thread, what it reports, and what it survives."""

import logging
import queue
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.device import TABLE, Device, Health, Reading, State, Step, ThreadedDevice, advance
from drivers.errors import DeviceAbsent, DeviceBusy, DeviceError, DeviceLost, DeviceStateError
from drivers.repeats import RepeatFilter
from drivers.scan import Scan
from tests.drivers.watcher import LONG_SECONDS, Watcher

CODE = "660123456789012345"
Start = Callable[[Device], None]


class ScriptedGun(ThreadedDevice):
    """A device whose library does what the test says: each read brings or raises the next item of `line`."""

    transport = "script"

    def __init__(self, path: str = "script:", **options: float) -> None:
        options = {"join_seconds": LONG_SECONDS, **options}
        super().__init__(path, repeats=RepeatFilter(), retry_seconds=0.001, clock=lambda: 5.0, **options)
        self.line: queue.SimpleQueue[Reading | Exception] = queue.SimpleQueue()
        self.opening: list[Exception | None] = []
        self.identities: list[str | None] = []
        self.threads: set[str] = set()
        self.open_count = 0
        self.close_error: Exception | None = None

    def _open(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.open_count += 1
        error = self.opening.pop(0) if self.opening else None
        if error is not None:
            raise error

    def _read(self) -> Reading:
        self.threads.add(threading.current_thread().name)
        try:
            item = self.line.get(timeout=0.01)
        except queue.Empty:
            return Reading()
        if isinstance(item, Exception):
            raise item
        return item

    def _close(self) -> None:
        self.threads.add(threading.current_thread().name)
        if self.close_error is not None:
            raise self.close_error

    def _identity(self) -> str | None:
        return self.identities.pop(0) if self.identities else None

    def bring(self, text: str, at: float | None = None) -> None:
        """Let the next read bring a scan."""
        self.line.put(Reading([Scan(text.encode(), text, at=at)]))


# ---- the table


@given(st.lists(st.sampled_from(Step)))
def test_the_table_alone_moves_a_device(steps: list[Step]) -> None:
    """From any state reached, a step of the table leads on and any other is an error; closed is for good."""
    state = State.DISCOVERED
    for step in steps:
        if (state, step) in TABLE:
            state = advance(state, step)
        else:
            with pytest.raises(DeviceStateError):
                advance(state, step)
    if Step.CLOSE in steps:
        assert state is State.CLOSED


def test_every_state_has_its_place_in_the_table() -> None:
    """Every state can be reached, and every one but closed can be lost and closed."""
    assert {*State} == {State.DISCOVERED, *TABLE.values()}
    for state in {*State} - {State.CLOSED}:
        assert (State.LOST, State.CLOSED) == (advance(state, Step.LOSE), advance(state, Step.CLOSE))
    assert State.CLOSED not in {state for state, _ in TABLE}


# ---- a life


def test_a_life_is_reported_step_by_step(watcher: Watcher) -> None:
    """Claimed, enabled, closed: each state is reported once, and one thread alone calls the library."""
    gun = ScriptedGun()
    assert State.DISCOVERED is gun.health().state
    gun.start(watcher.on_scan, watcher.on_health)
    gun.bring(CODE, at=3.0)
    watcher.until_scans(1)
    gun.stop()
    assert [State.CLAIMED, State.ENABLED, State.CLOSED] == watcher.states
    assert {"gun script:"} == gun.threads
    assert "gun script:" not in {thread.name for thread in threading.enumerate()}


def test_a_scan_is_stamped_with_where_it_comes_from(watcher: Watcher, started: Start) -> None:
    """A scan leaves with its device's path and transport, and a time: its own, else the clock's."""
    gun = ScriptedGun()
    started(gun)
    gun.bring("123456", at=3.0)
    gun.bring("654321")
    watcher.until_scans(2)
    assert [
        Scan(b"123456", "123456", source="script:", transport="script", at=3.0),
        Scan(b"654321", "654321", source="script:", transport="script", at=5.0),
    ] == watcher.scans


def test_scans_repeats_and_misreads_are_counted(watcher: Watcher, started: Start) -> None:
    """A repeat is counted and not delivered; what cannot be read is counted and reported."""
    gun = ScriptedGun()
    started(gun)
    for _ in range(3):
        gun.bring(CODE, at=3.0)
    gun.line.put(Reading(misreads=2))
    assert watcher.until(lambda: watcher.healths[-1].statistics.misreads == 2 if watcher.healths else False)
    counts = gun.health().statistics
    assert (1, 2, 2, 0, 3.0) == (
        counts.scans,
        counts.repeats,
        counts.misreads,
        counts.reconnects,
        counts.last_scan_at,
    )
    assert [CODE] == watcher.texts


def test_a_lost_device_comes_back_by_itself(watcher: Watcher, started: Start) -> None:
    """After an I/O error the device is closed, found again, and read on; each change is reported."""
    gun = ScriptedGun()
    started(gun)
    watcher.until_state(State.ENABLED)
    gun.line.put(DeviceLost("script:"))
    watcher.until_state(State.ENABLED, times=2)
    gun.bring(CODE)
    watcher.until_scans(1)
    expected = [State.CLAIMED, State.ENABLED, State.LOST, State.CLAIMED, State.ENABLED]
    assert expected == watcher.states
    assert 1 == gun.health().statistics.reconnects
    lost = watcher.until_error("device_lost")
    assert (State.LOST, "Check its cable; it comes back by itself.") == (lost.state, lost.error_remedy)
    assert (None, None) == (gun.health().error_kind, gun.health().error_remedy)


def test_an_error_is_reported_when_it_changes(watcher: Watcher, started: Start) -> None:
    """While a device stays away for the same reason, nobody is told again; another reason is news."""
    gun = ScriptedGun()
    absent, busy = DeviceAbsent("script:"), DeviceBusy("script:", "minicom (process 12)")
    gun.opening = [absent, absent, absent, busy, busy, absent, None]
    started(gun)
    watcher.until_state(State.ENABLED)
    kinds = [health.error_kind for health in watcher.healths if health.state is State.LOST]
    assert ["device_absent", "device_busy", "device_absent"] == kinds
    assert 7 == gun.open_count
    assert 0 == gun.health().statistics.reconnects


def test_another_device_at_the_same_place_is_not_taken_for_the_first(
    watcher: Watcher, started: Start
) -> None:
    """After a reconnect the device must be the same one; until then another is reported and not read."""
    gun = ScriptedGun()
    gun.identities = ["0c2e:1007:A", "0c2e:1007:B", "05e0:2100:", "0c2e:1007:A"]
    started(gun)
    watcher.until_state(State.ENABLED)
    gun.line.put(DeviceLost("script:"))
    watcher.until_error("device_changed")
    watcher.until_state(State.ENABLED, times=2)
    assert 4 == gun.open_count


@pytest.mark.parametrize("error", [ValueError(CODE), TypeError(CODE), OSError(5, CODE)])
def test_a_fault_inside_a_library_is_a_disconnect(
    error: Exception, watcher: Watcher, started: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a library raises, the device comes back, and the log has the error's type but not its text."""
    gun = ScriptedGun()
    gun.close_error = OSError(9, CODE)
    with caplog.at_level(logging.DEBUG):
        started(gun)
        watcher.until_state(State.ENABLED)
        gun.line.put(error)
        watcher.until_state(State.ENABLED, times=2)
    assert type(error).__name__ in caplog.text
    assert CODE not in caplog.text


def test_a_receiver_that_fails_ends_nothing(watcher: Watcher, caplog: pytest.LogCaptureFixture) -> None:
    """An exception in a callback is logged by its type, without its text, and the next scan arrives."""
    gun = ScriptedGun()

    def on_scan(scan: Scan) -> None:
        watcher.on_scan(scan)
        raise KeyError(scan.text)

    def on_health(health: Health) -> None:
        watcher.on_health(health)
        raise RuntimeError(CODE)

    gun.start(on_scan, on_health)
    gun.bring(CODE, at=1.0)
    gun.bring(CODE[::-1], at=1.0)
    watcher.until_scans(2)
    gun.stop()
    assert [CODE, CODE[::-1]] == watcher.texts
    assert "KeyError" in caplog.text
    assert "RuntimeError" in caplog.text
    assert CODE not in caplog.text


# ---- its end


def test_stopping_twice_is_stopping(watcher: Watcher) -> None:
    """A second stop does and reports nothing."""
    gun = ScriptedGun()
    gun.start(watcher.on_scan, watcher.on_health)
    gun.stop()
    gun.stop()
    assert 1 == watcher.states.count(State.CLOSED)


def test_a_device_that_never_started_can_be_stopped() -> None:
    """Stopping before starting closes the device for good."""
    gun = ScriptedGun()
    gun.stop()
    assert State.CLOSED is gun.health().state


@pytest.mark.parametrize("end", [lambda gun: None, lambda gun: gun.stop()])
def test_a_device_starts_once(end: Callable[[Device], None], watcher: Watcher) -> None:
    """Starting again, or after a stop, is an error and changes nothing."""
    gun = ScriptedGun()
    gun.start(watcher.on_scan, watcher.on_health)
    end(gun)
    with pytest.raises(DeviceStateError):
        gun.start(watcher.on_scan, watcher.on_health)
    gun.stop()


def test_a_receiver_may_stop_its_device(watcher: Watcher) -> None:
    """Stopping from within a callback ends the device's thread and waits for nothing."""
    gun = ScriptedGun()

    def on_scan(scan: Scan) -> None:
        gun.stop()
        watcher.on_scan(scan)

    gun.start(on_scan, watcher.on_health)
    gun.bring(CODE)
    watcher.until_state(State.CLOSED)
    assert [CODE] == watcher.texts


def test_a_library_that_hangs_does_not_hang_the_till(watcher: Watcher) -> None:
    """Stop returns within its bound though a read does not, and nothing is delivered afterwards."""
    inside, leave = threading.Event(), threading.Event()

    class HangingGun(ScriptedGun):
        def _read(self) -> Reading:
            inside.set()
            leave.wait()
            return Reading([Scan(b"123456", "123456")], misreads=0)

    gun = HangingGun(join_seconds=0.05)
    gun.start(watcher.on_scan, watcher.on_health)
    assert inside.wait(LONG_SECONDS)
    gun.stop()
    assert State.CLOSED is watcher.states[-1]
    leave.set()
    gun._thread.join(LONG_SECONDS)
    assert ([], State.CLOSED) == (watcher.scans, gun.health().state)


def test_a_device_lost_for_long_stops_at_once(watcher: Watcher) -> None:
    """The wait between two looks for a device does not delay a stop."""
    gun = ScriptedGun()
    gun._retry_seconds = 3600
    gun.opening = [DeviceAbsent("script:")]
    gun.start(watcher.on_scan, watcher.on_health)
    watcher.until_state(State.LOST)
    gun.stop()
    assert not gun._thread.is_alive()


def test_errors_are_no_states_of_ours() -> None:
    """The error of a wrong step is part of the drivers' tree and names its remedy."""
    with pytest.raises(DeviceError) as caught:
        advance(State.CLOSED, Step.CLAIM)
    assert "Open a new device for the same path." == caught.value.remedy
