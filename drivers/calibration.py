"""How a gun is set, learnt from the two calibration labels. Pure; times are monotonic seconds.

Each label is scanned once, in either order, with half a second between. What came is read in every way that is known,
and the ways that give both labels are the answer: what is put around a label, how it ends, the keyboard's layout, how
fast the gun types. The answer is options of the gun's path, and each way is tried with the parser that will read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from drivers.boot_reports import BootReportParser
from drivers.calibration_labels import LABELS
from drivers.framing import FrameMode, Framer
from drivers.key_codes import ENTER, KEYPAD_ENTER, LAYOUTS, TAB, translation
from drivers.key_presses import KeyPressParser, event_frame
from drivers.keystrokes import Key, meant_char
from drivers.ssi import SsiParser

SILENCE_SECONDS = 0.4
"""A burst is over when nothing has come for so long."""

_MOST_PIECES = 4096

_UNHEARD_PROTOCOLS = {"honeywell", "acknak"}
"""How a gun takes commands and answers: its labels are the same without."""

_AIM = re.compile(r"\A\][A-Za-z][0-9A-Za-z]|\][A-Za-z][0-9A-Za-z]\Z")
_FRAMES = (FrameMode.STX_ETX, FrameMode.CR_LF, FrameMode.CR, FrameMode.LF, FrameMode.SILENCE)
"""The strictest first: what is ended by CR LF would be read by CR alone as well."""
_ENDS = ("key", "silence")
_USAGES_OF_ENDS = {0x00, 0x28, 0x2B, 0x58}
"""Of boot reports: no key, Enter, Tab, the keypad's Enter."""
_LEAST_SILENCE_SECONDS, _MOST_SILENCE_SECONDS = 0.1, 1.0

LEARNABLE: Mapping[str, frozenset[str]] = {
    "serial": frozenset({"frame", "silence_seconds", "protocol", "prefix", "suffix"}),
    "evdev": frozenset({"layout", "end", "silence_seconds", "prefix", "suffix"}),
    "hidkeys": frozenset({"layout", "end", "silence_seconds", "prefix", "suffix"}),
    "wedge": frozenset(
        {"layouts", "prefix", "suffix", "gap_seconds", "gun_dwell_seconds", "late_suffix_seconds"}
    ),
}
"""The kinds of gun that can be calibrated, and which options of their paths are learnt."""

Setting = tuple[tuple[str, str], ...]
"""Options that read a label, but for those of time."""


class Stage(StrEnum):
    """How far a calibration is."""

    FIRST = "first"
    SECOND = "second"
    LEARNT = "learnt"
    UNCLEAR = "unclear"
    """What came last was no label, or another one than the first explains: scan again."""


@dataclass(slots=True)
class Burst:
    """What came without a pause: frames of bytes or of input events, or presses and releases of keys, with times."""

    frames: list[tuple[bytes, float]] = field(default_factory=list)
    keys: list[tuple[Key, bool, float]] = field(default_factory=list)
    last_at: float = 0.0


class Calibration:
    """Feed what comes of the gun, as it comes, and `idle` in between; then look at `stage` and `learnt`.

    ValueError for a kind of gun about which there is nothing to learn.
    """

    def __init__(self, kind: str) -> None:
        if kind not in LEARNABLE:
            raise ValueError("nothing to learn about this kind of gun")
        self._kind = kind
        self._burst: Burst | None = None
        self._found: dict[str, dict[Setting, None]] = {}
        self._bursts: dict[str, Burst] = {}
        self.stage = Stage.FIRST
        self.judged = 0  # how many bursts were looked at
        self.learnt: Mapping[str, str] | None = None

    def hear(self, frame: bytes, at: float) -> None:
        """Take bytes off a serial line, or one input event (see `drivers.key_presses`)."""
        burst = self._burst_at(at)
        if frame and len(burst.frames) < _MOST_PIECES:
            burst.frames.append((frame, at))

    def hear_key(self, key: Key, at: float, *, is_press: bool) -> None:
        """Take a key that came through a window."""
        burst = self._burst_at(at)
        if len(burst.keys) < _MOST_PIECES:
            burst.keys.append((key, is_press, at))

    def idle(self, at: float) -> None:
        """Say that nothing has come up to `at`."""
        burst = self._burst
        if burst is not None and at - burst.last_at >= SILENCE_SECONDS:
            self._burst = None
            if _HAS_LABEL[self._kind](burst):
                self._judge(burst)

    def options(self, before: Mapping[str, str]) -> dict[str, str]:
        """A path's options with what was learnt instead of what they said of it. ValueError before it is learnt."""
        if self.learnt is None:
            raise ValueError("nothing has been learnt yet")
        kept = {name: value for name, value in before.items() if name not in LEARNABLE[self._kind]}
        if before.get("protocol") in _UNHEARD_PROTOCOLS and "protocol" not in self.learnt:
            kept["protocol"] = before["protocol"]
        return {**kept, **self.learnt}

    def _burst_at(self, at: float) -> Burst:
        self.idle(at)
        if self._burst is None:
            self._burst = Burst()
        self._burst.last_at = at
        return self._burst

    def _judge(self, burst: Burst) -> None:
        if self.stage is Stage.LEARNT:
            return
        self.judged += 1
        read = _READERS[self._kind]
        for label in LABELS:
            settings = dict.fromkeys(read(burst, label))
            if settings:
                self._found[label], self._bursts[label] = settings, burst
                break
        else:
            self.stage = Stage.UNCLEAR
            return
        common = [
            setting
            for setting in self._found[label]
            if all(setting in settings for settings in self._found.values())
        ]
        if not common:  # the one before was misread, or the gun was set anew: only the last one counts
            self._found, self._bursts = {label: self._found[label]}, {label: burst}
            self.stage = Stage.UNCLEAR
        elif len(self._found) < len(LABELS):
            self.stage = Stage.SECOND
        else:
            bursts = list(self._bursts.values())
            self.learnt = {**dict(common[0]), **_TIMINGS[self._kind](common[0], bursts)}
            self.stage = Stage.LEARNT


