"""What the windows' tests share: the till's style, strict wording, a clock moved by hand, an inbox that remembers."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtWidgets import QApplication

from pos_client.screens.style import apply_style
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import Wording, load_wording
from tests.fakes.clock import HandClock
from tests.fakes.inbox import TickingInbox


@pytest.fixture(scope="session")
def styled(qapp: QApplication) -> QApplication:
    apply_style(qapp)
    return qapp


@pytest.fixture
def wording(styled: QApplication) -> Iterator[Wording]:
    assert styled is not None
    words = load_wording(strict=True)
    yield words
    words.deleteLater()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def inbox(clock: HandClock) -> TickingInbox:
    return TickingInbox(clock)


@pytest.fixture
def zone() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


@pytest.fixture
def place(zone: ZoneInfo) -> Place:
    return Place(shop_name="和平路便利店", till_id="till-1", cashier="小林", zone=zone)
