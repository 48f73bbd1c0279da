"""Colours, fonts and the style sheet: the one place where the till's looks are decided.

The sheet is resources/styles/till.qss, in which $name stands for a colour of the palette, and
$icons for the folder of the icons.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from pos_client.screens.assets import resources_folder
from pos_client.till.view import Tone

FONT_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
)
"""Sans-serif faces with all common Chinese characters, best first; the first one installed is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneColors:
    """What a tone looks like: `ground` with `ink` on it, `soft` ink for the second line."""

    ground: str
    ink: str
    soft: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours by use, as #rrggbb. Ink on its ground keeps WCAG 2.1 AA (4.5:1), edges and signs 3:1."""

    ground: str = "#edf1f5"
    card: str = "#ffffff"
    key: str = "#f7f9fb"
    ink: str = "#14202b"
    ink_soft: str = "#4a5966"
    ink_off: str = "#8a96a1"
    line: str = "#cbd4dc"
    edge: str = "#7f8d9a"
    accent: str = "#0b5fa5"
    accent_down: str = "#084577"
    accent_ink: str = "#ffffff"
    pressed: str = "#d3e3f1"
    ready: str = "#146c3a"
    searching: str = "#875400"
    fault: str = "#b3261e"
    notice: str = "#fff3cf"
    notice_ink: str = "#3f2c00"


PALETTE = Palette()

TONES = {
    Tone.NEUTRAL: ToneColors(ground="#dbe6f0", ink="#14202b", soft="#33434f"),
    Tone.BUSY: ToneColors(ground="#0b5fa5", ink="#ffffff", soft="#e3effa"),
    Tone.GOOD: ToneColors(ground="#146c3a", ink="#ffffff", soft="#e0f4e8"),
    Tone.WARN: ToneColors(ground="#f6c343", ink="#241a00", soft="#453300"),
    Tone.BAD: ToneColors(ground="#b3261e", ink="#ffffff", soft="#fdeae8"),
}


def style_sheet(resources: Path | None = None) -> str:
    """The style sheet with the palette's colours filled in. Raises KeyError for a colour that is not there."""
    folder = resources_folder() if resources is None else resources
    text = (folder / "styles" / "till.qss").read_text(encoding="utf-8")
    colors = asdict(PALETTE)
    for tone, tone_colors in TONES.items():
        colors |= {f"{tone.value}_{name}": color for name, color in asdict(tone_colors).items()}
    return Template(text).substitute(colors, icons=(folder / "icons").as_posix())


def apply_style(app: QApplication, resources: Path | None = None) -> None:
    """Give the application its font, colours and sheet, the same on every desktop."""
    app.setStyle("Fusion")
    font = QFont()
    font.setFamilies([*FONT_FAMILIES, *font.families()])
    font.setPixelSize(16)
    app.setFont(font)
    palette = QPalette()
    for role, color in (
        (QPalette.ColorRole.Window, PALETTE.ground),
        (QPalette.ColorRole.Base, PALETTE.card),
        (QPalette.ColorRole.AlternateBase, PALETTE.key),
        (QPalette.ColorRole.WindowText, PALETTE.ink),
        (QPalette.ColorRole.Text, PALETTE.ink),
        (QPalette.ColorRole.ButtonText, PALETTE.ink),
        (QPalette.ColorRole.Highlight, PALETTE.accent),
        (QPalette.ColorRole.HighlightedText, PALETTE.accent_ink),
    ):
        palette.setColor(role, QColor(color))
    app.setPalette(palette)
    app.setStyleSheet(style_sheet(resources))