def _setting(prefix: str, suffix: str, **options: str) -> Setting:
    named = {**options, "prefix": prefix, "suffix": suffix}
    return tuple((name, value) for name, value in named.items() if value)


def _around(text: str, label: str) -> tuple[str, str] | None:
    """What stands before and behind a label but for an AIM identifier; None when it is not there, or is not alone."""
    before, found, after = text.partition(label)
    before = _AIM.sub("", before)
    return (before, after) if found and label not in after and (before + after).isprintable() else None


# ---- serial


def _read_serial(burst: Burst, label: str) -> Iterator[Setting]:
    data = b"".join(frame for frame, _ in burst.frames)
    for scan in SsiParser().feed(data, burst.last_at):
        if (around := _around(scan.text, label)) is not None:
            yield _setting(*around, protocol="ssi")
            return
    for mode in _FRAMES:
        framer = Framer(mode)
        scans = [*framer.feed(data, burst.last_at), *framer.idle(burst.last_at + SILENCE_SECONDS)]
        if len(scans) != 1 or framer.take_misreads():
            continue
        if (around := _around(scans[0].text, label)) is not None:
            yield _setting(*around, frame=mode.value)
            return


def _time_serial(setting: Setting, bursts: Sequence[Burst]) -> dict[str, str]:
    """A gun that ends its labels by nothing is read the sooner, the shorter the silence that is waited for."""
    if ("frame", "silence") not in setting:
        return {}
    return _silence_of([[at for _, at in burst.frames] for burst in bursts])


def _silence_of(bursts: Sequence[Sequence[float]]) -> dict[str, str]:
    """Four times the longest pause inside a label: a label cut by a busy machine would be two."""
    longest = max((gap for times in bursts for gap in _gaps(times)), default=0.0)
    return {"silence_seconds": _number(min(max(4 * longest, _LEAST_SILENCE_SECONDS), _MOST_SILENCE_SECONDS))}


# ---- keys, read past the windows


_PRESS_OF_ENTER = event_frame(1, ENTER, 1)
_DOWN = _PRESS_OF_ENTER[4:]
_END_FRAMES = {event_frame(1, code, value) for code in (ENTER, KEYPAD_ENTER, TAB) for value in (0, 1)}


def _read_events(burst: Burst, label: str) -> Iterator[Setting]:
    return _read_typed(burst, label, lambda keys: keys)


def _read_boot_reports(burst: Burst, label: str) -> Iterator[Setting]:
    return _read_typed(burst, label, BootReportParser)


def _read_typed(
    burst: Burst, label: str, parser_of_keys: Callable[[KeyPressParser], KeyPressParser | BootReportParser]
) -> Iterator[Setting]:
    for layout in LAYOUTS:
        for end in _ENDS:
            parser = parser_of_keys(KeyPressParser(layout=layout, end=end))
            scans = [scan for frame, at in burst.frames for scan in parser.feed(frame, at)]
            scans += parser.idle(burst.last_at + SILENCE_SECONDS)
            if len(scans) != 1 or parser.take_misreads():
                continue
            if (around := _around(scans[0].text, label)) is not None:
                yield _setting(*around, layout="" if layout == "us" else layout, end=end)
                break


