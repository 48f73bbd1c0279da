"""A till on its feet for every test: real windows, a serial gun on a pseudo-terminal, SQLite files, the engine."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from points_engine.contract import Secret
from pos_client.bootstrap import TillApplication
from pos_client.demo.desk import Desk, Until
from pos_client.demo.player import Books
from pos_client.demo.pty_gun import PtyGun
from pos_client.demo.scenarios import Scenario
from pos_client.demo.selfplay import books_of, desk_of, rows_of
from pos_client.demo.shop import load_shop
from pos_client.demo.stage import Stage
from pos_client.ports import JournalRow
from pos_client.screens.assets import resources_folder

PATIENT_SECONDS = 600.0
"""How long a till waits for an answer that comes: a slow disk makes no outcome unknown here."""
IMPATIENT_SECONDS = 0.5
"""How long a till waits where answers get lost on purpose: one that comes late after all is still an answer."""


@dataclass(frozen=True, kw_only=True)
class Shop:
    """One open shop: its stage, the hands at it, what to check against, and its files' folder."""

    qtbot: QtBot
    stage: Stage
    desk: Desk
    books: Books
    folder: Path
    codes: list[Secret]

    def journal_rows(self) -> list[JournalRow]:
        """All the journal holds."""
        return rows_of(self.stage)

    def wait(self, until: Until) -> None:
        """Wait for what a scenario waits for."""
        self.qtbot.waitUntil(until.has_come)

    def play(self, scenario: Scenario) -> None:
        """Play a scenario to its end."""
        for until in scenario.play(self.desk):
            self.wait(until)


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[OpenShop]:
    """Opens shops (in the same folder unless told otherwise) and closes what is still open."""
    with ExitStack() as opened:

        def open_one(folder: Path = tmp_path / "shop", *, reply_due_seconds: float = PATIENT_SECONDS) -> Shop:
            gun = opened.enter_context(PtyGun())
            codes: list[Secret] = []

            def hold(_till: TillApplication, code: Secret) -> None:
                codes.append(code)
                gun.scan(code.reveal())

            stage = Stage(
                qapp,
                load_shop(resources_folder()),
                folder,
                gun_path=gun.path,
                hold_under_gun=hold,
                reply_due_seconds=reply_due_seconds,
            )
            opened.callback(stage.close)
            stage.start(fills_screen=True)
            shop = Shop(
                qtbot=qtbot,
                stage=stage,
                desk=desk_of(stage, gun),
                books=books_of(stage),
                folder=folder,
                codes=codes,
            )
            qtbot.waitUntil(lambda: stage.till.cashier.view is not None)
            return shop

        yield open_one


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """One open shop."""
    return open_shop()


@pytest.fixture(autouse=True)
def no_bug_is_logged(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A till goes on selling after a bug of ours; a test must not."""
    yield
    if request.node.get_closest_marker("logs_errors"):
        return
    records = [*caplog.get_records("setup"), *caplog.get_records("call"), *caplog.records]
    assert [] == [record.getMessage() for record in records if record.levelno >= logging.ERROR]
