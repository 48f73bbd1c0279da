"""A camera, a video file or a stream from the network that reads codes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from drivers.camera_address import CameraAddress, hidden
from drivers.camera_nodes import name_of
from drivers.capture import Capture, Frame, Pace
from drivers.device import Clock, Reading, Repeats, ThreadedDevice
from drivers.errors import DeviceAbsent, DeviceLost, DeviceStateError
from drivers.remedies import Remedy
from drivers.repeats import RepeatFilter
from drivers.sightings import Confirmation, Sightings
from drivers.video import Video, node_of, open_video

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from drivers.decoding import Found

REPEAT_SECONDS = 5.0
"""The same text again within this is a repeat: pretixSCAN's window for cameras."""

STALL_SECONDS = 6.0
"""A camera without a picture for so long has gone, even if it has not said so."""

_TAKE_SECONDS = 0.05
_JOIN_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 8.0
_COVER_SECONDS = 1.0
"""A code that was read is covered so long in the preview, also in pictures in which it is not read."""

_STILL_SEARCH_SECONDS = 0.05
_STILL_SEARCH_EVERY = 6
"""A picture in which nothing has moved is searched thoroughly only this seldom: a counter is still most of the day."""

_TELL_CONFLICT_SECONDS = 1.0

Share = tuple[float, float, float, float]
"""Left, top, right and bottom, in shares of a picture's width and height."""

WHOLE: Share = (0.0, 0.0, 1.0, 1.0)

Outline = Sequence[tuple[float, float]]
"""The corners of a code, x and y in pixels."""


class Trouble(StrEnum):
    """What makes it hard to read a code."""

    NOTHING = "nothing"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TWO_CODES = "two_codes"


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the camera saw last: a picture, BGR, which nobody changes, and the codes that were read in it.

    What is outside the region is coarse: nobody looks for codes there, so nobody could cover them.
    """

    number: int
    image: NDArray[Any]
    outlines: Sequence[Outline]
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What is looked at and how; `wishes` are settings of the camera itself, by the names of `OPTIONS`."""

    address: CameraAddress
    region: Share = WHOLE
    confirmation: Confirmation = field(default_factory=Confirmation)
    pace: Pace = Pace.RECORDED
    loop: bool = False
    wishes: Mapping[str, float] = field(default_factory=dict)


class Camera(ThreadedDevice):
    """Device `camera:`. One thread reads pictures and keeps the newest, the device's own looks for codes in it.

    Its `path` holds no password: what a URL says of one is left out.
    """

    transport: ClassVar[str] = "camera"

    def __init__(
        self,
        path: str,
        settings: CameraSettings,
        *,
        repeats: Repeats | None = None,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        stall_seconds: float = STALL_SECONDS,
        source: Callable[[CameraAddress, Mapping[str, float]], Video] = open_video,
    ) -> None:
        repeats = repeats or RepeatFilter(REPEAT_SECONDS)
        super().__init__(hidden(path), repeats=repeats, clock=clock, retry_seconds=retry_seconds)
        self._settings = settings
        self._stall_seconds = stall_seconds
        self._source = source
        self._capture: Capture | None = None
        self._sightings = Sightings(settings.confirmation)
        self._is_exclusive: Callable[[str], bool] = lambda _: True
        self._on_conflict: Callable[[str], None] = lambda _: None
        self._conflict_told_at: float | None = None
        self._last_frame_at = 0.0
        self._failures = 0
        self._has_ended = False
        self._covered: list[tuple[float, Outline]] = []
        self._is_still: Callable[[NDArray[Any]], bool] = lambda _: False
        self._sight_lock = threading.Lock()
        self._watchers = 0
        self._sight: Sight | None = None

    def refuse_several(self, is_exclusive: Callable[[str], bool], on_conflict: Callable[[str], None]) -> None:
        """Only one text that `is_exclusive` may be in view; `on_conflict` gets this device's path when there are more.

        Without it every text is exclusive. `on_conflict` is called on the device's thread, about once a second.
        Call before `start`.
        """
        with self._lock:
            if self._is_started:
                raise DeviceStateError(
                    "A device that has started cannot be told", Remedy("Open a new device for the same path.")
                )
            self._is_exclusive, self._on_conflict = is_exclusive, on_conflict
        self._sightings = Sightings(self._settings.confirmation, is_exclusive)

    def watch(self) -> None:
        """Keep what is seen for a preview, until `unwatch` was called as often; from any thread, as `sight`."""
        with self._sight_lock:
            self._watchers += 1

    def unwatch(self) -> None:
        """One watcher less."""
        with self._sight_lock:
            self._watchers -= 1
            if self._watchers == 0:
                self._sight = None

    def sight(self) -> Sight | None:
        """What is seen now; None while nobody watches or the camera is away."""
        with self._sight_lock:
            return self._sight

    @property
    def dropped(self) -> int:
        """How many pictures were dropped for newer ones since the camera was opened."""
        capture = self._capture
        return 0 if capture is None else capture.dropped

    # --- the device's thread ------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._has_ended and self._capture is not None:
            self._capture.take(0.0)  # says so again
        from drivers.lighting import Stillness  # noqa: PLC0415  # numpy is slow to import
        from drivers.vision.readers import load_readers  # noqa: PLC0415  # so are the readers

        if self._capture is not None and self._capture.is_alive:
            raise DeviceLost(self.path)  # the library has not returned yet, and still holds the camera
        load_readers()
        self._is_still = Stillness().is_still
        settings = self._settings
        self._capture = capture = Capture(
            self.path,
            partial(self._source, settings.address, settings.wishes),
            self._clock,
            pace=settings.pace,
            loops=settings.loop,
        )
        while not capture.wait_open(_TAKE_SECONDS):
            if self._stopping.is_set():
                raise DeviceAbsent(self.path)
        self._last_frame_at = self._clock()

    def _read(self) -> Reading:
        capture = self._capture
        if capture is None:
            raise DeviceLost(self.path)
        frame = capture.take(_TAKE_SECONDS)
        if frame is None:
            if self._clock() - self._last_frame_at > self._stall_seconds:
                raise DeviceLost(self.path)
            return Reading()
        self._last_frame_at = self._clock()
        self._failures = 0
        return self._look(frame)

    def _look(self, frame: Frame) -> Reading:
        from drivers.decoding import Seconds, locate  # noqa: PLC0415  # as in _open
        from drivers.vision.pixels import Roi  # noqa: PLC0415  # as in _open

        is_thorough = not self._is_still(frame.image) or frame.number % _STILL_SEARCH_EVERY == 0
        found = locate(
            frame.image,
            roi=Roi(*self._settings.region),
            budget=Seconds(_STILL_SEARCH_SECONDS) if is_thorough else lambda: False,
            turn=frame.number,
        )
        seen = self._sightings.see([each.scan for each in found], frame.at)
        if seen.is_conflict:
            self._tell_conflict(frame.at)
        self._cover(found, frame.at)
        with self._sight_lock:
            is_watched = self._watchers > 0
        if is_watched:
            self._show(frame)
        return Reading(seen.scans)

    def _tell_conflict(self, at: float) -> None:
        if self._conflict_told_at is None or at - self._conflict_told_at >= _TELL_CONFLICT_SECONDS:
            self._conflict_told_at = at
            self._call(self._on_conflict, self.path)

    def _cover(self, found: Sequence[Found], at: float) -> None:
        """Remember where codes are; a code that was found anew takes the place of all that was there."""
        kept = [] if found else [each for each in self._covered if at - each[0] < _COVER_SECONDS]
        new = [(at, tuple((float(x), float(y)) for x, y in each.corners)) for each in found]
        self._covered = [*kept, *new]

    def _show(self, frame: Frame) -> None:
        from drivers.lighting import Light, coarse_outside, light_of  # noqa: PLC0415  # as in _open

        trouble = Trouble.NOTHING
        if self._conflict_told_at is not None and frame.at - self._conflict_told_at < _TELL_CONFLICT_SECONDS:
            trouble = Trouble.TWO_CODES
        elif not self._covered:
            light = light_of(frame.image)
            trouble = Trouble.NOTHING if light is Light.NORMAL else Trouble(light.value)
        image = coarse_outside(frame.image, self._settings.region)
        sight = Sight(frame.number, image, tuple(outline for _, outline in self._covered), trouble)
        with self._sight_lock:
            if self._watchers > 0:
                self._sight = sight

    def _close(self) -> None:
        with self._sight_lock:
            self._sight = None
        self._covered = []
        capture = self._capture
        if capture is not None:
            self._has_ended = capture.has_ended
            capture.close(_JOIN_SECONDS)

    def _pause_seconds(self) -> float:
        """Longer from time to time: a camera on the network that is off shall not be asked twice a second all day."""
        self._failures += 1
        return float(min(self._retry_seconds * 2 ** (self._failures - 1), _LONGEST_PAUSE_SECONDS))

    def _identity(self) -> str | None:
        node = node_of(self._settings.address)
        return None if node is None else name_of(node.resolve().name)


