"""Paths to devices: what is understood, what is refused with which words, and what is there."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import evdev_gun, hid_gun, printer_kinds, registry, serial_port
from drivers.device import Device, State
from drivers.errors import PathInvalid
from drivers.evdev_gun import EvdevAddress, EvdevGun
from drivers.framing import FrameMode
from drivers.hid_gun import HidAddress, HidGun
from drivers.registry import DevicePath, Found, list_devices, open_device, parse_path
from drivers.repeats import RepeatFilter
from drivers.scan import Scan
from drivers.serial_gun import SerialGun, SerialSettings
from drivers.serial_protocols import SerialProtocol
from drivers.shared_repeats import SharedRepeats
from drivers.simulated_gun import SimulatedGun
from drivers.wedge import WedgeGun
from tests.drivers.pty_line import Port, PtyLine
from tests.drivers.watcher import Watcher
from tests.fakes.hid_library import GUN
from tests.fakes.input_nodes import KEYBOARD

CODE = "660123456789012345"
Start = Callable[[Device], None]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("serial:/dev/ttyACM0", DevicePath("serial", "/dev/ttyACM0", {})),
        ("serial:COM3?baud=115200", DevicePath("serial", "COM3", {"baud": "115200"})),
        (
            "serial:/dev/pts/7?baud=9600&bytesize=8&parity=N&stopbits=1&frame=auto",
            DevicePath(
                "serial",
                "/dev/pts/7",
                {"baud": "9600", "bytesize": "8", "parity": "N", "stopbits": "1", "frame": "auto"},
            ),
        ),
        ("wedge:", DevicePath("wedge", "", {})),
        ("wedge:?prefix=~%25", DevicePath("wedge", "", {"prefix": "~%"})),
        ("sim:", DevicePath("sim", "", {})),
        ("sim:2?frame=stx", DevicePath("sim", "2", {"frame": "stx"})),
        ("camera:0?region=0.2,0,0.8,1", DevicePath("camera", "0", {"region": "0.2,0,0.8,1"})),
        (
            "camera:rtsp://lin:pw@10.0.0.7/live?channel=1#frames=3",
            DevicePath("camera", "rtsp://lin:pw@10.0.0.7/live?channel=1", {"frames": "3"}),
        ),
    ],
)
def test_a_path_is_taken_apart_and_put_together(text: str, path: DevicePath) -> None:
    """Kind, address and options are read, and written the same again."""
    assert path == parse_path(text)
    assert text == str(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "",
            "Begin it with one of: serial:, hid:, hidkeys:, evdev:, wedge:, sim:, camera:, keypad:, printer:.",
        ),
        (
            "/dev/ttyACM0",
            "Begin it with one of: serial:, hid:, hidkeys:, evdev:, wedge:, sim:, camera:, keypad:, printer:.",
        ),
        (
            "usb:1",
            "Begin it with one of: serial:, hid:, hidkeys:, evdev:, wedge:, sim:, camera:, keypad:, printer:.",
        ),
        ("serial:", "Write where the device is, such as serial:/dev/ttyACM0."),
        ("serial:?baud=9600", "Write where the device is, such as serial:/dev/ttyACM0."),
        (
            "serial:COM3?speed=9600",
            (
                "Its options are: baud, bytesize, parity, stopbits, frame, silence_seconds, protocol, prefix, suffix, "
                "repeat_seconds."
            ),
        ),
        ("serial:COM3?baud=fast", "It must be a number from 50 to 4000000, or auto."),
        ("serial:COM3?baud=1", "It must be a number from 50 to 4000000, or auto."),
        ("serial:COM3?bytesize=9", "It must be 7 or 8."),
        ("serial:COM3?parity=n", "It must be N, E, O, M or S."),
        ("serial:COM3?stopbits=3", "It must be 1, 1.5 or 2."),
        ("serial:COM3?frame=tab", "It must be one of cr, lf, crlf, stx, silence, auto."),
        ("serial:COM3?silence_seconds=0", "It must be a number of seconds above 0, 10 at most."),
        ("serial:COM3?silence_seconds=nan", "It must be a number of seconds above 0, 10 at most."),
        ("serial:COM3?protocol=morse", "It must be one of plain, honeywell, acknak, ssi."),
        ("serial:COM3?prefix=%02", "It must be characters that can be printed."),
        ("serial:COM3?baud=", "It must be a number from 50 to 4000000, or auto."),
        ("serial:COM3?baud", "Write them as name=value&name=value."),
        ("serial:COM3?baud=9600&baud=9600", "Write each option once."),
        ("wedge:?gap_seconds=3", "It must be a number of seconds above 0, 2 at most."),
        ("wedge:?min_length=0", "It must be a number from 1 to 1024."),
        ("wedge:?prefix=%02", "It must be characters that keys make."),
        ("sim:?baud=9600", "Its options are: frame, repeat_seconds."),
        ("evdev:", "Write where the device is, such as serial:/dev/ttyACM0."),
        ("evdev:05e0:1200?layout=xx", "It must be one of us, uk, de, fr."),
        ("evdev:05e0:1200?end=never", "It must be one of auto, key, silence."),
        ("evdev:05e0:1200?prefix=%02", "It must be characters that keys make."),
        ("evdev:05e0:1200?silence_seconds=11", "It must be a number of seconds above 0, 10 at most."),
        ("hid:?layout=us", "Its options are: serial, repeat_seconds."),
        ("camera:", "Write where the device is, such as serial:/dev/ttyACM0."),
        ("camera:0?frames=0", "It must be a number from 1 to 30: in how many pictures a code must be seen."),
        (
            "camera:0?region=0.5,0,0.2,1",
            "It must be left,top,right,bottom in shares of the picture, such as 0.2,0,0.8,1.",
        ),
        ("camera:0?away_seconds=0", "It must be a number of seconds above 0, 60 at most."),
        ("camera:0?width=1", "It must be a number of pixels from 160 to 7680."),
        (
            "camera:0?exposure=nan",
            "It must be a number in the camera's own units; the automatic is switched off then.",
        ),
        ("camera:x.avi?loop=maybe", "It must be yes or no: whether a video file begins again at its end."),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(text: str, words: str) -> None:
    """An unknown kind, option or value is an error that names the known ones, when parsing and when opening."""
    for read in (parse_path, open_device):
        with pytest.raises(PathInvalid) as caught:
            read(text)
        assert words == caught.value.remedy


def test_options_that_contradict_each_other_are_refused() -> None:
    """Each option may be right by itself and still not fit the others."""
    with pytest.raises(PathInvalid, match="late_suffix_seconds is no shorter than gap_seconds"):
        open_device("wedge:?gap_seconds=1")


@given(st.text(max_size=30), st.sampled_from(["", "serial:", "wedge:", "sim:", "serial:COM3?", "wedge:?"]))
def test_any_text_is_a_path_or_refused(text: str, start: str) -> None:
    """Whatever is written, the answer is a path that reads the same again, or PathInvalid."""
    try:
        path = parse_path(start + text)
    except PathInvalid:
        return
    assert path == parse_path(str(path))


def test_a_path_opens_its_kind() -> None:
    """Each kind of path makes its kind of device, with its settings, and opens nothing yet."""
    gun = open_device("serial:/dev/ttyACM0?baud=115200&parity=E&frame=stx")
    assert isinstance(gun, SerialGun)
    expected = SerialSettings("/dev/ttyACM0", baud=115200, parity="E", frame=FrameMode.STX_ETX)
    assert expected == gun._settings
    gun = open_device("serial:COM3?baud=auto&protocol=ssi&prefix=~&suffix=%23")
    assert isinstance(gun, SerialGun)
    assert SerialSettings("COM3", None, protocol=SerialProtocol.SSI, prefix="~", suffix="#") == gun._settings
    assert isinstance(open_device(DevicePath("wedge", "", {"gap_seconds": "0.1"})), WedgeGun)
    assert isinstance(open_device("sim:"), SimulatedGun)
    assert isinstance(open_device("hid:"), HidGun)
    hid = open_device("hid:05E0:2100?serial=S1")
    assert isinstance(hid, HidGun)
    assert HidAddress(0x05E0, 0x2100, "S1") == hid._address
    evdev = open_device("evdev:05e0:1200?layout=fr&end=key&prefix=~&suffix=%23&silence_seconds=0.5&serial=S1")
    assert isinstance(evdev, EvdevGun)
    assert EvdevAddress(None, 0x05E0, 0x1200, "S1") == evdev._address
    assert (State.DISCOVERED, "sim:2") == (open_device("sim:2").health().state, open_device("sim:2").path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("hid:scanner", "Write vendor and product such as hid:05e0:2100, or hid: for any."),
        ("evdev:scanner", "Write vendor and product such as evdev:05e0:1200, or a path below /dev/input."),
    ],
)
def test_an_address_that_is_none_is_refused(path: str, words: str) -> None:
    """What cannot be an address of its kind says what one looks like."""
    with pytest.raises(PathInvalid) as caught:
        open_device(path)
    assert words == caught.value.remedy


def test_one_label_through_two_guns_is_one_scan(watcher: Watcher, line: PtyLine, started: Start) -> None:
    """Guns that share their repeats deliver a label once, whichever reads it first."""
    repeats, now = SharedRepeats(), 50.0
    guns = [
        open_device(path, repeats=repeats, clock=lambda: now)
        for path in ("sim:1", "sim:2", f"serial:{line.port}")
    ]
    for gun in guns:
        started(gun)
    assert watcher.until(
        lambda: {h.path for h in watcher.healths if h.state is State.ENABLED} == {g.path for g in guns}
    )
    for gun in guns:
        if isinstance(gun, SimulatedGun):
            gun.trigger(CODE)
            gun.trigger("last of " + gun.path)
    line.send(CODE.encode() + b"\rlast of serial\r")
    watcher.until_scans(4)
    for gun in guns:
        gun.stop()
    assert 1 == watcher.texts.count(CODE)
    assert 2 == sum(gun.health().statistics.repeats for gun in guns)


def test_many_threads_let_one_scan_through() -> None:
    """However many guns see a label at the same moment, one of them delivers it."""
    repeats, barrier, let_through = (
        SharedRepeats(RepeatFilter(max_entries=10_000)),
        threading.Barrier(8),
        list[str](),
    )

    def see(source: str) -> None:
        barrier.wait()
        for number in range(500):
            if not repeats.is_repeat(Scan(b"1", f"{number}", source=source, at=1.0)):
                let_through.append(f"{number}")

    threads = [threading.Thread(target=see, args=[f"sim:{n}"]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(let_through) == sorted({*let_through})
    assert 500 == len(let_through)


# ---- what is there


@pytest.fixture(autouse=True)
def nothing_attached(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test lists the keyboards and guns of the machine it runs on."""
    monkeypatch.setattr(hid_gun, "list_guns", list)
    monkeypatch.setattr(evdev_gun, "list_keyboards", list)
    monkeypatch.setattr(printer_kinds, "find_printers", list)


