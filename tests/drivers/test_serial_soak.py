"""Ten thousand labels over a pseudo-terminal at full speed, with everything that goes wrong on a counter."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from drivers.device import Device, State
from drivers.framing import FrameMode
from drivers.repeats import RepeatFilter
from drivers.serial_gun import SerialGun, SerialSettings
from tests.drivers.pty_line import PtyLine
from tests.drivers.watcher import LONG_SECONDS, Watcher

COUNT = 10_000
KINDS = {"valid": 60, "repeated": 12, "shortened": 9, "glued": 8, "noisy": 9, "cut": 2}
"""How the labels are shared out, in percent."""

NOISE = [*range(2), *range(4, 10), 11, 12, *range(14, 32), 127, *range(0x80, 0x100)]


@dataclass(frozen=True)
class Label:
    """One act of the gun: what it sends, what must come out, and whether its end is lost, so that silence ends it."""

    kind: str
    sent: bytes
    texts: tuple[str, ...]
    is_cut: bool = False


def text_of(frame: bytes) -> tuple[str, ...]:
    """What a frame with noise in it is: now and then, the noise is text."""
    text = frame.decode(errors="replace")
    return () if "\ufffd" in text or not text.isprintable() else (text,)


def labels(count: int, before: bytes, after: bytes) -> list[Label]:
    """A seeded shuffle of labels of all kinds; no code occurs twice but as a repeat."""
    chance = random.Random(20240229)
    kinds = [kind for kind, share in KINDS.items() for _ in range(count * share // 100)]
    chance.shuffle(kinds)
    numbers = chance.sample(range(10**16), 2 * count)
    made, last_valid = [], "660000000000000000"
    for place, kind in enumerate(["valid", *kinds[1:]]):
        code, other = (f"66{number:016d}" for number in numbers[2 * place : 2 * place + 2])
        frame = code.encode()
        if kind == "valid":
            made.append(Label(kind, before + frame + after, (code,)))
            last_valid = code
        elif kind == "repeated":
            made.append(Label(kind, before + last_valid.encode() + after, ()))
        elif kind == "shortened":  # bytes were lost in the middle: a frame of its own, too short for a code
            start = chance.randrange(1, 12)
            short = frame[:start] + frame[start + chance.randrange(1, 6) :]
            made.append(Label(kind, before + short + after, (short.decode(),)))
        elif kind == "glued":  # the end of the first was lost: one frame, too long for a code
            made.append(Label(kind, before + frame + other.encode() + after, (code + other,)))
        elif kind == "noisy":
            place_of_noise = chance.randrange(18)
            noise = bytes(chance.choices(NOISE, k=chance.randrange(1, 4)))
            noisy = frame[:place_of_noise] + noise + frame[place_of_noise:]
            made.append(Label(kind, before + noisy + after, text_of(noisy)))
        else:
            made.append(Label(kind, before + frame[: chance.randrange(1, 18)], (), is_cut=True))
    return made


def until_counted(
    gun: Device, watcher: Watcher, count: int, pass_time: Callable[[], None] = lambda: None
) -> None:
    """Wait until the gun has judged so many labels."""

    def judged() -> int:
        counts = gun.health().statistics
        return counts.scans + counts.repeats + counts.misreads

    deadline = time.monotonic() + LONG_SECONDS
    while judged() < count:
        assert time.monotonic() < deadline, f"{judged()} of {count} labels were judged"
        pass_time()
        watcher.until(lambda: judged() >= count, 0.002)


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [(FrameMode.AUTO, b"", b"\r\n"), (FrameMode.STX_ETX, b"\x02", b"\x03")],
)
def test_every_label_arrives_once_and_whole(
    mode: FrameMode,
    before: bytes,
    after: bytes,
    line: PtyLine,
    watcher: Watcher,
    started: Callable[[Device], None],
) -> None:
    """Of 10,000 labels exactly the whole frames arrive, each once, in order; repeats and misreads are counted."""
    now = [0.0]
    gun = SerialGun(
        f"serial:{line.port}",
        SerialSettings(line.port, frame=mode),
        repeats=RepeatFilter(window_seconds=1e9, max_entries=2 * COUNT),
        clock=lambda: now[0],
        read_timeout_seconds=0.001,
    )
    started(gun)
    watcher.until_state(State.ENABLED)
    sent = labels(COUNT, before, after)
    for place, label in enumerate(sent):
        if label.is_cut:
            until_counted(gun, watcher, place)  # time must not pass in the middle of a label before it
        line.send(label.sent)
        if label.is_cut:
            until_counted(gun, watcher, place + 1, pass_time=lambda: now.__setitem__(0, now[0] + 1.0))
    until_counted(gun, watcher, len(sent))
    expected = [text for label in sent for text in label.texts]
    assert expected == watcher.texts
    counts, kinds = gun.health().statistics, Counter(label.kind for label in sent)
    assert (len(expected), kinds["repeated"]) == (counts.scans, counts.repeats)
    assert sum(not label.texts and label.kind != "repeated" for label in sent) == counts.misreads
    assert {*KINDS} == {*kinds}
