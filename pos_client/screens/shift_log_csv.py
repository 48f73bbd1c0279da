"""The shift log as a CSV file that a spreadsheet opens as it is: UTF-8 with BOM, both clocks, no live formulas."""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from pos_client.ports import JournalRow

CSV_COLUMNS = (
    "seq",
    "shop_time",
    "utc_time",
    "shift",
    "cashier",
    "kind",
    "kind_code",
    "points",
    "money",
    "member",
    "reason",
    "reason_code",
    "sale",
    "order",
)
"""The columns in order; their names in the file are the wording's "csv.<column>"."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula (OWASP, CSV injection): an apostrophe before it where needed."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_csv(
    target: Path,
    rows: Iterable[JournalRow],
    *,
    headers: Mapping[str, str],
    kinds: Mapping[str, str],
    reasons: Mapping[str, str],
    zone: ZoneInfo,
) -> int:
    """Write rows to `target`, whole or not at all; returns how many. Raises OSError when it cannot.

    `headers`, `kinds` and `reasons` are the words for CSV_COLUMNS, EntryKind values and refusal codes.
    """
    count = 0
    draft = target.with_name(target.name + ".part")
    try:
        with draft.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([headers[column] for column in CSV_COLUMNS])
            for row in rows:
                writer.writerow(_cells(row, kinds, reasons, zone))
                count += 1
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return count


def _cells(
    row: JournalRow, kinds: Mapping[str, str], reasons: Mapping[str, str], zone: ZoneInfo
) -> list[str | int]:
    money = "" if row.money_minor is None else f"{row.money_minor / 100:.2f}"
    reason = "" if row.refusal is None else reasons.get(row.refusal, row.refusal)
    texts: list[str | int] = [
        row.seq,
        f"{row.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        f"{row.at:%Y-%m-%dT%H:%M:%SZ}",
        harmless(row.shift_id),
        harmless(row.cashier),
        harmless(kinds[row.kind.value]),
        row.kind.value,
        row.units,
        money,
        harmless(row.member or ""),
        harmless(reason),
        harmless(row.refusal or ""),
        harmless(row.sale_id),
        harmless(row.order_id or ""),
    ]
    return texts
