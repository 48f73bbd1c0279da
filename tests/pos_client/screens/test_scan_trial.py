"""The test scan: all of a label and nothing of a code, and no scan is sold or lost while one tries."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from pos_client.demo.pty_gun import PtyGun
from pos_client.device_setup import Attached
from pos_client.scan_facts import TRIAL_LABEL, Verdict
from pos_client.screens.device_setup_window import Page
from pos_client.screens.scan_trial import ScanTrial
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone
from tests.pos_client.screens.till_devices_at_work import Till
from tests.pos_client.till.walking import CODE, LABEL, OTHER_CODE


@pytest.fixture
def gun() -> Iterator[PtyGun]:
    """A serial gun on a real line."""
    with PtyGun() as made:
        yield made


@pytest.fixture
def till(qtbot: QtBot, wording: Wording, gun: PtyGun, tmp_path: Path) -> Iterator[Till]:
    """A till with the gun, its set-up open at the test scan."""
    with Till(tmp_path, [gun.path], Attached(), wording) as made:
        window = made.open(qtbot)
        window.show_page(Page.TRIAL)
        qtbot.waitUntil(
            lambda: window.trial.is_listening and bool(made.hardware.healths()[0].state == "enabled")
        )
        yield made


def scanned(trial: ScanTrial, qtbot: QtBot, verdict: Verdict) -> None:
    """Wait until the page shows a scan of this kind."""
    qtbot.waitUntil(lambda: trial.facts is not None and trial.facts.verdict is verdict)


def test_the_label_is_shown_whole(till: Till, gun: PtyGun, qtbot: QtBot) -> None:
    """Device, symbology, AIM id, length, text and bytes; and that it was read right."""
    gun.scan("]C0" + TRIAL_LABEL)
    trial = till.window.trial
    scanned(trial, qtbot, Verdict.RIGHT)

    shown = {fact: value.whole_text() for fact, value in trial.values.items()}
    assert shown.pop("time").startswith("17:30:00")
    assert shown == {
        "source": f"扫码枪 · {gun.path}",
        "symbology": "Code 128",
        "aim_id": "]C0",
        "length": "9 个字符",
        "text": TRIAL_LABEL,
        "raw": ("]C0" + TRIAL_LABEL).encode().hex(" "),
    }
    assert (trial.band.tone, trial.band.headline.whole_text()) == (Tone.GOOD, "读取正确")
    assert [] == till.sold()


def test_a_gun_set_wrongly_is_told_what_to_do(till: Till, gun: PtyGun, qtbot: QtBot) -> None:
    """Caps Lock, another keyboard layout or a prefix are seen at once in the label's characters."""
    trial = till.window.trial
    for text, verdict in (
        (TRIAL_LABEL.swapcase(), Verdict.CASE),
        ("*" + TRIAL_LABEL, Verdict.AFFIXES),
        ("QWay-0189", Verdict.LAYOUT),
    ):
        gun.scan(text)
        scanned(trial, qtbot, verdict)
        assert (Tone.WARN, True) == (trial.band.tone, bool(trial.band.detail.whole_text()))


def test_nothing_of_a_payment_code_is_shown_or_kept(
    till: Till, gun: PtyGun, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in a label, a tooltip or a name of the window, nor in the log, nor in what the page keeps."""
    trial = till.window.trial
    with caplog.at_level(logging.DEBUG):
        gun.scan("]Q1" + CODE)
        scanned(trial, qtbot, Verdict.HIDDEN)
    widgets = till.window.findChildren(QWidget)
    words = [words for widget in widgets for words in (widget.toolTip(), widget.accessibleName())]
    words += [widget.text() for widget in widgets if isinstance(widget, QLabel)]

    assert CODE not in "\n".join(words) + caplog.text + repr(vars(trial))
    assert CODE.encode().hex(" ") not in "\n".join(words)
    assert trial.values["text"].whole_text() == "•" * len(CODE)


def test_scans_are_sold_as_soon_as_nobody_tries(till: Till, gun: PtyGun, qtbot: QtBot) -> None:
    """On another page, with the window put away, and with another window in front, scans reach the sale."""
    window, other = till.window, QWidget()
    qtbot.addWidget(other)
    gun.scan(TRIAL_LABEL)
    scanned(window.trial, qtbot, Verdict.RIGHT)
    window.show_page(Page.DETAILS)
    gun.scan(CODE)
    qtbot.waitUntil(lambda: till.sold() == [CODE])
    window.show_page(Page.TRIAL)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not window.trial.is_listening)
    assert window.trial.band.headline.whole_text() == "已暂停: 扫码进入收款"
    gun.scan(OTHER_CODE)
    qtbot.waitUntil(lambda: till.sold() == [CODE, OTHER_CODE])
    window.activateWindow()
    qtbot.waitUntil(lambda: window.trial.is_listening)
    window.hide()
    gun.scan(LABEL)
    qtbot.waitUntil(lambda: till.sold() == [CODE, OTHER_CODE, LABEL])
