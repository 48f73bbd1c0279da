"""The back office on a PostgreSQL database: the same commands."""

from pathlib import Path

import pytest

from tests.points_engine.back_office.desk import Desk


@pytest.fixture
def far_desk(tmp_path: Path, postgres_url: str) -> Desk:
    """A desk whose engine keeps its books on a server."""
    return Desk(tmp_path / "engine", {"POINTS_ENGINE_DATABASE": postgres_url})


def test_members_and_reports(far_desk: Desk, tmp_path: Path) -> None:
    """An engine is made, members are enrolled and imported, an amount is given, and the books are true."""
    assert far_desk.ask("init")["created"]
    assert not far_desk.ask("init")["created"]
    assert not (far_desk.folder / "points.sqlite").exists()
    far_desk.ask("tills", "add", "till-1", "--shop", "shop-1")
    members = tmp_path / "members.csv"
    members.write_text("member_no,name,points\nm-2,李雷,250\nm-3,韩梅梅,\n", encoding="utf-8")
    imported = far_desk.ask("members", "import", members)
    assert 2 == imported["added"], imported
    assert [] == far_desk.ask("verify")["findings"]


def test_a_mistyped_folder_is_no_engine(far_desk: Desk) -> None:
    """Without a key in the folder nothing is opened."""
    assert "no_engine" == far_desk.fail("verify")["error"]


def test_the_address_is_shown_nowhere(far_desk: Desk, postgres_url: str) -> None:
    """There may be a password in it: not in the settings' list, and not where it is wrong."""
    secret = "hunter2"
    far_desk.environment["POINTS_ENGINE_DATABASE"] = f"postgresql://points:{secret}@127.0.0.1:1/points"
    for words in (("settings",), ("verify",), ("init",)):
        said = far_desk.say(*words)
        assert secret not in said.out + said.err
    far_desk.environment["POINTS_ENGINE_DATABASE"] = f"mysql://points:{secret}@127.0.0.1/points"
    said = far_desk.say("settings")
    assert (2, True) == (said.code, secret not in said.out + said.err)
