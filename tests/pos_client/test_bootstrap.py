"""How a till is put together: what it loads, and what it says when it cannot open."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pos_client.bootstrap import TillApplication, shop_choices
from pos_client.settings import RemoteSettings, Settings
from pos_client.till.events import ENGINE_PATH, DeviceLamp
from tests.architecture.project_files import ROOT

SERVERS_OWN = ("requests", "urllib3", "starlette", "uvicorn", "psycopg", "prometheus_client")
"""What only an engine far away, or a service, needs."""


def test_a_till_with_its_engine_inside_loads_nothing_of_a_service() -> None:
    """A till is ready in the time its windows take: what speaks HTTP or PostgreSQL waits until it is needed."""
    code = f"import sys, pos_client.bootstrap; print([name for name in {SERVERS_OWN} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100
    )
    assert "[]" == done.stdout.strip()


def test_a_till_that_is_not_enrolled_says_so(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    """Its settings name a service, and there is no credential: nothing is sold, and the way on is shown."""
    settings = Settings(
        till_id="T1",
        shop_name="Shop",
        cashier="Lin",
        data_folder=str(tmp_path),
        engine=RemoteSettings(urls=("https://127.0.0.1:9",)),
    )
    with closing(TillApplication(qapp, settings, shop_choices(settings))) as till:
        till.start()
        qtbot.waitUntil(lambda: till.cashier.view is not None)
        view = till.cashier.view
    assert view is not None
    assert "refusal.till_not_enrolled" == view.headline.key
    ((path, lamp, remedy),) = view.lamps
    assert (ENGINE_PATH, DeviceLamp.FAULT) == (path, lamp)
    assert "--enrol CODE" in str(remedy)


@pytest.mark.parametrize("urls", [(), ("https://points.example",)])
def test_the_settings_choose_the_engine(urls: tuple[str, ...]) -> None:
    """Without addresses it is in the till's own process; the scheme's prefix and zone are those of whichever it is."""
    settings = Settings(
        till_id="T1",
        shop_name="S",
        cashier="c",
        engine=RemoteSettings(urls=urls, code_prefix="77", zone="UTC"),
    )
    choices = shop_choices(settings)
    assert (("77", "UTC") if urls else ("84", "Asia/Shanghai")) == (choices.code_prefix, choices.zone)
