"""From a path to a device. A path is a kind, a colon, an address, and options: `serial:/dev/ttyACM0?baud=9600`.

`KINDS` is the table of all kinds. A library is imported when a device is opened; a missing one disables its kind alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from drivers import (
    camera,
    camera_address,
    camera_nodes,
    evdev_gun,
    hid_gun,
    hid_keyboard,
    keypad_kinds,
    printer_kinds,
    serial_gun,
    serial_port,
    simulated_gun,
    wedge,
)
from drivers.device import Clock, Device, Repeats
from drivers.errors import DriverMissing, PathInvalid
from drivers.hid_library import HidInfo
from drivers.input_nodes import InputNode, stable_name
from drivers.key_presses import KeyPressParser
from drivers.keystrokes import KeystrokeParser
from drivers.remedies import Remedy
from drivers.shared_repeats import SharedRepeats, WindowedRepeats

_log = logging.getLogger(__name__)

_STABLE_LINKS = Path("/dev/serial/by-id")
_STABLE_INPUT_LINKS = Path("/dev/input/by-id")


@dataclass(frozen=True, slots=True, repr=False)
class DevicePath:
    """A path taken apart. `options` are as they were written; `str()` gives the path again, secrets included.

    A URL has a `?` of its own, so the options behind one begin with `#`, which no URL's server ever sees.
    """

    kind: str
    address: str
    options: Mapping[str, str]

    def __str__(self) -> str:
        mark = _option_mark(self.kind, self.address) if self.options else ""
        return f"{self.kind}:{self.address}{mark}{urlencode(self.options, safe=',')}"

    def __repr__(self) -> str:
        return f"DevicePath({public_path(str(self))!r})"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that could be opened now: its path, and what to call it on a screen."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of device: whether its paths have an address, their options, how to open one, and what is there now."""

    has_address: bool
    options: Mapping[str, tuple[Callable[[str], object], str]]
    open: Callable[..., Device]
    find: Callable[[], list[Found]]
    repeat_seconds: float | None = None
    """Within which the same text is a repeat; None for what scans nothing."""

    @property
    def all_options(self) -> Mapping[str, tuple[Callable[[str], object], str]]:
        """The options of its paths, and the one that all guns have."""
        return self.options if self.repeat_seconds is None else {**self.options, _REPEAT_OPTION: _REPEAT}


def parse_path(text: str) -> DevicePath:
    """Take a path apart. Raises PathInvalid, naming what is known, for an unknown kind, option or value."""
    kind_name, colon, rest = text.partition(":")
    shown = public_path(text)
    if not colon or kind_name not in KINDS:
        raise PathInvalid(
            f"{shown!r} names no kind of device",
            Remedy("Begin it with one of: {kinds}.", kinds=_kind_names()),
        )
    kind = KINDS[kind_name]
    address, _, query = rest.partition(_option_mark(kind_name, rest))
    if kind.has_address and not address:
        raise PathInvalid(
            f"{shown!r} has no address", Remedy("Write where the device is, such as serial:/dev/ttyACM0.")
        )
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise PathInvalid(
            f"{shown!r} has options that cannot be read",
            Remedy("Write them as name=value&name=value."),
        ) from None
    path = DevicePath(kind_name, address, dict(pairs))
    if len(path.options) < len(pairs):
        raise PathInvalid(f"{shown!r} says one thing twice", Remedy("Write each option once."))
    read_options(path)
    return path


def public_path(text: str) -> str:
    """A path as it may be shown and logged: what a camera's URL says of users and passwords is `***`."""
    return camera_address.hidden(text)


def private_path(text: str, known: Iterable[str]) -> str:
    """A path that was shown, changed in its options maybe, with the secrets of the `known` one at this address."""
    return camera_address.restored(text, known)


def open_device(
    path: str | DevicePath,
    *,
    clock: Clock = time.monotonic,
    repeats: Repeats | None = None,
    retry_seconds: float = 0.5,
) -> Device:
    """Make the device of a path; nothing is opened before its `start`. Raises PathInvalid.

    Give all guns of one till the same `SharedRepeats`; without one, each gun looks for repeats among its own scans.
    The window within which the same text is a repeat is the kind's, or the path's option `repeat_seconds`; between two
    guns of one till, that of the later one counts.
    """
    parsed = parse_path(path) if isinstance(path, str) else path
    kind, options = KINDS[parsed.kind], read_options(parsed)
    window_seconds = options.pop(_REPEAT_OPTION, kind.repeat_seconds)
    if window_seconds is not None:
        repeats = SharedRepeats() if repeats is None else repeats
        if isinstance(repeats, WindowedRepeats):
            repeats.set_window(public_path(str(parsed)), window_seconds)
    return kind.open(parsed, options, clock=clock, repeats=repeats, retry_seconds=retry_seconds)


