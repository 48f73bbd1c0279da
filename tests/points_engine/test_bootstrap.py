"""Opening an engine: a fresh folder, an old one, and every way in which its files can be wrong."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from points_engine.bootstrap import DATABASE_NAME, KEY_NAME, Engine, open_engine
from points_engine.contract import EngineFault, PaymentState, Query, Refusal, Refused
from points_engine.engine.front_door import Swept
from points_engine.ports import KeyUnavailable, StoreUnavailable
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP, RIGHT_PIN, Shop, payment, refused
from tests.waiting import PATIENCE_SECONDS


def test_a_fresh_folder_becomes_an_engine_and_stays_one(tmp_path: Path) -> None:
    """Closed and opened again, members, PINs and open payments are there."""
    folder = tmp_path / "deep" / "engine"
    with Shop(folder) as shop:
        shop.member("m-1", 1_000, RIGHT_PIN)
        shop.pay("m-1", 600, "o-1")
    with Shop(folder, clock=shop.clock) as again:
        assert PaymentState.SUCCEEDED == payment(again.answer("o-1", RIGHT_PIN)).state
        assert [] == again.engine.verify()


def test_a_missing_key_is_not_replaced(tmp_path: Path) -> None:
    """A database without its key is a loss that must be heard of, not papered over with a fresh key."""
    open_engine(tmp_path).close()
    (tmp_path / KEY_NAME).unlink()
    with pytest.raises(KeyUnavailable, match="is missing, though its database is there"):
        open_engine(tmp_path)
    assert not (tmp_path / KEY_NAME).exists()


def test_a_key_of_another_engine(tmp_path: Path) -> None:
    """Two engines whose key files were exchanged."""
    for name in ("one", "two"):
        open_engine(tmp_path / name).close()
    (tmp_path / "two" / KEY_NAME).replace(tmp_path / "one" / KEY_NAME)
    with pytest.raises(KeyUnavailable, match="belongs to another database"):
        open_engine(tmp_path / "one")


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """A file stands where the folder should."""
    (tmp_path / "engine").write_text("", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        open_engine(tmp_path / "engine")


def test_eight_open_a_fresh_folder_at_once(tmp_path: Path) -> None:
    """One makes key and database, all of them work with these."""
    barrier = threading.Barrier(8)

    def start(_: int) -> Engine:
        barrier.wait(PATIENCE_SECONDS)
        return open_things.enter_context(open_engine(tmp_path, sweep_every_seconds=None))

    with ExitStack() as open_things, ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(start, range(8)))
        unknown = Refused(refusal=Refusal.ORDER_UNKNOWN)
        assert [unknown] * 8 == [engine.execute(Query(order_id="o-1")) for engine in engines]


def test_the_engine_sweeps_itself(tmp_path: Path) -> None:
    """What is past its time ends without anybody asking, and a fault of the disk does not end the sweeping."""
    clock = ManualClock()
    failed, swept = threading.Event(), threading.Event()
    with open_engine(tmp_path, clock=clock, pin_cost=CHEAP, sweep_every_seconds=0.01) as engine:
        shop = Shop(tmp_path, clock=clock, engine=engine)
        shop.member("m-1", 1_000, RIGHT_PIN)
        shop.pay("m-1", 600, "o-1")
        sweep = engine.sweep

        def told_sweep() -> Swept:
            if not failed.is_set():
                failed.set()
                raise StoreUnavailable("The disk is full", "Make room on it.")
            done = sweep()
            if done.payments:
                swept.set()
            return done

        vars(engine)["sweep"] = told_sweep
        assert failed.wait(PATIENCE_SECONDS)
        clock.advance(120)
        assert swept.wait(PATIENCE_SECONDS)
        assert Refusal.PAYMENT_EXPIRED == refused(shop.query("o-1")).refusal
        engine.close()


@pytest.mark.in_a_file
def test_faults_are_the_contracts(tmp_path: Path) -> None:
    """A till catches them by the contract alone."""
    (tmp_path / DATABASE_NAME).write_text("no database", encoding="utf-8")
    with pytest.raises(EngineFault):
        open_engine(tmp_path)


def test_importing_is_cheap_and_does_nothing() -> None:
    """Neither argon2, filelock and rich nor what a server's database or service needs is loaded before its time."""
    program = (
        "import sys, points_engine.bootstrap;"
        "unwanted = {'argon2', 'filelock', 'rich', 'psycopg', 'starlette', 'uvicorn', 'prometheus_client'};"
        "sys.exit(', '.join(unwanted & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
