"""A device: what moves it, what it reports, and the one thread that owns its library.

    discovered ──claim──> claimed ──enable──> enabled
         │                   │                  │
         └───────lose────────┴───────lose───────┴──> lost ──claim──> claimed …
    every state but closed ──close──> closed

Discovered: nothing has been opened yet. Claimed: opened, for this program alone. Enabled: it is the right device and
is being read. Lost: it is away, or cannot be opened, and is looked for again. Closed: for good.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

from drivers.errors import DeviceChanged, DeviceError, DeviceLost, DeviceStateError
from drivers.remedies import Remedy
from drivers.scan import Scan

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

Clock = Callable[[], float]
"""Monotonic seconds, any zero point."""


class State(StrEnum):
    """Where a device is in its life."""

    DISCOVERED = "discovered"
    CLAIMED = "claimed"
    ENABLED = "enabled"
    LOST = "lost"
    CLOSED = "closed"


class Step(StrEnum):
    """What can happen to a device."""

    CLAIM = "claim"
    ENABLE = "enable"
    LOSE = "lose"
    CLOSE = "close"


TABLE: Mapping[tuple[State, Step], State] = {
    (State.DISCOVERED, Step.CLAIM): State.CLAIMED,
    (State.DISCOVERED, Step.LOSE): State.LOST,
    (State.DISCOVERED, Step.CLOSE): State.CLOSED,
    (State.CLAIMED, Step.ENABLE): State.ENABLED,
    (State.CLAIMED, Step.LOSE): State.LOST,
    (State.CLAIMED, Step.CLOSE): State.CLOSED,
    (State.ENABLED, Step.LOSE): State.LOST,
    (State.ENABLED, Step.CLOSE): State.CLOSED,
    (State.LOST, Step.CLAIM): State.CLAIMED,
    (State.LOST, Step.LOSE): State.LOST,
    (State.LOST, Step.CLOSE): State.CLOSED,
}


def advance(state: State, step: Step) -> State:
    """The state after `step`; DeviceStateError when the table has no such move."""
    try:
        return TABLE[state, step]
    except KeyError:
        raise DeviceStateError(
            f"A device that is {state} cannot {step}", Remedy("Open a new device for the same path.")
        ) from None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts since the device was made. `last_scan_at` is in monotonic seconds, None before the first scan."""

    scans: int = 0
    misreads: int = 0
    repeats: int = 0
    reconnects: int = 0
    last_scan_at: float | None = None


@dataclass(slots=True)
class _Counts:
    scans: int = 0
    misreads: int = 0
    repeats: int = 0
    reconnects: int = 0
    last_scan_at: float | None = None

    def snapshot(self) -> Statistics:
        return Statistics(self.scans, self.misreads, self.repeats, self.reconnects, self.last_scan_at)


