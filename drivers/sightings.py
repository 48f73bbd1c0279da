"""What was seen in a camera's pictures -> what was scanned. Pure: the times are those of the pictures.

    unknown ──seen in n pictures within t──> scanned ──held in view──> scanned (no second scan)
       ^                                        │
       └───────not seen for a while─────────────┘

One picture may be misread, so one is no scan. Of two different texts that claim the same payment, none is taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from drivers.scan import Scan

_MOST_LABELS = 64

CONFLICT_SECONDS = 0.5
"""Two phones before a camera are read in turns, one picture each: so long after it was seen a code counts as there."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How often a text must be seen (`frames`, within `within_seconds`), and how long it must be away to be new."""

    frames: int = 2
    within_seconds: float = 1.0
    away_seconds: float = 1.5


@dataclass(frozen=True, slots=True, repr=False)
class Seen:
    """What a picture brought: the scans that are sure now, and whether codes were refused for being several."""

    scans: tuple[Scan, ...] = ()
    is_conflict: bool = False


@dataclass(slots=True, repr=False)
class _Label:
    last_at: float
    seen_at: deque[float] = field(default_factory=deque)
    is_scanned: bool = False


class Sightings:
    """Remembers what is in view. `is_exclusive` tells of which texts only one may be in view at once."""

    def __init__(
        self, confirmation: Confirmation | None = None, is_exclusive: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._rules = confirmation or Confirmation()
        self._is_exclusive = is_exclusive
        self._labels: dict[str, _Label] = {}

    def see(self, scans: Sequence[Scan], at: float) -> Seen:
        """Take what was read in the picture of a moment, which is never earlier than the one before."""
        self._forget(at)
        for scan in scans:
            label = self._labels.pop(scan.text, None) or _Label(at)
            self._labels[scan.text] = label  # last in the order: the first are the first to be forgotten
            label.last_at = at
            if not label.seen_at or label.seen_at[-1] != at:
                label.seen_at.append(at)
        while len(self._labels) > _MOST_LABELS:
            del self._labels[next(iter(self._labels))]
        rivals = self._rivals(at)
        for text in rivals:
            self._labels[text].seen_at.clear()
        sure = {scan.text: scan for scan in scans if scan.text not in rivals and self._confirm(scan.text, at)}
        is_conflict = any(scan.text in rivals for scan in scans)
        return Seen(tuple(replace(scan, at=at) for scan in sure.values()), is_conflict)

    def _forget(self, at: float) -> None:
        gone = [
            text for text, label in self._labels.items() if at - label.last_at >= self._rules.away_seconds
        ]
        for text in gone:
            del self._labels[text]

    def _rivals(self, at: float) -> set[str]:
        there = {
            text
            for text, label in self._labels.items()
            if at - label.last_at < CONFLICT_SECONDS and self._is_exclusive(text)
        }
        return there if len(there) > 1 else set()

    def _confirm(self, text: str, at: float) -> bool:
        """Whether this sighting makes the text a scan."""
        label = self._labels.get(text)
        if label is None or label.is_scanned:
            return False
        while label.seen_at and at - label.seen_at[0] >= self._rules.within_seconds:
            label.seen_at.popleft()
        label.is_scanned = len(label.seen_at) >= self._rules.frames
        return label.is_scanned
