"""Every row of the demo, from the key and the scan to the journal and the ledger."""

import pytest

from pos_client.demo.scenarios import SCENARIOS, Scenario
from tests.flows.conftest import Shop


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario_leaves_its_rows_and_moves_its_points(shop: Shop, scenario: Scenario) -> None:
    """The windows show each step, and journal, balances and ledger agree with what was shown."""
    before = shop.stage.balances()
    shop.play(scenario)
    after = shop.stage.balances()
    assert list(scenario.expected) == shop.books.rows()
    assert dict(scenario.change) == {no: after[no] - before[no] for no in before if after[no] != before[no]}
    assert [] == shop.stage.engine.result().verify()
