"""`export`: the books as JSON Lines or CSV for a data warehouse, from where the last export ended."""

import argparse
import csv
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich.text import Text

from points_engine.back_office.answers import WRONG_USE, Answer, Failed, plain
from points_engine.back_office.fresh_file import fresh_file
from points_engine.back_office.office import Office
from points_engine.ledger_ports import AccountLine, LedgerLine, PaymentLine

_Rows = Sequence[LedgerLine] | Sequence[PaymentLine] | Sequence[AccountLine]
_Writer = Callable[[_Rows], None]

_COLUMNS: dict[str, tuple[str, ...]] = {
    "transfers": LedgerLine._fields,
    "payments": PaymentLine._fields,
    "accounts": AccountLine._fields,
}
_CURSOR_DIGITS = 18


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "export",
        parents=[shared],
        help="write the ledger, payments or accounts into a file for other systems",
    )
    verb.add_argument("what", choices=tuple(_COLUMNS), help="which of the books")
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument(
        "--format", choices=("jsonl", "csv"), default="jsonl", help="a JSON object a line (jsonl)"
    )
    verb.add_argument(
        "--cursor",
        type=Path,
        metavar="FILE",
        help="go on after where this file says, and write there how far it came; not for accounts",
    )
    verb.add_argument("--force", action="store_true", help="replace the file if it is there")
    verb.set_defaults(run=_export)


def _export(office: Office, given: argparse.Namespace) -> Answer:
    if given.what == "accounts" and given.cursor is not None:
        raise Failed(
            "Accounts are told as they all stand: there is nothing to go on after",
            "Leave --cursor away.",
            code=WRONG_USE,
            word="no_cursor",
        )
    cursor = _cursor_in(given.cursor, given.what)
    with office.engine() as engine, fresh_file(given.file, "utf-8", replaces=given.force) as out:
        tally = _Tally(_writer(out, given.format, _COLUMNS[given.what]), cursor)
        exports = engine.exports
        if given.what == "transfers":
            tally.take_all((page, page[-1].position) for page in exports.transfers(cursor))
        elif given.what == "payments":
            tally.take_all((page, page[-1].number) for page in exports.payments(cursor))
        else:
            tally.cursor = exports.accounts(tally.take)
    if given.cursor is not None:
        # After the file is whole and on the disk: a crash in between exports the same again, and nothing is missed.
        _keep_cursor(given.cursor, given.what, tally.cursor)
    told = {"file": str(given.file), "rows": tally.rows, "cursor": tally.cursor}
    return Answer(told, Text(f"{tally.rows} {given.what} are in {given.file}, for its owner alone."))


class _Tally:
    """Counts what is written, and remembers how far it came."""

    def __init__(self, write: _Writer, cursor: int) -> None:
        self._write = write
        self.rows = 0
        self.cursor = cursor

    def take(self, page: _Rows) -> None:
        """Write a page."""
        self._write(page)
        self.rows += len(page)

    def take_all(self, pages: Iterable[tuple[_Rows, int]]) -> None:
        """Write pages, each of which ends at a place to go on after."""
        for page, self.cursor in pages:
            self.take(page)


def _writer(out: TextIO, form: str, columns: Sequence[str]) -> _Writer:
    if form == "jsonl":
        return lambda page: out.writelines(
            json.dumps(plain(row), ensure_ascii=False, separators=(",", ":")) + "\n" for row in page
        )
    rows = csv.writer(out)
    rows.writerow(columns)
    return lambda page: rows.writerows([_cell(value) for value in plain(row).values()] for row in page)


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _cursor_in(file: Path | None, what: str) -> int:
    if file is None or not file.exists():
        return 0
    try:
        word, _, number = file.read_text(encoding="ascii").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        word, number = "", ""
    if word != what or not number.isdecimal() or len(number) > _CURSOR_DIGITS:
        raise Failed(
            f"{file} is no cursor of {what}",
            "Name the file that an export of the same kind wrote, or one that is not there yet.",
            code=WRONG_USE,
            word="cursor_invalid",
        )
    return int(number)


def _keep_cursor(file: Path, what: str, cursor: int) -> None:
    with fresh_file(file, "ascii", replaces=True) as out:
        out.write(f"{what} {cursor}\n")
