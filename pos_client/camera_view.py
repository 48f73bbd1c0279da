"""What the set-up window needs of cameras: the newest picture, never waited for, and the region looked at."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Hint(enum.StrEnum):
    """What makes a picture hard to read, and what to do about it."""

    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TWO_CODES = "two_codes"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class CameraView:
    """One frame: `image` is uint8, grey (height, width) or BGR (height, width, 3), and is never changed any more.

    `outlines` are the corners of the codes that were found in it, x and y in its pixels. `number` counts frames.
    """

    number: int
    image: NDArray[Any]
    outlines: Sequence[Sequence[tuple[float, float]]] = ()
    hint: Hint = Hint.NOTHING


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the picture that is looked at, in shares of its width and height."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self == Region()


class CameraWatch(ABC):
    """A camera that is being watched; every method returns at once."""

    @abstractmethod
    def view(self) -> CameraView | None:
        """The newest frame; None while there is none."""

    @abstractmethod
    def close(self) -> None:
        """Watch no longer."""


class Cameras(ABC):
    """The till's cameras; every method returns at once."""

    @abstractmethod
    def watch(self, path: str) -> CameraWatch | None:
        """Watch a camera of the till's; None when there is none at this path."""

    @abstractmethod
    def region(self, path: str) -> Region:
        """What a camera at this path looks at."""

    @abstractmethod
    def with_region(self, path: str, region: Region) -> str:
        """The path of the same camera, looking at this."""
