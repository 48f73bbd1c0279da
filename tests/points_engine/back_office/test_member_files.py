"""Members in and out by spreadsheet: all of a batch or nothing of it, and everything exactly once."""

import csv
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from points_engine.adapters.sqlite_store import AFTER_COMMIT, BEFORE_COMMIT
from tests.architecture.project_files import ROOT
from tests.points_engine.back_office import importing_process
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.shop import Shop

HEAD = "member_no,name,phone,birthday,state,points,wallet\n"


def sheet(folder: Path, *lines: str) -> Path:
    """A file of members."""
    path = folder / "members.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def balances(desk: Desk, member_no: str) -> list[int]:
    """What a member has, by asset."""
    return [account["balance_units"] for account in desk.ask("show", "member", member_no)["accounts"]]


def test_an_import_enrols_and_credits(desk: Desk, tmp_path: Path) -> None:
    """Name, phone, birthday, state and balances, as if each had been enrolled and credited by hand."""
    file = sheet(tmp_path, "m-1,王小明,13812345678,2001-02-03,,70,5", "m-2,李,,,frozen,,")
    done = desk.ask("members", "import", file)
    assert (2, 0, []) == (done["added"], done["unchanged"], done["bad"])
    shown = desk.ask("show", "member", "m-1")
    assert ("王小明", "•••5678", "2001-02-03") == (shown["name"], shown["phone"], shown["birthday"])
    assert [70, 5, 0] == balances(desk, "m-1")
    assert desk.ask("show", "member", "m-2")["is_frozen"]
    (line,) = desk.ask("statement", "m-1")["lines"]
    assert ("credit", 70, "opening balance") == (line["kind"], line["units"], line["reason"])
    assert {"findings": []} == desk.ask("verify")


def test_what_is_imported_can_be_spent_and_expires_like_all_else(desk: Desk, tmp_path: Path) -> None:
    """The scheme's rule holds for opening balances, and the books stay true."""
    desk.environment |= {
        "POINTS_ENGINE_LOTS_EXPIRY_POINTS_KIND": "year_end", "POINTS_ENGINE_LOTS_EXPIRY_POINTS_COUNT": "0"
    }  # fmt: skip
    desk.ask("members", "import", sheet(tmp_path, "m-1,王,,,,70,5", "m-2,李,,,,30,"))
    assert [{"last_day": "2026-12-31", "units": 70}] == desk.ask("expiring", "m-1")
    with Shop(desk.folder, clock=desk.clock) as shop:
        assert "succeeded" == shop.pay("m-1", 20, "o-1").state
        shop.member("m-3", 10)
        assert [] == shop.engine.verify()
    desk.clock.advance(366 * 24 * 3600)
    assert {"units": 80, "lots": 2, "accounts": 2} == desk.ask("expire")
    assert [0, 5, 0] == balances(desk, "m-1")
    assert {"findings": []} == desk.ask("verify")


def test_a_dry_run_writes_nothing_and_says_what_would_come(desk: Desk, tmp_path: Path) -> None:
    """The same answer as the import itself, before it."""
    file = sheet(tmp_path, "m-1,王,,,,70,", "m-2,李,,,,x,", "m-3,赵,,,,,")
    said = desk.say("members", "import", file, "--dry-run", "--batch", "1", "--json")
    assert 1 == said.code
    assert (2, 0, True) == (said.data["added"], said.data["unchanged"], said.data["dry_run"])
    assert "member_unknown" == desk.fail("show", "member", "m-1")["error"]
    real = desk.say("members", "import", file, "--batch", "1", "--json")
    assert {**said.data, "dry_run": False} == real.data


def test_a_batch_with_a_bad_row_is_left_out_whole(desk: Desk, tmp_path: Path) -> None:
    """Corrected, the whole file is imported again: those that were there stay as they are, the rest comes."""
    rows = [f"m-{number},王,,,,10," for number in range(1, 7)]
    file = sheet(tmp_path, *rows[:4], "m-5,王,,,,ten,", rows[5])
    report = tmp_path / "bad.csv"
    said = desk.say("members", "import", file, "--batch", "2", "--report", report, "--json")
    assert (1, 4, 1) == (said.code, said.data["added"], said.data["held_back"])
    assert [(6, "m-5")] == [(row["line"], row["member_no"]) for row in said.data["bad"]]
    assert "member_unknown" == desk.fail("show", "member", "m-6")["error"]
    assert [["line", "member_no", "problem"], ["6", "m-5", said.data["bad"][0]["problem"]]] == list(
        csv.reader(report.read_text(encoding="utf-8-sig").splitlines())
    )
    desk.clock.advance(3600)
    done = desk.ask("members", "import", sheet(tmp_path, "m-0,new,,,,1,", *rows), "--batch", "2")
    assert (3, 4) == (done["added"], done["unchanged"])
    assert [[10, 0, 0]] * 6 == [balances(desk, f"m-{number}") for number in range(1, 7)]
    assert {"findings": []} == desk.ask("verify")


