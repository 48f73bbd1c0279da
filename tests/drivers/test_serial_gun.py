"""The serial gun on real pseudo-terminals: framing, faults, unplugging, and what it says about them."""

import errno
import itertools
import os
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
import serial

from drivers.device import Device, State
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DeviceLost,
    DevicePermission,
    DeviceUnusable,
    DriverMissing,
)
from drivers.framing import FrameMode
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.serial_port import (
    LineSettings,
    PortInfo,
    SerialPort,
    explain,
    identity_of,
    list_ports,
    receiver_of,
)
from tests.drivers.pty_line import PluggedLine, Port, PtyLine
from tests.drivers.watcher import Watcher

CODE, OTHER = "660123456789012345", "669876543210987654"
Start = Callable[[Device], None]


def gun_at(port: str, ports: Callable[[], list[PortInfo]] = list, **settings: object) -> SerialGun:
    """A gun that looks for its port often and does not ask the system for others."""
    return SerialGun(
        f"serial:{port}",
        SerialSettings(port, **settings),  # type: ignore[arg-type]  # a mixed bag by design
        ports=ports,
        retry_seconds=0.005,
        read_timeout_seconds=0.01,
    )


@pytest.mark.parametrize(
    ("frame", "sent"),
    [
        (FrameMode.CR, b"%s\r%s\r"),
        (FrameMode.LF, b"%s\n%s\n"),
        (FrameMode.CR_LF, b"%s\r\n%s\r\n"),
        (FrameMode.STX_ETX, b"\x02%s\x03\x02%s\x03"),
        (FrameMode.AUTO, b"%s\r%s\r"),
        (FrameMode.AUTO, b"%s\r\n%s\r\n"),
        (FrameMode.AUTO, b"\x02%s\x03\x02%s\x03\r\n"),
    ],
)
def test_labels_come_off_the_line(
    frame: FrameMode, sent: bytes, line: PtyLine, watcher: Watcher, started: Start
) -> None:
    """Whatever a gun puts around its labels, they come out whole, with their source."""
    started(gun_at(line.port, frame=frame))
    watcher.until_state(State.ENABLED)
    line.send(sent % (CODE.encode(), OTHER.encode()))
    watcher.until_scans(2)
    assert [CODE, OTHER] == watcher.texts
    assert {(f"serial:{line.port}", "serial")} == {(scan.source, scan.transport) for scan in watcher.scans}


@pytest.mark.parametrize("frame", [FrameMode.SILENCE, FrameMode.AUTO])
def test_silence_ends_a_label(frame: FrameMode, line: PtyLine, watcher: Watcher, started: Start) -> None:
    """A gun that sends no terminator is read all the same."""
    started(gun_at(line.port, frame=frame, silence_seconds=0.05))
    watcher.until_state(State.ENABLED)
    line.send(CODE.encode())
    watcher.until_scans(1)
    line.send(OTHER.encode())
    watcher.until_scans(2)
    assert [CODE, OTHER] == watcher.texts


def test_a_gun_comes_back_under_its_name(plugged: PluggedLine, watcher: Watcher, started: Start) -> None:
    """Unplugged and plugged in again while running, the gun is lost, absent, and back; a label cut by it is dropped."""
    gun = gun_at(plugged.path)
    started(gun)
    for turn in (1, 2, 3):
        watcher.until_state(State.ENABLED, times=turn)
        plugged.line.send(b"%06d\r" % turn)
        watcher.until_scans(turn)
        plugged.line.send(b"999")
        plugged.unplug()
        watcher.until_state(State.LOST, times=turn)
        plugged.plug()
    watcher.until_state(State.ENABLED, times=4)
    plugged.line.send(b"000004\r")
    watcher.until_scans(4)
    assert ["000001", "000002", "000003", "000004"] == watcher.texts
    assert 3 == gun.health().statistics.reconnects
    assert watcher.until_error("device_lost").state is State.LOST


