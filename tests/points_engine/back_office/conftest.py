"""What the back office's tests share."""

from pathlib import Path

import pytest

from tests.points_engine.back_office.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a fresh engine."""
    made = Desk(tmp_path / "engine")
    assert made.ask("init")["created"]
    return made
