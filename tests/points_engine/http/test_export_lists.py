"""The books for other systems over HTTP: every line once, page by page, and for the back office alone."""

from typing import Any

import pytest

from points_engine.wire.callers import Caller, CallerKind
from tests.points_engine.http.running_service import OFFICE, TILL, RunningService, credential

CUSTOMER = Caller(CallerKind.CUSTOMER, "m-export")


def get(service: RunningService, path: str, caller: Caller = OFFICE) -> Any:
    """A page, as its JSON."""
    received = service.request("GET", path, None, credential(caller))
    return received.json if received.status == 200 else received.status


def whole(service: RunningService, what: str) -> list[dict[str, Any]]:
    """All of it, three rows at a time."""
    rows: list[dict[str, Any]] = []
    after = "0"
    while True:
        page = get(service, f"/v1/export/{what}?most=3&after={after}")
        rows += page[what]
        if "next_after" not in page:
            return rows
        after = page["next_after"]


def test_every_line_once(service: RunningService) -> None:
    """Pages together are the ledger, the payments and the accounts, with the names of all they are about."""
    member = service.shop.member("m-export", 5_000)
    order = service.shop.pay(member, 100).order_id
    service.shop.clock.advance(61)
    transfers, payments, accounts = (whole(service, what) for what in ("transfers", "payments", "accounts"))
    assert list(range(1, len(transfers) + 1)) == [line["position"] for line in transfers]
    charge = next(line for line in transfers if line.get("order_id") == order)
    assert ("charge", "m-export", "shop-1", 100, 4_900) == tuple(
        charge[name] for name in ("kind", "member_no", "shop_id", "units", "balance_units")
    )
    assert 1 == sum(line["order_id"] == order for line in payments)
    assert {"points": 4_900, "wallet": 0, "stored_value": 0} == {
        line["asset"]: line["balance_units"] for line in accounts if line["member_no"] == "m-export"
    }


@pytest.mark.parametrize(
    ("query", "status"), [("?after=first", 400), ("?most=0", 400), ("?most=501", 400), ("?what=all", 400)]
)
def test_a_page_that_makes_no_sense(service: RunningService, query: str, status: int) -> None:
    """Is refused with problem details."""
    assert status == get(service, f"/v1/export/transfers{query}")


@pytest.mark.parametrize("caller", [TILL, CUSTOMER])
def test_it_is_for_the_back_office_alone(service: RunningService, caller: Caller) -> None:
    """Neither a till nor a customer reads everybody's books."""
    assert 403 == get(service, "/v1/export/accounts", caller)
