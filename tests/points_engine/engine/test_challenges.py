"""Answers: tries across payments and tills, the lock, and many guesses at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_hasher import Argon2PinHasher
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.bootstrap import Engine, Settings
from points_engine.contract import Payment, PaymentState, Refusal, Refused
from points_engine.ports import PinHasher
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP, RIGHT_PIN, WRONG_PIN, Shop, payment, refused
from tests.waiting import PATIENCE_SECONDS

S = PaymentState
KEY = MasterKey(bytes(range(32)))


def wrong(tries_left: int) -> Refused:
    """A wrong PIN with so many tries left."""
    return Refused(refusal=Refusal.PIN_WRONG, tries_left=tries_left)


def test_a_wrong_pin_then_the_right_one(shop: Shop) -> None:
    """Two tries are told as left, then the payment goes through and the tries start again."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    assert wrong(2) == shop.answer("o-1", WRONG_PIN)
    assert S.SUCCEEDED == payment(shop.answer("o-1", RIGHT_PIN)).state
    shop.pay("m-1", 600, "o-2")
    assert wrong(2) == shop.answer("o-2", WRONG_PIN)


def test_the_third_wrong_pin_fails_the_payment_and_locks(shop: Shop) -> None:
    """The hold is given back, the PIN is locked, and the right one is too late."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    replies = [shop.answer("o-1", WRONG_PIN) for _ in range(3)]
    assert [wrong(2), wrong(1)] == replies[:2]
    failed = payment(replies[2])
    locked = Refused(refusal=Refusal.PIN_LOCKED, tries_left=0, wait_seconds=60)
    assert (S.FAILED, locked) == (failed.state, failed.refused)
    assert failed == shop.answer("o-1", RIGHT_PIN)
    assert Refusal.PIN_LOCKED == refused(shop.pay("m-1", 600)).refusal
    assert 5_000 == shop.balance("m-1")


def test_tries_are_counted_across_payments_and_tills(shop: Shop) -> None:
    """One wrong PIN each at two payments, and the second one at another till locks with the third."""
    shop.till("till-2")
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    shop.charge(shop.code("m-1"), 600, "o-2", till_id="till-2")
    assert wrong(2) == shop.answer("o-1", WRONG_PIN)
    assert wrong(1) == shop.answer("o-2", WRONG_PIN)
    assert S.FAILED == payment(shop.answer("o-1", WRONG_PIN)).state
    assert S.FAILED == payment(shop.answer("o-2", RIGHT_PIN)).state


def test_a_canceled_payment_gives_no_try_back(shop: Shop) -> None:
    """Starting again is no way to guess on."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    shop.answer("o-1", WRONG_PIN)
    shop.cancel("o-1")
    opened = shop.pay("m-1", 600, "o-2")
    assert opened.challenge is not None
    assert 2 == opened.challenge.tries_left


def test_a_locked_pin_does_not_stop_small_payments(shop: Shop) -> None:
    """PIN-free payments need no PIN, locked or not."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.lock_pin("m-1")
    assert S.SUCCEEDED == shop.pay("m-1", 500).state


def test_a_new_pin_unlocks(shop: Shop) -> None:
    """SetPin clears tries and lock, and a payment that waits takes the new one."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.lock_pin("m-1")
    shop.set_pin("m-1", "739154")
    shop.pay("m-1", 600, "o-1")
    assert wrong(2) == shop.answer("o-1", RIGHT_PIN)
    assert S.SUCCEEDED == payment(shop.answer("o-1", "739154")).state


@pytest.mark.parametrize("answer", ["", "28461", "2846190", "２８４６１９", "\ud800", "284619 "])
def test_what_is_no_pin_is_a_wrong_one(shop: Shop, answer: str) -> None:
    """Whatever was typed counts as one try and breaks nothing."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    assert wrong(2) == shop.answer("o-1", answer)


def test_the_same_answer_twice_is_one_try(shop: Shop) -> None:
    """An answer sent again under its id gets its reply again: wrong, last and right."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    for answer_id, expected in (("a-1", wrong(2)), ("a-2", wrong(1))):
        assert (
            expected == shop.answer("o-1", WRONG_PIN, answer_id) == shop.answer("o-1", WRONG_PIN, answer_id)
        )
    assert wrong(2) == shop.answer("o-1", WRONG_PIN, "a-1")
    paid = shop.answer("o-1", RIGHT_PIN, "a-3")
    assert paid == shop.answer("o-1", RIGHT_PIN, "a-3")
    assert S.SUCCEEDED == payment(paid).state


