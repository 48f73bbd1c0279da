"""Sealed PINs at a payment that waits: taken once, for this payment, and no try when they are noise."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from points_engine.bootstrap import PinEntry, Settings
from points_engine.contract import (
    AnswerChallenge,
    Challenge,
    ChallengeKind,
    PaymentState,
    Refusal,
    Refused,
    Reply,
    SealedPin,
    SealTo,
    Secret,
)
from points_engine.sealing import seal_pin
from tests.points_engine.shop import EVERY_KIND, RIGHT_PIN, TILL, WRONG_PIN, Shop, payment, refused

K, R, S = ChallengeKind, Refusal, PaymentState


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that offers every proof, and a member with a PIN."""
    with Shop(tmp_path, EVERY_KIND) as open_shop:
        open_shop.member("m-1", 9_000, RIGHT_PIN)
        yield open_shop
        assert [] == open_shop.engine.verify()


def challenge(reply: Reply) -> Challenge:
    """The challenge of a payment that waits."""
    found = payment(reply).challenge
    assert found is not None
    return found


def seal_to(shop: Shop, order_id: str) -> SealTo:
    """What a keypad is given for a payment."""
    found = challenge(shop.query(order_id)).seal_to
    assert found is not None
    return found


def sealed(shop: Shop, order_id: str, pin: str) -> SealedPin:
    """A PIN sealed at the keypad."""
    return seal_pin(Secret(pin), order_id, seal_to(shop, order_id))


def answer_sealed(shop: Shop, order_id: str, pin: SealedPin, answer_id: str | None = None) -> Reply:
    """Answer with it."""
    return shop.ask(
        AnswerChallenge(
            order_id=order_id, answer_id=answer_id or shop.fresh("answer"), kind=K.PIN, answer=pin
        )
    )


def test_a_sealed_pin_is_checked_like_a_plain_one(shop: Shop) -> None:
    """Wrong it costs a try, right it pays, and sent again under its id it is the same answer."""
    shop.pay("m-1", 800, "o-1")
    wrong = sealed(shop, "o-1", WRONG_PIN)
    assert Refused(refusal=R.PIN_WRONG, tries_left=2) == answer_sealed(shop, "o-1", wrong, "a-1")
    assert Refused(refusal=R.PIN_WRONG, tries_left=2) == answer_sealed(shop, "o-1", wrong, "a-1")
    right = sealed(shop, "o-1", RIGHT_PIN)
    paid = answer_sealed(shop, "o-1", right, "a-2")
    assert S.SUCCEEDED == payment(paid).state
    assert paid == answer_sealed(shop, "o-1", right, "a-2")


def test_a_sealed_pin_is_taken_once(shop: Shop) -> None:
    """Replayed under another id it is refused, and costs nobody a try."""
    shop.pay("m-1", 800, "o-1")
    wrong = sealed(shop, "o-1", WRONG_PIN)
    answer_sealed(shop, "o-1", wrong)
    for _ in range(5):
        assert Refused(refusal=R.SEALED_PIN_INVALID) == answer_sealed(shop, "o-1", wrong)
    assert 2 == challenge(shop.query("o-1")).tries_left


def test_a_sealed_pin_is_for_one_payment(shop: Shop) -> None:
    """The right PIN sealed for one order does nothing for another, nor for a later one of the same number elsewhere."""
    shop.pay("m-1", 800, "o-1")
    shop.pay("m-1", 2_000, "o-2")
    mine = sealed(shop, "o-1", RIGHT_PIN)
    assert seal_to(shop, "o-1").nonce != seal_to(shop, "o-2").nonce
    assert seal_to(shop, "o-1") == seal_to(shop, "o-1")
    assert Refused(refusal=R.SEALED_PIN_INVALID) == answer_sealed(shop, "o-2", mine)
    swapped = seal_pin(Secret(RIGHT_PIN), "o-2", seal_to(shop, "o-1"))
    assert Refused(refusal=R.SEALED_PIN_INVALID) == answer_sealed(shop, "o-2", swapped)
    altered = SealedPin(bytes([mine.box[0] ^ 1]) + mine.box[1:])
    assert Refused(refusal=R.SEALED_PIN_INVALID) == answer_sealed(shop, "o-1", altered)
    assert 3 == challenge(shop.query("o-1")).tries_left
    assert S.SUCCEEDED == payment(answer_sealed(shop, "o-1", mine)).state


def test_a_box_replayed_by_many_is_counted_once(shop: Shop) -> None:
    """Eight copies of a wrong PIN at once, each with an id of its own, are one try."""
    shop.pay("m-1", 800, "o-1")
    wrong = sealed(shop, "o-1", WRONG_PIN)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: answer_sealed(shop, "o-1", wrong, f"a-{number}"), range(8)))
    assert [2] == [reply.tries_left for reply in map(refused, replies) if reply.refusal is R.PIN_WRONG]
    assert 2 == challenge(shop.query("o-1")).tries_left


@pytest.mark.parametrize("typed", ["", "28461", "2846190", "２８４６１９", "\ud800"])
def test_what_is_no_pin_is_a_wrong_one_sealed_too(shop: Shop, typed: str) -> None:
    """Whatever was typed: it was sealed for this payment, so it is a try."""
    shop.pay("m-1", 800, "o-1")
    assert R.PIN_WRONG == refused(answer_sealed(shop, "o-1", sealed(shop, "o-1", typed))).refusal


def test_the_seal_outlives_a_restart(tmp_path: Path) -> None:
    """Sealed before the engine was closed, opened after: the key is the key file's, the nonce the payment's."""
    settings = Settings(pin_entry=PinEntry.SEALED)
    with Shop(tmp_path, settings) as before:
        before.member("m-1", 9_000, RIGHT_PIN)
        before.charge(before.code("m-1"), 800, "o-1", TILL)
        pin = sealed(before, "o-1", RIGHT_PIN)
    with Shop(tmp_path, settings, clock=before.clock) as after:
        assert S.SUCCEEDED == payment(answer_sealed(after, "o-1", pin)).state
