"""Recordings read again: those kept beside this file, and those made of real lines a moment ago.

The kept ones were composed by hand in the byte layouts of the makers; what they must give stands beside them.
"""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers import recording, registry
from drivers.device import Device, State
from drivers.framing import FrameMode
from drivers.recording import End, Event, Opened, Recording, RecordingInvalid, frame_of
from drivers.replaying import replay
from drivers.scan import Scan
from drivers.serial_gun import SerialGun, SerialSettings
from tests.drivers.keyboard_gun import frames, label
from tests.drivers.pty_line import PtyLine
from tests.drivers.watcher import Watcher

FOLDER = Path(__file__).parent / "recordings"
KEPT = sorted(FOLDER.glob("*.jsonl"))


def shape(scan: Scan) -> tuple[str, str | None, float | None]:
    """What two readings of one label have in common."""
    return scan.text, scan.symbology, scan.at


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_a_kept_recording_gives_what_it_gave(file: Path) -> None:
    """Each recording gives exactly the scans and misreads written beside it."""
    recorded = recording.parse(file.read_text(encoding="utf-8"))
    path = registry.parse_path(recorded.path)
    replayed = replay(recorded, path.kind, registry.read_options(path))
    expected = json.loads(file.with_suffix(".expected.json").read_text(encoding="utf-8"))
    assert [(scan["text"], scan["symbology"], scan["at"]) for scan in expected["scans"]] == [
        shape(scan) for scan in replayed.scans
    ]
    assert expected["misreads"] == replayed.misreads


def test_there_are_kept_recordings() -> None:
    """The folder is not empty, and nothing in it is without its expectation."""
    assert len(KEPT) >= 2
    assert {file.stem for file in KEPT} == {
        file.name.split(".")[0] for file in FOLDER.glob("*.expected.json")
    }


@pytest.mark.parametrize("frame", [FrameMode.AUTO, FrameMode.STX_ETX, FrameMode.CR_LF])
def test_a_recording_reads_as_the_gun_did(
    frame: FrameMode, line: PtyLine, watcher: Watcher, started: Callable[[Device], None]
) -> None:
    """Labels and noise over a real line: what is replayed is what was read, to the time of each scan."""
    chance = random.Random(7)
    before, after = (b"\x02", b"\x03") if frame is FrameMode.STX_ETX else (b"", b"\r\n")
    labels = [
        before + (b"%06d" % number if number % 7 else bytes(chance.choices(range(32), k=9))) + after
        for number in range(300)
    ]
    gun = SerialGun(
        f"serial:{line.port}", SerialSettings(line.port, frame=frame), ports=list, read_timeout_seconds=0.01
    )
    events: list[Event] = []
    begun = time.monotonic()
    gun.tap(lambda raw, at: events.append(frame_of(at - begun, raw)))
    started(gun)
    watcher.until_state(State.ENABLED)
    for text in labels:
        line.send(text)
    line.send(before + b"the last one" + after)
    assert watcher.until(lambda: watcher.texts[-1:] == ["the last one"])
    recorded = Recording(gun.path, (Opened(0.0), *events))
    replayed = replay(recorded, "serial", {"frame": frame})
    read = [(scan.text, scan.symbology, round((scan.at or 0.0) - begun, 6)) for scan in watcher.scans]
    assert read == [(scan.text, scan.symbology, round(scan.at or 0.0, 6)) for scan in replayed.scans]
    assert gun.health().statistics.misreads == replayed.misreads


def test_keys_are_replayed_by_their_layout() -> None:
    """The path of the recording says which layout the gun types in."""
    events: list[Event] = [Opened(0.0), frame_of(1.0, frames(label("aB-42", "de"))), End(2.0)]
    path = registry.parse_path("evdev:05e0:1200?layout=de&serial=S1")
    replayed = replay(Recording(str(path), tuple(events)), path.kind, registry.read_options(path))
    assert ["aB-42"] == [scan.text for scan in replayed.scans]


def test_silence_ends_a_label_as_it_did() -> None:
    """A gun without a terminator is read by its pauses; the end of a recording is one only when it lasted."""
    events = (frame_of(1.0, b"111"), frame_of(2.0, b"222"))
    options = {"frame": FrameMode.SILENCE}
    lasting = replay(Recording("serial:COM3", (*events, End(3.0))), "serial", options)
    cut = replay(Recording("serial:COM3", (*events, End(2.1))), "serial", options)
    assert (["111", "222"], ["111"]) == (
        [scan.text for scan in lasting.scans],
        [scan.text for scan in cut.scans],
    )


def test_pictures_cannot_be_replayed() -> None:
    """A kind whose frames are no bytes of a label is refused by name."""
    with pytest.raises(RecordingInvalid, match="wedge"):
        replay(Recording("wedge:", ()), "wedge", {})