def test_a_gun_that_is_not_there_is_waited_for(
    plugged: PluggedLine, watcher: Watcher, started: Start
) -> None:
    """A till that starts before its gun is plugged in says so and reads it when it comes."""
    plugged.unplug()
    started(gun_at(plugged.path))
    absent = watcher.until_error("device_absent")
    assert "Plug it in, or choose another device." == absent.error_remedy
    plugged.plug()
    watcher.until_state(State.ENABLED)
    plugged.line.send(CODE.encode() + b"\r")
    watcher.until_scans(1)


def open_terminals() -> int:
    """How many descriptors of this process are serial lines; others may come and go with what else runs in it."""
    return sum(os.isatty(int(descriptor.name)) for descriptor in Path("/dev/fd").iterdir())


def test_replugging_leaves_nothing_open(plugged: PluggedLine, watcher: Watcher, started: Start) -> None:
    """A hundred times unplugged, the gun holds as many descriptors as before."""
    gun = gun_at(plugged.path)
    started(gun)
    watcher.until_state(State.ENABLED)
    before = open_terminals()
    for turn in range(1, 101):
        plugged.unplug()
        watcher.until_state(State.LOST, times=turn)
        plugged.plug()
        watcher.until_state(State.ENABLED, times=turn + 1)
    assert before == open_terminals()