def _share(text: str) -> Share:
    values = tuple(float(part) for part in text.split(","))
    if len(values) != 4:
        raise ValueError("no region")
    left, top, right, bottom = values
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError("no region inside the picture")
    return left, top, right, bottom


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError("out of range")
        return value

    return read


def _number(text: str) -> float:
    value = float(text)
    if not abs(value) <= 1_000_000:
        raise ValueError("no such setting")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 60:
        raise ValueError("no such time")
    return value


def _yes(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("neither yes nor no")
    return text == "yes"


_WISHES = ("width", "height", "fps", "exposure", "gain", "focus")
_USUAL_SIZE = {"width": 1280.0, "height": 720.0}


def settings_of(address: CameraAddress, options: Mapping[str, Any]) -> CameraSettings:
    """The settings that a path's address and options mean."""
    wishes = {name: float(options[name]) for name in _WISHES if name in options}
    rules = {name: options[name] for name in ("frames", "within_seconds", "away_seconds") if name in options}
    others = {name: options[name] for name in ("region", "pace", "loop") if name in options}
    return CameraSettings(
        address, confirmation=Confirmation(**rules), wishes={**_USUAL_SIZE, **wishes}, **others
    )


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "region": (_share, "left,top,right,bottom in shares of the picture, such as 0.2,0,0.8,1"),
    "frames": (_whole(1, 30), "a number from 1 to 30: in how many pictures a code must be seen"),
    "within_seconds": (_seconds, "a number of seconds above 0, 60 at most"),
    "away_seconds": (_seconds, "a number of seconds above 0, 60 at most"),
    "width": (_whole(160, 7680), "a number of pixels from 160 to 7680"),
    "height": (_whole(120, 4320), "a number of pixels from 120 to 4320"),
    "fps": (_whole(1, 240), "a number of pictures a second from 1 to 240"),
    "exposure": (_number, "a number in the camera's own units; the automatic is switched off then"),
    "gain": (_number, "a number in the camera's own units"),
    "focus": (_number, "a number in the camera's own units; the automatic is switched off then"),
    "loop": (_yes, "yes or no: whether a video file begins again at its end"),
    "pace": (
        Pace,
        f"one of {', '.join(Pace)}: as a video file was recorded, or every picture as it is taken",
    ),
}
"""The options of a `camera:` path, how to read each, and what it may be. The readers raise ValueError."""
