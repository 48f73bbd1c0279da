"""The power goes at any moment: what is on the disk opens, is true, and holds every payment that was acknowledged."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.bootstrap import DATABASE_NAME, KEY_NAME
from points_engine.contract import Payment, PaymentState
from tests.points_engine.durability.recording_disk import UNSYNCED, Cut, Disk, image, recording
from tests.points_engine.shop import RIGHT_PIN, Shop, payment
from tests.waiting import PATIENCE_SECONDS

CALLERS = 4


def busy_day(folder: Path) -> Disk:
    """A shop's day on a disk that remembers: alone and together, holds, a copied log, a close and a second start."""
    with recording(folder) as disk:
        with Shop(folder) as shop:
            disk.tell("opened x x")
            for number in range(1, CALLERS + 1):
                shop.member(f"m-{number}", 10_000, RIGHT_PIN)
            ways(shop, disk, "first")
            together(shop, disk)
            store = shop.engine._store
            assert isinstance(store, SqliteStore)
            # As the checkpointer's thread does when the till is idle; after it the log is written over from its start.
            store._checkpointer._copy()
            ways(shop, disk, "second")
        with Shop(folder, clock=shop.clock) as shop:
            ways(shop, disk, "third")
    return disk


def ways(shop: Shop, disk: Disk, name: str) -> None:
    """Every way a payment goes, each acknowledged."""

    def tell(reply: object) -> None:
        assert isinstance(reply, Payment)
        disk.tell(f"payment {reply.order_id} {reply.state}")

    tell(shop.pay("m-1", 10, f"{name}-paid"))
    tell(shop.pay("m-1", 600, f"{name}-answered"))
    tell(shop.answer(f"{name}-answered", RIGHT_PIN, f"{name}-answer"))
    tell(shop.pay("m-2", 600, f"{name}-canceled"))
    tell(shop.cancel(f"{name}-canceled"))
    tell(shop.pay("m-2", 20, f"{name}-reversed"))
    tell(shop.reverse(f"{name}-reversed"))
    tell(shop.pay("m-3", 600, f"{name}-open"))


def together(shop: Shop, disk: Disk) -> None:
    """Four callers at once, so that commits are shared; each is acknowledged when its own call returns."""
    barrier = threading.Barrier(CALLERS)

    def pay(number: int) -> None:
        code = shop.code(f"m-{number}")
        barrier.wait(PATIENCE_SECONDS)
        paid = payment(shop.charge(code, number, f"together-{number}"))
        disk.tell(f"payment together-{number} {paid.state}")

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(pay, range(1, CALLERS + 1)))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Disk]:
    """The day, once for all cuts, and the folder with its key."""
    folder = tmp_path_factory.mktemp("day").resolve()
    return folder, busy_day(folder)


def test_the_recording_is_what_is_on_the_disk(day: tuple[Path, Disk]) -> None:
    """With nothing cut off, the rebuilt database is the real one, byte for byte."""
    folder, disk = day
    rebuilt = image(disk, Cut(len(disk.log), "kept"))
    assert (folder / DATABASE_NAME).read_bytes() == rebuilt[DATABASE_NAME]
    assert {"write", "sync", "told", "delete"} <= {done.what for done in disk.log}


def wrong_after(tmp_path: Path, day: tuple[Path, Disk], cut: Cut) -> list[str]:
    """What is wrong with a shop that opens after a cut: nothing at all, if it keeps its promise."""
    folder, disk = day
    place = tmp_path / f"{cut.position}-{cut.unsynced}-{cut.seed}"
    place.mkdir()
    for name, content in image(disk, cut).items():
        (place / name).write_bytes(content)
    told: dict[str, list[PaymentState]] = {}
    for done in disk.log[: cut.position]:
        if done.what == "told" and done.name.startswith("payment"):
            _, order_id, state = done.name.split()
            told.setdefault(order_id, []).append(PaymentState(state))
    shutil.copy(folder / KEY_NAME, place / KEY_NAME)  # with who may read it
    wrong: list[str] = []
    with Shop(place) as shop:
        wrong += map(str, shop.engine.verify())
        for order_id, states in told.items():
            reply = shop.query(order_id)
            # A further step may have been on its way: what was acknowledged last, or what comes after it in the day.
            if not isinstance(reply, Payment) or reply.state not in {
                states[-1],
                *after(disk, order_id, len(states)),
            }:
                wrong.append(f"{cut}: {order_id} was told {states[-1]} and is {reply}")
    return wrong


def after(disk: Disk, order_id: str, known: int) -> list[PaymentState]:
    """The state an order was told next, if any."""
    states = [done.name.split()[2] for done in disk.log if done.name.startswith(f"payment {order_id} ")]
    return [PaymentState(state) for state in states[known : known + 1]]


def cuts(disk: Disk, unsynced: str) -> Iterator[Cut]:
    """Right behind every sync, and twice between it and the next: in the middle, and just before."""
    ends = disk.sync_ends()
    for start, end in zip(ends, [*ends[1:], len(disk.log)], strict=True):
        if unsynced == "dropped":
            yield Cut(start, unsynced)
        else:
            yield Cut((start + end) // 2, unsynced, 1)
            yield Cut(end - 1, unsynced, 2)


@pytest.mark.parametrize("unsynced", UNSYNCED)
def test_every_cut_leaves_true_books_with_all_that_was_told(
    tmp_path: Path, day: tuple[Path, Disk], unsynced: str
) -> None:
    """Behind each sync and between them, whatever becomes of the writes that were not synced."""
    _, disk = day
    opened = next(number for number, done in enumerate(disk.log) if done.what == "told")
    wrong = [
        problem
        for cut in cuts(disk, unsynced)
        if cut.position >= opened
        for problem in wrong_after(tmp_path, day, cut)
    ]
    assert [] == wrong


@pytest.mark.parametrize("unsynced", UNSYNCED)
def test_a_cut_in_the_first_start_leaves_a_file_that_opens(
    tmp_path: Path, day: tuple[Path, Disk], unsynced: str
) -> None:
    """While the schema is being written nothing was promised yet; the next start makes it anew or finds it whole."""
    _, disk = day
    opened = next(number for number, done in enumerate(disk.log) if done.what == "told")
    early = [cut for cut in cuts(disk, unsynced) if cut.position < opened]
    assert early
    assert [] == [problem for cut in early for problem in wrong_after(tmp_path, day, cut)]


def test_a_store_that_does_not_sync_is_found_out(tmp_path: Path, day: tuple[Path, Disk]) -> None:
    """The same cuts on a disk whose syncs did nothing lose payments: the harness can fail."""
    folder, disk = day
    lying = Disk(
        [done for number, done in enumerate(disk.log) if done.what != "sync" or number < len(disk.log) // 3]
    )
    wrong = wrong_after(tmp_path, (folder, lying), Cut(2 * len(lying.log) // 3, "dropped"))
    assert any("was told" in problem for problem in wrong)