def list_devices() -> list[Found]:
    """What could be opened now, the real guns first. Some systems take a while: not for a window's thread."""
    found: list[Found] = []
    for name, kind in KINDS.items():
        try:
            found += kind.find()
        except (DriverMissing, OSError) as error:
            _log.warning("no devices of kind %s: %s", name, error)
    return found


def read_options(path: DevicePath) -> dict[str, Any]:
    """The options of a path as values. Raises PathInvalid."""
    known = KINDS[path.kind].all_options
    values: dict[str, Any] = {}
    for name, text in path.options.items():
        if name not in known:
            names = ", ".join(known) or "none"
            raise PathInvalid(
                f"{path.kind}: has no option {name!r}",
                Remedy("Its options are: {names}.", kind=path.kind, names=names),
            )
        read, meaning = known[name]
        try:
            values[name] = read(text)
        except ValueError:
            raise PathInvalid(
                f"{name}={text} is not possible",
                Remedy("It must be {meaning}.", name=name, meaning=Remedy(meaning)),
            ) from None
    return values


def _window_seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 60:
        raise ValueError("no such window")
    return value


_REPEAT_OPTION = "repeat_seconds"
_REPEAT: tuple[Callable[[str], object], str] = (_window_seconds, "a number of seconds from 0, 60 at most")
_GUN_REPEAT_SECONDS = 2.5
"""pretixSCAN's, as `drivers.repeats` says; cameras have their own."""


def _option_mark(kind: str, rest: str) -> str:
    return "#" if kind == "camera" and "://" in rest.partition("?")[0] else "?"


def _kind_names() -> str:
    return ", ".join(f"{name}:" for name in KINDS)


