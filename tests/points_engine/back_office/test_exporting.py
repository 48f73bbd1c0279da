"""`points-engine export`: everything once, in files other programs read, and on from where the last one ended."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from points_engine.amounts import Asset
from points_engine.contract import Adjust
from points_engine.engine import exports
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.shop import RIGHT_PIN, Shop


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk at an engine where much has happened, pages of the export being small."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        for number in range(3):
            shop.member(f"m-{number}", 2_000, RIGHT_PIN)
            shop.pay(f"m-{number}", 100, f"paid-{number}")
            shop.pay(f"m-{number}", 600, f"open-{number}")
        shop.answer("open-0", RIGHT_PIN)
        shop.cancel("open-1")
        shop.reverse("paid-2")
        shop.ask(
            Adjust(
                command_id="a",
                member_no="m-0",
                asset=Asset.POINTS,
                units=-5,
                reason='"quoted",\u6625',
                actor="lin",
            )
        )
    desk.clock.advance(3_600)
    return desk


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)


def lines(file: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_transfers_are_the_whole_ledger(busy: Desk, tmp_path: Path) -> None:
    """Every line once, in order, with the names of all it is about; together they are the balances."""
    told = busy.ask("export", "transfers", tmp_path / "t.jsonl")
    found = lines(tmp_path / "t.jsonl")
    assert told["rows"] == len(found) == told["cursor"]
    assert list(range(1, len(found) + 1)) == [line["position"] for line in found]
    charge = next(line for line in found if line["kind"] == "charge")
    assert ("m-0", "shop-1", "till-1", "till", "paid-0", 100, 1_900) == tuple(
        charge[name]
        for name in ("member_no", "shop_id", "taker_id", "channel", "order_id", "units", "balance_units")
    )
    assert {"m-0", "m-1", "m-2"} == {line["member_no"] for line in found}


def test_csv_holds_the_same(busy: Desk, tmp_path: Path) -> None:
    """Cell by cell, whatever is in a text."""
    busy.ask("export", "transfers", tmp_path / "t.jsonl")
    busy.ask("export", "transfers", tmp_path / "t.csv", "--format", "csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [
        {name: "" if value is None else str(value) for name, value in line.items()}
        for line in lines(tmp_path / "t.jsonl")
    ] == rows


def test_payments_and_accounts(busy: Desk, tmp_path: Path) -> None:
    """Payments as they stand, accounts as they all stand at one moment."""
    busy.ask("export", "payments", tmp_path / "p.jsonl")
    states = {line["order_id"]: line["state"] for line in lines(tmp_path / "p.jsonl")}
    assert {
        "paid-0": "succeeded", "open-0": "succeeded", "paid-1": "succeeded", "open-1": "canceled",
        "paid-2": "reversed", "open-2": "requires_action",
    } == states  # fmt: skip
    busy.ask("export", "accounts", tmp_path / "a.jsonl")
    balances = {
        line["member_no"]: line["balance_units"]
        for line in lines(tmp_path / "a.jsonl")
        if line["asset"] == "points"
    }
    assert {"m-0": 1_295, "m-1": 1_900, "m-2": 1_400} == balances


def test_the_next_export_goes_on(busy: Desk, tmp_path: Path) -> None:
    """With a cursor each line is in one file; where nothing is new the file is empty."""
    cursor = tmp_path / "cursor"
    first = busy.ask("export", "transfers", tmp_path / "1.jsonl", "--cursor", cursor)
    busy.ask("credit", "m-0", 7, "--reason", "gift")
    second = busy.ask("export", "transfers", tmp_path / "2.jsonl", "--cursor", cursor)
    third = busy.ask("export", "transfers", tmp_path / "3.jsonl", "--cursor", cursor)
    assert (1, 0) == (second["rows"], third["rows"])
    assert first["cursor"] + 1 == lines(tmp_path / "2.jsonl")[0]["position"]
    assert "" == (tmp_path / "3.jsonl").read_text()


def test_payments_of_the_last_minute_come_next_time(busy: Desk, tmp_path: Path) -> None:
    """One that began earlier may still be committed: nothing after it is told before."""
    cursor = tmp_path / "cursor"
    before = busy.ask("export", "payments", tmp_path / "1.jsonl", "--cursor", cursor)["rows"]
    with Shop(busy.folder, clock=busy.clock) as shop:
        shop.pay("m-1", 10, "fresh")
    assert 0 == busy.ask("export", "payments", tmp_path / "2.jsonl", "--cursor", cursor)["rows"]
    busy.clock.advance(61)
    assert 1 == busy.ask("export", "payments", tmp_path / "3.jsonl", "--cursor", cursor)["rows"]
    assert 6 == before


WRONG = {
    "a cursor of something else": ("transfers", "payments 7", "cursor_invalid"),
    "no cursor at all": ("transfers", "seven", "cursor_invalid"),
    "accounts with a cursor": ("accounts", "accounts 7", "no_cursor"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_cursor_that_makes_no_sense(busy: Desk, tmp_path: Path, case: str) -> None:
    """Is refused in words, and nothing is written."""
    what, text, word = WRONG[case]
    cursor, file = tmp_path / "cursor", tmp_path / "out.jsonl"
    cursor.write_text(text)
    failed = busy.fail("export", what, file, "--cursor", cursor)
    assert (2, word) == (failed["code"], failed["error"])
    assert not file.exists()


def test_a_file_that_is_there_stays(busy: Desk, tmp_path: Path) -> None:
    """Unless told otherwise; the cursor moves only when the file was written."""
    file, cursor = tmp_path / "out.jsonl", tmp_path / "cursor"
    file.write_text("mine")
    assert "file_exists" == busy.fail("export", "transfers", file, "--cursor", cursor)["error"]
    assert not cursor.exists()
    busy.ask("export", "transfers", file, "--cursor", cursor, "--force")
    assert "mine" != file.read_text()
