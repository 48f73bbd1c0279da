"""What the calibration page needs: two labels to be scanned, and somebody who learns from them how a gun is set."""

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CALIBRATION_SECONDS = 30.0
"""How long two labels may take; then the device is read again as it was."""


class Stage(enum.StrEnum):
    """How far a calibration is."""

    FIRST = "first"
    SECOND = "second"
    LEARNT = "learnt"
    UNCLEAR = "unclear"
    """What came was not both labels: scan them again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a calibration stands; `path` is the device with what was learnt, once it is LEARNT."""

    stage: Stage
    path: str | None = None


class Calibrator(ABC):
    """Learns how a gun is set. `begin` and `end` may wait: not for the windows' thread."""

    @property
    @abstractmethod
    def labels(self) -> Sequence[str]:
        """The two texts to be painted and scanned."""

    @abstractmethod
    def can_calibrate(self, path: str) -> bool:
        """Whether there is anything to learn of such a device."""

    @abstractmethod
    def begin(self, path: str, on_progress: Callable[[Progress], None]) -> None:
        """Take the device away from the sale and listen to it, on whatever thread, until `end`."""

    @abstractmethod
    def end(self) -> None:
        """Give the device back as it was."""