def test_who_is_there_already_is_never_changed(desk: Desk, tmp_path: Path) -> None:
    """Neither a member who was enrolled by hand nor one whose row has changed; nobody is credited twice."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1", 5)
    desk.ask("members", "import", sheet(tmp_path, "m-2,李,,,,30,"))
    said = desk.say(
        "members", "import", sheet(tmp_path, "m-1,王小明,,,,70,", "m-2,李,,,,31,", "m-3,赵,,,,,"), "--json"
    )
    assert [(2, "m-1"), (3, "m-2")] == [(row["line"], row["member_no"]) for row in said.data["bad"]]
    assert (0, 1) == (said.data["added"], said.data["held_back"])
    assert ([5, 0, 0], [30, 0, 0]) == (balances(desk, "m-1"), balances(desk, "m-2"))


def test_many_bad_rows_are_shown_in_part(desk: Desk, tmp_path: Path) -> None:
    """A screen's worth, and where the rest is."""
    said = desk.say("members", "import", sheet(tmp_path, *(f"m-{number},,,,,x," for number in range(30))))
    assert (1, True) == (said.code, "... and 10 more; --report FILE" in said.out)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_an_export_is_imported_elsewhere(desk: Desk, tmp_path: Path, encoding: str) -> None:
    """Everybody, with what they have; names that a spreadsheet would run are kept from it."""
    desk.ask(
        "members",
        "import",
        sheet(tmp_path, "m-1,=HYPERLINK(1),+8613812345678,,,70,", "m-2,王,,2001-02-03,frozen,,9"),
    )
    file = tmp_path / "out.csv"
    assert 2 == desk.ask("members", "export", file, "--encoding", encoding)["members"]
    assert 0o600 == file.stat().st_mode & 0o777
    assert ",'=HYPERLINK(1),'+8613812345678," in file.read_bytes().decode(encoding)
    assert "file_exists" == desk.fail("members", "export", file)["error"]
    other = Desk(tmp_path / "other")
    other.ask("init")
    other.ask("members", "import", file)
    again = tmp_path / "again.csv"
    other.ask("members", "export", again, "--encoding", encoding)
    assert file.read_bytes() == again.read_bytes()


def test_a_file_that_is_no_sheet_imports_nothing(desk: Desk, tmp_path: Path) -> None:
    """With what it should be."""
    path = tmp_path / "members.csv"
    for data, named in (
        (b"\xff\xfem\0", "UTF-16"),
        (b"name\nx\n", "member_no"),
        (b"member_no\n\xff\xff", "line 2"),
    ):
        path.write_bytes(data)
        told = desk.fail("members", "import", path)
        assert (2, "sheet_invalid", True) == (told["code"], told["error"], named in told["problem"])


@pytest.mark.parametrize("step", [BEFORE_COMMIT, AFTER_COMMIT])
@pytest.mark.parametrize("at", [1, 3])
def test_an_import_that_was_killed_goes_on_where_it_was(
    desk: Desk, tmp_path: Path, step: str, at: int
) -> None:
    """Killed at a commit; imported again, everybody is there once, with their balance once, and the books are true."""
    members = 4 * importing_process.BATCH_ROWS
    file = sheet(tmp_path, *(f"m-{number},王,,,,{number + 1},3" for number in range(members)))
    command = [sys.executable, importing_process.__file__, str(desk.folder), str(file), step, str(at)]
    killed = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert -signal.SIGKILL == killed.returncode
    there = (at if step == AFTER_COMMIT else at - 1) * importing_process.BATCH_ROWS
    done = desk.ask("members", "import", file, "--batch", "30")
    assert (members - there, there) == (done["added"], done["unchanged"])
    assert {"findings": []} == desk.ask("verify")
    out = tmp_path / "out.csv"
    desk.ask("members", "export", out)
    exported = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert [(f"m-{number}", str(number + 1), "3") for number in range(members)] == [
        (row["member_no"], row["points"], row["wallet"]) for row in exported
    ]


def test_a_till_charges_while_members_are_imported(desk: Desk, tmp_path: Path) -> None:
    """Another engine is open on the same books before and after: the chain goes on without a gap."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-0", 100)
        shop.pay("m-0", 10)
        desk.ask("members", "import", sheet(tmp_path, *(f"m-{number},王,,,,5," for number in range(1, 9))))
        shop.pay("m-0", 10)
        shop.pay("m-3", 5)
        assert [] == shop.engine.verify()
    assert [80, 0, 0] == balances(desk, "m-0")
