"""Lots in the life of an account: spent oldest first, given back to where they came from, expired in time."""

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from points_engine import lots
from points_engine.amounts import Asset
from points_engine.bootstrap import Settings
from points_engine.contract import (
    BalanceShown,
    Credit,
    Credited,
    Expiring,
    Expiry,
    PaymentState,
    Refusal,
    Reply,
    ShowBalance,
    ShowExpiring,
    ShowStatement,
    Statement,
)
from points_engine.engine.expiry import ExpiryProgress
from points_engine.lots import LotRules
from tests.points_engine.shop import RIGHT_PIN, Shop, payment, points, refused

pytestmark = pytest.mark.both_stores

SHANGHAI = ZoneInfo("Asia/Shanghai")
MARCH_9 = date(2026, 3, 9)
APRIL_1 = date(2026, 4, 1)
DAY = 86_400
AT_ONCE = Settings(shows_balance=True, lots=LotRules(grace_days=0))


@pytest.fixture
def full(shop: Shop) -> Shop:
    """m-1 has 100 until 9 March, 200 until 1 April and 300 for ever; today is 2 March."""
    return filled(shop)


@pytest.fixture
def at_once(tmp_path: Path) -> Iterator[Shop]:
    """The same where what comes back too late expires at once."""
    with Shop(tmp_path / "at-once", AT_ONCE) as shop:
        yield filled(shop)
        assert [] == shop.engine.verify()


def filled(shop: Shop) -> Shop:
    """Fill m-1's account."""
    shop.member("m-1", pin=RIGHT_PIN)
    for units, last_day in ((200, APRIL_1), (300, Expiry.NEVER), (100, MARCH_9)):
        give(shop, units, last_day)
    return shop


def give(shop: Shop, units: int, expires_on: date | Expiry, member_no: str = "m-1") -> Reply:
    """Give m-1 points that expire."""
    return shop.ask(
        Credit(
            command_id=shop.fresh("gift"),
            member_no=member_no,
            amount=points(units),
            reason="gift",
            expires_on=expires_on,
        )
    )


def balance(shop: Shop) -> int:
    """What m-1 has."""
    reply = shop.ask(ShowBalance(member_no="m-1", asset=Asset.POINTS))
    assert isinstance(reply, BalanceShown)
    return reply.balance.units


def expiring(shop: Shop) -> tuple[tuple[date, int], ...]:
    """What of m-1's points expires next."""
    reply = shop.ask(ShowExpiring(member_no="m-1", asset=Asset.POINTS))
    assert isinstance(reply, Expiring)
    return tuple((day.last_day, day.units) for day in reply.days)


def kinds(shop: Shop) -> list[tuple[str, int]]:
    """What moved on m-1's account, oldest first."""
    reply = shop.ask(ShowStatement(member_no="m-1", asset=Asset.POINTS, newest_first=False))
    assert isinstance(reply, Statement)
    return [(line.kind, line.units) for line in reply.lines]


def until(shop: Shop, day: date) -> None:
    """Let time pass until midnight, when `day` is over."""
    shop.clock.advance((lots.end_of(day, SHANGHAI) - shop.clock.now()).total_seconds())


@pytest.mark.parametrize(
    ("units", "left"),
    [
        (40, ((MARCH_9, 60), (APRIL_1, 200))),
        (100, ((APRIL_1, 200),)),
        (250, ((APRIL_1, 50),)),
        (450, ()),
    ],
)
def test_what_expires_first_is_spent_first(full: Shop, units: int, left: tuple[object, ...]) -> None:
    """And what never expires last."""
    assert PaymentState.SUCCEEDED is full.pay("m-1", units).state
    assert left == expiring(full)
    assert 600 - units == balance(full)


@pytest.mark.parametrize("units", [40, 100, 250, 450])
def test_a_reversal_gives_back_what_was_taken_from_where(full: Shop, units: int) -> None:
    """To each lot its own."""
    full.pay("m-1", units, "order")
    full.reverse("order")
    assert ((MARCH_9, 100), (APRIL_1, 200)) == expiring(full)
    assert 600 == balance(full)


def test_a_hold_takes_lots_and_a_void_gives_them_back(full: Shop) -> None:
    """What is on hold is in no lot that could expire or be spent."""
    assert PaymentState.REQUIRES_ACTION is full.pay("m-1", 550, "order").state
    assert () == expiring(full)
    full.cancel("order")
    assert ((MARCH_9, 100), (APRIL_1, 200)) == expiring(full)


def test_a_hold_that_is_posted_has_taken_its_lots(full: Shop) -> None:
    """They expired for nobody: they are spent."""
    full.pay("m-1", 550, "order")
    full.answer("order", RIGHT_PIN)
    until(full, APRIL_1)
    assert 50 == balance(full)
    assert [("credit", 200), ("credit", 300), ("credit", 100), ("hold", -550)] == kinds(full)


def test_nothing_is_good_from_the_midnight_after_its_last_day(full: Shop) -> None:
    """A moment before it is; then whoever looks first expires it, and that is in the ledger."""
    until(full, MARCH_9)
    full.clock.advance(-0.000001)
    assert 600 == balance(full)
    full.clock.advance(0.000001)
    assert 500 == balance(full)
    assert ((APRIL_1, 200),) == expiring(full)
    assert ("expire", -100) == kinds(full)[-1]


