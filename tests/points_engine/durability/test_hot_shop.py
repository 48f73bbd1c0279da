"""Eight processes charge, credit, cancel and reverse on three accounts of one store, and die at any moment."""

import os
from pathlib import Path

import pytest

from tests.points_engine.durability.hot_shop import PROCESSES, run_hot_shop, wrong_with

ROUNDS = int(os.environ.get("SOAK_HOT_SHOP_ROUNDS", "1"))
"""How often; the longer run that `make soak` is for sets it."""


@pytest.mark.timeout(240 * ROUNDS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_nothing_is_lost_nothing_is_twice_and_no_lock_shows(tmp_path: Path, number: int) -> None:
    """Every acknowledged reply is in the books, each once; no process saw a locked database; the books are true."""
    seen = run_hot_shop(tmp_path, count=60, kills=1 if ROUNDS == 1 else 4)
    assert [] == seen.errors
    assert [] == wrong_with(tmp_path, seen)
    assert seen.kills >= PROCESSES
    assert seen.replies > 20 * PROCESSES


@pytest.mark.timeout(240 * ROUNDS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_same_on_a_server(tmp_path: Path, postgres_url: str, number: int) -> None:
    """On PostgreSQL the eight are engines of their own: what one was told holds for all, and the books are true."""
    seen = run_hot_shop(tmp_path, 25 if ROUNDS == 1 else 60, 1 if ROUNDS == 1 else 4, postgres_url)
    assert [] == seen.errors
    assert [] == wrong_with(tmp_path, seen, postgres_url)
    assert seen.kills >= PROCESSES
    assert seen.replies > 10 * PROCESSES
