"""The thread that reads a camera: it holds the newest picture and drops the rest, and alone calls the library."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from drivers.device import Clock
from drivers.errors import DeviceError, DeviceLost, DeviceUnusable
from drivers.remedies import Remedy
from drivers.video import Video

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


class Pace(StrEnum):
    """How fast a video file is played: as it was recorded, or each picture as soon as the one before was taken."""

    RECORDED = "recorded"
    EVERY = "every"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: its number from 1, its pixels, BGR, which nobody changes, and its time in monotonic seconds."""

    number: int
    image: NDArray[Any]
    at: float


class Capture:
    """Reads what `open_video` opens, from now on. A source that does not return is left behind with its thread."""

    def __init__(
        self,
        name: str,
        open_video: Callable[[], Video],
        clock: Clock,
        *,
        pace: Pace = Pace.RECORDED,
        loops: bool = False,
    ) -> None:
        self._name = name
        self._open_video = open_video
        self._clock = clock
        self._pace = pace
        self._loops = loops
        self._news = threading.Condition()
        self._frame: Frame | None = None
        self._error: DeviceError | None = None
        self._is_open = False
        self._stopping = threading.Event()
        self._has_ended = False
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"capture {name}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread still has the source."""
        return self._thread.is_alive()

    @property
    def has_ended(self) -> bool:
        """Whether a video file was played to its end."""
        return self._has_ended

    @property
    def dropped(self) -> int:
        """How many pictures came and went before anybody took them."""
        return self._dropped

    def wait_open(self, timeout_seconds: float) -> bool:
        """Wait until the source is open; False when it is not yet. Raises what opening it raised."""
        with self._news:
            self._news.wait_for(lambda: self._is_open or self._error is not None, timeout_seconds)
            if not self._is_open and self._error is not None:
                raise self._error
            return self._is_open

    def take(self, timeout_seconds: float) -> Frame | None:
        """Wait for the newest picture that was not taken yet. Raises what ended the source, when nothing is left."""
        with self._news:
            self._news.wait_for(lambda: self._frame is not None or self._error is not None, timeout_seconds)
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
            self._news.notify_all()
            return frame

    def close(self, join_seconds: float) -> None:
        """Let the source go, and wait for it so long at most."""
        self._stopping.set()
        with self._news:
            self._frame = None
            self._news.notify_all()
        self._thread.join(join_seconds)

    def _run(self) -> None:
        try:
            video = self._open_video()
            try:
                with self._news:
                    self._is_open = True
                    self._news.notify_all()
                self._read_all(video)
            finally:
                video.release()
        except DeviceError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001  # OpenCV raises what it pleases when a camera goes
            _log.error("%s: the capture failed inside: %s", self._name, type(error).__name__)
            self._end(DeviceLost(self._name))

    def _end(self, error: DeviceError) -> None:
        with self._news:
            self._error = error
            self._news.notify_all()

    def _read_all(self, video: Video) -> None:
        begun = self._clock()
        number = first = 0
        while not self._stopping.is_set():
            image = video.read()
            if image is None:
                self._rewind(video, has_pictures=number > first)
                first = number
                continue
            number += 1
            if video.frame_seconds is None:
                self._put(Frame(number, image, self._clock()))
            else:
                self._put_of_file(Frame(number, image, begun + number * video.frame_seconds))

    def _rewind(self, video: Video, *, has_pictures: bool) -> None:
        """Begin a file again that shall be; anything else has ended. A file without a picture is no loop."""
        if video.frame_seconds is None:
            raise DeviceLost(self._name)
        if not (self._loops and has_pictures and video.rewind()):
            self._has_ended = True
            raise DeviceUnusable(
                f"The video {self._name} is at its end",
                Remedy("Add the option loop=yes to play it again and again."),
            )

    def _put_of_file(self, frame: Frame) -> None:
        """A file's times are its own; as recorded they are the clock's, too."""
        if self._pace is Pace.RECORDED:
            self._stopping.wait(max(0.0, frame.at - self._clock()))
        else:
            with self._news:
                self._news.wait_for(lambda: self._frame is None or self._stopping.is_set())
        self._put(frame)

    def _put(self, frame: Frame) -> None:
        with self._news:
            if self._stopping.is_set():
                return
            self._dropped += self._frame is not None
            self._frame = frame
            self._news.notify_all()
