"""What may be shown of a scan while a gun is tried out: all, but of what looks like a payment code nothing. Pure.

A payment code on a screen is money for whoever photographs it, so its characters are left out here, before anything
else sees them. That holds for every wallet's: 16 digits in a row and more are a code, alone or beside other characters,
and so may be 16 signs without a letter, which is what digits become under another keyboard layout.
"""

import enum
import re
from dataclasses import dataclass

from drivers.scan import Scan

TRIAL_LABEL = "AZqy-0189"
"""What the set-up window shows to be scanned: no code, but characters that Caps Lock and keyboard layouts change."""

_LOOKS_SECRET = re.compile(r"\d(?:[ -]?\d){15,}|^[^A-Za-z]{16,}$", re.DOTALL)
_HIDDEN = "•"
_CONTROL_PICTURES = 0x2400
"""Where Unicode has a picture for each control character of ASCII: ␊ for a line feed."""


class Verdict(enum.StrEnum):
    """How well the trial label was read."""

    RIGHT = "right"
    CASE = "case"
    """Capitals and small letters are exchanged: Caps Lock."""
    AFFIXES = "affixes"
    """There are characters before or behind it."""
    LAYOUT = "layout"
    """Other characters: the gun types for another keyboard layout."""
    OTHER_LABEL = "other_label"
    """Something else was scanned."""
    HIDDEN = "hidden"
    """It looks like a payment code."""


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """A scan as the window shows it. `text` and `raw` are already without what must not be seen.

    `length` counts characters, `raw` is the bytes in hexadecimal, `at` is in monotonic seconds.
    """

    verdict: Verdict
    source: str
    transport: str
    symbology: str | None
    aim_id: str | None
    length: int
    text: str
    raw: str
    at: float | None


def facts_of(scan: Scan) -> ScanFacts:
    """What may be shown of a scan."""
    aim_id = (scan.aim_id or "").encode()
    head, body = (aim_id, scan.raw[len(aim_id) :]) if scan.raw.startswith(aim_id) else (b"", scan.raw)
    is_hidden = any(_LOOKS_SECRET.search(text) for text in (scan.text, body.decode("latin-1")))
    return ScanFacts(
        verdict=Verdict.HIDDEN if is_hidden else _verdict(scan.text),
        source=scan.source,
        transport=scan.transport,
        symbology=scan.symbology,
        aim_id=scan.aim_id,
        length=len(scan.text),
        text=_HIDDEN * len(scan.text) if is_hidden else "".join(map(_visible, scan.text)),
        raw=" ".join([*_hexadecimal(head), *(["••"] * len(body) if is_hidden else _hexadecimal(body))]),
        at=scan.at,
    )


def _verdict(text: str) -> Verdict:
    if text == TRIAL_LABEL:
        return Verdict.RIGHT
    if text == TRIAL_LABEL.swapcase():
        return Verdict.CASE
    if TRIAL_LABEL in text:
        return Verdict.AFFIXES
    is_like_it = len(text) == len(TRIAL_LABEL) and not text.isdigit()
    return Verdict.LAYOUT if is_like_it else Verdict.OTHER_LABEL


def _visible(character: str) -> str:
    """One line of text stays one, and nothing in it turns or hides the rest."""
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _hexadecimal(data: bytes) -> list[str]:
    return [f"{byte:02x}" for byte in data]