def _open_serial(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    settings = serial_gun.SerialSettings(port=path.address, **options)
    return serial_gun.SerialGun(str(path), settings, **device)


def _open_wedge(
    path: DevicePath, options: dict[str, Any], *, clock: Clock, repeats: Repeats | None, **_thread: Any
) -> Device:
    try:
        parser = KeystrokeParser(**options)
    except ValueError as error:
        raise PathInvalid(
            f"The options of {path} contradict each other",
            Remedy("Mind that {rule}.", rule=Remedy(str(error))),
        ) from None
    return wedge.WedgeGun(str(path), parser=parser, clock=clock, repeats=repeats)


def _open_hid(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    try:
        address = hid_gun.parse_address(path.address, options.get("serial"))
    except ValueError:
        raise PathInvalid(
            f"{path.address!r} is no HID device",
            Remedy("Write vendor and product such as hid:05e0:2100, or hid: for any."),
        ) from None
    return hid_gun.HidGun(str(path), address, **device)


def _open_hid_keys(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    try:
        address = hid_gun.parse_address(path.address, options.pop("serial", None))
    except ValueError:
        raise PathInvalid(
            f"{path.address!r} is no HID keyboard",
            Remedy("Write vendor and product such as hidkeys:05e0:1200."),
        ) from None
    return hid_keyboard.HidKeyboardGun(str(path), address, keys=lambda: KeyPressParser(**options), **device)


def _open_evdev(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    serial = options.pop("serial", None)
    try:
        address = evdev_gun.parse_address(path.address, serial)
    except ValueError:
        raise PathInvalid(
            f"{path.address!r} is no keyboard",
            Remedy("Write vendor and product such as evdev:05e0:1200, or a path below /dev/input."),
        ) from None
    return evdev_gun.EvdevGun(str(path), address, parser=lambda: KeyPressParser(**options), **device)


def _open_camera(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    try:
        address = camera_address.parse_address(path.address)
    except ValueError:
        raise PathInvalid(
            f"{public_path(path.address)!r} is no camera",
            Remedy(
                "Write a number such as camera:0, a video file, or a URL that begins with {schemes}.",
                schemes=", ".join(camera_address.SCHEMES),
            ),
        ) from None
    return camera.Camera(str(path), camera.settings_of(address, options), **device)


def _open_simulated(path: DevicePath, options: dict[str, Any], **device: Any) -> Device:
    return simulated_gun.SimulatedGun(str(path), **options, **device)


def _open_keypad(
    path: DevicePath, options: dict[str, Any], *, repeats: Repeats | None, **device: Any
) -> Device:
    del repeats  # a keypad scans nothing
    return keypad_kinds.open_keypad(str(path), path.address, options, **device)


def _open_printer(
    path: DevicePath, options: dict[str, Any], *, repeats: Repeats | None, **device: Any
) -> Device:
    del repeats  # nor does a printer
    return printer_kinds.open_printer(str(path), path.address, options, **device)


def _find_wedge() -> list[Found]:
    return [Found("wedge:", "Keyboard gun")]


def _find_simulated() -> list[Found]:
    return [Found("sim:", "Simulated gun")]


def _find_serial() -> list[Found]:
    return [
        Found(f"serial:{_stable_name(port.device)}", _title_of(port)) for port in serial_port.list_ports()
    ]


def _find_hid() -> list[Found]:
    return _by_ids("hid", hid_gun.list_guns())


def _find_hid_keys() -> list[Found]:
    return _by_ids("hidkeys", hid_keyboard.list_keyboards())


def _by_ids(kind: str, infos: Sequence[HidInfo]) -> list[Found]:
    return [Found(_path_by_ids(kind, info, infos), info.title) for info in infos]


def _find_evdev() -> list[Found]:
    keyboards = evdev_gun.list_keyboards()
    keyboards.sort(key=lambda found: found.vendor_id not in hid_gun.GUN_VENDORS)
    return [Found(_evdev_path(found, keyboards), found.name) for found in keyboards]


def _find_cameras() -> list[Found]:
    return [
        Found(f"camera:{found.address}", f"{found.name} ({found.node})")
        for found in camera_nodes.list_cameras()
    ]


def _find_keypads() -> list[Found]:
    keypads = keypad_kinds.find_keypads()
    return [Found(f"keypad:{_evdev_path(found, keypads)}", found.name) for found in keypads]


def _find_printers() -> list[Found]:
    return [Found(f"printer:{address}", title) for address, title in printer_kinds.find_printers()]


def _evdev_path(found: InputNode, keyboards: list[InputNode]) -> str:
    """By its ids, or by udev's name where they tell it from no other."""
    twins = [other for other in keyboards if (other.ids, other.serial) == (found.ids, found.serial)]
    if found.vendor_id and len(twins) == 1:
        return _path_by_ids("evdev", found, keyboards)
    return f"evdev:{stable_name(found.node, _STABLE_INPUT_LINKS.glob('*')) or found.node}"


def _path_by_ids(kind: str, found: HidInfo | InputNode, others: Sequence[HidInfo | InputNode]) -> str:
    """By its ids, and by its serial number where several have these ids: a gun's successor is found by the first."""
    is_alone = sum(other.ids == found.ids for other in others) == 1
    return str(DevicePath(kind, found.ids, {} if is_alone or not found.serial else {"serial": found.serial}))


def _title_of(port: serial_port.PortInfo) -> str:
    return port.device if port.description in ("", "n/a") else f"{port.description} ({port.device})"


def _stable_name(node: str, links: Path = _STABLE_LINKS) -> str:
    """The name udev gives a USB port for good; `/dev/ttyACM0` may be another gun tomorrow."""
    return stable_name(node, links.glob("*")) or node


KINDS: Mapping[str, Kind] = {
    "serial": Kind(True, serial_gun.OPTIONS, _open_serial, _find_serial, _GUN_REPEAT_SECONDS),
    "hid": Kind(False, hid_gun.OPTIONS, _open_hid, _find_hid, _GUN_REPEAT_SECONDS),
    "hidkeys": Kind(True, evdev_gun.OPTIONS, _open_hid_keys, _find_hid_keys, _GUN_REPEAT_SECONDS),
    "evdev": Kind(True, evdev_gun.OPTIONS, _open_evdev, _find_evdev, _GUN_REPEAT_SECONDS),
    "wedge": Kind(False, wedge.OPTIONS, _open_wedge, _find_wedge, _GUN_REPEAT_SECONDS),
    "sim": Kind(
        False,
        simulated_gun.OPTIONS,
        _open_simulated,
        _find_simulated,
        _GUN_REPEAT_SECONDS,
    ),
    "camera": Kind(True, camera.OPTIONS, _open_camera, _find_cameras, camera.REPEAT_SECONDS),
    "keypad": Kind(True, keypad_kinds.OPTIONS, _open_keypad, _find_keypads),
    "printer": Kind(True, printer_kinds.OPTIONS, _open_printer, _find_printers),
}
"""Every kind of device there is."""
