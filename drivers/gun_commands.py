"""What a till may tell a gun: "taken", "not taken", "look" and "stop looking". Pure but for the port's name.

Guns in HID POS mode take it by usages of page 0x8C in an output report of their descriptor, Honeywell's also, or only,
as the commands of its serial guns in a report of their own (id FD: length, then the command).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from drivers.report_descriptor import Descriptor, Field, ReportKind

INITIATE_READ, ERROR_BEEP, GOOD_READ_BEEP, NOT_ON_FILE_BEEP = 0x008C0060, 0x008C0085, 0x008C0086, 0x008C0087

HONEYWELL_VENDORS = frozenset({0x0C2E, 0x0536})

SERIAL_BEEP = b"\x16\x07\r"  # SYN BEL CR
SERIAL_TRIGGER_ON = b"\x16T\r"  # SYN T CR
SERIAL_TRIGGER_OFF = b"\x16U\r"  # SYN U CR
"""Honeywell's serial commands, "Serial Trigger Mode" and "Beep" of its user's guides."""

_SERIAL_REPORT_ID = 0xFD
_SERIAL_REPORT_BYTES = 64


class Feedback(Protocol):
    """A gun that can be told something; from any thread, none waits.

    Each says whether the gun at hand has a way to be told; what it makes of it is not known.
    """

    def accept(self) -> bool:
        """Say that the scan was taken: one beep."""

    def reject(self) -> bool:
        """Say that the scan was not taken: another beep, or two."""

    def trigger(self, on: bool) -> bool:
        """Begin or end looking for a label, as if the trigger was pulled or let go."""


@dataclass(frozen=True, slots=True)
class GunCommands:
    """The reports to send for each; none where the gun has no way."""

    accept: tuple[bytes, ...] = ()
    reject: tuple[bytes, ...] = ()
    trigger_on: tuple[bytes, ...] = ()
    trigger_off: tuple[bytes, ...] = ()


def commands_of(descriptor: Descriptor | None, vendor_id: int) -> GunCommands:
    """What a gun with this descriptor (None: unknown) of this vendor can be told."""
    by_usage = GunCommands() if descriptor is None else _by_usages(descriptor)
    serial = _serial_report_bytes(descriptor, vendor_id)
    if not serial:
        return by_usage
    beep = _as_report(SERIAL_BEEP, serial)
    return GunCommands(
        accept=by_usage.accept or (beep,),
        reject=by_usage.reject or (beep, beep),
        trigger_on=by_usage.trigger_on or (_as_report(SERIAL_TRIGGER_ON, serial),),
        trigger_off=by_usage.trigger_off or (_as_report(SERIAL_TRIGGER_OFF, serial),),
    )


def _by_usages(descriptor: Descriptor) -> GunCommands:
    def reports(usages: Iterable[int], value: int) -> tuple[bytes, ...]:
        outputs = [found for found in descriptor.fields if found.kind is ReportKind.OUTPUT]
        for usage in usages:
            for found in outputs:
                if found.usage == usage:
                    return (_report_with(descriptor, found, value),)
        return ()

    return GunCommands(
        accept=reports([GOOD_READ_BEEP], 1),
        reject=reports([NOT_ON_FILE_BEEP, ERROR_BEEP], 1),
        trigger_on=reports([INITIATE_READ], 1),
        trigger_off=reports([INITIATE_READ], 0),
    )


def _report_with(descriptor: Descriptor, found: Field, value: int) -> bytes:
    """The field's report with its first element set and all else 0; it begins with the id, also where that is 0."""
    size = descriptor.sizes[found.kind, found.report_id]
    body = (value << found.bit_offset).to_bytes(size, "little")
    return bytes([found.report_id]) + (body[1:] if found.report_id else body)


def _serial_report_bytes(descriptor: Descriptor | None, vendor_id: int) -> int:
    """How long the report for serial commands is; 0 for a gun without one."""
    if descriptor is not None:
        return descriptor.sizes.get((ReportKind.OUTPUT, _SERIAL_REPORT_ID), 0)
    return _SERIAL_REPORT_BYTES if vendor_id in HONEYWELL_VENDORS else 0


def _as_report(command: bytes, size: int) -> bytes:
    return bytes([_SERIAL_REPORT_ID, len(command)]) + command.ljust(max(size - 2, len(command)), b"\0")
