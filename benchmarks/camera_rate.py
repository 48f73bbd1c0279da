"""How many pictures of the generated set the till reads, beside zxing-cpp, pyzbar and OpenCV alone."""

from __future__ import annotations

from benchmarks.harness import OUT_FOLDER, Figure, Goal, Limit
from benchmarks.vision.contenders import OURS
from benchmarks.vision.page import draw_page
from benchmarks.vision.rates import PER_LEVEL, SEED, measure_set
from benchmarks.vision.symbols import Symbology

GOAL = Goal(
    name="camera_rate",
    what="share of the generated pictures read",
    yardstick="the best of zxing-cpp, pyzbar and OpenCV alone, chosen anew for each kind, level and size",
    words=">= best at every level; >= 93 % QR, >= 86 % Code 128; 0 wrong",
    limits=(
        Limit("ratio", "at least", 1.0),
        Limit("levels below the best", "at most", 0),
        Limit("QR %", "at least", 93),
        Limit("Code 128 %", "at least", 86),
        Limit("wrong", "at most", 0),
    ),
)

TABLE_PATH = OUT_FOLDER / "camera_rate.md"


def run() -> Figure:
    """Judge the set, and leave its tables in ``benchmarks/out/camera_rate.md``."""
    rates = measure_set()
    OUT_FOLDER.mkdir(exist_ok=True)
    TABLE_PATH.write_text(draw_page(rates, SEED, PER_LEVEL), encoding="utf-8")
    everything = rates.cells()
    return GOAL.figure(
        value=rates.share(OURS, everything),
        unit="%",
        yardstick=rates.best_share(everything),
        seen={
            "levels below the best": len(rates.cells_below_the_best()),
            "QR %": rates.share(OURS, rates.cells(Symbology.QR)),
            "Code 128 %": rates.share(OURS, rates.cells(Symbology.CODE_128)),
            "wrong": rates.wrong_texts(OURS),
        },
        note=f"{sum(rates.pictures.values())} pictures, tables in benchmarks/out/{TABLE_PATH.name}",
    )
