"""What goes wrong in a shop: cables, second tills, full disks, engines that stay away, hands on the wrong key."""

import math
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from points_engine.contract import Charge, Query, Reverse
from pos_client.demo.desk import Until
from pos_client.demo.pty_gun import PtyGun
from pos_client.demo.scenarios import CHEN, WANG, within_limit
from pos_client.till.effects import EntryKind
from pos_client.till.events import DeviceLamp
from tests.flows.conftest import IMPATIENT_SECONDS, OpenShop, Shop


def _lamp(shop: Shop, path_start: str) -> DeviceLamp | None:
    view = shop.stage.till.cashier.view
    lamps = () if view is None else view.lamps
    return next((lamp for path, lamp, _ in lamps if path.startswith(path_start)), None)


def _headline(shop: Shop) -> str:
    view = shop.stage.till.cashier.view
    return "" if view is None else view.headline.key


def test_an_unplugged_gun_is_shown(shop: Shop) -> None:
    """The lamp of a serial gun goes out when its cable is pulled, and the till goes on."""
    shop.wait(Until("the gun is ready", lambda: _lamp(shop, "serial:") is DeviceLamp.READY))
    gun = shop.desk.gun
    assert isinstance(gun, PtyGun)
    gun.unplug()
    shop.wait(Until("the gun is searched for", lambda: _lamp(shop, "serial:") is DeviceLamp.SEARCHING))
    shop.desk.key_in("5")
    shop.wait(shop.desk.entered(5))


@pytest.mark.logs_errors
def test_a_second_till_on_the_same_journal_says_so(shop: Shop, open_shop: OpenShop) -> None:
    """The second till refuses to open, names the reason, and the first sells on."""
    shop.wait(shop.desk.empty())
    second = open_shop(shop.folder)
    second.wait(Until("the second says why", lambda: _headline(second) == "refusal.journal_already_open"))
    for until in within_limit(shop.desk):
        shop.wait(until)


def test_a_double_scan_charges_once(shop: Shop) -> None:
    """A gun that reads a code twice makes one payment."""
    shop.desk.key_in("120")
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.desk.hold_phone()
    shop.wait(shop.desk.paid(120))
    kinds = [row.kind for row in shop.journal_rows()]
    assert [EntryKind.INTENT, EntryKind.SUCCEEDED] == kinds


def test_a_scan_while_the_pin_is_asked_is_answered_and_not_taken(shop: Shop) -> None:
    """Another code under the gun in mid-payment is refused with a word, and the payment goes on."""
    shop.desk.key_in("800")
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(shop.desk.pin_asked())
    shop.wait(shop.desk.phone_shows(CHEN))
    shop.desk.hold_phone()
    cashier = shop.stage.till.cashier

    def is_told() -> bool:
        return cashier.view is not None and cashier.view.notice is not None

    shop.wait(Until("the cashier is told", is_told))
    shop.desk.tap_pin(shop.desk.pin_of(WANG))
    shop.wait(shop.desk.paid(800))


def test_an_engine_that_stays_away_is_set_aside_and_given_back(open_shop: OpenShop) -> None:
    """The cashier need not wait: the order is set aside, paid otherwise, and its points come back."""
    shop = open_shop(reply_due_seconds=IMPATIENT_SECONDS)
    before = shop.stage.balances()
    lossy = shop.stage.lossy
    assert lossy is not None
    for kind in (Charge, Query, Reverse):
        lossy.lose(kind, math.inf)
    shop.desk.key_in("200")
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(shop.desk.outcome_unknown())
    shop.wait(shop.desk.may_set_aside())
    shop.desk.set_aside()
    shop.wait(shop.desk.collecting(200))
    shop.desk.enter()
    lossy.lose_nothing()
    shop.wait(
        Until(
            "the points are back",
            lambda: EntryKind.REVERSED in {row.kind for row in shop.journal_rows()},
        )
    )
    assert before == shop.stage.balances()
    kinds = {row.kind for row in shop.journal_rows()}
    assert {EntryKind.REVERSAL_INTENT, EntryKind.OTHER_TENDER} <= kinds


@pytest.mark.logs_errors
def test_a_full_disk_sends_nothing(shop: Shop) -> None:
    """When the intent cannot be written nothing is charged, the cashier reads why, and later all is well."""
    shop.wait(shop.desk.empty())
    before = shop.stage.balances()
    shop.desk.key_in("100")
    shop.wait(shop.desk.phone_shows(WANG))
    with _full_disk(shop.folder):
        shop.desk.hold_phone()
        shop.wait(Until("the fault is named", lambda: _headline(shop).startswith("refusal.journal_")))
        assert before == shop.stage.balances()
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(shop.desk.paid(100))


def test_the_language_changes_in_the_middle_of_a_payment(shop: Shop) -> None:
    """Switching the language while the PIN is asked changes the words and nothing else."""
    shop.desk.key_in("800")
    shop.wait(shop.desk.phone_shows(WANG))
    shop.desk.hold_phone()
    shop.wait(shop.desk.pin_asked())
    wording = shop.stage.till.wording
    wording.set_language(wording.language.other)
    shop.desk.tap_pin(shop.desk.pin_of(WANG))
    shop.wait(shop.desk.paid(800))
    shop.desk.key_in("7")
    shop.wait(shop.desk.entered(7))


@contextmanager
def _full_disk(folder: Path) -> Iterator[None]:
    """No file of this process may grow beyond what the journal's log has already."""
    limit = (folder / "journal.sqlite-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
