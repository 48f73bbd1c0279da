"""Several engines on one PostgreSQL database, at the same moment, on the same accounts."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from points_engine.adapters.postgres_store import Patience, PostgresStore
from points_engine.amounts import Asset
from points_engine.bootstrap import Settings
from points_engine.contract import ChargeMember, PaymentState, Reply
from points_engine.limits import DayUse
from points_engine.lots import ExpiryKind, ExpiryRule, LotRules
from points_engine.ports import Books, StoreUnavailable
from tests.points_engine.shop import Shop, payment, points
from tests.waiting import PATIENCE_SECONDS

KEY = "f" * 16


@pytest.fixture
def stores(postgres_url: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Two engines' stores on one database, with two members in it."""

    def enrol(books: Books) -> None:
        for number in ("m-1", "m-2"):
            books.add_member(number, "n")

    with ExitStack() as stack:
        one, other = (
            stack.enter_context(closing(PostgresStore(postgres_url, KEY, patience=Patience(lock=0.5))))
            for _ in range(2)
        )
        one.transact(enrol)
        yield one, other


def at_once(*works: Callable[[], object]) -> None:
    """Run works on threads of their own; raises what one of them raised."""
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 -- raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def online(order_id: str, units: int) -> ChargeMember:
    """A charge of m-1, which needs no code: so many may come at once."""
    return ChargeMember(order_id=order_id, shop_id="shop-1", member_no="m-1", amount=points(units))


def test_one_account_never_pays_more_than_it_has(tmp_path: Path, postgres_url: str) -> None:
    """Of 16 charges by two engines that want 10 of 100 points each, 10 are paid."""
    states: list[PaymentState] = []
    with Shop(tmp_path, database=postgres_url) as one, Shop(tmp_path, database=postgres_url) as other:
        one.member("m-1", 100)

        def pay(shop: Shop, name: str) -> None:
            states.extend(payment(shop.ask(online(f"{name}-{number}", 10))).state for number in range(4))

        at_once(*(partial(pay, shop, f"order-{n}") for n, shop in enumerate((one, one, other, other))))
        assert 0 == one.balance("m-1")
        assert [] == one.engine.verify()
    assert {PaymentState.SUCCEEDED: 10, PaymentState.FAILED: 6} == Counter(states)


def test_one_order_is_charged_once(tmp_path: Path, postgres_url: str) -> None:
    """The same order at both engines, many times at the same moment: one payment, and everybody is told of it."""
    replies: list[Reply] = []
    with Shop(tmp_path, database=postgres_url) as one, Shop(tmp_path, database=postgres_url) as other:
        one.member("m-1", 100)
        at_once(*(lambda shop=shop: replies.append(shop.ask(online("a", 10))) for shop in (one, other) * 4))
        assert [replies[0]] * 8 == replies
        assert 90 == one.balance("m-1")


def test_one_payment_is_reversed_once(tmp_path: Path, postgres_url: str) -> None:
    """Two tills' reversals of one payment at the same moment give its points back once."""
    with Shop(tmp_path, database=postgres_url) as one, Shop(tmp_path, database=postgres_url) as other:
        one.member("m-1", 100)
        order_id = one.pay("m-1", 30).order_id
        at_once(*(partial(shop.reverse, order_id) for shop in (one, other) * 3))
        assert 100 == one.balance("m-1")
        assert [] == one.engine.verify()


def test_who_meets_in_a_circle_is_run_again(stores: tuple[PostgresStore, PostgresStore]) -> None:
    """Two works that want the same two members in opposite order both come through, one of them not the first time."""
    meeting, runs = threading.Barrier(2), Counter[str]()

    def work(first: str, second: str) -> Callable[[Books], None]:
        def lock(books: Books) -> None:
            runs[first] += 1
            assert books.member(first) is not None
            if runs[first] == 1:
                meeting.wait(PATIENCE_SECONDS)
            assert books.member(second) is not None

        return lock

    # The server looks for circles after a second, our locks' time-out here comes before: it is put off.
    one, other = stores
    for store in stores:
        store._begin = Patience(lock=PATIENCE_SECONDS).begin()
    at_once(
        lambda: one.transact(work("m-1", "m-2")),
        lambda: other.transact(work("m-2", "m-1")),
    )
    # Who begins anew may be back before the other has heard that it is free to go on: then they meet once more.
    assert 3 <= runs.total()


def test_a_lock_that_is_kept_too_long_is_a_fault(
    stores: tuple[PostgresStore, PostgresStore], postgres_url: str
) -> None:
    """Whoever waits for it is told, and nothing has changed."""
    with psycopg.connect(postgres_url) as viewer:
        viewer.execute("SELECT FROM account FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="locked for too long") as fault:
            stores[0].transact(lambda books: books.holder_of(1, Asset.POINTS))
    assert fault.value.nothing_changed


def test_an_account_that_nobody_locked_is_not_changed(stores: tuple[PostgresStore, PostgresStore]) -> None:
    """A rule that reads past the locks is a bug, and seen at once."""

    def work(books: Books) -> None:
        books.set_balance(13, 5, DayUse(1))

    with pytest.raises(AssertionError, match="nobody had locked"):
        stores[0].transact(work)


def test_expiry_runs_at_once(tmp_path: Path, postgres_url: str) -> None:
    """Two engines' runs expire each lot once."""
    rules = LotRules(expiry={Asset.POINTS: ExpiryRule(ExpiryKind.MONTHS, 1)})
    settings = Settings(shows_balance=True, lots=rules)
    with (
        Shop(tmp_path, settings, database=postgres_url) as one,
        Shop(tmp_path, settings, clock=one.clock, database=postgres_url) as other,
    ):
        for number in range(20):
            one.member(f"m-{number}", 10)
        one.clock.advance(70 * 86_400)
        at_once(one.engine.expire, other.engine.expire)
        assert [] == one.engine.verify()
        assert 0 == one.balance("m-7")
