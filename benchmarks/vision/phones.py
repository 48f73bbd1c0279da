"""A phone that shows a payment code: its screen as it would look on a perfect scan of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.vision.symbols import Picture8, Symbology, code_128, qr_code

SCREEN_WIDTH = 600
"""Pixels of the drawn screen. Half of a real one's: a camera at a till resolves less than that."""

_THEMES_BGR = [(255, 144, 22), (96, 174, 7), (40, 40, 230), (120, 60, 160), (60, 60, 60), (250, 250, 250)]
_PAPERS_BGR = [(255, 255, 255), (255, 255, 255), (244, 250, 255), (250, 246, 240), (235, 245, 235)]
_INKS_BGR = [(0, 0, 0), (0, 0, 0), (30, 30, 30), (70, 20, 10), (20, 60, 10)]


@dataclass(frozen=True, slots=True)
class Phone:
    """A picture of a phone, BGR, and where in it the code's modules are, without the quiet zone.

    `corners` are (4, 2) pixels: top left, top right, bottom right, bottom left of the code.
    `module_px` is the width of one module.
    """

    picture: Picture8
    corners: NDArray[np.float64]
    module_px: float


@dataclass(frozen=True, slots=True)
class Look:
    """How the phone's page looks; drawn from a generator by `Look.any`."""

    theme_bgr: tuple[int, int, int]
    paper_bgr: tuple[int, int, int]
    ink_bgr: tuple[int, int, int]
    bezel_px: int
    quiet_share: float
    bar_height_px: int
    qr_level: str
    is_dark: bool = False

    @classmethod
    def any(cls, rng: np.random.Generator, *, is_dark: bool = False) -> Look:
        """One of the looks that payment pages have. A dark page shows light modules on a dark card."""
        paper = _PAPERS_BGR[rng.integers(len(_PAPERS_BGR))]
        ink = _INKS_BGR[rng.integers(len(_INKS_BGR))]
        if is_dark:
            grey = int(rng.integers(0, 50))
            paper, ink = (grey, grey, grey), (255, 255, 255)
        return cls(
            theme_bgr=(20, 20, 20) if is_dark else _THEMES_BGR[rng.integers(len(_THEMES_BGR))],
            paper_bgr=paper,
            ink_bgr=ink,
            bezel_px=int(rng.integers(8, 28)),
            # Pages do not always leave the whole quiet zone.
            quiet_share=float(rng.choice([1.0, 1.0, 0.6, 0.4])),
            bar_height_px=int(rng.integers(90, 190)),
            qr_level=str(rng.choice(["L", "M", "M", "Q", "H"])),
            is_dark=is_dark,
        )


def draw_phone(rng: np.random.Generator, text: str, symbology: Symbology, look: Look) -> Phone:
    """A phone with a payment page: a header, a card with the code and its digits, some lines and buttons."""
    height = int(SCREEN_WIDTH * rng.uniform(1.5, 2.0))
    screen = np.full((height, SCREEN_WIDTH, 3), look.theme_bgr, np.uint8)
    _write(screen, "Pay with points", 30, 60, _readable_on(look.theme_bgr), 1.2)
    symbol, module_px = _symbol(text, symbology, look)
    top = int(rng.integers(120, 220))
    card = np.s_[top : top + symbol.shape[0] + 110, 20 : SCREEN_WIDTH - 20]
    screen[card] = look.paper_bgr
    left = (SCREEN_WIDTH - symbol.shape[1]) // 2
    code_top = top + 30
    mask = symbol[..., np.newaxis] == 0
    place = screen[code_top : code_top + symbol.shape[0], left : left + symbol.shape[1]]
    place[...] = np.where(mask, np.array(look.ink_bgr, np.uint8), np.array(look.paper_bgr, np.uint8))
    digits = " ".join(text[i : i + 4] for i in range(0, len(text), 4))
    _write(screen, digits, 90, code_top + symbol.shape[0] + 45, look.ink_bgr, 0.9)
    _draw_page(screen, rng, top + symbol.shape[0] + 140, look)
    ink_rows, ink_columns = np.nonzero(symbol == 0)
    x0, x1 = left + ink_columns.min(), left + ink_columns.max() + 1
    y0, y1 = code_top + ink_rows.min(), code_top + ink_rows.max() + 1
    corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float) + look.bezel_px
    return Phone(_with_bezel(screen, look), corners, module_px)


def _symbol(text: str, symbology: Symbology, look: Look) -> tuple[Picture8, float]:
    """The code in pixels with its quiet zone, and the pixels of a module; both kinds fill most of the width."""
    if symbology is Symbology.QR:
        modules = qr_code(text, look.qr_level, quiet_modules=round(4 * look.quiet_share))
        module_px = int(SCREEN_WIDTH * 0.72 / modules.shape[1])
        return np.kron(modules, np.ones((module_px, module_px), np.uint8)), module_px
    modules = code_128(text, quiet_modules=round(10 * look.quiet_share))
    module_px = 3 if modules.shape[1] * 3 < SCREEN_WIDTH - 60 else 2
    return np.kron(modules, np.ones((look.bar_height_px, module_px), np.uint8)), module_px


def _draw_page(screen: Picture8, rng: np.random.Generator, top: int, look: Look) -> None:
    """What stands below the code: lines of text, and a button or two."""
    ink = _readable_on(look.theme_bgr)
    for number in range(int(rng.integers(1, 5))):
        letters = "".join(rng.choice(list("abcdehiklmnopqrstuvw 0123456789"), 24))
        _write(screen, letters, 40, top + 45 * number, ink, 0.8)
    button_top = screen.shape[0] - int(rng.integers(90, 140))
    cv2.rectangle(screen, (60, button_top), (SCREEN_WIDTH - 60, button_top + 60), ink, -1)
    _write(screen, "Refresh", 220, button_top + 42, look.theme_bgr, 1.0)


def _with_bezel(screen: Picture8, look: Look) -> Picture8:
    edge = look.bezel_px
    return cv2.copyMakeBorder(screen, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(18, 18, 18)).astype(
        np.uint8
    )


def _readable_on(background_bgr: tuple[int, int, int]) -> tuple[int, int, int]:
    return (20, 20, 20) if sum(background_bgr) > 450 else (245, 245, 245)


def _write(screen: Picture8, text: str, x: int, y: int, ink_bgr: tuple[int, int, int], size: float) -> None:
    cv2.putText(screen, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, ink_bgr, 2, cv2.LINE_AA)
