"""A gun in keyboard mode made of software: the keys it presses for a label, by the layout it is set to."""

from collections.abc import Iterator

from drivers.key_codes import ENTER, KEYPAD, LAYOUTS, LEFT_ALT, RIGHT_ALT, Layout
from drivers.key_presses import event_frame

LEFT_SHIFT, LEFT_CTRL, LEFT_META = 42, 29, 125
UP, DOWN = 0, 1
KEYPAD_CODES = {char: code for code, char in KEYPAD.items()}


def strokes(code: int, *held: int) -> Iterator[tuple[int, int]]:
    """A key with others held: each press and release."""
    for modifier in held:
        yield modifier, DOWN
    yield code, DOWN
    yield code, UP
    for modifier in reversed(held):
        yield modifier, UP


def key_of(char: str, layout: Layout) -> tuple[int, ...]:
    """The key that makes a character, and what has to be held for it."""
    for keys, held in ((layout.plain, ()), (layout.shifted, (LEFT_SHIFT,)), (layout.third, (RIGHT_ALT,))):
        for code, made in keys.items():
            if made == char:
                return code, *held
    raise KeyError("no key of this layout makes it")


def typed(text: str, layout: str = "us") -> Iterator[tuple[int, int]]:
    """The strokes of a text."""
    for char in text:
        yield from strokes(*key_of(char, LAYOUTS[layout]))


def typed_on_keypad(text: str) -> Iterator[tuple[int, int]]:
    """The strokes of a text by its characters' numbers, as a gun does that knows of no layout."""
    for char in text:
        yield LEFT_ALT, DOWN
        for digit in f"0{char.encode('cp1252')[0]}":
            yield from strokes(KEYPAD_CODES[digit])
        yield LEFT_ALT, UP


def label(text: str, layout: str = "us", end: int | None = ENTER) -> list[tuple[int, int]]:
    """The strokes of a label."""
    return [*typed(text, layout), *(strokes(end) if end is not None else ())]


def frames(keys: list[tuple[int, int]]) -> bytes:
    """Strokes as input events, each followed by its SYN_REPORT as the kernel does."""
    return b"".join(event_frame(1, code, value) + event_frame(0, 0, 0) for code, value in keys)
