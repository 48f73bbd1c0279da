"""The fault table as people see it: on the terminal and in docs/faults.md."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.ha.faults import FAULTS, QUICK
from tests.ha.report import PAGE, Row, print_rows, write_page
from tests.ha.verdict import Verdict

GOOD = Verdict(
    acknowledged=1234,
    refused=2,
    reversed=3,
    unknown=5,
    resolved=5,
    gap_seconds=1.25,
    faults=(),
    refusals={"code_expired": 2},
)
BAD = replace(GOOD, acknowledged=1, resolved=0, faults=("order-1: lost",), refusals={})


def test_the_terminal_shows_what_is_wrong() -> None:
    """A row each; what is wrong is counted, named below, and told from what is right."""
    out = io.StringIO()
    print_rows([Row(FAULTS[0], GOOD), Row(FAULTS[1], BAD)], Console(file=out, width=140))
    shown = out.getvalue()
    assert re.search(rf"{FAULTS[0].name} .* 1,234 .* true", shown)
    assert re.search(rf"{FAULTS[1].name} .* 1 WRONG", shown)
    assert "order-1: lost" in shown
    assert "code_expired 2" in shown


def test_the_page_keeps_its_words_and_gets_the_table(tmp_path: Path) -> None:
    """What is drawn is replaced, however often; all around it stays."""
    page = tmp_path / "faults.md"
    page.write_text("before\n<!-- drawn: faults -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        write_page([Row(FAULTS[0], GOOD)], page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- drawn: faults -->\n")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "old" not in text
    assert text.count(f"| `{FAULTS[0].name}` |") == 1
    assert "| 1,234 | 5 | 5 | 2 | 3 | 1.2 | true |" in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written anywhere else."""
    page = tmp_path / "faults.md"
    page.write_text("words\n", encoding="utf-8")
    with pytest.raises(ValueError, match="drawn: faults"):
        write_page([Row(FAULTS[0], GOOD)], page)
    assert page.read_text(encoding="utf-8") == "words\n"


def test_the_page_says_how_each_fault_is_made() -> None:
    """Every fault is explained below the table, and nothing is that does not exist."""
    explained = PAGE.read_text(encoding="utf-8").partition("## How each fault is made")[2]
    assert {fault.name for fault in FAULTS} == set(re.findall(r"`(\w+_\w+)`", explained)) - {"slow_disk.c"}


def test_what_make_ha_plays_is_in_the_table() -> None:
    """Names are names of faults, each of which ends before its selling does."""
    assert set(QUICK) <= {fault.name for fault in FAULTS}
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(fault.lasts < fault.sells for fault in FAULTS)
