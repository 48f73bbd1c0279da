"""Measure the set and draw its tables into docs/decoding.md, or read photographs that somebody has.

``python -m benchmarks.vision`` draws; ``python -m benchmarks.vision FOLDER`` prints who reads the photographs in it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.vision.page import draw_page
from benchmarks.vision.photographs import judge_folders
from benchmarks.vision.rates import PER_LEVEL, SEED, measure_set

PAGE_PATH = Path(__file__).parents[2] / "docs" / "decoding.md"

MARK = "<!-- drawn: rates -->\n"
"""All that is below it is drawn."""


def draw(path: Path = PAGE_PATH) -> None:
    """Replace what is below the mark. Raises ValueError when the page has none."""
    text = path.read_text(encoding="utf-8")
    written, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"{path} has no line {MARK.strip()}, below which the tables are drawn")
    sys.stderr.write("measuring the set: some minutes ...\n")
    drawn = draw_page(measure_set(), SEED, PER_LEVEL)
    path.write_text(f"{written}{mark}\n{drawn}", encoding="utf-8")


def read(folder: Path) -> int:
    """Print who reads what; returns 2 where the folder cannot be read."""
    try:
        for tally in judge_folders(folder):
            sys.stdout.write(f"{tally}\n")
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the tables, or read a folder's photographs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.vision", description=__doc__)
    parser.add_argument(
        "folder", nargs="?", type=Path, help="photographs, each with its text beside it in a .txt file"
    )
    folder = parser.parse_args(arguments).folder
    if folder is not None:
        return read(folder)
    draw()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
