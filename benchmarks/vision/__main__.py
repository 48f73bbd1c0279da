"""Measure the set and draw its tables into docs/decoding.md: ``python -m benchmarks.vision``."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.vision.page import draw_page
from benchmarks.vision.rates import PER_LEVEL, SEED, measure_set

PAGE_PATH = Path(__file__).parents[2] / "docs" / "decoding.md"

MARK = "<!-- drawn: rates -->\n"
"""All that is below it is drawn."""


def main(path: Path = PAGE_PATH) -> int:
    """Replace what is below the mark. Raises ValueError when the page has none."""
    text = path.read_text(encoding="utf-8")
    written, mark, _ = text.partition(MARK)
    if not mark:
        raise ValueError(f"{path} has no line {MARK.strip()}, below which the tables are drawn")
    sys.stderr.write("measuring the set: some minutes ...\n")
    drawn = draw_page(measure_set(), SEED, PER_LEVEL)
    path.write_text(f"{written}{mark}\n{drawn}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