def test_a_second_open_payment_survives_the_first(shop: Shop) -> None:
    """Two payments that wait at two tills are each paid with the PIN."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    shop.pay("m-1", 700, "o-2")
    assert S.SUCCEEDED == payment(shop.answer("o-2", RIGHT_PIN)).state
    assert S.SUCCEEDED == payment(shop.answer("o-1", RIGHT_PIN)).state
    assert 3_700 == shop.balance("m-1")


def shop_with(hasher: PinHasher, folder: Path) -> Shop:
    """A shop whose engine checks PINs with this hasher."""
    clock = ManualClock()
    store = SqliteStore(folder / "points.sqlite", KEY.fingerprint)
    engine = Engine(store, clock, KeyedIds(KEY), hasher, Settings(shows_balance=True).scheme())
    return Shop(folder, clock=clock, engine=engine)


class HeldBack(PinHasher):
    """Answers no check before so many are under way."""

    def __init__(self, until: int) -> None:
        self._inner = Argon2PinHasher(KEY, CHEAP)
        self._barrier = threading.Barrier(until)

    def hash(self, member_no: str, pin: str) -> str:
        return self._inner.hash(member_no, pin)

    def verify(self, member_no: str, pin: str, pin_hash: str) -> bool:
        is_right = self._inner.verify(member_no, pin, pin_hash)
        self._barrier.wait(PATIENCE_SECONDS)
        return is_right


class Interrupted(PinHasher):
    """Does something else once, while the first check is under way."""

    def __init__(self) -> None:
        self._inner = Argon2PinHasher(KEY, CHEAP)
        self.meanwhile: list[Callable[[], None]] = []

    def hash(self, member_no: str, pin: str) -> str:
        return self._inner.hash(member_no, pin)

    def verify(self, member_no: str, pin: str, pin_hash: str) -> bool:
        while self.meanwhile:
            self.meanwhile.pop()()
        return self._inner.verify(member_no, pin, pin_hash)


def test_many_guesses_at_once_do_not_exceed_the_tries(tmp_path: Path) -> None:
    """Of twenty answers, all checked before the first is counted, at most three count, the right one included."""
    guesses = [*(f"{number:06d}" for number in range(19)), RIGHT_PIN]
    with shop_with(HeldBack(len(guesses)), tmp_path) as shop, ThreadPoolExecutor(len(guesses)) as pool:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.pay("m-1", 600, "o-1")
        replies = list(pool.map(lambda pin: shop.answer("o-1", pin, f"guess-{pin}"), guesses))
        counted = [reply.tries_left for reply in replies if isinstance(reply, Refused)]
        ended = payment(shop.query("o-1"))
        # The right one may have been counted first, second or third: then it paid, and the rest found it so.
        assert counted in [[2, 1], [1, 2], [2], []]
        assert {ended.state} == {reply.state for reply in replies if isinstance(reply, Payment)}
        assert ended.state in {S.FAILED, S.SUCCEEDED}
        assert [] == shop.engine.verify()


def test_the_right_pin_after_the_last_try_is_refused(tmp_path: Path) -> None:
    """While a right PIN is being checked, three wrong ones are counted: it comes too late."""
    hasher = Interrupted()
    with shop_with(hasher, tmp_path) as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.pay("m-1", 600, "o-1")
        shop.pay("m-1", 700, "o-2")
        hasher.meanwhile = [lambda: shop.lock_pin("m-1")]
        assert Refusal.PIN_LOCKED == refused(shop.answer("o-1", RIGHT_PIN)).refusal
        assert Refusal.PIN_LOCKED == refused(shop.answer("o-2", RIGHT_PIN)).refusal
        assert 5_000 == shop.balance("m-1")


@pytest.mark.parametrize(("typed", "expected"), [(RIGHT_PIN, wrong(2)), ("739154", S.SUCCEEDED)])
def test_a_pin_changed_meanwhile_is_noticed(tmp_path: Path, typed: str, expected: object) -> None:
    """While an answer is checked against the old PIN a new one is set: the new one decides."""
    hasher = Interrupted()
    with shop_with(hasher, tmp_path) as shop:
        shop.member("m-1", 5_000, RIGHT_PIN)
        shop.pay("m-1", 600, "o-1")
        hasher.meanwhile = [lambda: shop.set_pin("m-1", "739154")]
        reply = shop.answer("o-1", typed)
        assert expected == (reply.state if isinstance(reply, Payment) else reply)
