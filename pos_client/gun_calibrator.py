"""The till's guns as the calibration page learns them: away from the sale while it lasts, and back afterwards."""

import threading
from collections.abc import Callable, Sequence

from drivers.calibration_labels import LABELS
from drivers.calibration_run import CalibrationRun, can_calibrate
from drivers.wedge import WedgeGun
from pos_client.calibrating import Calibrator, Progress, Stage
from pos_client.hardware import Hardware


class GunCalibrator(Calibrator):
    """Learns a gun of `hardware`. `make_run` is a CalibrationRun in all but tests."""

    def __init__(
        self, hardware: Hardware, *, make_run: Callable[..., CalibrationRun] = CalibrationRun
    ) -> None:
        self._hardware = hardware
        self._make_run = make_run
        self._lock = threading.Lock()
        self._path: str | None = None
        self._run: CalibrationRun | None = None

    @property
    def labels(self) -> Sequence[str]:
        return LABELS

    def can_calibrate(self, path: str) -> bool:
        return can_calibrate(path) and path in self._hardware.paths

    def begin(self, path: str, on_progress: Callable[[Progress], None]) -> None:
        self.end()
        device = self._hardware.device(path)
        lent = device if isinstance(device, WedgeGun) else None
        with self._lock:
            run = self._make_run(
                path, lambda stage, learnt: on_progress(Progress(Stage(stage.value), learnt)), lent=lent
            )
            self._run, self._path = run, path
            if lent is None:  # its node or port has one owner; a window's keys are lent while it stays open
                self._hardware.lend(path)
            run.start()

    def end(self) -> None:
        with self._lock:
            run, path, self._run, self._path = self._run, self._path, None, None
            if run is not None:
                run.stop()
            if path is not None:
                self._hardware.take_back(path)
