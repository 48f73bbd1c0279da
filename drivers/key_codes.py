"""Keys by their places, and what each keyboard layout makes of them. Pure.

A key's code is Linux' (`input-event-codes.h`): the place on the board, whatever is printed on it. A gun that types is
set to a layout and presses the keys that make its label there; who reads the codes by the same layout has the label,
whatever the system's own layout, its Caps Lock, NumLock and input method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENTER, KEYPAD_ENTER, TAB, CAPS_LOCK, NUM_LOCK = 28, 96, 15, 58, 69
SHIFTS = frozenset({42, 54})
CONTROLS = frozenset({29, 97})
LEFT_ALT, RIGHT_ALT = 56, 100
METAS = frozenset({125, 126})
MODIFIERS = SHIFTS | CONTROLS | METAS | {LEFT_ALT, RIGHT_ALT}

KEYPAD: Mapping[int, str] = dict(
    zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 83, 98, 55, 74, 78), "0123456789./*-+", strict=True)
)
"""The numeric keypad: its digits are meant, NumLock or not."""

_ROWS = (range(2, 14), range(16, 28), range(30, 42), range(43, 54), range(86, 87), range(57, 58))
"""Digits; Q to the brackets; A to the key left of 1; the key beside Enter and Z to slash; the one beside left Shift."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key makes alone, with Shift, and with the right Alt key; keys without a character are missing."""

    plain: Mapping[int, str]
    shifted: Mapping[int, str]
    third: Mapping[int, str]

    def char(self, code: int, *, is_shifted: bool, is_third: bool) -> str | None:
        """The character of a key; None when it makes none."""
        return (self.third if is_third else self.shifted if is_shifted else self.plain).get(code)


def _row_by_row(*rows: str) -> dict[int, str]:
    return {
        code: char
        for codes, row in zip(_ROWS, rows, strict=True)
        for code, char in zip(codes, row, strict=True)
    }


LAYOUTS: Mapping[str, Layout] = {
    "us": Layout(
        _row_by_row("1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "\\zxcvbnm,./", "\\", " "),
        _row_by_row("!@#$%^&*()_+", "QWERTYUIOP{}", 'ASDFGHJKL:"~', "|ZXCVBNM<>?", "|", " "),
        {},
    ),
    "uk": Layout(
        _row_by_row("1234567890-=", "qwertyuiop[]", "asdfghjkl;'`", "#zxcvbnm,./", "\\", " "),
        _row_by_row('!"£$%^&*()_+', "QWERTYUIOP{}", "ASDFGHJKL:@¬", "~ZXCVBNM<>?", "|", " "),
        {5: "€"},
    ),
    "de": Layout(
        _row_by_row("1234567890ß´", "qwertzuiopü+", "asdfghjklöä^", "#yxcvbnm,.-", "<", " "),
        _row_by_row('!"§$%&/()=?`', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ°", "'YXCVBNM;:_", ">", " "),
        {3: "²", 4: "³", 8: "{", 9: "[", 10: "]", 11: "}", 12: "\\", 16: "@", 18: "€", 27: "~", 50: "µ", 86: "|"},
    ),
    "fr": Layout(
        _row_by_row("&é\"'(-è_çà)=", "azertyuiop^$", "qsdfghjklmù²", "*wxcvbn,;:!", "<", " "),
        _row_by_row("1234567890°+", "AZERTYUIOP¨£", "QSDFGHJKLM%~", "µWXCVBN?./§", ">", " "),
        {3: "~", 4: "#", 5: "{", 6: "[", 7: "|", 8: "`", 9: "\\", 10: "^", 11: "@", 12: "]", 13: "}", 18: "€"},
    ),
}  # fmt: skip
"""The layouts a gun can be set to here, by the names of their countries. Guns are sold with `us`.

Source: the layouts of the same names in xkeyboard-config, basic variants, and of Windows.
"""


def translation(gun: str, system: str) -> Mapping[str, str]:
    """What a system set to one layout makes of a gun's keys -> what the gun, set to another, meant by them.

    Raises KeyError for a layout that is not known.
    """
    meant: dict[str, str] = {}
    for level in ("plain", "shifted", "third"):
        shown, wanted = getattr(LAYOUTS[system], level), getattr(LAYOUTS[gun], level)
        for code in shown.keys() & wanted.keys():
            meant.setdefault(shown[code], wanted[code])
    return meant


def keypad_char(digits: str) -> str | None:
    """What Windows makes of digits typed on the keypad with Alt held: a character by its number.

    With a leading zero, or above 255, it is a number of Windows-1252 or Unicode, without one of code page 437.
    """
    number = int(digits)
    if number > 255:
        return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else None
    page = "cp1252" if digits.startswith("0") or number < 0x80 else "cp437"
    return bytes([number]).decode(page, "replace")
