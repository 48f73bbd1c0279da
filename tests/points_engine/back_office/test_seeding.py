"""A demo shop in a fresh engine."""

from tests.points_engine.back_office.desk import Desk


def test_a_fresh_engine_gets_a_shop_with_everything(desk: Desk) -> None:
    """Tills, members with points and PINs, as many as asked for."""
    seeded = desk.ask("seed", "--tills", "2", "--members", "1")
    assert ["demo-till-1", "demo-till-2"] == seeded["tills"]
    assert 6 == len(seeded["members"])
    assert [
        {"till_id": "demo-till-1", "shop_id": "demo-shop"},
        {"till_id": "demo-till-2", "shop_id": "demo-shop"},
    ] == (desk.ask("tills", "list"))
    shown = desk.ask("show", "member", "M1005")
    assert (True, True, 5_000) == (
        shown["is_frozen"],
        shown["has_pin"],
        shown["accounts"][0]["balance_units"],
    )


def test_a_shop_that_is_there_is_left_alone(desk: Desk) -> None:
    """Unless somebody insists; and then nothing is given twice."""
    desk.ask("seed")
    assert {"code": 1, "error": "not_empty"}.items() <= desk.fail("seed").items()
    desk.ask("seed", "--force", "--members", "1")
    assert 3_200 == desk.ask("show", "member", "M1001")["accounts"][0]["balance_units"]
    assert 10_000 == desk.ask("show", "member", "D000001")["accounts"][0]["balance_units"]
