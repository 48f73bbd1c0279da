"""What the engine's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.points_engine.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop on a fresh file, whose books are true when the test is over."""
    with Shop(tmp_path / "engine") as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()
