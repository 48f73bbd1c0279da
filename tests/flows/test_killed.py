"""kill -9 of a till at every durable step of a charge: nothing is paid twice, nothing is lost, all is resolved."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pos_client.demo.desk import Until
from pos_client.demo.scenarios import OUYANG, WANG
from pos_client.till.effects import EntryKind
from tests.flows.conftest import OpenShop, Shop

ROOT = Path(__file__).resolve().parents[2]
CLOSING = {EntryKind.SUCCEEDED, EntryKind.FAILED, EntryKind.CANCELED, EntryKind.REVERSED}

JOURNAL_AND_LEDGER = ("engine.before_commit", "engine.after_commit")
WITHIN_LIMIT = (
    *JOURNAL_AND_LEDGER,  # the phone's code
    "journal.intent.before",
    "journal.intent.after",
    *JOURNAL_AND_LEDGER,
    "journal.succeeded.before",
    "journal.succeeded.after",
)
WITH_PIN = (
    *JOURNAL_AND_LEDGER,  # the phone's code
    "journal.intent.before",
    "journal.intent.after",
    *JOURNAL_AND_LEDGER,
    "journal.waiting_for_pin.before",
    "journal.waiting_for_pin.after",
    *JOURNAL_AND_LEDGER,
    "journal.pin_refused.before",
    "journal.pin_refused.after",
    *JOURNAL_AND_LEDGER,
    "journal.succeeded.before",
    "journal.succeeded.after",
)
SCENARIOS = {"within-limit": (WITHIN_LIMIT, WANG, 300), "wrong-pin-then-right": (WITH_PIN, OUYANG, 2000)}


def _run(folder: Path, scenario: str, step: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.flows.doomed_till", str(folder), scenario, str(step)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_steps_named_here_are_all_there_are(scenario: str, tmp_path: Path) -> None:
    """A charge has exactly these durable steps, so a kill at each of them is a kill at all of them."""
    alive = _run(tmp_path, scenario, -1)
    assert list(SCENARIOS[scenario][0]) == alive.stdout.split()


@pytest.mark.parametrize(
    ("scenario", "step"),
    [(scenario, step) for scenario, (steps, _, _) in SCENARIOS.items() for step in range(len(steps))],
    ids=str,
)
def test_a_till_killed_at_any_step_finds_its_way(
    scenario: str, step: int, tmp_path: Path, open_shop: OpenShop
) -> None:
    """After the restart no order is open, journal and engine agree, the ledger is sound, and points moved once."""
    _, member_no, units = SCENARIOS[scenario]
    dead = _run(tmp_path, scenario, step)
    assert -signal.SIGKILL == dead.returncode
    shop = open_shop(tmp_path)
    shop.wait(Until("nothing is open any more", lambda: not _open_orders(shop)))
    opening = {member.member_no: member.points for member in shop.stage.shop.members}[member_no]
    taken = _units_taken(shop)
    assert taken in {0, units}
    assert opening - taken == shop.stage.balances()[member_no]
    assert [] == shop.stage.engine.result().verify()


def _open_orders(shop: Shop) -> set[str]:
    """Orders with an intent and no end; a journal that cannot be read yet counts as open."""
    reader = shop.stage.till.reader
    if reader is None:
        return {"?"}
    rows = shop.journal_rows()
    opened = {row.order_id for row in rows if row.kind is EntryKind.INTENT and row.order_id}
    return opened - {row.order_id for row in rows if row.kind in CLOSING}


def _units_taken(shop: Shop) -> int:
    """What the journal says was taken."""
    return sum(row.units for row in shop.journal_rows() if row.kind is EntryKind.SUCCEEDED)