def test_a_port_is_held_by_one_gun_alone(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """A second program cannot take bytes away: it is told who holds the port, and gets it when it is free."""
    first_watcher = Watcher()
    with ExitStack() as stack:
        first = gun_at(line.port)
        stack.callback(first.stop)
        first.start(first_watcher.on_scan, first_watcher.on_health)
        first_watcher.until_state(State.ENABLED)
        started(gun_at(line.port))
        busy = watcher.until_error("device_busy")
        if Path("/proc/self/fd").is_dir():
            assert f"(process {os.getpid()})" in str(busy.error_remedy)
    watcher.until_state(State.ENABLED)
    line.send(CODE.encode() + b"\r")
    watcher.until_scans(1)
    assert [] == first_watcher.scans


@pytest.fixture
def unprivileged(line: PtyLine) -> Iterator[None]:
    """Nobody may open the line's port: an ordinary user for want of rights, root by not being root for a while."""
    os.chmod(line.port, 0)  # noqa: PTH101  # beside seteuid, which has no pathlib form either
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    yield
    if is_root:
        os.seteuid(0)
    os.chmod(line.port, 0o600)  # noqa: PTH101  # as above


@pytest.mark.usefixtures("unprivileged")
def test_a_forbidden_port_names_the_group(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """A user who may not open serial ports reads which group to join."""
    started(gun_at(line.port))
    denied = watcher.until_error("device_permission")
    assert "dialout" in str(denied.error_remedy)


def test_what_is_no_serial_port_says_so(tmp_path: Path, watcher: Watcher, started: Start) -> None:
    """A file that is no port is reported as such."""
    (tmp_path / "file").touch()
    started(gun_at(str(tmp_path / "file")))
    assert "Choose another port" in str(watcher.until_error("device_unusable").error_remedy)


def test_without_its_library_the_kind_says_how_to_get_it(
    line: PtyLine, watcher: Watcher, started: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pyserial the gun is lost with a remedy, and found as soon as the library is there."""
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "serial", None)
        started(gun_at(line.port))
        missing = watcher.until_error("driver_missing")
        assert "Install it with: python -m pip install pyserial" == missing.error_remedy
    watcher.until_state(State.ENABLED)


def test_listing_ports_without_the_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyserial there is no list of ports, and the error says why."""
    monkeypatch.setitem(sys.modules, "serial.tools.list_ports", None)
    with pytest.raises(DriverMissing):
        list_ports()


@pytest.mark.parametrize("fails", [1, 5])
def test_a_plug_that_moves_while_ports_are_listed(fails: int) -> None:
    """The list stumbles over ids that are not there any more: the ports are listed again."""
    answers = itertools.chain([False] * fails, itertools.repeat(True))

    def list_once() -> list[PortInfo]:
        if not next(answers):
            raise TypeError("int() can't convert non-string with explicit base")
        return []

    assert [] == list_ports(list_once)


def test_ports_that_never_stand_still_are_an_error_of_the_system() -> None:
    """When it never ends well, it is an OSError, and a gun is looked for again."""

    def list_once() -> list[PortInfo]:
        raise TypeError("int() can't convert non-string with explicit base")

    with pytest.raises(OSError, match="come and go"):
        list_ports(list_once)
    port = SerialPort(LineSettings("/dev/ttyACM0"), ports=lambda: list_ports(list_once))
    with pytest.raises(DeviceLost):
        port.identity()


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_bytes_are_received_whole_on_every_system(platform: str) -> None:
    """By either way of waiting: nothing within the time-out, all that has come, and an error once the line is gone."""
    with closing(PtyLine()) as line, serial.Serial(line.port, timeout=0.01) as port:
        receive = receiver_of(port, platform)
        assert b"" == receive()
        line.send(CODE.encode() + b"\r")
        received = b""
        while not received.endswith(b"\r"):
            received += receive()
        assert CODE.encode() + b"\r" == received
        line.pull()
        with pytest.raises(OSError, match=r".+"):
            receive()


# ---- which gun it is


def test_a_gun_that_comes_back_elsewhere_is_found(
    plugged: PluggedLine, watcher: Watcher, started: Start
) -> None:
    """A USB gun that gets another name when it is plugged in again is found by its serial number."""
    with closing(PtyLine()) as elsewhere:
        present = [Port(plugged.line.port)]
        gun = gun_at(plugged.path, lambda: [*present])
        started(gun)
        watcher.until_state(State.ENABLED)
        present[:] = [Port(elsewhere.port, serial_number="B2")]
        plugged.unplug()
        watcher.until_error("device_absent")
        present[:] = [Port(elsewhere.port)]
        watcher.until_state(State.ENABLED, times=2)
        elsewhere.send(CODE.encode() + b"\r")
        watcher.until_scans(1)
        gun.stop()


@pytest.mark.parametrize("other", [Port("", serial_number="B2"), Port("", vid=None, pid=None)])
def test_another_gun_in_its_place_is_not_read(
    other: Port, plugged: PluggedLine, watcher: Watcher, started: Start
) -> None:
    """Another gun plugged into the same place is reported, and its labels are not taken for the first one's."""
    gun = [Port("")]
    started(gun_at(plugged.path, lambda: [replace(gun[0], device=str(Path(plugged.path).resolve()))]))
    watcher.until_state(State.ENABLED)
    gun[0] = other
    plugged.unplug()
    watcher.until_state(State.LOST)
    plugged.plug()
    assert State.LOST is watcher.until_error("device_changed").state
    gun[0] = Port("")
    watcher.until_state(State.ENABLED, times=2)


@pytest.mark.parametrize(
    ("port", "identity"),
    [
        (Port("p"), "0c2e:1007:A1"),
        (Port("p", serial_number=None), "0c2e:1007:"),
        (Port("p", vid=None, pid=None), None),
    ],
)
def test_ids_and_serial_number_tell_guns_apart(port: Port, identity: str | None) -> None:
    """A USB port is known by its ids and its serial number, another one by nothing."""
    assert identity == identity_of(port)


# ---- what errors mean


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOENT, "x"), DeviceAbsent),
        (OSError(errno.ENODEV, "x"), DeviceAbsent),
        (OSError("could not open port 'COM3': FileNotFoundError(2, 'x', None, 2)"), DeviceAbsent),
        (OSError(errno.EBUSY, "x"), DeviceBusy),
        (OSError(errno.EWOULDBLOCK, "x"), DeviceBusy),
        (OSError("could not open port 'COM3': PermissionError(13, 'x', None, 5)"), DeviceBusy),
        (OSError(errno.EACCES, "x"), DevicePermission),
        (OSError(errno.EPERM, "x"), DevicePermission),
        (OSError(errno.ENOTTY, "x"), DeviceUnusable),
        (ValueError("Invalid baud rate"), DeviceUnusable),
        (termios.error(errno.EINVAL, "Invalid argument"), DeviceUnusable),
    ],
)
def test_an_error_of_opening_means(error: Exception, expected: type[Exception]) -> None:
    """Each way in which a port cannot be opened has its own error."""
    assert expected is type(explain("COM3", error))
