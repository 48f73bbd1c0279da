"""The engine's pages say what the engine's tables and the back office's parser say."""

from pathlib import Path

import pytest

from points_engine import bill
from points_engine.back_office import member_rows
from scripts import back_office_drawings, draw_engine_page
from scripts.draw_engine_page import DRAWN, PAGES, redrawn

BACK_OFFICE = PAGES[1].read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_up_to_date(page: Path) -> None:
    """Nothing would change if it were drawn anew: python scripts/draw_engine_page.py."""
    text = page.read_text(encoding="utf-8")
    assert text == redrawn(text)
    assert 0 == draw_engine_page.main(["--check"])


def test_every_drawing_is_on_a_page() -> None:
    """No table is drawn for nobody."""
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [] == [name for name in DRAWN if f"<!-- drawn: {name} -->" not in pages]


def test_every_command_is_described() -> None:
    """Each has a sentence of its own, and each of its options too."""
    drawn = back_office_drawings.commands()
    assert [] == [line for line in drawn.splitlines() if line.endswith("|  |") or line == "."]
    for command in ("members import FILE", "restore FILE", "reconcile BILL TILL LIST"):
        assert f"### `{command}`" in drawn


def columns_of(heading: str) -> list[str]:
    """The first cells of the table under a heading of the back office's page."""
    part = BACK_OFFICE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    return [row.split("`")[1] for row in rows]


@pytest.mark.parametrize(
    ("heading", "columns"), [("A file of members", member_rows.COLUMNS), ("A bill", bill.COLUMNS)]
)
def test_every_column_is_described(heading: str, columns: tuple[str, ...]) -> None:
    """In the order in which they are written."""
    assert list(columns) == columns_of(heading)


def test_every_heading_in_chinese_is_on_the_page() -> None:
    """Whoever makes a sheet by hand finds the words that are understood."""
    assert [] == [alias for alias in member_rows.ALIASES if alias not in BACK_OFFICE]


def test_a_page_that_was_edited_by_hand_is_mended() -> None:
    """What stands between the marks is replaced, what stands around them stays."""
    edited = "before <!-- drawn: checks -->\nold words\n<!-- end --> after"
    assert f"before <!-- drawn: checks -->\n\n{DRAWN['checks']()}\n\n<!-- end --> after" == redrawn(edited)


def test_a_part_nobody_draws_is_an_error() -> None:
    """A misspelt mark is not left standing with old words in it."""
    with pytest.raises(KeyError):
        redrawn("<!-- drawn: nonsense -->\n<!-- end -->")


def test_every_refusal_is_described() -> None:
    """Each has its line with its meaning."""
    assert [] == [line for line in draw_engine_page.refusals().splitlines() if "|  |" in line[5:]]