def test_guns_are_listed_by_their_ids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ids tell a gun; its serial number where there are two; udev's name where even that is missing. Makers first."""
    guns = [GUN, replace(GUN, path=b"1", serial="S 2"), replace(GUN, path=b"2", product_id=0x1701)]
    keyboards = [
        replace(KEYBOARD, node="/dev/input/event1", name="Keyboard", vendor_id=0x046D),
        KEYBOARD,
        replace(KEYBOARD, node="/dev/input/event4", vendor_id=0x1A2B, name="Twin", serial=""),
        replace(KEYBOARD, node="/dev/input/event5", vendor_id=0x1A2B, name="Twin", serial=""),
        replace(KEYBOARD, node="/dev/input/event6", vendor_id=0, product_id=0, name="Virtual", serial=""),
    ]
    (tmp_path / "usb-Twin-event-kbd").symlink_to("/dev/input/event5")
    monkeypatch.setattr(registry, "_STABLE_INPUT_LINKS", tmp_path)
    monkeypatch.setattr(hid_gun, "list_guns", lambda: guns)
    monkeypatch.setattr(evdev_gun, "list_keyboards", lambda: keyboards)
    monkeypatch.setattr(serial_port, "list_ports", list)
    assert [
        Found("hid:05e0:2100?serial=S1", "Zebra DS9308"),
        Found("hid:05e0:2100?serial=S+2", "Zebra DS9308"),
        Found("hid:05e0:1701", "Zebra DS9308"),
        Found("evdev:05e0:1200", "Symbol Bar Code Scanner"),
        Found("evdev:046d:1200", "Keyboard"),
        Found("evdev:/dev/input/event4", "Twin"),
        Found(f"evdev:{tmp_path}/usb-Twin-event-kbd", "Twin"),
        Found("evdev:/dev/input/event6", "Virtual"),
    ] == list_devices()[:-2]
    for found in list_devices():
        open_device(found.path)


