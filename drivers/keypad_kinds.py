"""Paths of PIN keypads: `keypad:serial:/dev/ttyUSB0?profile=counter`, `keypad:evdev:04d9:a02a?digits=6&enter=no`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from drivers import evdev_gun
from drivers.errors import PathInvalid
from drivers.input_nodes import InputNode
from drivers.keypad import Keypad
from drivers.pin_entry import MOST_DIGITS, PinRules
from drivers.remedies import Remedy
from drivers.serial_keypad import SerialKeypad, load_profile, profile_names
from drivers.usb_keypad import UsbKeypad

_NAME_OF_A_KEYPAD = re.compile(r"key\s?pad|numeric|numpad", re.IGNORECASE)
_OPTIONS_BY_WAY = {"serial": {"profile"}, "evdev": {"digits", "enter", "serial"}}


def open_keypad(path: str, address: str, options: dict[str, Any], **device: Any) -> Keypad:
    """The keypad at `address`, which begins with its way: `serial:` or `evdev:`. Raises PathInvalid, ProfileInvalid."""
    way, _, place = address.partition(":")
    if way not in _OPTIONS_BY_WAY or not place:
        raise PathInvalid(
            f"{path!r} does not say how the keypad is connected",
            Remedy("Write such as keypad:serial:/dev/ttyUSB0?profile=counter, or keypad:evdev:04d9:a02a."),
        )
    unfit = sorted(set(options) - _OPTIONS_BY_WAY[way])
    if unfit:
        names = ", ".join(sorted(_OPTIONS_BY_WAY[way]))
        raise PathInvalid(
            f"keypad:{way}: has no option {unfit[0]!r}",
            Remedy("Its options are: {names}.", kind=f"keypad:{way}", names=names),
        )
    if way == "evdev":
        return _open_usb(path, place, options, device)
    if "profile" not in options:
        raise PathInvalid(
            f"{path!r} does not say which model it is",
            Remedy("Add ?profile= with one of: {names}.", names=", ".join(profile_names())),
        )
    return SerialKeypad(path, place, load_profile(options["profile"]), **device)


def find_keypads() -> list[InputNode]:
    """The USB keyboards that call themselves keypads. Serial ones cannot be told from other ports."""
    return [found for found in evdev_gun.list_keyboards() if _NAME_OF_A_KEYPAD.search(found.name)]


def _open_usb(path: str, place: str, options: dict[str, Any], device: dict[str, Any]) -> Keypad:
    try:
        address = evdev_gun.parse_address(place, options.get("serial"))
    except ValueError:
        raise PathInvalid(
            f"{place!r} is no keyboard",
            Remedy("Write vendor and product such as keypad:evdev:04d9:a02a, or a path below /dev/input."),
        ) from None
    digits = options.get("digits", 6)
    rules = PinRules(min_digits=digits, max_digits=digits, ends_with_enter=options.get("enter", False))
    return UsbKeypad(path, address, rules, **device)


def _digits(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MOST_DIGITS:
        raise ValueError("no such PIN")
    return value


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("neither yes nor no")
    return text == "yes"


OPTIONS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "profile": (str, "the name of a profile, or a .toml file"),
    "digits": (_digits, f"a number from 1 to {MOST_DIGITS}"),
    "enter": (_yes_or_no, "yes or no"),
    "serial": (str, "the serial number of the keypad"),
}
"""The options of a `keypad:` path: a profile for serial ones; the PIN's digits and what ends it for USB ones.

The readers raise ValueError.
"""
