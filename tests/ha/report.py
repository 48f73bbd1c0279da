"""The fault table: on the terminal, and in docs/faults.md."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.architecture.project_files import ROOT
from tests.ha.faults import Fault
from tests.ha.verdict import Verdict

PAGE = ROOT / "docs" / "faults.md"
_DRAWN = re.compile(r"(?<=<!-- drawn: faults -->\n).*?(?=<!-- end -->)", re.DOTALL)
_COLUMNS = ("fault", "acknowledged", "unknown", "resolved", "refused", "reversed", "longest gap s", "books")
_MOST_SHOWN = 10


class Row(NamedTuple):
    """A fault and what came of it."""

    fault: Fault
    verdict: Verdict


def cells_of(row: Row) -> list[str]:
    """A row's cells as text."""
    verdict = row.verdict
    return [
        row.fault.name,
        f"{verdict.acknowledged:,}",
        str(verdict.unknown),
        str(verdict.resolved),
        str(verdict.refused),
        str(verdict.reversed),
        f"{verdict.gap_seconds:.1f}",
        f"{len(verdict.faults)} WRONG" if verdict.faults else "true",
    ]


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print the table, and below it what is wrong, if anything is."""
    table = Table(title="Faults under load")
    for column in _COLUMNS:
        table.add_column(column, justify="left" if column in {"fault", "books"} else "right")
    for row in rows:
        *cells, books = cells_of(row)
        table.add_row(*cells, Text(books, "bold red" if row.verdict.faults else "green"))
    console.print(table)
    for row in rows:
        if row.verdict.refusals:
            told = ", ".join(f"{code} {count}" for code, count in sorted(row.verdict.refusals.items()))
            console.print(Text(f"{row.fault.name}: refused with {told}"))
        for fault in row.verdict.faults[:_MOST_SHOWN]:
            console.print(Text(f"{row.fault.name}: {fault}", "red"))


def drawn(rows: Sequence[Row], machine: str) -> str:
    """What goes into the page: where and when it was seen, and the table."""
    lines = [f"Seen on {datetime.now(UTC):%Y-%m-%d}: {machine}.", ""]
    lines.append(_line(("fault", "what happens", "of s", *_COLUMNS[1:])))
    lines.append(_line(["---"] * (len(_COLUMNS) + 2)))
    for row in rows:
        name, *rest = cells_of(row)
        lines.append(
            _line((f"`{name}`", row.fault.what, f"{row.fault.lasts:g} / {row.fault.sells:g}", *rest))
        )
    return "\n".join(["", *lines, "", ""])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write_page(rows: Sequence[Row], page: Path = PAGE) -> None:
    """Put the table into the page; the words around it stay. Raises ValueError when its marks are missing."""
    text = page.read_text(encoding="utf-8")
    if not _DRAWN.search(text):
        raise ValueError(f"{page} has no <!-- drawn: faults --> ... <!-- end -->")
    page.write_text(_DRAWN.sub(lambda _: drawn(rows, machine_words()), text), encoding="utf-8")


def machine_words() -> str:
    """The machine and the versions of what ran on it, as far as they matter here."""
    versions = [
        _first_line("postgres --version", "/usr/lib/postgresql"),
        *(
            _first_line(command)
            for command in ("patroni --version", "etcd --version", "haproxy -v", "pgbouncer --version")
        ),
    ]
    cores = f"{os.cpu_count()} cores under a load of {os.getloadavg()[2]:.0f}, with whatever else they did"
    return f"{cores}; Python {platform.python_version()}, {', '.join(filter(None, versions))}"


def _first_line(command: str, folder: str | None = None) -> str:
    words = command.split()
    if folder is not None:
        found = sorted(Path(folder).glob(f"*/bin/{words[0]}"), key=lambda path: float(path.parts[4]))
        words[0] = str(found[-1]) if found else words[0]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    line = (done.stdout or done.stderr).splitlines()[0]
    return re.sub(
        r"\s*(version|\(PostgreSQL\)|Version:|\d{4}/\d\d/\d\d.*|- https.*|\(Debian.*)\s*", " ", line
    ).strip()
