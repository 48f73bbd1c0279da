"""Paths of keypads: what they open, and what is wrong with others."""

from pathlib import Path

import pytest

from drivers.errors import PathInvalid, ProfileInvalid
from drivers.evdev_gun import EvdevAddress
from drivers.pin_entry import PinRules
from drivers.registry import open_device
from drivers.serial_keypad import PROFILES_FOLDER, SerialKeypad, load_profile
from drivers.usb_keypad import UsbKeypad


@pytest.mark.parametrize("profile", ["simulated", "counter", str(PROFILES_FOLDER / "counter.toml")])
def test_a_serial_keypad_has_a_profile(profile: str) -> None:
    """A profile is named, or is a file of the shop's own."""
    keypad = open_device(f"keypad:serial:/dev/pts/5?profile={profile}")
    assert isinstance(keypad, SerialKeypad)
    assert load_profile(profile).rules == keypad._rules
    assert "/dev/pts/5" == keypad._port._settings.port


@pytest.mark.parametrize(
    ("options", "rules"),
    [
        ("", PinRules()),
        ("?digits=4&enter=yes", PinRules(min_digits=4, max_digits=4, ends_with_enter=True)),
        ("?enter=no", PinRules()),
    ],
)
def test_a_usb_keypad_has_rules(options: str, rules: PinRules) -> None:
    """Six digits and no Enter, unless the path says otherwise."""
    keypad = open_device(f"keypad:evdev:04d9:a02a{options}")
    assert isinstance(keypad, UsbKeypad)
    assert (EvdevAddress(None, 0x04D9, 0xA02A), rules) == (keypad._address, keypad._rules)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("keypad:", "such as serial:/dev/ttyACM0"),
        ("keypad:bluetooth:1", "keypad:serial:/dev/ttyUSB0?profile=counter"),
        ("keypad:serial:", "keypad:serial:/dev/ttyUSB0?profile=counter"),
        ("keypad:serial:COM3", "Add ?profile= with one of: counter, hcc960, simulated."),
        ("keypad:serial:COM3?profile=nokia", "with one of counter, hcc960, simulated"),
        ("keypad:serial:COM3?profile=counter&digits=4", "Its options are: profile."),
        ("keypad:evdev:04d9:a02a?profile=counter", "Its options are: digits, enter, serial."),
        ("keypad:evdev:keypad", "keypad:evdev:04d9:a02a"),
        ("keypad:evdev:04d9:a02a?digits=0", "a number from 1 to 12"),
        ("keypad:evdev:04d9:a02a?digits=six", "a number from 1 to 12"),
        ("keypad:evdev:04d9:a02a?enter=maybe", "yes or no"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(path: str, words: str) -> None:
    """What is missing or unknown is named, with what would be right."""
    with pytest.raises(PathInvalid) as caught:
        open_device(path)
    assert words in caught.value.remedy


def test_a_broken_profile_is_named(tmp_path: Path) -> None:
    """A shop's own profile with a mistake in it is refused when the device is made."""
    file = tmp_path / "broken.toml"
    file.write_text("title = 1", encoding="utf-8")
    with pytest.raises(ProfileInvalid, match=r"broken\.toml"):
        open_device(f"keypad:serial:COM3?profile={file}")
