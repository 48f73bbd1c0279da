"""Who reads somebody's own photographs: pictures, each with its code's text beside it in a file of the same name.

ZXing's test pictures lie like that (core/src/test/resources/blackbox in its repository), and so can those of a shop
whose phones or lamps are special: ``python -m benchmarks.vision FOLDER``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmarks.vision.contenders import CONTENDERS, OURS
from benchmarks.vision.symbols import Symbology

_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})


@dataclass
class Tally:
    """What became of the photographs of one folder: `right` and `wrong` by contender, and what the till missed."""

    folder: Path
    pictures: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """One line, such as ``qrcode-1: 20 pictures; zxing-cpp 20, pyzbar 20, OpenCV 12, till 20``."""
        counts = ", ".join(
            f"{name} {self.right[name]}" + (f" ({self.wrong[name]} wrong)" if self.wrong[name] else "")
            for name in CONTENDERS
        )
        missed = f"; missed: {', '.join(self.missed)}" if self.missed else ""
        return f"{self.folder.name}: {self.pictures} pictures; {counts}{missed}"


def judge_folders(top: Path) -> Iterator[Tally]:
    """Let everybody read the photographs in a folder and in those below it, a folder at a time.

    A picture without a text beside it is left out: who reads nothing in it is right, as far as anybody knows. Line ends
    and blanks round a text do not count. Raises FileNotFoundError where there is no such folder, ValueError for a text
    that is no UTF-8 and a picture that cannot be opened, by name.
    """
    if not top.is_dir():
        raise FileNotFoundError(f"{top} is no folder")
    for folder in (top, *sorted(path for path in top.rglob("*") if path.is_dir())):
        tally = Tally(folder)
        for picture in sorted(folder.iterdir()):
            beside = picture.with_suffix(".txt")
            if picture.suffix.lower() in _ENDINGS and beside.exists():
                _judge(picture, beside, tally)
        if tally.pictures:
            yield tally


def _judge(picture: Path, beside: Path, tally: Tally) -> None:
    try:
        wanted = _plain(beside.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{beside} is no UTF-8") from error
    pixels = cv2.imread(str(picture))
    if pixels is None:
        raise ValueError(f"{picture} cannot be opened")
    tally.pictures += 1
    for name, read in CONTENDERS.items():
        seen = {_plain(text) for text in read(np.asarray(pixels, np.uint8), Symbology.QR)}
        tally.right[name] += wanted in seen
        tally.wrong[name] += bool(seen - {wanted})
        if name == OURS and wanted not in seen:
            tally.missed.append(picture.name)


def _plain(text: str) -> str:
    return "\n".join(text.split("\r\n")).strip()
