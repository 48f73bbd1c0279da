"""What `python -m drivers` does: list, watch, record and replay, each on a writer, each with an exit code."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from drivers import recording, registry
from drivers.device import Device, Health, State, ThreadedDevice
from drivers.errors import DeviceError, DriverMissing, PathInvalid
from drivers.hid_gun import HidGun
from drivers.keypad import Keypad
from drivers.libraries import missing_libraries
from drivers.recording import End, Event, Lost, Opened
from drivers.registry import Found
from drivers.remedies import Remedy
from drivers.replaying import PARSERS, replay
from drivers.scan import Scan
from drivers.wedge import WedgeGun

Writer = Callable[[str], object]
"""Takes a text, line feeds included: `sys.stdout.write`."""

_T = TypeVar("_T")

DONE, FAILED = 0, 1

_OPEN_SECONDS = 2.0
_TICK_SECONDS = 0.2
_KEYBOARD_KINDS = ("evdev:", "hidkeys:", "keypad:evdev:")


@dataclass(frozen=True, slots=True)
class Limits:
    """When to end: after so many seconds or scans (None is never), or when the person at the terminal wants it."""

    seconds: float | None = None
    scans: int | None = None
    is_enough: Callable[[], bool] = lambda: False


# ---- list


def list_devices(write: Writer, *, opens: bool = True, opens_keyboards: bool = False) -> int:
    """Write what is attached, with its name and its state, and which libraries are missing and how to get them."""
    found, faults = _find()
    states = _states([each.path for each in found if opens and _may_open(each.path, opens_keyboards)])
    width = max((len(each.path) for each in found), default=0)
    for each in found:
        write(f"{each.path:{width}}  {each.title}  [{states.get(each.path, _unopened(each.path))}]\n")
    for fault in faults:
        write(f"{fault}\n")
    missing = missing_libraries()
    if missing:
        write("\nMissing libraries:\n")
    for library in missing:
        write(f"  {library.name}, for {library.serves}: devices. Get it with: {library.command}\n")
    return DONE


def _find() -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    faults: list[str] = []
    for name, kind in registry.KINDS.items():
        try:
            found += kind.find()
        except DriverMissing:
            faults.append(f"{name}: cannot be listed, its library is missing (see below)")
        except (DeviceError, OSError) as error:
            faults.append(f"{name}: cannot be listed: {error}")
    return found, faults


def _may_open(path: str, opens_keyboards: bool) -> bool:
    return path != "wedge:" and (opens_keyboards or not path.startswith(_KEYBOARD_KINDS))


def _unopened(path: str) -> str:
    if path == "wedge:":
        return "read through the till's window"
    return "attached"


def _states(paths: Sequence[str]) -> dict[str, str]:
    """Open all at once, for a moment; how each is then."""
    devices: list[Device] = []
    states: dict[str, str] = {}
    news: queue.SimpleQueue[Health] = queue.SimpleQueue()
    for path in paths:
        try:
            device = registry.open_device(path)
        except DeviceError as error:
            states[path] = str(error)
            continue
        devices.append(device)
        device.start(_ignore, news.put)
    deadline = time.monotonic() + _OPEN_SECONDS
    decided: set[str] = set()
    while len(decided) < len(devices) and (left := deadline - time.monotonic()) > 0:
        try:
            health = news.get(timeout=left)
        except queue.Empty:
            break
        if health.state is State.ENABLED or health.error_kind is not None:
            decided.add(health.path)
    for device in devices:
        states[device.path] = _words(device.health())
        device.stop()
    return states


def _words(health: Health) -> str:
    if health.state is State.ENABLED:
        return "in order"
    if health.error_kind is None:
        return "does not answer"
    return f"{health.error_kind.replace('_', ' ')}: {health.error_remedy}"


def _ignore(scan: Scan) -> None:
    """Whoever lists devices is not interested in what they read meanwhile."""


# ---- watch


def watch(paths: Sequence[str], write: Writer, *, shows: bool = False, limits: Limits | None = None) -> int:
    """Write scans and changes of health as they come; the bytes of a scan only if `shows`. Raises PathInvalid.

    FAILED when the scans of the limits did not come in its seconds.
    """
    limits = limits or Limits()
    devices = [_watchable(path) for path in paths]
    news: queue.SimpleQueue[str | Scan] = queue.SimpleQueue()
    begun = time.monotonic()
    count = 0
    with _running(devices, news.put, lambda health: news.put(_health_line(health))):
        for device in devices:
            if isinstance(device, Keypad):
                _ask(device, news.put)
        for new in _until(limits, news):
            line = _scan_line(new, shows=shows) if isinstance(new, Scan) else new
            write(f"+{time.monotonic() - begun:.3f}  {line}\n")
            count += isinstance(new, Scan)
            if limits.scans is not None and count >= limits.scans:
                return DONE
    return DONE if limits.scans is None else FAILED


def _watchable(path: str) -> Device:
    device = registry.open_device(path)
    if isinstance(device, WedgeGun):
        raise PathInvalid(
            "A keyboard gun is read through the till's window",
            Remedy("On Linux, watch it as evdev: instead."),
        )
    return device


def _ask(keypad: Keypad, put: Callable[[str], None]) -> None:
    def again(end: str) -> None:
        put(f"{keypad.path}  {end}")
        _ask(keypad, put)

    keypad.ask(
        lambda count: put(f"{keypad.path}  {count} digits"),
        lambda _: again("PIN complete"),
        lambda: again("canceled"),
    )


def _scan_line(scan: Scan, *, shows: bool) -> str:
    line = (
        f"{scan.source}  scan  {scan.symbology or 'unknown type'}, "
        f"{len(scan.text)} characters, {len(scan.raw)} bytes"
    )
    return f"{line}: {scan.raw.hex(' ')}" if shows else line


def _health_line(health: Health) -> str:
    counts = health.statistics
    line = f"{health.path}  {health.state}"
    if counts.misreads or counts.reconnects:
        line += f"  ({counts.misreads} misreads, {counts.reconnects} reconnects)"
    return line if health.error_remedy is None else f"{line}  {health.error_kind}: {health.error_remedy}"


# ---- record and replay


class _Recorder:
    """Turns what a gun's thread tells into the events of a recording and lines for the person who records."""

    def __init__(self, device: ThreadedDevice) -> None:
        self.news: queue.SimpleQueue[Event | Scan | str] = queue.SimpleQueue()
        self._device = device
        self._begun = time.monotonic()
        self._is_open = False
        device.tap(lambda raw, at: self.news.put(recording.frame_of(self._since(at), raw)))

    def on_health(self, health: Health) -> None:
        """Note when the gun comes and goes."""
        is_open = health.state is State.ENABLED
        if is_open and not self._is_open:
            words = self._device.descriptor if isinstance(self._device, HidGun) else None
            self.news.put(Opened(self._since(time.monotonic()), None if words is None else words.hex()))
        elif self._is_open and health.state is State.LOST:
            self.news.put(Lost(self._since(time.monotonic())))
        self._is_open = is_open
        self.news.put(_health_line(health))

    def end(self) -> End:
        """The last event."""
        return End(self._since(time.monotonic()))

    def _since(self, at: float) -> float:
        return round(max(0.0, at - self._begun), 6)