@dataclass(frozen=True, slots=True)
class Health:
    """How a device is. While nothing is wrong, `error_kind` (`DeviceError.kind`) and `error_remedy` are None."""

    path: str
    state: State
    error_kind: str | None
    error_remedy: str | None
    statistics: Statistics


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read brought: whole scans, oldest first, and how many frames could not be read."""

    scans: Sequence[Scan] = ()
    misreads: int = 0


class Repeats(Protocol):
    """Says whether a scan is one that was delivered already a moment ago."""

    def is_repeat(self, scan: Scan) -> bool:
        """True for a repeat, which is then counted and not delivered."""


class Device(ABC):
    """A source of scans at a path: its life, its statistics, and the way out for what it reads.

    `on_scan` and `on_health` are called on the thread that reads, so what they call must be safe from any thread and
    quick (an inbox's `put`). An exception in either is logged by its type alone and the device goes on.
    Health is reported at every change of state or of error, and when something could not be read.
    """

    transport: ClassVar[str]

    def __init__(self, path: str, *, repeats: Repeats, clock: Clock = time.monotonic) -> None:
        self.path = path
        self._clock = clock
        self._repeats = repeats
        self._lock = threading.Lock()
        self._state = State.DISCOVERED
        self._error: DeviceError | None = None
        self._counts = _Counts()
        self._is_started = False
        self._has_been_enabled = False
        self._on_scan: Callable[[Scan], None] = _ignore
        self._on_health: Callable[[Health], None] = _ignore

    def start(self, on_scan: Callable[[Scan], None], on_health: Callable[[Health], None]) -> None:
        """Begin to look for the device and to read it; returns at once.

        Raises DeviceStateError on a second call and after `stop`.
        """
        with self._lock:
            if self._is_started or self._state is State.CLOSED:
                raise DeviceStateError(
                    f"A device that is {self._state} cannot start",
                    Remedy("Open a new device for the same path."),
                )
            self._is_started = True
            self._on_scan, self._on_health = on_scan, on_health
        self._begin()

    @abstractmethod
    def stop(self) -> None:
        """Close the device for good; nothing is delivered afterwards. Safe to call again, and from any thread."""

    def health(self) -> Health:
        """How the device is now; from any thread."""
        with self._lock:
            error = self._error
            return Health(
                path=self.path,
                state=self._state,
                error_kind=None if error is None else error.kind,
                error_remedy=None if error is None else error.remedy,
                statistics=self._counts.snapshot(),
            )

    @abstractmethod
    def _begin(self) -> None:
        """Set the device going, after `start` has kept the callbacks."""

    def _move(self, step: Step, error: DeviceError | None = None) -> None:
        with self._lock:
            before = _outward(self._state, self._error)
            self._state = advance(self._state, step)
            self._error = error
            if self._state is State.ENABLED:
                self._counts.reconnects += self._has_been_enabled
                self._has_been_enabled = True
            is_news = _outward(self._state, error) != before
        if is_news:
            self._report()

    def _finish(self) -> None:
        with self._lock:
            if self._state is State.CLOSED:
                return
        self._move(Step.CLOSE)

    def _report(self) -> None:
        self._call(self._on_health, self.health())

    def _take(self, reading: Reading) -> None:
        """Count and deliver what a read brought."""
        for scan in reading.scans:
            self._deliver(scan)
        if reading.misreads:
            with self._lock:
                self._counts.misreads += reading.misreads
            _log.info("%s: not read: %d", self.path, reading.misreads)
            self._report()

    def _deliver(self, scan: Scan) -> None:
        at = self._clock() if scan.at is None else scan.at
        stamped = Scan(scan.raw, scan.text, scan.symbology, scan.aim_id, self.path, self.transport, at)
        is_repeat = self._repeats.is_repeat(stamped)
        with self._lock:
            if self._state is State.CLOSED:
                return
            if is_repeat:
                self._counts.repeats += 1
            else:
                self._counts.scans += 1
                self._counts.last_scan_at = at
        _log.debug("%s: %s of %d characters", self.path, "repeat" if is_repeat else "scan", len(scan.text))
        if not is_repeat:
            self._call(self._on_scan, stamped)

    def _call(self, callback: Callable[[_T], None], value: _T) -> None:
        try:
            callback(value)
        except Exception as error:  # noqa: BLE001  # a receiver's fault must not end the reading
            # By its type alone: the text of somebody else's error may hold a code.
            _log.error("%s: the receiver failed: %s at %s", self.path, type(error).__name__, _where(error))


class ThreadedDevice(Device):
    """A device read by a thread of its own, which alone calls its library.

    Subclasses write `_open`, `_read`, `_close` and `_identity`; each raises a DeviceError for what the environment
    does. Any error is a disconnect: close, wait `retry_seconds`, look for it again, open, check that it is the same.
    """

    def __init__(
        self,
        path: str,
        *,
        repeats: Repeats,
        clock: Clock = time.monotonic,
        retry_seconds: float = 0.5,
        join_seconds: float = 2.0,
    ) -> None:
        super().__init__(path, repeats=repeats, clock=clock)
        self._retry_seconds = retry_seconds
        self._join_seconds = join_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"gun {path}", daemon=True)
        self._known_identity: str | None = None
        self._on_frame: Callable[[bytes, float], None] | None = None

    def tap(self, on_frame: Callable[[bytes, float], None]) -> None:
        """Hand out every raw frame as well, with its time, before it is read: for recordings. Call before `start`.

        What goes this way holds codes in clear. It is called on the device's thread, like the other receivers.
        """
        with self._lock:
            if self._is_started:
                raise DeviceStateError(
                    "A device that has started cannot be tapped",
                    Remedy("Open a new device for the same path."),
                )
            self._on_frame = on_frame

    def stop(self) -> None:
        """Close the device and wait for its thread, for `join_seconds` at most."""
        self._stopping.set()
        if threading.current_thread() is self._thread:
            return  # called from a callback: the thread ends by itself when the callback has returned
        if self._thread.ident is not None:
            self._thread.join(self._join_seconds)
            if self._thread.is_alive():
                _log.warning("%s: its library does not return; left behind", self.path)
        self._finish()

    @abstractmethod
    def _open(self) -> None:
        """Open the device for this program alone, or raise a DeviceError."""

    @abstractmethod
    def _read(self) -> Reading:
        """Wait for what comes, 50 ms at most, and return it; DeviceLost when the device has gone."""

    @abstractmethod
    def _close(self) -> None:
        """Close what is open; called after a failed `_open` too, and possibly twice."""

    @abstractmethod
    def _identity(self) -> str | None:
        """What tells this device from another: its serial number, else its ids; None when it has neither."""

    def _pause_seconds(self) -> float:
        """How long to wait before the device is looked for again."""
        return self._retry_seconds

    def _heard(self, frame: bytes, at: float) -> None:
        """Subclasses say what came off the device, and when, before they read it."""
        on_frame = self._on_frame
        if frame and on_frame is not None:
            self._call(lambda heard: on_frame(heard, at), frame)

    def _begin(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                error = self._session()
                if error is not None and not self._stopping.is_set():
                    self._move(Step.LOSE, error)
                    self._stopping.wait(self._pause_seconds())
        finally:
            self._finish()

    def _session(self) -> DeviceError | None:
        """From opening to closing, once; the error that ended it, or None when `stop` did."""
        try:
            self._open()
            self._move(Step.CLAIM)
            self._check_identity()
            self._move(Step.ENABLE)
            while not self._stopping.is_set():
                self._take(self._read())
        except DeviceError as error:
            return error
        except Exception as error:  # noqa: BLE001  # libraries raise what they please when a device goes
            _log.error("%s: failed inside: %s at %s", self.path, type(error).__name__, _where(error))
            return DeviceLost(self.path)
        finally:
            self._close_quietly()
        return None

    def _check_identity(self) -> None:
        identity = self._identity()
        if self._known_identity is None:
            self._known_identity = identity
        elif identity != self._known_identity:
            raise DeviceChanged(self.path)

    def _close_quietly(self) -> None:
        try:
            self._close()
        except Exception as error:  # noqa: BLE001  # a device that has gone cannot be closed politely
            _log.debug("%s: closing failed: %s", self.path, type(error).__name__)


def _ignore(value: object) -> None:
    """The receiver of a device that has not been started."""


def _outward(state: State, error: DeviceError | None) -> tuple[State, str | None, str | None]:
    return (state, None, None) if error is None else (state, error.kind, error.remedy)


def _where(error: BaseException) -> str:
    """File and line an error came from: what may be logged of it without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
