"""`members import` into a PostgreSQL database: what a file would have of it, whole batches, each member once."""

import threading
from pathlib import Path

import psycopg
import pytest

from points_engine.adapters.sql_register import SqlRegisterBooks
from points_engine.back_office import member_files
from points_engine.bootstrap import FILE_NAME
from tests.points_engine.back_office.desk import Desk
from tests.waiting import PATIENCE_SECONDS

HARD = "\\N", "a\\tb", "'\"`", "back\\", "李雷 韩梅梅", "\\.", "x\u00a0y\u2028z", "$1 %s ?"
"""Names that mean something to who carries them."""


@pytest.fixture
def far_desk(tmp_path: Path, postgres_url: str) -> Desk:
    """A desk whose engine keeps its books on a server; its points expire."""
    made = Desk(tmp_path / "engine", {"POINTS_ENGINE_DATABASE": postgres_url})
    expiring(made)
    made.ask("init")
    return made


def expiring(desk: Desk) -> None:
    """Let points expire, so that what members begin with is in lots."""
    desk.folder.mkdir(parents=True)
    text = '[lots.expiry.points]\nkind = "months"\ncount = 12\n'
    (desk.folder / FILE_NAME).write_text(text, encoding="utf-8")


def sheet(folder: Path, rows: int, name: str = "members.csv") -> Path:
    """A file of members with hard names."""
    lines = ["member_no;name;phone;birthday;state;points;wallet"]
    for number in range(rows):
        text = HARD[number % len(HARD)].replace('"', '""')
        points = "" if number % 3 else str(100 + number)
        lines.append(
            f'm-{number};"{text}";139{number:08};2001-02-{1 + number % 28:02};{"frozen" * (number % 2)};{points};5'
        )
    file = folder / name
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_a_server_has_of_it_what_a_file_has(far_desk: Desk, tmp_path: Path) -> None:
    """Every cell of every member, balances and what expires; and the books are true."""
    file, near = sheet(tmp_path, 50), Desk(tmp_path / "near")
    expiring(near)
    near.ask("init")
    for desk, name in ((near, "near.csv"), (far_desk, "far.csv")):
        told = desk.ask("members", "import", file, "--batch", "20")
        assert (50, [], 0) == (told["added"], told["bad"], told["held_back"])
        desk.ask("members", "export", tmp_path / name)
        assert {"findings": []} == desk.ask("verify")
    assert (tmp_path / "near.csv").read_bytes() == (tmp_path / "far.csv").read_bytes()
    assert near.ask("expiring", "m-3") == far_desk.ask("expiring", "m-3")
    again = far_desk.ask("members", "import", file)
    assert (0, 50) == (again["added"], again["unchanged"])


def test_a_batch_that_fails_in_the_middle_leaves_nothing(
    far_desk: Desk, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its members, accounts and transfers go with it; the batches before stay, and the same file goes on."""
    adds, calls = SqlRegisterBooks._add_lots, list[int]()

    def fail_at_the_second(books: SqlRegisterBooks, *rest: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        adds(books, *rest)  # type: ignore[arg-type] # handed on as it came

    with monkeypatch.context() as failing:
        failing.setattr(SqlRegisterBooks, "_add_lots", fail_at_the_second)
        assert far_desk.say("members", "import", sheet(tmp_path, 50), "--batch", "20").code == 130
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        assert (20,) == connection.execute("SELECT count(*) FROM member").fetchone()
    told = far_desk.ask("members", "import", tmp_path / "members.csv", "--batch", "20")
    assert (30, 20) == (told["added"], told["unchanged"])
    assert {"findings": []} == far_desk.ask("verify")


def test_two_who_import_the_same_file_enrol_each_member_once(
    far_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second waits, and finds that they are there."""
    file, meeting, told = sheet(tmp_path, 60), threading.Barrier(2), list[dict[str, int]]()
    begins = member_files.Tally.import_batch

    def together(*rest: object, **named: object) -> None:
        meeting.wait(PATIENCE_SECONDS)
        begins(*rest, **named)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(member_files.Tally, "import_batch", together)
    desks = [far_desk, Desk(far_desk.folder, far_desk.environment)]
    threads = [
        threading.Thread(
            target=lambda desk=desk: told.append(desk.ask("members", "import", file, "--batch", "30"))
        )
        for desk in desks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE_SECONDS)
    assert [60, 60] == [sum(each["added"] for each in told), sum(each["unchanged"] for each in told)]
    assert {"findings": []} == far_desk.ask("verify")
