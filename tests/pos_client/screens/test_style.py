"""The palette keeps WCAG 2.1 AA, every colour the sheet names exists, and every icon can be drawn."""

import itertools

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.style import FONT_FAMILIES, PALETTE, TONES, style_sheet
from pos_client.till.view import Tone

TEXT_PAIRS = [
    *(
        (f"{tone} {part}", getattr(TONES[tone], part), TONES[tone].ground)
        for tone in Tone
        for part in ("ink", "soft")
    ),
    *(
        (f"{ink} on {ground}", getattr(PALETTE, ink), getattr(PALETTE, ground))
        for ink, ground in itertools.product(
            ("ink", "ink_soft", "ready", "searching", "fault"), ("ground", "card", "key")
        )
    ),
    ("ink on pressed", PALETTE.ink, PALETTE.pressed),
    ("accent", PALETTE.accent_ink, PALETTE.accent),
    ("accent down", PALETTE.accent_ink, PALETTE.accent_down),
    ("accent on card", PALETTE.accent, PALETTE.card),
    ("notice", PALETTE.notice_ink, PALETTE.notice),
]
SIGN_PAIRS = [
    ("edge on card", PALETTE.edge, PALETTE.card),
    ("a zero amount, in very large figures", PALETTE.ink_off, PALETTE.card),
]


def luminance(color: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("name", "ink", "ground"), TEXT_PAIRS, ids=[pair[0] for pair in TEXT_PAIRS])
def test_words_can_be_read(name: str, ink: str, ground: str) -> None:
    """Words keep 4.5:1 on their ground."""
    assert contrast(ink, ground) >= 4.5, name


@pytest.mark.parametrize(("name", "ink", "ground"), SIGN_PAIRS, ids=[pair[0] for pair in SIGN_PAIRS])
def test_signs_can_be_seen(name: str, ink: str, ground: str) -> None:
    """Edges of what can be touched, and very large figures, keep 3:1."""
    assert contrast(ink, ground) >= 3.0, name


def test_the_contrast_is_computed_as_the_standard_does() -> None:
    """Black on white is 21:1, a colour on itself 1:1."""
    assert (round(contrast("#000000", "#ffffff"), 2), contrast("#777777", "#777777")) == (21.0, 1.0)


def test_success_and_failure_differ_by_more_than_colour() -> None:
    """Each tone has an icon of its own, so that a red-green blind cashier tells them apart."""
    assert len({Icon(tone.value) for tone in Tone if tone is not Tone.NEUTRAL}) == 4


def test_the_sheet_names_no_unknown_colour() -> None:
    """All $names of the sheet are filled in."""
    assert "$" not in style_sheet()


@pytest.mark.parametrize("icon", Icon)
def test_every_icon_can_be_drawn(icon: Icon, styled: QApplication) -> None:
    """The SVG file is there and Qt can draw it."""
    assert styled is not None
    assert TintedIcon(icon, "#ff0000") is not None


def test_the_font_has_chinese_characters(styled: QApplication) -> None:
    """The application's font, or the one Qt falls back to, can draw every character of a Chinese sentence."""
    metrics = QFontMetrics(styled.font())

    assert styled.font().families()[: len(FONT_FAMILIES)] == list(FONT_FAMILIES)
    assert all(metrics.horizontalAdvance(character) > 0 for character in "请顾客输入密码")
