"""The CSV opens in a spreadsheet as it is: Chinese text, both clocks, nothing that calculates."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.contract import PaymentState
from points_engine.reconciliation import TillOrder, parse_till_list
from pos_client.ports import JournalRow
from pos_client.screens.samples import sample_rows
from pos_client.screens.shift_log_csv import CSV_COLUMNS, harmless, write_csv
from pos_client.screens.wording import Language, load_wording
from pos_client.till.effects import EntryKind
from tests.fakes.clock import START

ZONE = ZoneInfo("Asia/Shanghai")
ROW = replace(
    sample_rows(START, 1)[0], kind=EntryKind.OTHER_TENDER, units=0, money_minor=120005, member="王*明"
)


def written(target: Path, rows: list[JournalRow]) -> bytes:
    """The file as bytes."""
    kinds = {kind.value: f"词{kind.value}" for kind in EntryKind}
    headers = {column: f"列{column}" for column in CSV_COLUMNS}
    write_csv(target, rows, headers=headers, kinds=kinds, reasons={"code_used": "已被使用"}, zone=ZONE)
    return target.read_bytes()


def test_a_spreadsheet_reads_it(tmp_path: Path) -> None:
    """UTF-8 with BOM, CR LF, times of the shop and in UTC, money with two decimals."""
    content = written(tmp_path / "log.csv", [replace(ROW, refusal="code_used", order_id=None)])
    lines = content.decode("utf-8-sig").split("\r\n")

    assert content.startswith(b"\xef\xbb\xbf")
    assert lines[0] == ",".join(f"列{column}" for column in CSV_COLUMNS)
    assert lines[1] == (
        "1,2025-06-01 17:30:00,2025-06-01T09:30:00Z,2026-11-23-1,小林,词other_tender,other_tender,0,1200.05,王*明,"
        "已被使用,code_used,r1-000000,"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula(text: str, tmp_path: Path) -> None:
    """A name that would calculate is defused with an apostrophe, in every column that holds foreign text."""
    row = replace(ROW, member=text, cashier=text, shift_id=text, sale_id=text, order_id=text, refusal=text)
    content = written(tmp_path / "log.csv", [row]).decode("utf-8-sig")
    cells = next(row for place, row in enumerate(csv.reader(io.StringIO(content, newline=""))) if place == 1)

    assert harmless(text) == f"'{text}"
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert cells.count(f"'{text}") == 7


@given(text=st.text(max_size=20))
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    """Only the beginning decides, and nothing is lost."""
    assert harmless(text).removeprefix("'") == text.removeprefix("'")


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    """Whole or not at all: when reading breaks off, what was there before is still there and no draft is left."""
    target = tmp_path / "log.csv"
    target.write_text("before", encoding="utf-8")

    def rows() -> Iterator[JournalRow]:
        yield ROW
        raise OSError("the journal is gone")

    with pytest.raises(OSError, match="gone"):
        write_csv(
            target,
            rows(),
            headers=dict.fromkeys(CSV_COLUMNS, ""),
            kinds={"other_tender": ""},
            reasons={},
            zone=ZONE,
        )

    assert [(file.name, file.read_text(encoding="utf-8")) for file in tmp_path.iterdir()] == [
        ("log.csv", "before")
    ]


@pytest.mark.parametrize("language", Language)
def test_the_back_office_reads_it(tmp_path: Path, language: Language) -> None:
    """`points-engine reconcile` holds it against a bill, in whatever language it was exported."""
    wording = load_wording(language)
    headers = {column: wording.say(f"csv.{column}") for column in CSV_COLUMNS}
    kinds = {kind.value: kind.value for kind in EntryKind}
    rows = [
        replace(ROW, kind=kind, units=70, order_id=order_id)
        for kind, order_id in (
            (EntryKind.INTENT, "o-1"),
            (EntryKind.SUCCEEDED, "o-1"),
            (EntryKind.SUCCEEDED, "=o-2"),
            (EntryKind.REVERSED, "=o-2"),
            (EntryKind.OTHER_TENDER, None),
        )
    ]
    write_csv(tmp_path / "log.csv", rows, headers=headers, kinds=kinds, reasons={}, zone=ZONE)
    expected = (
        TillOrder("o-1", 70, PaymentState.SUCCEEDED),
        TillOrder("=o-2", 70, PaymentState.REVERSED),
    )
    assert expected == parse_till_list((tmp_path / "log.csv").read_bytes())
