"""What is learnt of a gun whose keys come through a window: layouts that do not fit, Caps Lock, slowness, its end."""

from collections.abc import Callable, Iterable, Mapping
from itertools import permutations

import pytest

from drivers import registry
from drivers.calibration import Calibration, Stage
from drivers.calibration_labels import LABELS
from drivers.key_codes import LAYOUTS
from drivers.keystrokes import Key, KeystrokeParser
from tests.drivers.keyboard_gun import key_of

CODE = "660123456789012345"
PAUSE_SECONDS = 1.0

ENTER_KEY, TAB_KEY = Key(code=36, is_enter=True), Key(code=23, is_tab=True)
NUMBER_ROW = {10 + place: digit for place, digit in enumerate("1234567890")}


def shown(
    text: str, gun: str = "us", system: str = "us", *, has_caps: bool = False, by_place: bool = True
) -> list[Key]:
    """What a window is given of a gun set to one layout by a system set to another."""
    keys = []
    for char in text:
        code, *held = key_of(char, LAYOUTS[gun])
        made = LAYOUTS[system].char(code, is_shifted=42 in held, is_third=100 in held)
        if has_caps and made is not None:
            made = made.swapcase()
        digit = NUMBER_ROW.get(code + 8) if by_place else None
        keys.append(Key(code=code + 8, char=made, digit=digit, is_shifted=42 in held))
    return keys


def press_and_release(
    keys: Iterable[Key],
    start: float,
    gap_seconds: float,
    dwell_seconds: float,
    press: Callable[[Key, float], object],
    release: Callable[[Key, float], object],
) -> float:
    """Strike keys one after the other; the time when the next would be struck."""
    at = start
    for key in keys:
        press(key, at)
        release(key, at + dwell_seconds)
        at += gap_seconds
    return at


def learn_keys(
    *bursts: list[Key], gap_seconds: float = 0.004, dwell_seconds: float = 0.001, late_seconds: float = 0.0
) -> Calibration:
    """Let a gun type each burst into a window; its last key comes late."""
    calibration = Calibration("wedge")
    at = 100.0
    for keys in bursts:
        for part, wait in ((keys[:-1], late_seconds), (keys[-1:], 0.0)):
            at = wait + press_and_release(
                part,
                at,
                gap_seconds,
                dwell_seconds,
                lambda key, when: calibration.hear_key(key, when, is_press=True),
                lambda key, when: calibration.hear_key(key, when, is_press=False),
            )
        at += PAUSE_SECONDS
        calibration.idle(at)
    return calibration


def read_keys(
    options: Mapping[str, str],
    keys: list[Key],
    *,
    gap_seconds: float = 0.004,
    dwell_seconds: float = 0.001,
    late_seconds: float = 0.0,
) -> list[str]:
    """What is read of keys through a window by a path with these options."""
    parser = KeystrokeParser(**registry.read_options(registry.DevicePath("wedge", "", options)))
    texts: list[str] = []

    def until(at: float) -> None:
        while parser.next_deadline is not None and parser.next_deadline <= at:
            if (scan := parser.idle(parser.next_deadline).scan) is not None:
                texts.append(scan.text)

    def press(key: Key, at: float) -> None:
        until(at)
        if (scan := parser.press(key, at).scan) is not None:
            texts.append(scan.text)

    def release(key: Key, at: float) -> None:
        until(at)
        if (scan := parser.release(key, at).scan) is not None:
            texts.append(scan.text)

    at = press_and_release(keys[:-1], 100.0, gap_seconds, dwell_seconds, press, release)
    press_and_release(keys[-1:], at + late_seconds, gap_seconds, dwell_seconds, press, release)
    until(200.0)
    return texts


@pytest.mark.parametrize("end", [ENTER_KEY, TAB_KEY, None])
@pytest.mark.parametrize(("gun", "system"), [("us", "us"), *permutations(LAYOUTS, 2)])
def test_a_gun_in_a_window_is_learnt(gun: str, system: str, end: Key | None) -> None:
    """A gun and a system set to any two layouts, with Enter, Tab or nothing behind: all come out right."""

    def say(text: str) -> list[Key]:
        return [*shown(text, gun, system), *([end] if end else [])]

    calibration = learn_keys(*(say(text) for text in LABELS))
    assert Stage.LEARNT is calibration.stage
    for text in (CODE, "AZqw-YM/azQW9021"):
        assert [text] == read_keys(calibration.options({}), say(text))


def test_a_gun_that_fits_its_system_needs_no_options() -> None:
    """The least is learnt: nothing, for a gun as it is sold."""
    assert {} == learn_keys(*([*shown(text), ENTER_KEY] for text in LABELS)).learnt


@pytest.mark.parametrize(("prefix", "suffix"), [("ab", ""), ("", "z"), ("#", "$"), ("Q", "q")])
@pytest.mark.parametrize("has_caps", [False, True])
def test_caps_lock_is_no_setting_of_the_gun(prefix: str, suffix: str, has_caps: bool) -> None:
    """With the lamp lit while it is learnt or while it is used, affixes are found and digits are right."""

    def say(text: str, *, has_caps: bool) -> list[Key]:
        return [*shown(f"{prefix}{text}{suffix}", has_caps=has_caps), ENTER_KEY]

    calibration = learn_keys(*(say(text, has_caps=has_caps) for text in LABELS))
    assert {"prefix": prefix, "suffix": suffix} == {"prefix": "", "suffix": "", **calibration.options({})}
    for later in (False, True):
        assert [CODE] == read_keys(calibration.options({}), say(CODE, has_caps=later))


@pytest.mark.parametrize(
    ("times", "names"),
    [
        ({"gap_seconds": 0.004}, set()),
        ({"gap_seconds": 0.06}, {"gap_seconds"}),
        ({"gap_seconds": 0.06, "dwell_seconds": 0.05}, {"gap_seconds", "gun_dwell_seconds"}),
        ({"gap_seconds": 0.25}, {"gap_seconds", "late_suffix_seconds"}),
        ({"gap_seconds": 0.004, "late_seconds": 0.25}, {"late_suffix_seconds"}),
    ],
)
def test_slow_guns_are_learnt(times: dict[str, float], names: set[str]) -> None:
    """A gun that types as slowly as a person, holds its keys or hesitates before Enter: only the unusual is written."""
    calibration = learn_keys(*([*shown(text), ENTER_KEY] for text in LABELS), **times)
    assert names == set(calibration.options({}))
    assert [CODE] == read_keys(calibration.options({}), [*shown(CODE), ENTER_KEY], **times)


def test_the_window_systems_own_times_count() -> None:
    """A till that is busy while the gun types gets all keys at once, or late; their stamps tell how it was."""

    def stamped(text: str) -> list[Key]:
        keys = [*shown(text), ENTER_KEY]
        return [
            Key(key.code, key.char, key.digit, key.is_shifted, key.is_enter, stamp_seconds=place / 250)
            for place, key in enumerate(keys)
        ]

    calibration = learn_keys(*(stamped(text) for text in LABELS), gap_seconds=0.15)
    assert {} == calibration.learnt