def test_a_charge_expires_what_is_due_before_it_looks_at_the_balance(full: Shop) -> None:
    """What expired cannot be spent, though nobody had looked."""
    until(full, APRIL_1)
    reply = full.pay("m-1", 301)
    assert Refusal.BALANCE_TOO_LOW is refused(reply).refusal
    assert points(300) == refused(reply).available
    assert PaymentState.SUCCEEDED is full.pay("m-1", 300).state


@pytest.mark.parametrize("give_it_back", ["reverse", "cancel"])
def test_what_comes_back_too_late_is_good_for_a_few_days_more(full: Shop, give_it_back: str) -> None:
    """A fresh lot, by the terms the old one was given under; what still has time goes back as it was."""
    if give_it_back == "reverse":
        full.pay("m-1", 350, "order")
        until(full, MARCH_9)
        full.reverse("order")
    else:
        until(full, MARCH_9)
        full.clock.advance(-60)
        full.pay("m-1", 550, "order")
        full.clock.advance(60)
        full.cancel("order")
    assert ((date(2026, 3, 17), 100), (APRIL_1, 200)) == expiring(full)
    assert 600 == balance(full)
    until(full, date(2026, 3, 17))
    assert 500 == balance(full)


def test_what_comes_back_too_late_expires_at_once_where_the_scheme_says_so(at_once: Shop) -> None:
    """It comes and goes in the ledger; what still has time stays, and the reply tells what is left."""
    at_once.pay("m-1", 350, "order")
    until(at_once, MARCH_9)
    assert points(500) == payment(at_once.reverse("order")).balance
    assert ((APRIL_1, 200),) == expiring(at_once)
    assert [("charge", -350), ("reversal", 350), ("expire", -100)] == kinds(at_once)[-3:]


def test_a_payment_without_lots_writes_nothing_about_lots(shop: Shop) -> None:
    """An account of which nothing expires pays nothing for those that do."""
    shop.member("m-1", 500)
    shop.pay("m-1", 100, "order")
    shop.reverse("order")
    tables = shop.engine._store.look(lambda books: (list(books.all_lots()), list(books.all_uses())))
    assert ([], []) == tables


def test_the_run_expires_all_that_is_due_and_tells_how_far_it_is(shop: Shop) -> None:
    """Two lots of each of thirty members, one of them due; a second run finds nothing."""
    for number in range(30):
        member = shop.member(f"n-{number}")
        give(shop, 10 + number, MARCH_9, member)
        give(shop, 5, APRIL_1, member)
    until(shop, MARCH_9)
    told: list[ExpiryProgress] = []
    done = shop.engine._expiry.run(told.append, batch_accounts=7)
    units = sum(10 + number for number in range(30))
    assert ExpiryProgress(accounts=30, lots=30, units=units, lots_due=30) == done
    assert [7, 14, 21, 28, 30] == [progress.accounts for progress in told]
    assert ExpiryProgress() == shop.engine.expire()


def test_a_run_that_was_stopped_is_gone_on_with(shop: Shop) -> None:
    """By its event, or by whoever watches it; what was done stays done."""
    for number in range(6):
        give(shop, 10, MARCH_9, shop.member(f"n-{number}"))
    until(shop, MARCH_9)
    stop = threading.Event()
    assert 2 == shop.engine._expiry.run(lambda _: stop.set(), stop, batch_accounts=2).lots

    def interrupt(_progress: ExpiryProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.engine._expiry.run(interrupt, batch_accounts=2)
    assert [] == shop.engine.verify()
    assert ExpiryProgress(accounts=2, lots=2, units=20, lots_due=2) == shop.engine.expire()


def test_others_get_their_turn_between_two_batches(full: Shop) -> None:
    """A charge goes through while a run is under way."""
    give(full, 10, MARCH_9, full.member("m-2"))
    until(full, MARCH_9)
    paid: list[PaymentState] = []
    full.engine._expiry.run(lambda _: paid.append(full.pay("m-1", 10).state), batch_accounts=1)
    assert [PaymentState.SUCCEEDED] * 2 == paid


def test_the_sweep_expires_what_is_due(full: Shop) -> None:
    """Nobody has to think of it."""
    until(full, APRIL_1)
    assert 2 == full.engine.sweep().lots
    assert 0 == full.engine.sweep().lots


def test_two_runs_at_once_expire_each_lot_once(shop: Shop) -> None:
    """Whichever of the two comes to it."""
    for number in range(20):
        give(shop, 10, MARCH_9, shop.member(f"n-{number}"))
    until(shop, MARCH_9)
    done: list[ExpiryProgress] = []
    runs = [
        threading.Thread(target=lambda: done.append(shop.engine._expiry.run(batch_accounts=3)))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert (20, 200) == (sum(run.lots for run in done), sum(run.units for run in done))


def test_a_clock_that_was_set_back_brings_nothing_back(full: Shop) -> None:
    """What has expired has; what has not is good again."""
    until(full, MARCH_9)
    assert 500 == balance(full)
    full.clock.advance(-2 * DAY)
    assert 500 == balance(full)
    assert Credited(balance=points(510)) == give(full, 10, MARCH_9)
    assert ((MARCH_9, 10), (APRIL_1, 200)) == expiring(full)
