"""OpenCV's video captures: a camera, a video file or a stream is opened, set and read. Nothing here waits for nobody.

OpenCV and FFmpeg write to the error stream what they stumble on, URLs with their passwords included; both are told to
be silent before the first capture is made.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from drivers.camera_address import CameraAddress, Place
from drivers.errors import (
    DeviceAbsent,
    DeviceBusy,
    DevicePermission,
    DeviceUnavailable,
    DeviceUnusable,
    DriverMissing,
)
from drivers.remedies import Remedy

if TYPE_CHECKING:
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_TIMEOUT_MS = 5000
_USUAL_FPS = 30.0
_TOLERATED_FAILURES = 5
"""A camera at a USB cable may lose single pictures; this many in a row are a camera that has gone."""

_MANUAL_EXPOSURE = {"linux": 1.0}
"""What switches the automatic exposure off: V4L2_EXPOSURE_MANUAL; elsewhere OpenCV's 0.25."""


class Video(Protocol):
    """An open source of pictures; used by one thread."""

    frame_seconds: float | None
    """How long one picture of a file is shown; None for a live source."""

    def read(self) -> NDArray[Any] | None:
        """Wait for the next picture: BGR, uint8, (height, width, 3), the caller's own. None when there are no more."""

    def rewind(self) -> bool:
        """Begin again from the first picture; False where there is no such thing."""

    def release(self) -> None:
        """Close it."""


class _NoAnswer(DeviceAbsent):
    """A camera on the network that cannot be reached, or that refuses the login: FFmpeg does not tell which."""

    def __init__(self, address: CameraAddress) -> None:
        DeviceUnavailable.__init__(
            self,
            f"There is no answer from {address}",
            Remedy("Look whether the camera is switched on, and check its address, user name and password."),
        )


class _CaptureVideo:
    """A `cv2.VideoCapture`."""

    def __init__(self, capture: Any, address: CameraAddress, cv2: Any) -> None:
        self._capture = capture
        self._cv2 = cv2
        self._failures_left = self._tolerated = (
            _TOLERATED_FAILURES if address.place in {Place.NUMBER, Place.NODE} else 0
        )
        self.frame_seconds = self._frame_seconds() if address.place is Place.FILE else None

    def _frame_seconds(self) -> float:
        fps = float(self._capture.get(self._cv2.CAP_PROP_FPS))
        return 1 / (fps if 1 <= fps <= 240 else _USUAL_FPS)

    def read(self) -> NDArray[Any] | None:
        while True:
            is_read, image = self._capture.read()
            if is_read and image is not None and image.size:
                self._failures_left = self._tolerated
                return image  # type: ignore[no-any-return]  # OpenCV's captures are untyped here
            if self._failures_left == 0:
                return None
            self._failures_left -= 1

    def rewind(self) -> bool:
        return bool(self._capture.set(self._cv2.CAP_PROP_POS_FRAMES, 0))

    def release(self) -> None:
        self._capture.release()


def open_video(address: CameraAddress, wishes: Mapping[str, float]) -> Video:
    """Open a source; `wishes` are settings of a camera (`width`, `exposure`…), and one it does not have is left out.

    May wait for seconds. Raises a DeviceError.
    """
    try:
        import cv2  # noqa: PLC0415  # slow to import, and a till without a camera starts without it
    except ImportError:
        raise DriverMissing("opencv-python-headless") from None
    _silence(cv2)
    _check_there(address)
    capture = _capture_of(address, cv2)
    if not capture.isOpened():
        capture.release()
        raise _why_closed(address)
    if address.place in {Place.NUMBER, Place.NODE}:
        _set(capture, wishes, cv2)
    return _CaptureVideo(capture, address, cv2)


def node_of(address: CameraAddress) -> Path | None:
    """The node of an attached camera on Linux; None of anything else."""
    if address.place is Place.NODE:
        return Path(address.value)
    is_linux = sys.platform.startswith("linux")
    return Path(f"/dev/video{address.value}") if is_linux and address.place is Place.NUMBER else None


def _silence(cv2: Any) -> None:
    # Read by OpenCV when it loads FFmpeg for the first capture; -8 is AV_LOG_QUIET of libavutil/log.h.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _check_there(address: CameraAddress) -> None:
    node = Path(address.value) if address.place is Place.FILE else node_of(address)
    if node is None:
        return
    if not node.exists():
        raise DeviceAbsent(str(node))
    if not os.access(node, os.R_OK):
        remedy = (
            Remedy("Let this user read the file.")
            if address.place is Place.FILE
            else Remedy(
                "Add the user to the group {group} (sudo usermod -aG {group} $USER), then sign out and in again.",
                group="video",
            )
        )
        raise DevicePermission(f"This user may not open {node}", remedy)


def _capture_of(address: CameraAddress, cv2: Any) -> Any:
    if address.place is Place.URL:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _TIMEOUT_MS]
        return cv2.VideoCapture(address.value, cv2.CAP_FFMPEG, timeouts)
    if address.place is Place.FILE:
        # Absolute, or FFmpeg may take its beginning for one of its own protocols.
        return cv2.VideoCapture(str(Path(address.value).absolute()), cv2.CAP_FFMPEG)
    node = node_of(address)
    if node is not None:
        return cv2.VideoCapture(str(node), cv2.CAP_V4L2)
    # Windows' newer Media Foundation takes up to half a minute to open a camera.
    system = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_ANY)
    return cv2.VideoCapture(int(address.value), system)


def _why_closed(address: CameraAddress) -> DeviceUnavailable:
    if address.place is Place.URL:
        return _NoAnswer(address)
    if address.place is Place.FILE:
        return DeviceUnusable(f"{address} is no video", Remedy("Choose another file."))
    if node_of(address) is None:
        return DeviceAbsent(f"camera {address}")
    return DeviceBusy(str(address), None)


def _set(capture: Any, wishes: Mapping[str, float], cv2: Any) -> None:
    # USB 2 carries 1280 x 720 uncompressed ten times a second, and as JPEG thirty times.
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if "exposure" in wishes:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE.get(sys.platform, 0.25))
    if "focus" in wishes:
        capture.set(cv2.CAP_PROP_AUTOFOCUS, 0.0)
    properties = {
        "width": cv2.CAP_PROP_FRAME_WIDTH,
        "height": cv2.CAP_PROP_FRAME_HEIGHT,
        "fps": cv2.CAP_PROP_FPS,
        "exposure": cv2.CAP_PROP_EXPOSURE,
        "gain": cv2.CAP_PROP_GAIN,
        "focus": cv2.CAP_PROP_FOCUS,
    }
    for name, value in wishes.items():
        if not capture.set(properties[name], value):
            _log.info("the camera does not let its %s be set", name)
