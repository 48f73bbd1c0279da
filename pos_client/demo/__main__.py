"""Draws the handbook's pictures: `python -m pos_client.demo --screenshots FOLDER`."""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PySide6.QtWidgets import QApplication

from pos_client.demo.selfplay import use_offscreen
from pos_client.inbox import QueueInbox
from pos_client.journal import JournalReader, SqliteJournal
from pos_client.ports import Clock
from pos_client.screens.pictures import Gallery, Photographer
from pos_client.screens.samples import sample_rows
from pos_client.screens.style import apply_style
from pos_client.screens.wording import load_wording
from pos_client.till.effects import Record

MOMENT = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
"""All pictures are of the same moment, so that drawing them again changes nothing."""


class StandingClock(Clock):
    """A clock that stands still, but for stamping the sample journal."""

    def __init__(self) -> None:
        self.at = MOMENT

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def main(arguments: list[str] | None = None) -> int:
    """Draw every window in both languages; returns the exit code."""
    parser = argparse.ArgumentParser(prog="pos_client.demo", description="Draws the till's windows.")
    parser.add_argument("--screenshots", type=Path, required=True, help="the folder for the pictures")
    folder: Path = parser.parse_args(arguments).screenshots
    with tempfile.TemporaryDirectory(prefix="points-till-pictures-") as place:
        use_offscreen(Path(place))
        draw(folder, Path(place))
    sys.stdout.write(f"{len(list(folder.glob('*.png')))} pictures in {folder}\n")
    return 0


def draw(folder: Path, place: Path) -> None:
    """Draw into `folder`; `place` takes the files the windows need."""
    app = QApplication(["points-till"])
    apply_style(app)
    clock = StandingClock()
    log = _sample_journal(place / "journal.sqlite", clock)
    gallery = Gallery(
        QueueInbox(), load_wording(), clock=clock, zone=ZoneInfo("Asia/Shanghai"), log=log, folder=place
    )
    photographer = Photographer(gallery.pictures(), folder, lambda _files: app.quit())
    photographer.start()
    app.exec()
    gallery.close()
    log.close()


def _sample_journal(path: Path, clock: StandingClock) -> JournalReader:
    """A real journal with the entries of a busy hour."""
    journal = SqliteJournal(
        path, till_id="demo-till-1", cashier="小林", shift_id="demo-till-1/2026-11-23/小林", clock=clock
    )
    for row in sample_rows(MOMENT):
        clock.at = row.at
        journal.append(
            Record(
                kind=row.kind,
                sale_id=row.sale_id,
                order_id=row.order_id,
                units=row.units,
                money_minor=row.money_minor,
                refusal=row.refusal,
                member=row.member,
            )
        )
    clock.at = MOMENT
    journal.close()
    return JournalReader(path)


if __name__ == "__main__":
    sys.exit(main())