def test_what_is_there_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serial ports come with their names, then the guns that are always there."""
    ports = [Port("/dev/ttyACM7", "Voyager 1200g"), Port("/dev/ttyS0")]
    monkeypatch.setattr(serial_port, "list_ports", lambda: ports)
    assert [
        Found("serial:/dev/ttyACM7", "Voyager 1200g (/dev/ttyACM7)"),
        Found("serial:/dev/ttyS0", "/dev/ttyS0"),
        Found("wedge:", "Keyboard gun"),
        Found("sim:", "Simulated gun"),
    ] == list_devices()
    for found in list_devices():
        parse_path(found.path)


@pytest.mark.parametrize("fault", [None, OSError(5, "no bus")])
def test_a_missing_library_disables_one_kind(
    fault: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pyserial, or with a system that cannot list its ports, the other kinds are listed."""
    if fault is None:
        monkeypatch.setitem(sys.modules, "serial.tools.list_ports", None)
    else:

        def list_ports() -> list[Port]:
            raise fault

        monkeypatch.setattr(serial_port, "list_ports", list_ports)
    assert ["wedge:", "sim:"] == [found.path for found in list_devices()]


def test_keypads_and_printers_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyboard that calls itself a keypad may be one, and printers with a node or a queue are there to choose."""
    keypad = replace(KEYBOARD, name="SEM USB Numeric Keypad", vendor_id=0x1A2C, product_id=0x4094)
    monkeypatch.setattr(evdev_gun, "list_keyboards", lambda: [KEYBOARD, keypad])
    monkeypatch.setattr(printer_kinds, "find_printers", lambda: [("file:/dev/usb/lp0", "USB printer (lp0)")])
    monkeypatch.setattr(serial_port, "list_ports", list)
    found = list_devices()
    assert [
        Found("keypad:evdev:1a2c:4094", "SEM USB Numeric Keypad"),
        Found("printer:file:/dev/usb/lp0", "USB printer (lp0)"),
    ] == found[-2:]
    for each in found:
        open_device(each.path)


def test_a_usb_port_is_listed_by_the_name_it_keeps(tmp_path: Path) -> None:
    """Where the system has a lasting name for a port, that is the one to remember."""
    (tmp_path / "ttyACM0").touch()
    links = tmp_path / "by-id"
    assert str(tmp_path / "ttyACM0") == registry._stable_name(str(tmp_path / "ttyACM0"), links)
    links.mkdir()
    (links / "usb-Honeywell_Voyager_A1-if00").symlink_to("../ttyACM0")
    (links / "usb-other").symlink_to("../ttyACM1")
    assert str(links / "usb-Honeywell_Voyager_A1-if00") == registry._stable_name(
        str(tmp_path / "ttyACM0"), links
    )


def test_no_library_is_imported_before_a_device_is_opened() -> None:
    """Importing the registry and making devices imports none of their libraries: a till starts without them."""
    program = (
        "import sys; from drivers.registry import open_device\n"
        "for path in ('serial:/dev/ttyACM0', 'hid:', 'evdev:05e0:1200', 'keypad:serial:COM3?profile=counter', "
        "'keypad:evdev:04d9:a02a', 'printer:tcp:10.0.0.9', 'printer:usb:04b8:0202'): open_device(path)\n"
        "raise SystemExit(bool({'serial', 'hid', 'hidraw', 'evdev', 'escpos', 'PIL', 'usb'} & set(sys.modules)))"
    )
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode


@pytest.mark.parametrize(
    ("path", "later_seconds", "is_repeat"),
    [
        ("sim:", 2.4, True),
        ("sim:", 2.6, False),
        ("sim:?repeat_seconds=10", 9.0, True),
        ("sim:?repeat_seconds=0.5", 0.6, False),
        ("sim:?repeat_seconds=0", 0.0, False),
    ],
)
@pytest.mark.parametrize("is_shared", [True, False])
def test_the_repeat_window_is_the_gun_s_own(
    path: str, later_seconds: float, is_repeat: bool, is_shared: bool, watcher: Watcher, started: Start
) -> None:
    """Two and a half seconds, or what its path says, also where all guns of a till are watched together."""
    now = [100.0]
    gun = open_device(path, clock=lambda: now[0], repeats=SharedRepeats() if is_shared else None)
    assert isinstance(gun, SimulatedGun)
    started(gun)
    gun.trigger(CODE)
    watcher.until_scans(1)
    now[0] += later_seconds
    gun.trigger(CODE)
    gun.trigger("end")
    assert watcher.until(lambda: watcher.texts[-1:] == ["end"])
    assert [CODE, *([] if is_repeat else [CODE]), "end"] == watcher.texts


def test_a_camera_waits_longer_than_a_gun() -> None:
    """A code is held before a camera for a while; one window does not change another's."""
    repeats = SharedRepeats()
    open_device("camera:0", repeats=repeats)
    open_device("sim:", repeats=repeats)
    scan = Scan(b"a", "a", source="camera:0", at=1.0)
    assert [False, True, False] == [
        repeats.is_repeat(replace(scan, at=at, source=source))
        for at, source in ((1.0, "camera:0"), (5.5, "camera:0"), (5.5, "sim:"))
    ]


@pytest.mark.parametrize(
    "path", ["sim:?repeat_seconds=-1", "sim:?repeat_seconds=61", "printer:tcp:h?repeat_seconds=1"]
)
def test_an_impossible_window_is_refused(path: str) -> None:
    """Neither less than nothing nor more than a minute, and none for what scans nothing."""
    with pytest.raises(PathInvalid):
        open_device(path)
    with pytest.raises(ValueError, match="0 s or longer"):
        RepeatFilter().set_window("sim:", -1)
