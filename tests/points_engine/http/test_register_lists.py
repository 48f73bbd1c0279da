"""Lists of the back office, page by page, and bills."""

from pathlib import Path

import pytest

from points_engine.bill import parse_bill
from points_engine.contract import EnrolCourier, Settle
from tests.points_engine.http.running_service import OFFICE, Received, RunningService, credential
from tests.points_engine.shop import PHONE, RIGHT_PIN


def get(running: RunningService, path: str) -> Received:
    """A path, as the back office asks for it."""
    return running.request("GET", path, headers=credential(OFFICE))


def pages(running: RunningService, path: str, key: str) -> list[list[dict]]:  # type: ignore[type-arg] # JSON
    """All pages of a list, two rows each."""
    found, after = [], ""
    while True:
        page = get(running, f"{path}?most=2{after}").json
        found.append(page[key])
        if "next_after" not in page:
            return found
        after = f"&after={page['next_after']}"


def test_lists_come_page_by_page(tmp_path: Path) -> None:
    """Each row once, the last page without an `after`."""
    with RunningService(tmp_path / "engine") as running:
        for number in range(2, 6):
            running.shop.till(f"till-{number}", f"shop-{number % 2}")
        running.shop.ask(EnrolCourier(command_id="c", courier_id="courier-1", shop_id="shop-1"))
        for number in range(4):
            running.shop.member(f"m-{number}")
        assert [["m-0", "m-1"], ["m-2", "m-3"]] == [
            [member["member_no"] for member in page] for page in pages(running, "/v1/members", "members")
        ]
        tills = [till["till_id"] for page in pages(running, "/v1/tills", "tills") for till in page]
        assert {f"till-{number}" for number in range(1, 6)} == set(tills)
        assert [2, 2, 1] == [len(page) for page in pages(running, "/v1/tills", "tills")]
        assert [[{"courier_id": "courier-1", "shop_id": "shop-1"}]] == pages(
            running, "/v1/couriers", "couriers"
        )
        assert [[("shop-1", 3), ("shop-0", 2)]] == [
            [(shop["shop_id"], shop["tills"]) for shop in page]
            for page in pages(running, "/v1/shops", "shops")
        ]


def test_a_member_is_shown_without_what_is_theirs_alone(service: RunningService) -> None:
    """The phone masked, of the PIN that there is one."""
    service.shop.member("shown", 300, RIGHT_PIN)
    service.shop.bind("shown")
    received = get(service, "/v1/members/shown")
    assert {
        "member_no": "shown", "name": "王小明", "is_frozen": False, "has_pin": True, "is_pin_locked": False,
        "phone": f"•••{PHONE[-4:]}",
    }.items() <= received.json.items()  # fmt: skip
    assert {"asset": "points", "balance_units": 300} in received.json["accounts"]
    assert (404, "member_unknown") == (
        get(service, "/v1/members/nobody").status,
        get(service, "/v1/members/nobody").json["code"],
    )


def test_a_bill_is_csv(tmp_path: Path) -> None:
    """Of a day that is closed; before that it is refused."""
    with RunningService(tmp_path / "engine") as running:
        running.shop.member("payer", 500)
        running.shop.pay("payer", 120)
        day = running.shop.clock.now().date()
        path = f"/v1/shops/shop-1/bills/{day}"
        assert (404, "day_not_settled") == (get(running, path).status, get(running, path).json["code"])
        running.shop.clock.advance(2 * 24 * 3600)
        running.ask(Settle(shop_id="shop-1", day=day), OFFICE)
        received = get(running, path)
        assert "text/csv; charset=utf-8" == received.headers["content-type"]
        assert [120] == [line.units for line in parse_bill(received.body).lines]


@pytest.mark.parametrize("path", ["/v1/members", "/v1/shops", "/v1/tills", "/v1/couriers", "/v1/members/m"])
def test_lists_are_the_back_offices_alone(service: RunningService, path: str) -> None:
    """Nobody else reads them."""
    assert 401 == service.request("GET", path).status
    assert 403 == service.request("GET", path, headers={"Authorization": "Test till till-1"}).status
