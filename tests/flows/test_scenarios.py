"""Every row of the demo, from the key and the scan to the journal and the ledger."""

import pytest

from pos_client.demo.scenarios import SCENARIOS, UNKNOWN, Scenario
from tests.flows.conftest import IMPATIENT_SECONDS, PATIENT_SECONDS, OpenShop


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_leaves_its_rows_and_moves_its_points(open_shop: OpenShop, scenario: Scenario) -> None:
    """The windows show each step, and journal, balances and ledger agree with what was shown."""
    shop = open_shop(reply_due_seconds=IMPATIENT_SECONDS if UNKNOWN in scenario.expected else PATIENT_SECONDS)
    before = shop.stage.balances()
    shop.play(scenario)
    after = shop.stage.balances()
    assert list(scenario.expected) == shop.books.rows()
    assert dict(scenario.change) == {no: after[no] - before[no] for no in before if after[no] != before[no]}
    assert [] == shop.stage.engine.result().verify()
