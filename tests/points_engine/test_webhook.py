"""The rules of webhooks: which transfer makes which event, when a telling is tried again, what is an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.ledger import TransferKind
from points_engine.webhook import (
    MOST_TRIES,
    OF_PAYMENTS,
    TYPE_OF,
    EndpointInvalid,
    EventType,
    WebhookRules,
    check_url,
    pause_seconds,
    types_of,
    wait_seconds,
)


def test_every_transfer_makes_an_event() -> None:
    """None is forgotten, and every event but the test's and that of a failure is made by one."""
    assert set(TransferKind) == set(TYPE_OF)
    assert set(EventType) - {EventType.ENDPOINT_TEST, EventType.PAYMENT_FAILED} == set(TYPE_OF.values())
    assert {
        TransferKind.CHARGE, TransferKind.HOLD, TransferKind.POST, TransferKind.VOID, TransferKind.REVERSAL,
        TransferKind.REFUND,
    } == OF_PAYMENTS  # fmt: skip


def test_waits_grow_and_end() -> None:
    """From seconds to a day, three days in all, and after the last try there is none."""
    waits = [wait_seconds(tries, 0.5) for tries in range(1, MOST_TRIES)]
    assert [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] == waits
    assert wait_seconds(MOST_TRIES, 0.5) is None
    assert 3 * 86_400 < sum(wait or 0 for wait in waits) < 4 * 86_400


@given(tries=st.integers(1, MOST_TRIES - 1), chance=st.floats(0, 1, exclude_max=True))
def test_chance_moves_a_try_by_a_fifth(tries: int, chance: float) -> None:
    """What failed together is not tried again together, and never long before its time."""
    middle, moved = wait_seconds(tries, 0.5), wait_seconds(tries, chance)
    assert middle is not None
    assert moved is not None
    assert 0.8 * middle <= moved <= 1.2 * middle + 1e-9


def test_an_endpoint_that_fails_is_left_alone_ever_longer() -> None:
    """Up to five minutes, and not at all once it took something."""
    assert [0, 2, 4, 8] == [pause_seconds(failures) for failures in range(4)]
    assert 300 == pause_seconds(9) == pause_seconds(10_000)


GOOD = [
    "https://shop.example/hooks",
    "HTTPS://shop.example:8443/a?b=c",
    "https://[2606:4700::1111]/",
    "https://a",
]
BAD = [
    "", "shop.example", "ftp://shop.example/", "https://", "https:///hooks", "https://user@shop.example/",
    "https://user:word@shop.example/", "https://shop.example/#part", "https://shop.example/a b",
    "https://shop.example/\r\nHost: other", "https://商店.example/", "https://shop.example:port/",
    "https://shop.example/" + "x" * 2_000, "http://shop.example/",
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD)
def test_an_address(url: str) -> None:
    """An https address, with whatever path and query."""
    check_url(url, allows_http=False)


@pytest.mark.parametrize("url", BAD)
def test_no_address(url: str) -> None:
    """Anything else is refused in words, plain http unless it is allowed."""
    with pytest.raises(EndpointInvalid, match="an endpoint's address must"):
        check_url(url, allows_http=False)


def test_http_where_it_is_allowed() -> None:
    """For a merchant's system that stands in the shop's own network."""
    check_url("http://10.0.0.7:8080/hooks", allows_http=True)


def test_types_by_their_words() -> None:
    """With commas between; a word that is none is told with those there are."""
    assert {EventType.PAYMENT_SUCCEEDED, EventType.SHOP_SETTLED} == types_of(
        "payment.succeeded, shop.settled"
    )
    with pytest.raises(EndpointInvalid, match=r"payment\.succeeded"):
        types_of("payment.succeded")


@pytest.mark.parametrize("days", [0, 3_651, True])
def test_rules_that_cannot_be(days: int) -> None:
    """Are refused by the setting's name."""
    with pytest.raises(EndpointInvalid, match=r"webhooks\.kept_days"):
        WebhookRules(kept_days=days)
