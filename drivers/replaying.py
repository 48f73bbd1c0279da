"""A recording read again, by the very parsers that read the device. Pure: the times are those of the recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from drivers.boot_reports import BootReportParser
from drivers.hid_reports import HidPosParser
from drivers.key_presses import KeyPressParser
from drivers.recording import Frame, Opened, Recording, RecordingInvalid
from drivers.scan import Scan
from drivers.serial_protocols import SerialProtocol, parser_of

_STALE_SECONDS = 0.25
"""A HID gun's first reports after it was opened were queued while nobody read: they are dropped (see `hid_gun`)."""


class FrameParser(Protocol):
    """What reads frames: bytes and times in, scans out."""

    def feed(self, frame: bytes, at: float) -> Sequence[Scan]:
        """Take a frame that came at `at`; the scans it completes."""

    def idle(self, at: float) -> Sequence[Scan]:
        """Say that nothing came up to `at`; the scans that this ends."""

    def take_misreads(self) -> int:
        """How many frames could not be read since the last call."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a recording holds: its scans, oldest first, and how many frames could not be read."""

    scans: tuple[Scan, ...]
    misreads: int


class _Reports:
    """A HID gun's parser in the form of the others."""

    def __init__(self, opened: Opened) -> None:
        self._parser = HidPosParser(None if opened.descriptor is None else bytes.fromhex(opened.descriptor))
        self._quiet_until = opened.at + _STALE_SECONDS

    def feed(self, frame: bytes, at: float) -> Sequence[Scan]:
        if at < self._quiet_until:
            return ()
        scan = self._parser.feed(frame, at)
        return () if scan is None else (scan,)

    def idle(self, at: float) -> Sequence[Scan]:
        self._parser.expire(at)
        return ()

    def take_misreads(self) -> int:
        return self._parser.take_misreads()


def _serial(options: Mapping[str, Any]) -> FrameParser:
    words = ("frame", "silence_seconds", "prefix", "suffix")
    return parser_of(
        options.get("protocol", SerialProtocol.PLAIN),
        **{name: options[name] for name in words if name in options},
    )


def _key_presses(options: Mapping[str, Any]) -> KeyPressParser:
    return KeyPressParser(**{name: value for name, value in options.items() if name not in _NOT_OF_KEYS})


_NOT_OF_KEYS = {"serial", "repeat_seconds"}
"""Options of a keyboard gun's path that say nothing of its keys."""

PARSERS: Mapping[str, Callable[[Mapping[str, Any], Opened], FrameParser]] = {
    "serial": lambda options, _: _serial(options),
    "sim": lambda options, _: _serial(options),
    "hid": lambda _, opened: _Reports(opened),
    "evdev": lambda options, _: _key_presses(options),
    "hidkeys": lambda options, _: BootReportParser(_key_presses(options)),
}
"""The kinds of device whose frames can be read again, and what reads them, by the options of the device's path."""


def replay(recording: Recording, kind: str, options: Mapping[str, Any]) -> Replayed:
    """Read the recording of a device of this kind and with these options. RecordingInvalid for another kind."""
    if kind not in PARSERS:
        raise RecordingInvalid(f"Devices of kind {kind}: cannot be replayed, only {', '.join(PARSERS)}")
    scans: list[Scan] = []
    misreads = 0
    parser: FrameParser = PARSERS[kind](options, Opened(0.0))
    for event in recording.events:
        if isinstance(event, Opened):
            parser = PARSERS[kind](options, event)
        elif isinstance(event, Frame):
            scans += parser.idle(event.at)
            scans += parser.feed(event.raw, event.at)
        else:
            scans += parser.idle(event.at)
        misreads += parser.take_misreads()
    return Replayed(tuple(scans), misreads)
