"""What the engine's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.points_engine import shop as shop_room
from tests.points_engine.far_folders import FarFolders
from tests.points_engine.shop import Shop

BOTH = ("sqlite", "postgres")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let tests marked `both_stores` run on either store; with --store=postgres all run there."""
    if metafunc.definition.get_closest_marker("in_a_file"):
        return
    if metafunc.config.getoption("store") == "postgres":
        metafunc.parametrize("books_are_on", ["postgres"], indirect=True)
    elif metafunc.definition.get_closest_marker("both_stores"):
        metafunc.parametrize("books_are_on", BOTH, indirect=True)


@pytest.fixture(autouse=True)
def books_are_on(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the books of this test's shops are: in files, or each folder's in a database of its own."""
    place = getattr(request, "param", "sqlite")
    if place == "sqlite":
        yield place
        return
    folders = FarFolders(request.getfixturevalue("postgres_server"))
    for room in (shop_room, request.module):
        if hasattr(room, "open_engine"):
            monkeypatch.setattr(room, "open_engine", folders.open_engine)
    yield place
    folders.drop()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop on a fresh file, whose books are true when the test is over."""
    with Shop(tmp_path / "engine") as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()
