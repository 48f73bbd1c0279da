"""What a gun reads may be a payment code: it goes to the receiver and nowhere else."""

import logging
from collections.abc import Callable

import pytest

from drivers.device import Device, State
from drivers.errors import DeviceError
from drivers.registry import open_device
from drivers.scan import Scan
from drivers.simulated_gun import SimulatedGun
from drivers.wedge import WedgeGun
from tests.drivers.key_stream import burst, typing
from tests.drivers.pty_line import PluggedLine
from tests.drivers.watcher import Watcher

# Letters, because digits would be found by chance in times and process ids.
SECRET = "ZQXJKVWYPGHBZQXJKV"
PARTS = {SECRET[start : start + 4] for start in range(len(SECRET) - 3)}


def fail_to_take(scan: Scan) -> None:
    """A receiver with a fault that quotes what it was given."""
    raise ValueError(scan.text)


def use(gun: Device, plugged: PluggedLine, watcher: Watcher) -> str:
    """Read, misread, repeat, cut and lose the secret through a gun; what its answers look like when shown."""
    shown: list[object] = []
    if isinstance(gun, WedgeGun):
        for suffix, interval in (("enter", 0.001), ("none", 0.001), ("enter", 0.06)):
            for stroke in burst(SECRET, 0.0, interval=interval, suffix=suffix).strokes:
                shown += [stroke.key, gun.press(stroke.key), gun.release(stroke.key)]
        shown += [gun.press(typing(SECRET, 0.0)[0].key), gun.idle()]
    else:
        send = gun.send if isinstance(gun, SimulatedGun) else plugged.line.send
        unplug = gun.unplug if isinstance(gun, SimulatedGun) else plugged.unplug
        code = SECRET.encode()
        for data in (b"%s\r", b"%s\r", b"%s\x00\r", b"\xff%s\r", b"\x02%s\x03", b"]Q1%s\r", b"%s"):
            send(data % code)
        assert watcher.until(lambda: watcher.healths[-1].statistics.misreads >= 3)
        unplug()
        watcher.until_state(State.LOST)
    return repr([*shown, gun.health(), *watcher.healths, *watcher.scans]) + "".join(map(str, watcher.scans))


@pytest.mark.parametrize("kind", ["serial", "sim", "wedge"])
@pytest.mark.parametrize("is_faulty", [False, True])
def test_no_text_of_a_scan_is_shown_or_logged(
    kind: str,
    is_faulty: bool,
    plugged: PluggedLine,
    watcher: Watcher,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever goes wrong, no part of a label is in the log, on the terminal, in a report or in what is shown of it."""
    gun = open_device({"serial": f"serial:{plugged.path}", "sim": "sim:", "wedge": "wedge:"}[kind])

    def on_scan(scan: Scan) -> None:
        watcher.on_scan(scan)
        if is_faulty:
            fail_to_take(scan)

    with caplog.at_level(logging.DEBUG):
        gun.start(on_scan, watcher.on_health)
        watcher.until_state(State.ENABLED)
        shown = use(gun, plugged, watcher)
        gun.stop()
    assert SECRET in watcher.texts
    output = capfd.readouterr()
    logged = "".join(
        f"{record.getMessage()} {record.args} {record.exc_info} {record.exc_text}"
        for record in caplog.records
    )
    everything = shown + logged + caplog.text + output.out + output.err
    assert "18 characters" in everything
    assert is_faulty == ("the receiver failed: ValueError" in everything)
    assert [] == [part for part in PARTS if part in everything]


@pytest.mark.parametrize(
    "act",
    [
        lambda: Scan(SECRET, SECRET),  # type: ignore[arg-type]  # wrong on purpose
        lambda: Scan(SECRET.encode(), SECRET.encode()),  # type: ignore[arg-type]  # wrong on purpose
        lambda: Scan(SECRET.encode(), SECRET, aim_id=SECRET),
        lambda: Scan(SECRET.encode(), SECRET, at=float("nan")),
        lambda: Scan(SECRET.encode(), ""),
    ],
)
def test_no_error_shows_a_text(act: Callable[[], Scan]) -> None:
    """An error about a scan does not quote it."""
    with pytest.raises((TypeError, ValueError, DeviceError)) as caught:
        act()
    assert [] == [part for part in PARTS if part in f"{caught.value!r} {caught.value}"]
