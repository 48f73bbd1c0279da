"""The demo played by itself: real windows without a display, a serial gun on a pseudo-terminal, a real engine.

Every scenario leaves pictures in `pictures`; the shift log is printed as a table at the end, and the exit
code says whether every outcome was the expected one.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication
from rich.console import Console

from pos_client.demo.desk import Desk
from pos_client.demo.player import Books, Outcome, Player
from pos_client.demo.pty_gun import PtyGun
from pos_client.demo.report import outcome_line, shift_log_table
from pos_client.demo.scenarios import SCENARIOS, Row, Scenario
from pos_client.demo.shop import load_shop
from pos_client.demo.stage import Stage
from pos_client.ports import JournalRow, LogFilter
from pos_client.screens.assets import resources_folder

REPLY_DUE_SECONDS = 2.0
"""How long the self-playing till waits for an answer before it asks again: nobody likes to watch a wait, but a slow
computer checks a PIN for a second, and an answer that comes is none of those that are lost."""

SCREENS = [
    {"name": "cashier", "x": 0, "y": 0, "width": 1366, "height": 768},
    {"name": "customer", "x": 1366, "y": 0, "width": 800, "height": 480},
]


def use_offscreen(folder: Path) -> None:
    """Let Qt paint into memory, on a cashier's and a customer's screen. Before the application is made."""
    screens = [{**screen, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1} for screen in SCREENS]
    layout = folder / "screens.json"
    layout.write_text(json.dumps({"screens": screens}), encoding="ascii")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={layout}"


def clear_pictures(pictures: Path) -> None:
    """An empty folder for the pictures; only what an earlier play left is removed."""
    pictures.mkdir(parents=True, exist_ok=True)
    for old in pictures.glob("[0-9][0-9]-*.png"):
        old.unlink()


def play(pictures: Path, scenarios: Sequence[Scenario] = SCENARIOS, language: str = "zh_CN") -> int:
    """Play all scenarios; returns the exit code: 0 when every outcome was the expected one."""
    console = Console(file=sys.stdout, width=min(Console().width, 150) if sys.stdout.isatty() else 150)
    folder = Path(tempfile.mkdtemp(prefix="points-till-demo-"))
    try:
        use_offscreen(folder)
        clear_pictures(pictures)
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            app = QApplication(["points-till"])
        with PtyGun() as gun:
            stage = Stage(
                app,
                load_shop(resources_folder()),
                folder,
                gun_path=gun.path,
                hold_under_gun=lambda _till, code: gun.scan(code.reveal()),
                language=language,
                reply_due_seconds=REPLY_DUE_SECONDS,
            )
            outcomes: list[Outcome] = []

            def note(outcome: Outcome) -> None:
                outcomes.append(outcome)
                console.print(outcome_line(len(outcomes), outcome))

            stage.start(fills_screen=True)
            player = Player(
                desk_of(stage, gun), books_of(stage), scenarios, pictures, on_outcome=note, on_end=app.quit
            )
            player.start()
            app.exec()
            console.print(shift_log_table(rows_of(stage)))
            findings = stage.engine.result().verify()
            stage.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for finding in findings:
        console.print(f"ledger: {finding}", style="bold red")
    good = not findings and len(outcomes) == len(scenarios) and not any(o.faults for o in outcomes)
    console.print(f"pictures: {pictures}")
    return 0 if good else 1


def desk_of(stage: Stage, gun: PtyGun) -> Desk:
    """Hands at this stage's windows."""
    return Desk(
        cashier=stage.till.cashier,
        customer=stage.till.customer,
        phone=stage.phone,
        gun=gun,
        time=stage.clock,
        shop=stage.shop,
        lose_next=stage.lose_next,
        photographs=[],
    )


def books_of(stage: Stage) -> Books:
    """What the player checks a scenario's outcome against."""

    def rows() -> list[Row]:
        return [(row.kind, row.refusal) for row in rows_of(stage)]

    return Books(rows, stage.balances)


def rows_of(stage: Stage) -> list[JournalRow]:
    """The journal so far, in order; nothing while it is not open yet."""
    reader = stage.till.reader
    return [] if reader is None else list(reader.rows(LogFilter()))
