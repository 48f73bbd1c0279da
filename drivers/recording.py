"""A recording of what a gun sent: its raw frames with their times, as text. Pure.

The format: one JSON object a line (JSON Lines, UTF-8). The first says what was recorded, the others what happened, in
the order of time, in seconds since the beginning:

    {"recording":1,"path":"serial:/dev/ttyACM0?frame=cr"}
    {"event":"opened","at":0.013}
    {"event":"frame","at":2.41,"data":"3636303132330d"}
    {"event":"lost","at":9.5}
    {"event":"end","at":12.0}

`path` is the device's own, options included; it chooses the parser that reads the frames again. `data` is in hex: the
bytes of one read (serial, sim), one report (hid), or input events of eight bytes (evdev, see `key_presses`). `opened`
may hold a `descriptor`, the report descriptor of a HID gun. From `lost` to the next `opened` the device was away.

A recording holds what was scanned in clear. Payment codes are worth money for a minute and tell about their owner for
longer: record labels, not customers' phones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct


class RecordingInvalid(ValueError):
    """A recording cannot be understood; the text names the line and what is wrong with it."""


class Frame(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="frame"):
    """What came off the device at once. Its `repr` does not show it."""

    at: float
    data: str

    @property
    def raw(self) -> bytes:
        """The bytes."""
        return bytes.fromhex(self.data)

    def __repr__(self) -> str:
        return f"Frame(at={self.at}, {len(self.data) // 2} bytes)"


class Opened(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="opened", omit_defaults=True
):
    """The device was found and is read from now on."""

    at: float
    descriptor: str | None = None


class Lost(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="lost"):
    """The device went away, and what it was sending with it."""

    at: float


class End(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="end"):
    """The recording was ended; until then nothing more came."""

    at: float


Event = Frame | Opened | Lost | End


class _Head(Struct, frozen=True, forbid_unknown_fields=True):
    recording: Literal[1]
    path: str


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded: the path of the device, and what happened, oldest first."""

    path: str
    events: tuple[Event, ...]


def head_line(path: str) -> str:
    """The first line, with its line feed."""
    return msgspec.json.encode(_Head(1, path)).decode() + "\n"


def event_line(event: Event) -> str:
    """The line of an event, with its line feed."""
    return msgspec.json.encode(event).decode() + "\n"


def frame_of(at: float, raw: bytes) -> Frame:
    """A frame of these bytes."""
    return Frame(at, raw.hex())


def parse(text: str) -> Recording:
    """Read a recording. Raises RecordingInvalid."""
    lines = text.removesuffix("\n").split(
        "\n"
    )  # not splitlines: a path may hold what Unicode calls a line's end
    if not text:
        raise RecordingInvalid(
            "The file is empty: a recording begins with a line that says what was recorded"
        )
    try:
        head = msgspec.json.decode(lines[0], type=_Head)
    except ValueError as error:
        raise RecordingInvalid(f"Line 1 does not begin a recording: {error}") from None
    events: list[Event] = []
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            events.append(_event_of(line, number, events[-1] if events else None))
    return Recording(head.path, tuple(events))


def _event_of(line: str, number: int, before: Event | None) -> Event:
    try:
        event: Event = msgspec.json.decode(line, type=Event)
        if isinstance(event, Frame):
            _check_hex(event.data)
        elif isinstance(event, Opened):
            _check_hex(event.descriptor or "")
    except ValueError as error:
        raise RecordingInvalid(f"Line {number} is not understood: {error}") from None
    if not math.isfinite(event.at) or event.at < (0.0 if before is None else before.at):
        raise RecordingInvalid(f"Line {number} goes back in time")
    if isinstance(before, End):
        raise RecordingInvalid(f"Line {number} comes after the end")
    return event


def _check_hex(text: str) -> None:
    try:
        bytes.fromhex(text)
    except ValueError:
        raise ValueError("the data is not pairs of hex digits") from None
