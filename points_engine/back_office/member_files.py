"""`members import` and `members export`: spreadsheets of members, in and out."""

import argparse
import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.text import Text

from points_engine.back_office.answers import DONE, FAILED, WRONG_USE, Answer, Failed, Listing
from points_engine.back_office.fresh_file import file_fault, fresh_file
from points_engine.back_office.member_rows import (
    COLUMNS,
    BadRow,
    GoodRow,
    Sheet,
    SheetInvalid,
    cells_of,
    decoded,
    written_cell,
)
from points_engine.back_office.office import Office
from points_engine.bootstrap import Engine

BATCH_ROWS = 1_000
"""Rows that are written together: few enough that a till waits for some milliseconds only."""

SHOWN_BAD_ROWS = 20


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser("members", help="spreadsheets of members: import, export")
    steps = verb.add_subparsers(dest="step", required=True, metavar="STEP")

    step = steps.add_parser(
        "import",
        parents=[shared],
        help="enrol the members of a CSV file",
        description="Enrol the members of a CSV file. Whoever was imported from the same row before is left as they "
        "are, so that the same file may be imported again: after a correction, or when the power went.",
    )
    step.add_argument("file", type=Path, metavar="FILE", help="CSV in UTF-8 or GB18030")
    step.add_argument("--dry-run", action="store_true", help="write nothing; say what would come of it")
    step.add_argument(
        "--batch", type=_batch, default=BATCH_ROWS, metavar="ROWS",
        help=f"rows written together, all of them or, if one is bad, none ({BATCH_ROWS})",
    )  # fmt: skip
    step.add_argument("--report", type=Path, metavar="FILE", help="write every bad row into this CSV file")
    step.add_argument(
        "--country-code", type=_country_code, default="86", metavar="DIGITS",
        help='put before phone numbers without a "+" (86)',
    )  # fmt: skip
    step.add_argument("--ignore-columns", action="store_true", help="pass over columns that are not known")
    step.set_defaults(run=_import)

    step = steps.add_parser("export", parents=[shared], help="write all members into a CSV file")
    step.add_argument("file", type=Path, metavar="FILE")
    step.add_argument(
        "--encoding", choices=("utf-8", "gb18030"), default="utf-8", help="UTF-8 with a mark, if not said"
    )
    step.add_argument("--force", action="store_true", help="replace the file if it is there")
    step.set_defaults(run=_export)


# --- import


class Tally:
    """What has become of the rows so far."""

    def __init__(self) -> None:
        self.added = 0
        self.unchanged = 0
        self.held_back = 0
        self.bad: list[BadRow] = []

    def import_batch(self, engine: Engine, batch: Sequence[GoodRow | BadRow], *, is_dry_run: bool) -> None:
        """Import a batch, all of it or, when a row of it is bad, nothing."""
        good = [row for row in batch if isinstance(row, GoodRow)]
        bad = [row for row in batch if isinstance(row, BadRow)]
        # With a bad row in it nothing is written, but what else is wrong is found out.
        done = engine.register.import_members(
            [row.member for row in good], is_dry_run=is_dry_run or bool(bad)
        )
        clashes = set(done.clashes)
        bad += [
            BadRow(row.line, row.member.member_no, "is enrolled already, and not from this row")
            for row in good
            if row.member.member_no in clashes
        ]
        self.unchanged += done.unchanged
        if bad:
            self.held_back += done.added
            self.bad += sorted(bad)
        else:
            self.added += done.added


def _import(office: Office, given: argparse.Namespace) -> Answer:
    office.check_there()
    try:
        data = given.file.read_bytes()
        text, encoding = decoded(data)
        today = (office.clock.now() if office.clock else datetime.now(UTC)).astimezone(office.zone).date()
        sheet = Sheet(
            text, today=today, country_code=given.country_code, ignores_columns=given.ignore_columns
        )
    except OSError as error:
        raise file_fault(given.file, "read", error) from None
    except SheetInvalid as error:
        raise Failed(
            f"{given.file}: {error}", "Nothing was imported.", code=WRONG_USE, word="sheet_invalid"
        ) from None
    tally = import_sheet(office, sheet, given.batch, is_dry_run=given.dry_run)
    if given.report is not None:
        _write_report(given.report, tally.bad)
    return _told(tally, encoding, given)


def import_sheet(office: Office, sheet: Sheet, batch_rows: int, *, is_dry_run: bool) -> Tally:
    """Import a sheet batch by batch."""
    tally, batch = Tally(), list[GoodRow | BadRow]()
    with office.engine() as engine, office.progress("importing", sheet.lines) as bar:
        for row in sheet.rows():
            batch.append(row)
            if len(batch) == batch_rows:
                tally.import_batch(engine, batch, is_dry_run=is_dry_run)
                bar.reach(row.line)
                batch.clear()
        if batch:
            tally.import_batch(engine, batch, is_dry_run=is_dry_run)
    return tally


def _told(tally: Tally, encoding: str, given: argparse.Namespace) -> Answer:
    data = {
        "dry_run": given.dry_run, "encoding": encoding, "added": tally.added, "unchanged": tally.unchanged,
        "held_back": tally.held_back, "bad": [row._asdict() for row in tally.bad],
    }  # fmt: skip
    would = "would be " if given.dry_run else ""
    lines = [f"{tally.added} members {would}added, {tally.unchanged} were imported before."]
    if not tally.bad:
        return Answer(data, Text("\n".join(lines)), DONE)
    lines.append(
        f"{len(tally.bad)} bad rows; {tally.held_back} good ones stand in the same batch and {would}held back. "
        "Correct the rows and import the whole file again."
    )
    shown = Listing(
        "Bad rows", ("line", "member_no", "problem"), [row._asdict() for row in tally.bad[:SHOWN_BAD_ROWS]]
    ).answer(note=_more(tally.bad))
    return Answer(data, Group(shown.shown, Text("\n".join(lines))), FAILED)


def _more(bad: Sequence[BadRow]) -> str:
    more = len(bad) - SHOWN_BAD_ROWS
    return f"... and {more} more; --report FILE writes all of them" if more > 0 else ""


def _write_report(file: Path, bad: Sequence[BadRow]) -> None:
    with fresh_file(file, "utf-8-sig", replaces=True) as out:
        rows = csv.writer(out)
        rows.writerow(BadRow._fields)
        rows.writerows((row.line, written_cell(row.member_no), written_cell(row.problem)) for row in bad)


# --- export


def _export(office: Office, given: argparse.Namespace) -> Answer:
    encoding = "utf-8-sig" if given.encoding == "utf-8" else given.encoding
    count = 0
    with (
        office.engine() as engine,
        fresh_file(given.file, encoding, replaces=given.force) as out,
        office.progress("exporting", engine.register.member_count()) as bar,
    ):
        rows = csv.writer(out)
        rows.writerow(COLUMNS)
        for record in engine.register.members():
            rows.writerow(cells_of(record))
            count += 1
            if count % BATCH_ROWS == 0:
                bar.reach(count)
    return Answer(
        {"file": str(given.file), "members": count},
        Text(f"{count} members are in {given.file}, for its owner alone."),
    )


def _batch(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"{text} is no number of rows from 1 to 100000")
    return int(text)


def _country_code(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 3 and text[0] != "0"):
        raise argparse.ArgumentTypeError(f"{text} is no country code of 1 to 3 digits")
    return text
