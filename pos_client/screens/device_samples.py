"""Sample devices for the set-up window: every state there is, short and long names; none of them exists."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from drivers.device import Health, State, Statistics
from drivers.errors import DeviceLost, DevicePermission, DriverMissing
from drivers.libraries import MissingLibrary
from drivers.registry import Found
from drivers.remedies import Remedy
from drivers.scan import Scan
from pos_client.calibrating import Calibrator, Progress
from pos_client.camera_view import Cameras, CameraView, CameraWatch, Region
from pos_client.device_setup import Attached, DeviceSetup
from pos_client.ports import Clock
from pos_client.scan_facts import TRIAL_LABEL

SAMPLE_NOW_SECONDS = 10_000.0
"""The drivers' time of all samples."""


class SampleClock(Clock):
    """Stands still at the samples' time."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 6, 30, tzinfo=UTC)

    def monotonic(self) -> float:
        return SAMPLE_NOW_SECONDS


ZEBRA = "hid:05e0:2100"
ZEBRA_LOST = (
    "serial:/dev/serial/by-id/usb-Symbol_Technologies_Inc_2002_Symbol_Bar_Code_Scanner-if00?baud=115200"
)
NOT_PERMITTED = "serial:/dev/ttyUSB1"

_PERMISSION = DevicePermission(
    "This user may not open /dev/ttyUSB1",
    Remedy(
        "Add the user to the group {group} (sudo usermod -aG {group} $USER), then sign out and in again.",
        group="dialout",
    ),
)


def _health(path: str, state: State, counts: Statistics, error: Exception | None = None) -> Health:
    kind, remedy = getattr(error, "kind", None), getattr(error, "remedy", None)
    return Health(path, state, kind, remedy, counts)


SAMPLE_HEALTHS = (
    _health(ZEBRA, State.ENABLED, Statistics(2314, 3, 41, 1, SAMPLE_NOW_SECONDS - 4.2)),
    _health(
        ZEBRA_LOST, State.LOST, Statistics(118, 0, 7, 2, SAMPLE_NOW_SECONDS - 754), DeviceLost(ZEBRA_LOST)
    ),
    _health(NOT_PERMITTED, State.LOST, Statistics(), _PERMISSION),
    _health("camera:0", State.LOST, Statistics(), DriverMissing("opencv-python-headless")),
    _health("wedge:", State.ENABLED, Statistics(5, 0, 0, 0, SAMPLE_NOW_SECONDS - 0.42)),
)

SAMPLE_ATTACHED = Attached(
    found=(
        Found(ZEBRA, "Symbol Bar Code Scanner"),
        Found("serial:/dev/ttyUSB1", "CP2102 USB to UART Bridge Controller (/dev/ttyUSB1)"),
        Found("evdev:1eab:0c06", "NLS-HR22 HID KBW"),
        Found("wedge:", "Keyboard gun"),
    ),
    missing=(
        MissingLibrary("opencv-python-headless", "camera", "python -m pip install opencv-python-headless"),
        MissingLibrary("libzbar", "camera", "sudo apt-get install libzbar0"),
    ),
)

SAMPLE_SCAN = Scan(
    b"]C0" + TRIAL_LABEL.encode(), TRIAL_LABEL, "Code 128", "]C0", ZEBRA, "hid", SAMPLE_NOW_SECONDS
)


class SampleDevices(DeviceSetup):
    """A till with the sample devices, which may be ordered, and guns that read what `scan` is given."""

    def __init__(self) -> None:
        self._healths = {health.path: health for health in SAMPLE_HEALTHS}
        self._order: tuple[str, ...] = tuple(self._healths)
        self._on_scan: Callable[[Scan], None] | None = None

    def healths(self) -> Sequence[Health]:
        new = Health("", State.DISCOVERED, None, None, Statistics())
        return [self._healths.get(path, new) for path in self._order]

    def look(self) -> Attached:
        return SAMPLE_ATTACHED

    def use(self, paths: Sequence[str]) -> None:
        self._order = tuple(paths)

    def listen(self, on_scan: Callable[[Scan], None]) -> None:
        self._on_scan = on_scan

    def stop_listening(self) -> None:
        self._on_scan = None

    def scan(self, scan: Scan) -> bool:
        """Let a gun read something; whether anybody listens."""
        if self._on_scan is None:
            return False
        self._on_scan(scan)
        return True


class SampleCalibrator(Calibrator):
    """Learns at once what it is told to."""

    def __init__(self) -> None:
        self.on_progress: Callable[[Progress], None] | None = None
        self.path: str | None = None

    @property
    def labels(self) -> Sequence[str]:
        return ("AZqy-0189", "0123456789")

    def can_calibrate(self, path: str) -> bool:
        return not path.startswith("hid:")

    def begin(self, path: str, on_progress: Callable[[Progress], None]) -> None:
        self.path, self.on_progress = path, on_progress

    def end(self) -> None:
        self.path = self.on_progress = None


class SampleCameras(Cameras):
    """One camera; what it sees is set by whoever takes the picture."""

    def __init__(self) -> None:
        self.seen: CameraView | None = None
        self.regions: dict[str, Region] = {}
        self.watchers = 0

    def watch(self, path: str) -> CameraWatch | None:
        if not path.startswith("camera:"):
            return None
        self.watchers += 1
        return SampleWatch(self)

    def region(self, path: str) -> Region:
        return self.regions.get(path, Region())

    def with_region(self, path: str, region: Region) -> str:
        new = f"{path.partition('?')[0]}?region={region.left},{region.top},{region.right},{region.bottom}"
        self.regions[new] = region
        return new


class SampleWatch(CameraWatch):
    """Shows what the cameras see."""

    def __init__(self, cameras: SampleCameras) -> None:
        self._cameras = cameras

    def view(self) -> CameraView | None:
        return self._cameras.seen

    def close(self) -> None:
        self._cameras.watchers -= 1
