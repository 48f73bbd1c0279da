"""Many threads, several processes, sudden death: nothing is taken twice, nothing acknowledged is lost."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from points_engine.adapters.sqlite_store import AFTER_COMMIT, BEFORE_COMMIT
from points_engine.adapters.system_clock import SystemClock
from points_engine.bootstrap import open_engine
from points_engine.contract import Payment, PaymentState, Refusal, Reply
from points_engine.ledger import TransferKind
from tests.points_engine.adapters.charging_process import CHEAP, SETTINGS
from tests.points_engine.shop import RIGHT_PIN, Shop, payment, refused
from tests.waiting import PATIENCE_SECONDS

THREADS = 8
CHILD = Path(__file__).with_name("charging_process.py")


def all_at_once(ask: Callable[[int], Reply]) -> list[Reply]:
    """Eight threads that start together."""
    barrier = threading.Barrier(THREADS)

    def start(number: int) -> Reply:
        barrier.wait(PATIENCE_SECONDS)
        return ask(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


def kinds(shop: Shop) -> Counter[TransferKind]:
    """How many transfers of each kind there are."""
    return shop.engine._store.look(
        lambda books: Counter(transfer.kind for transfer, _ in books.all_transfers())
    )


@pytest.mark.parametrize("units", [10, 600])
def test_a_code_shown_to_eight_tills_pays_once(shop: Shop, units: int) -> None:
    """One till is paid or asks for the PIN, seven hear that the code was used."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    code = shop.code("m-1")
    replies = [
        payment(reply) for reply in all_at_once(lambda number: shop.charge(code, units, f"o-{number}"))
    ]
    failed = [reply for reply in replies if reply.state is PaymentState.FAILED]
    assert [Refusal.CODE_USED] * (THREADS - 1) == [refused(reply).refusal for reply in failed]
    seen = kinds(shop)
    assert 1 == seen[TransferKind.CHARGE] + seen[TransferKind.HOLD]


def test_an_order_sent_eight_times_at_once_is_one_payment(shop: Shop) -> None:
    """All get the same reply."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    replies = all_at_once(lambda _: shop.charge(code, 10, "o-1"))
    assert 1 == len(set(replies))
    assert 1 == kinds(shop)[TransferKind.CHARGE]


def test_racing_reversals_give_back_once(shop: Shop) -> None:
    """Eight reversals of one payment, one transfer."""
    shop.member("m-1", 1_000)
    shop.pay("m-1", 300, "o-1")
    replies = all_at_once(lambda _: shop.reverse("o-1"))
    assert {PaymentState.REVERSED} == {payment(reply).state for reply in replies}
    assert 1 == kinds(shop)[TransferKind.REVERSAL]


def test_a_charge_racing_its_own_reversal(shop: Shop) -> None:
    """Whoever comes first, in the end nothing is taken."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    all_at_once(lambda number: shop.charge(code, 300, "o-1") if number % 2 else shop.reverse("o-1"))
    assert PaymentState.REVERSED == payment(shop.query("o-1")).state
    assert 1_000 == shop.balance("m-1")


@pytest.mark.parametrize("turn", range(5))
def test_answer_cancel_and_reversal_at_once(shop: Shop, turn: int) -> None:
    """One of them ends the payment, and the hold goes one way; what was posted may then be reversed."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    asks: list[Callable[[], Reply]] = [
        lambda: shop.answer("o-1", RIGHT_PIN, "a-1"),
        lambda: shop.cancel("o-1"),
        lambda: shop.reverse("o-1"),
    ]
    all_at_once(lambda number: asks[(number + turn) % 3]())
    seen = kinds(shop)
    assert 1 == seen[TransferKind.HOLD] == seen[TransferKind.POST] + seen[TransferKind.VOID]
    assert seen[TransferKind.POST] == seen[TransferKind.REVERSAL]


# --- processes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engine with one member, by the machine's clock, that other processes will use."""
    with open_engine(tmp_path, SETTINGS, pin_cost=CHEAP, sweep_every_seconds=None) as engine:
        shop = Shop(tmp_path, engine=engine)
        shop.member("hot", 20_000, RIGHT_PIN)
    return tmp_path


@contextmanager
def child(folder: Path, name: str, count: int, *kill: str) -> "Iterator[subprocess.Popen[str]]":
    """A process that charges, at the longest until the block ends."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), name, str(count), *kill],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path.cwd()), "PYTHONHASHSEED": "0"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_two_processes_on_one_file(folder: Path) -> None:
    """Both charge the same member at once: no lock surfaces, every charge is there once, the books are true."""
    told: dict[str, str] = {}
    with child(folder, "one", 60) as one, child(folder, "two", 60) as two:
        for process in (one, two):
            out, errors = process.communicate(timeout=PATIENCE_SECONDS)
            assert (0, "") == (process.returncode, errors)
            for line in out.splitlines():
                word, order_id, state, *_ = line.split()
                if word == "told":
                    told[order_id] = state
    check_acknowledged(folder, told)
    # Each refreshes the code the other is about to use: some charges are refused, none is lost, not all are refused.
    assert PaymentState.SUCCEEDED in told.values()


def check_acknowledged(folder: Path, told: dict[str, str]) -> None:
    """Every order is as it was told, and the books are true."""
    with open_engine(folder, SETTINGS, clock=SystemClock(), pin_cost=CHEAP) as engine:
        shop = Shop(folder, engine=engine)
        assert told == {order_id: payment(shop.query(order_id)).state for order_id in told}
        assert [] == engine.verify()


@pytest.mark.parametrize("step", [BEFORE_COMMIT, AFTER_COMMIT])
@pytest.mark.parametrize("at", [1, 2, 11, 12, 13, 18])
def test_a_process_killed_at_a_durable_step(folder: Path, step: str, at: int) -> None:
    """Whenever it dies: what was acknowledged is there, and the order in flight, asked again, is paid once."""
    with child(folder, "dies", 30, step, str(at)) as process:
        out, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (-9, "") == (process.returncode, errors)
    lines = [line.split() for line in out.splitlines()]
    told = {order_id: state for word, order_id, state, *_ in lines if word == "told"}
    asked = {
        order_id: (code, int(units))
        for word, order_id, code, *rest in lines
        if word == "ask"
        for units in rest
    }
    in_flight = set(asked) - set(told)
    with open_engine(folder, SETTINGS, pin_cost=CHEAP) as engine:
        shop = Shop(folder, engine=engine)
        for order_id, state in told.items():
            found = payment(shop.query(order_id)).state
            # The last one told may have gone on, to its answer or its reversal, before the end.
            assert state == found or order_id == list(told)[-1]
        for order_id in in_flight:
            again = shop.charge(asked[order_id][0], asked[order_id][1], order_id)
            assert isinstance(again, Payment)
            assert again.state in {PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION}
            assert again == shop.charge(asked[order_id][0], asked[order_id][1], order_id)
        assert [] == engine.verify()