def record(file: Path, path: str, write: Writer, *, limits: Limits | None = None) -> int:
    """Record the raw frames of a gun into a new file. Raises PathInvalid for a device that cannot be recorded.

    FAILED when the file cannot be made, or the scans of the limits did not come in its seconds.
    """
    limits = limits or Limits()
    device = registry.open_device(path)
    if not isinstance(device, ThreadedDevice) or registry.parse_path(path).kind not in PARSERS:
        names = ", ".join(f"{kind}:" for kind in PARSERS)
        raise PathInvalid(f"{path} cannot be recorded", Remedy("Record one of: {names}.", names=names))
    try:
        # For its owner alone: it holds what was scanned in clear.
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        write(f"{file} cannot be made: {error.strerror}. Choose a name that is not there yet.\n")
        return FAILED
    recorder = _Recorder(device)
    count = 0
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(recording.head_line(path))
        with _running([device], recorder.news.put, recorder.on_health):
            for new in _until(limits, recorder.news):
                count += isinstance(new, Scan)
                _keep(new, out.write, write)
                out.flush()
                if limits.scans is not None and count >= limits.scans:
                    break
        while not recorder.news.empty():
            count += isinstance(new := recorder.news.get(), Scan)
            _keep(new, out.write, write)
        out.write(recording.event_line(recorder.end()))
    write(f"{count} scans are in {file}, in clear\n")
    return FAILED if limits.scans is not None and count < limits.scans else DONE


def _keep(new: Event | Scan | str, keep: Writer, write: Writer) -> None:
    if isinstance(new, Scan):
        write(f"{_scan_line(new, shows=False)}\n")
    elif isinstance(new, str):
        write(f"{new}\n")
    else:
        keep(recording.event_line(new))


def replay_file(file: Path, write: Writer, *, shows: bool = False) -> int:
    """Read a recording again, by the parser of its device, and write its scans; their bytes only if `shows`.

    FAILED when the file cannot be read or is no recording.
    """
    try:
        recorded = recording.parse(file.read_text(encoding="utf-8"))
        path = registry.parse_path(recorded.path)
        replayed = replay(recorded, path.kind, registry.read_options(path))
    except OSError as error:
        write(f"{file} cannot be read: {error.strerror}\n")
        return FAILED
    except (
        ValueError,
        PathInvalid,
    ) as error:  # text that is no UTF-8, and no recording, are both ValueErrors
        write(f"{file} cannot be replayed. {error}\n")
        return FAILED
    for scan in replayed.scans:
        stamped = Scan(scan.raw, scan.text, scan.symbology, scan.aim_id, recorded.path, path.kind, scan.at)
        write(f"+{stamped.at:.3f}  {_scan_line(stamped, shows=shows)}\n")
    write(f"{len(replayed.scans)} scans, {replayed.misreads} misreads\n")
    return DONE


# ---- devices for a while


@contextmanager
def _running(
    devices: Sequence[Device], on_scan: Callable[[Scan], None], on_health: Callable[[Health], None]
) -> Iterator[None]:
    try:
        for device in devices:
            device.start(on_scan, on_health)
        yield
    finally:
        for device in devices:
            device.stop()


def _until(limits: Limits, news: queue.SimpleQueue[_T]) -> Iterator[_T]:
    """What comes, until it is enough."""
    deadline = None if limits.seconds is None else time.monotonic() + limits.seconds
    while not limits.is_enough() and (deadline is None or time.monotonic() < deadline):
        try:
            yield news.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            continue