def _time_events(setting: Setting, bursts: Sequence[Burst]) -> dict[str, str]:
    if ("end", "silence") not in setting:
        return {}
    return _silence_of([[at for frame, at in burst.frames if _is_press(frame)] for burst in bursts])


def _time_boot_reports(setting: Setting, bursts: Sequence[Burst]) -> dict[str, str]:
    if ("end", "silence") not in setting:
        return {}
    return _silence_of([[at for frame, at in burst.frames if _is_report_of_label(frame)] for burst in bursts])


def _is_report_of_label(report: bytes) -> bool:
    """Whether a boot report has a key down that is neither Enter nor Tab."""
    return bool(set(report[2:]) - _USAGES_OF_ENDS)


def _is_press(frame: bytes) -> bool:
    """Whether an input event is a key going down that may be a character's."""
    return len(frame) == len(_PRESS_OF_ENTER) and frame[:2] == _PRESS_OF_ENTER[:2] and frame[4:] == _DOWN


# ---- keys that come through a window


def _read_keys(burst: Burst, label: str) -> Iterator[Setting]:
    pressed = [key for key, is_press, _ in burst.keys if is_press and not key.is_auto_repeat]
    for layouts, meant in _translations():
        text = "".join(meant_char(key, meant) or "" for key in pressed)
        for meant_text in (
            text,
            text.swapcase(),
        ):  # the latter: Caps Lock is on, which is no setting of the gun
            if (around := _around(meant_text, label)) is not None:
                yield _setting(*around, layouts=layouts)
                break


def _translations() -> Iterator[tuple[str, Mapping[str, str] | None]]:
    """No translation first, then every two layouts."""
    yield "", None
    for gun in LAYOUTS:
        for system in LAYOUTS:
            if gun != system:
                yield f"{gun},{system}", translation(gun, system)


def _time_keys(_: Setting, bursts: Sequence[Burst]) -> dict[str, str]:
    """Times for a gun slower than the parser expects; half as slow again is still read."""
    gaps, lates, dwells = [0.0], [0.0], [0.0]
    for burst in bursts:
        presses = [
            (key, _when(key, at)) for key, is_press, at in burst.keys if is_press and not key.is_modifier
        ]
        gaps += _gaps([at for key, at in presses if not key.is_suffix])
        chars = [at for key, at in presses if not key.is_suffix]
        lates += [at - chars[-1] for key, at in presses if key.is_suffix and chars and at >= chars[-1]]
        dwells += _dwells(burst)
    options = {}
    gap, late, dwell = (1.5 * max(times) for times in (gaps, lates, dwells))
    if gap > 0.05:
        options["gap_seconds"] = _number(gap)
    if late > 0.2 or gap > 0.2:
        options["late_suffix_seconds"] = _number(max(late, gap))
    if dwell > 0.03:
        options["gun_dwell_seconds"] = _number(dwell)
    return options


def _dwells(burst: Burst) -> Iterator[float]:
    """How long each key was down."""
    down: dict[int, float] = {}
    for key, is_press, at in burst.keys:
        if key.is_modifier:
            continue
        if is_press:
            down[key.code] = _when(key, at)
        elif key.code in down:
            yield _when(key, at) - down.pop(key.code)


def _when(key: Key, at: float) -> float:
    """When the window system saw the key, where it tells: the till may be busy for a moment."""
    return at if key.stamp_seconds is None else key.stamp_seconds


def _gaps(times: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def _number(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


_HAS_LABEL: Mapping[str, Callable[[Burst], bool]] = {
    "serial": lambda burst: any(frame.strip(b"\r\n\t\0") for frame, _ in burst.frames),
    "evdev": lambda burst: any(
        frame[:1] == b"\x01" and frame not in _END_FRAMES for frame, _ in burst.frames
    ),
    "hidkeys": lambda burst: any(_is_report_of_label(frame) for frame, _ in burst.frames),
    "wedge": lambda burst: any(is_press and key.scanned_char is not None for key, is_press, _ in burst.keys),
}
"""Whether a burst is more than a late Enter, the release of a key, or the end of a line."""

_READERS: Mapping[str, Callable[[Burst, str], Iterator[Setting]]] = {
    "serial": _read_serial,
    "evdev": _read_events,
    "hidkeys": _read_boot_reports,
    "wedge": _read_keys,
}
_TIMINGS: Mapping[str, Callable[[Setting, Sequence[Burst]], dict[str, str]]] = {
    "serial": _time_serial,
    "evdev": _time_events,
    "hidkeys": _time_boot_reports,
    "wedge": _time_keys,
}
