"""The page of the mutation check says what the last run left behind."""

import json
from pathlib import Path

import pytest

from scripts.mutation import Figures, drawn, read_figures


def write_run(folder: Path, module: str, codes: dict[str, int | None]) -> None:
    """What mutmut leaves for a module."""
    path = folder / "points_engine" / f"{module}.py.meta"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"exit_code_by_key": codes}), encoding="utf-8")


def test_a_break_is_noticed_when_a_test_fails_or_never_ends(tmp_path: Path) -> None:
    """One that no test calls lives on, like one that all tests pass."""
    write_run(tmp_path, "lots", {"a": 1, "b": 0, "c": 36, "d": 33})
    write_run(tmp_path, "payment", {})
    assert [Figures("lots", 2, ("b", "d"))] == read_figures(tmp_path)


def test_an_unfinished_run_gives_no_figures(tmp_path: Path) -> None:
    """Half of them would look better than all."""
    write_run(tmp_path, "lots", {"a": 1, "b": None})
    with pytest.raises(SystemExit, match=r"lots\.py\.meta: some were not tried"):
        read_figures(tmp_path)


def test_the_page_names_what_lives_on() -> None:
    """With figures for each module, and for all."""
    page = drawn([Figures("lots", 3, ("x",)), Figures("limits", 4, ())])
    assert "| `lots` | 4 | 3 | 75 % |" in page
    assert "| `limits` | 4 | 4 | 100 % |" in page
    assert "| **all** | 8 | 7 | 87.5 % |" in page
    assert page.endswith("## Those that live on\n\n- `x`\n")
