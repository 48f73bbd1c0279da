"""What a gun in keyboard mode sends over USB: boot keyboard reports (HID 1.11, appendix B.1), a key at a time."""

from collections.abc import Iterable, Iterator

# Keys of the boot keyboard, by Linux' codes (usage page 7 of the HID usage tables).
_USAGES = {
    **dict(zip(range(2, 12), range(0x1E, 0x28), strict=True)),  # 1 to 9, 0
    **dict(
        zip(
            (30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44),
            range(0x04, 0x1E),
            strict=True,
        )
    ),  # A to Z
    28: 0x28, 15: 0x2B, 57: 0x2C, 12: 0x2D, 13: 0x2E, 26: 0x2F, 27: 0x30, 43: 0x31, 39: 0x33, 40: 0x34, 41: 0x35,
    51: 0x36, 52: 0x37, 53: 0x38, 58: 0x39, 69: 0x53, 86: 0x64,
    98: 0x54, 55: 0x55, 74: 0x56, 78: 0x57, 96: 0x58, 83: 0x63,
    **dict(zip((79, 80, 81, 75, 76, 77, 71, 72, 73, 82), range(0x59, 0x63), strict=True)),
}  # fmt: skip
_MODIFIERS = {29: 0x01, 42: 0x02, 56: 0x04, 125: 0x08, 97: 0x10, 54: 0x20, 100: 0x40, 126: 0x80}

REPORT_BYTES = 8


def reports(keys: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The reports for some strokes (code, 1 for down and 0 for up)."""
    modifiers, pressed = 0, 0
    for code, value in keys:
        if code in _MODIFIERS:
            modifiers = modifiers | _MODIFIERS[code] if value else modifiers & ~_MODIFIERS[code]
        else:
            pressed = _USAGES[code] if value else 0
        yield bytes([modifiers, 0, pressed, 0, 0, 0, 0, 0])
