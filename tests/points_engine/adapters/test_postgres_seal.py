"""Sealing on PostgreSQL: every transfer gets one place, however late it commits, and an edit shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from points_engine.bootstrap import Settings, open_engine
from points_engine.contract import Credit
from points_engine.engine.findings import Check
from tests.points_engine.shop import CHEAP, Shop, points
from tests.waiting import within

_ADD = """
    INSERT INTO transfer (kind, debit, credit, units, balance_units, at_us)
    SELECT 'credit', i.id, a.id, 5, a.balance_units + 5, 1
    FROM account a JOIN account i ON i.kind = 'issued' AND i.asset = a.asset WHERE a.id = %s
"""
_BALANCE = "UPDATE account SET balance_units = balance_units + 5 WHERE id = %s"
_POINTS_OF = """
    SELECT a.id FROM account a JOIN member m ON m.id = a.owner
    WHERE a.kind = 'customer' AND a.asset = 'points' AND m.member_no = 'm-1'
"""


@pytest.fixture
def far_shop(tmp_path: Path, postgres_url: str) -> Iterator[Shop]:
    """A shop on a server, with a member who has points."""
    with Shop(tmp_path, database=postgres_url) as shop:
        shop.member("m-1", 100)
        yield shop


@contextmanager
def slow_gift(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody gives five points, as the engine would, and takes their time with the COMMIT."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_POINTS_OF).fetchone()
        assert row is not None
        connection.execute("SELECT FROM account WHERE id = %s FOR NO KEY UPDATE", row)
        connection.execute(_ADD, row)
        connection.execute(_BALANCE, row)
        yield connection


@pytest.mark.parametrize("others", [False, True], ids=["alone", "overtaken by others"])
@pytest.mark.parametrize("rounds", [0, 1, 2, 4])
def test_a_late_commit_is_sealed(far_shop: Shop, postgres_url: str, rounds: int, others: bool) -> None:
    """Whatever the sealer did while it was under way, a transfer is sealed once it is there."""
    far_shop.engine.seal()
    with slow_gift(postgres_url) as connection:
        for number in range(rounds):
            if others:
                far_shop.member(f"other-{number}", 1)
            assert int(others) == far_shop.engine.seal()
        connection.commit()
    assert 1 == far_shop.engine.seal()
    assert [] == far_shop.engine.verify()


def test_what_is_swept_is_not_looked_at_again(far_shop: Shop, postgres_url: str) -> None:
    """Once nothing is under way, on the whole server, the sealer begins after all it has sealed."""
    far_shop.member("m-2", 100)
    with psycopg.connect(postgres_url, autocommit=True) as connection:

        def is_swept() -> bool:
            far_shop.engine.seal()
            return connection.execute("SELECT swept, mark FROM seal").fetchone() == (2, None)

        within(is_swept)


def test_two_sealers_make_one_chain(tmp_path: Path, far_shop: Shop, postgres_url: str) -> None:
    """Who finds another one at it leaves it to them; the chain goes on where they ended."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT FROM seal FOR UPDATE")
        assert 0 == far_shop.engine.seal()
    with Shop(tmp_path, database=postgres_url) as other:
        assert 1 == other.engine.seal()
        other.ask(Credit(command_id="gift", member_no="m-1", amount=points(5), reason="gift"))
        assert 1 == far_shop.engine.seal()
    assert [] == far_shop.engine.verify()


_SWAP = "UPDATE transfer_link SET position = 1003 - position WHERE position < 3"
EDITS = {
    "its amount": ("transfer", "UPDATE transfer SET units = units + 1 WHERE id = 1", Check.CHAIN),
    "its reason": ("transfer", "UPDATE transfer SET reason = 'other' WHERE id = 1", Check.CHAIN),
    "its link": (
        "transfer_link",
        "UPDATE transfer_link SET chain = sha256(chain) WHERE position = 1",
        Check.CHAIN,
    ),
    "it is gone": ("transfer", "DELETE FROM transfer WHERE id = 1", Check.NO_TRANSFER_MISSING),
    "the last one is gone": ("transfer", "DELETE FROM transfer WHERE id = 3", Check.BALANCE),
    "two change places": ("transfer_link", _SWAP, Check.NO_TRANSFER_MISSING),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_of_a_sealed_transfer_shows(far_shop: Shop, postgres_url: str, edit: str) -> None:
    """Even by whoever owns the database and lifts its bans."""
    far_shop.member("m-2", 100)
    far_shop.member("m-3", 100)
    assert [] == far_shop.engine.verify()
    table, statement, expected = EDITS[edit]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        with pytest.raises(psycopg.IntegrityError, match="is never"):
            connection.execute(statement.encode())
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        connection.execute(statement.encode())
    assert expected in {finding.check for finding in far_shop.engine.verify()}


def test_what_is_not_sealed_yet_is_verified_as_well(far_shop: Shop, postgres_url: str) -> None:
    """Also where another sealer keeps everybody from sealing."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT FROM seal FOR UPDATE")
        assert [] == far_shop.engine.verify()
        connection.execute("ALTER TABLE account DISABLE TRIGGER USER")
        connection.execute("UPDATE account SET balance_units = 99 WHERE balance_units = 100")
        connection.commit()
    assert {Check.BALANCE, Check.SUMS_TO_ZERO} == {finding.check for finding in far_shop.engine.verify()}


def test_an_open_engine_seals_by_itself(tmp_path: Path, far_shop: Shop, postgres_url: str) -> None:
    """Soon after the commit, without anybody asking."""
    settings = Settings(database=postgres_url)
    with (
        open_engine(tmp_path, settings, pin_cost=CHEAP),
        psycopg.connect(postgres_url, autocommit=True) as seen,
    ):
        within(lambda: (1,) == seen.execute("SELECT position FROM seal").fetchone())
