"""The engine's page says what the engine's tables say."""

import pytest

from scripts import draw_engine_page
from scripts.draw_engine_page import DRAWN, PAGE, redrawn


def test_the_page_is_up_to_date() -> None:
    """Nothing would change if it were drawn anew: python scripts/draw_engine_page.py."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == redrawn(page)
    assert 0 == draw_engine_page.main(["--check"])


def test_every_drawing_is_on_the_page() -> None:
    """No table is drawn for nobody."""
    page = PAGE.read_text(encoding="utf-8")
    assert [] == [name for name in DRAWN if f"<!-- drawn: {name} -->" not in page]


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
