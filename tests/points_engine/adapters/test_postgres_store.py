"""The books in PostgreSQL: bound to a key, true after every kind of use."""

from pathlib import Path

import pytest

from points_engine.adapters.postgres_store import PostgresStore
from points_engine.contract import PaymentState
from points_engine.ports import KeyUnavailable
from tests.points_engine.shop import RIGHT_PIN, Shop, payment


def test_a_day_in_a_shop(tmp_path: Path, postgres_url: str) -> None:
    """Members pay, prove themselves and get their points back, and the books are true."""
    with Shop(tmp_path, database=postgres_url) as shop:
        shop.member("m-1", 1000, pin=RIGHT_PIN)
        assert PaymentState.SUCCEEDED is shop.pay("m-1", 100).state
        order_id = shop.pay("m-1", 600).order_id
        assert PaymentState.SUCCEEDED is payment(shop.answer(order_id, RIGHT_PIN)).state
        assert PaymentState.REVERSED is payment(shop.reverse(order_id)).state
        assert 900 == shop.balance("m-1")
        assert [] == shop.engine.verify()


def test_two_engines_share_their_books(tmp_path: Path, postgres_url: str) -> None:
    """What one made durable the other knows; they share the key file."""
    with Shop(tmp_path, database=postgres_url) as one, Shop(tmp_path, database=postgres_url) as other:
        one.member("m-1", 100)
        assert PaymentState.SUCCEEDED is payment(other.charge(one.code("m-1"), 40, "order-a")).state
        assert 60 == one.balance("m-1")


def test_another_key_opens_nothing(tmp_path: Path, postgres_url: str) -> None:
    """A database is bound to the first key that opened it."""
    PostgresStore(postgres_url, "a" * 16).close()
    with pytest.raises(KeyUnavailable, match="belongs to another database"):
        PostgresStore(postgres_url, "b" * 16)
    with pytest.raises(KeyUnavailable, match="is missing, though its database is there"):
        Shop(tmp_path / "elsewhere", database=postgres_url)
