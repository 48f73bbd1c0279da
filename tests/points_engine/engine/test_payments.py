"""What happens to payments: charged, asked for a PIN, canceled, expired, reversed, and asked about."""

from datetime import timedelta

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.bootstrap import AssetLimits, Settings
from points_engine.contract import (
    AnswerChallenge,
    CanceledBy,
    Challenge,
    ChallengeKind,
    Charge,
    Payment,
    PaymentPart,
    PaymentState,
    Refusal,
    Refused,
    Secret,
)
from tests.points_engine.shop import RIGHT_PIN, TILL, WRONG_PIN, Shop, payment, points, refused

pytestmark = pytest.mark.both_stores

S = PaymentState


def test_within_the_limit_it_is_charged_at_once(shop: Shop) -> None:
    """500 points are the scheme's PIN-free limit: charged, with the name and the balance a till may show."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    expected = Payment(
        order_id="o-1",
        state=S.SUCCEEDED,
        amount=points(500),
        at=shop.clock.now(),
        member="王*",
        balance=points(4_500),
        parts=(PaymentPart(taken=points(500), worth=points(500)),),
    )
    assert expected == shop.pay("m-1", 500, "o-1")


def test_over_the_limit_the_pin_is_asked_for(shop: Shop) -> None:
    """501 points go on hold until the PIN comes, and count as spent meanwhile."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    opened = shop.pay("m-1", 501, "o-1")
    due = shop.clock.now() + timedelta(seconds=120)
    assert S.REQUIRES_ACTION == opened.state
    assert Challenge(kinds=(ChallengeKind.PIN,), tries_left=3, expires_at=due) == opened.challenge
    assert points(499) == opened.balance
    assert 499 == shop.balance("m-1")
    paid = payment(shop.answer("o-1", RIGHT_PIN))
    assert (S.SUCCEEDED, None, None) == (paid.state, paid.challenge, paid.refused)
    assert 499 == shop.balance("m-1")


def test_what_is_on_hold_cannot_be_spent(shop: Shop) -> None:
    """Another payment sees only what is not on hold."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.pay("m-1", 700)
    other = shop.pay("m-1", 301)
    assert Refused(refusal=Refusal.BALANCE_TOO_LOW, available=points(300)) == other.refused
    assert S.SUCCEEDED == shop.pay("m-1", 300).state


def test_a_scheme_that_shows_no_balance(shop: Shop) -> None:
    """Neither a payment nor a refusal tells a till what a member has."""
    folder = shop.folder.parent / "discreet"
    with Shop(folder, Settings(shows_balance=False)) as discreet:
        discreet.member("m-1", 100)
        assert None is discreet.pay("m-1", 30).balance
        poor = discreet.pay("m-1", 71)
        assert (None, Refused(refusal=Refusal.BALANCE_TOO_LOW)) == (poor.balance, poor.refused)


def test_a_refused_charge_leaves_the_code_alive(shop: Shop) -> None:
    """The customer need not refresh: a smaller part is paid with the same code."""
    shop.member("m-1", 100)
    code = shop.code("m-1")
    assert Refusal.BALANCE_TOO_LOW == refused(shop.charge(code, 101)).refusal
    assert S.SUCCEEDED == payment(shop.charge(code, 100)).state
    assert Refusal.CODE_USED == refused(shop.charge(code, 1)).refusal


def test_an_opened_challenge_uses_the_code(shop: Shop) -> None:
    """A code works once, also when its payment comes to nothing."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    code = shop.code("m-1")
    order_id = payment(shop.charge(code, 600)).order_id
    shop.cancel(order_id)
    assert Refusal.CODE_USED == refused(shop.charge(code, 1)).refusal


@pytest.mark.parametrize("by", CanceledBy)
def test_canceling_gives_the_hold_back(shop: Shop, by: CanceledBy) -> None:
    """Canceled by either side the payment ends and the points are there again; canceling twice is the same."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    canceled = payment(shop.cancel("o-1", by))
    assert (S.CANCELED, Refused(refusal=Refusal.PAYMENT_CANCELED)) == (canceled.state, canceled.refused)
    shop.clock.advance(500)
    assert canceled == shop.cancel("o-1", by) == shop.query("o-1")
    assert 1_000 == shop.balance("m-1")


def test_canceling_what_is_done_changes_nothing(shop: Shop) -> None:
    """A paid order stays paid: taking it back is a reversal."""
    shop.member("m-1", 1_000)
    paid = shop.pay("m-1", 300, "o-1")
    assert paid == shop.cancel("o-1")
    assert Refusal.ORDER_UNKNOWN == refused(shop.cancel("o-none")).refusal


def test_the_last_moment_of_a_challenge(shop: Shop) -> None:
    """An answer is in time up to, not including, the 120th second."""
    shop.member("m-1", 2_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    shop.clock.advance(119.999999)
    assert S.SUCCEEDED == payment(shop.answer("o-1", RIGHT_PIN)).state
    shop.pay("m-1", 600, "o-2")
    shop.clock.advance(120)
    late = payment(shop.answer("o-2", RIGHT_PIN))
    assert (S.CANCELED, Refusal.PAYMENT_EXPIRED) == (late.state, refused(late).refusal)


def test_whoever_looks_first_ends_what_is_past_its_time(shop: Shop) -> None:
    """A query, a cancel, a reversal, the same charge again, or the sweeper: the order expires and stays so."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    codes = {}
    for order_id in ("queried", "canceled", "reversed", "charged", "swept"):
        codes[order_id] = shop.code("m-1")
        shop.charge(codes[order_id], 600, order_id)
    at = shop.clock.advance(120)
    replies = [
        shop.query("queried"),
        shop.cancel("canceled"),
        shop.reverse("reversed"),
        shop.charge(codes["charged"], 600, "charged"),
    ]
    assert 1 == shop.engine.sweep().payments
    for reply in [*replies, shop.query("swept")]:
        ended = payment(reply)
        assert (S.CANCELED, Refusal.PAYMENT_EXPIRED, at) == (ended.state, refused(ended).refusal, ended.at)
    assert 10_000 == shop.balance("m-1")


def test_a_hold_past_its_time_does_not_stand_in_the_way(shop: Shop) -> None:
    """A customer whose abandoned payment has expired can spend all they have without waiting for the sweeper."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.pay("m-1", 900, "o-1")
    assert Refusal.BALANCE_TOO_LOW == refused(shop.pay("m-1", 400)).refusal
    shop.clock.advance(120)
    assert S.SUCCEEDED == shop.pay("m-1", 400).state
    assert S.CANCELED == payment(shop.query("o-1")).state


def test_reversing_what_is_done_gives_it_back(shop: Shop) -> None:
    """All of it comes back, once."""
    shop.member("m-1", 1_000)
    shop.pay("m-1", 300, "o-1")
    shop.clock.advance(5)
    taken_back = payment(shop.reverse("o-1"))
    assert (S.REVERSED, None, points(1_000)) == (taken_back.state, taken_back.refused, taken_back.balance)
    assert taken_back == shop.reverse("o-1") == shop.query("o-1")
    assert 1_000 == shop.balance("m-1")


def test_reversing_what_is_open_closes_it(shop: Shop) -> None:
    """The hold is voided, and a PIN typed meanwhile comes too late."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    closed = payment(shop.reverse("o-1"))
    assert S.REVERSED == closed.state
    assert closed == shop.answer("o-1", RIGHT_PIN)
    assert 1_000 == shop.balance("m-1")


def test_reversing_what_is_absent_blocks_a_late_arrival(shop: Shop) -> None:
    """A charge that arrives after its own reversal finds it, takes nothing and leaves the code alive."""
    shop.member("m-1", 1_000)
    tombstone = payment(shop.reverse("o-1"))
    assert (S.REVERSED, 0, None) == (tombstone.state, tombstone.amount.units, tombstone.member)
    code = shop.code("m-1")
    assert tombstone == shop.charge(code, 300, "o-1") == shop.reverse("o-1") == shop.query("o-1")
    assert S.SUCCEEDED == payment(shop.charge(code, 300, "o-2")).state


def test_reversing_what_came_to_nothing_leaves_it(shop: Shop) -> None:
    """A failed payment stays failed, with its reason."""
    shop.member("m-1", 1_000)
    failed = shop.pay("m-1", 1_001, "o-1")
    assert failed == shop.reverse("o-1")


def test_a_tombstone_is_its_tills_alone(shop: Shop) -> None:
    """Another till's order under the same number is another order."""
    shop.till("till-2")
    shop.member("m-1", 1_000)
    shop.reverse("o-1")
    reply = shop.charge(shop.code("m-1"), 300, "o-1", till_id="till-2")
    assert Refusal.ORDER_MISMATCH == refused(reply).refusal


@pytest.mark.parametrize("change", ["till", "units", "asset", "code"])
def test_the_same_order_with_other_content_is_an_error(shop: Shop, change: str) -> None:
    """A till, an amount, an asset or a code that differs: nothing happens, and what was done stands."""
    shop.till("till-2")
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    paid = shop.charge(code, 300, "o-1")
    changed = Charge(
        order_id="o-1",
        till_id="till-2" if change == "till" else TILL,
        cashier="lin",
        code=Secret(shop.code("m-1") if change == "code" else code),
        amount=Amount(Asset.WALLET if change == "asset" else Asset.POINTS, 299 if change == "units" else 300),
    )
    assert Refused(refusal=Refusal.ORDER_MISMATCH) == shop.ask(changed)
    assert paid == shop.query("o-1")


def test_the_same_order_from_the_next_cashier_is_the_same(shop: Shop) -> None:
    """A till that resolves an order after a change of shift says another cashier: the order is the same."""
    shop.member("m-1", 1_000)
    code = shop.code("m-1")
    paid = shop.charge(code, 300, "o-1")
    again = Charge(order_id="o-1", till_id=TILL, cashier="zhao", code=Secret(code), amount=points(300))
    assert paid == shop.ask(again)


def test_a_failed_order_stays_failed(shop: Shop) -> None:
    """The same order asked again after the balance was filled gives the same answer; a new order is a new try."""
    shop.member("m-1", 100)
    code = shop.code("m-1")
    failed = shop.charge(code, 300, "o-1")
    shop.credit("m-1", 1_000)
    assert failed == shop.charge(code, 300, "o-1")
    assert S.SUCCEEDED == payment(shop.charge(code, 300, "o-2")).state


def test_the_days_count_of_pin_free_payments(shop: Shop) -> None:
    """After ten PIN-free payments the eleventh asks, the next day it does not; a reversal does not give one back."""
    shop.member("m-1", 1_000, RIGHT_PIN)
    states = [shop.pay("m-1", 1, f"o-{number}").state for number in range(11)]
    assert [S.SUCCEEDED] * 10 + [S.REQUIRES_ACTION] == states
    shop.reverse("o-3")
    assert S.REQUIRES_ACTION == shop.pay("m-1", 1).state
    shop.clock.advance(12 * 3600)
    assert S.SUCCEEDED == shop.pay("m-1", 1).state


def test_the_days_sum_of_pin_free_payments(shop: Shop) -> None:
    """3,000 points a day go without a PIN, however they are cut; over it even a small one asks."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    states = [shop.pay("m-1", 500).state for _ in range(7)]
    assert [S.SUCCEEDED] * 6 + [S.REQUIRES_ACTION] == states
    assert S.REQUIRES_ACTION == shop.pay("m-1", 1).state


def test_a_payment_with_pin_counts_for_nothing(shop: Shop) -> None:
    """What was proved with the PIN leaves the day's PIN-free room as it was."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    shop.answer(shop.pay("m-1", 3_000).order_id, RIGHT_PIN)
    assert S.SUCCEEDED == shop.pay("m-1", 500).state


def test_a_members_own_limit(shop: Shop) -> None:
    """Lower or higher than the scheme's, up to its ceiling, and back again."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    shop.limit("m-1", 0)
    assert S.REQUIRES_ACTION == shop.pay("m-1", 1).state
    shop.limit("m-1", 2_000)
    assert S.SUCCEEDED == shop.pay("m-1", 2_000).state
    shop.limit("m-1", None)
    assert S.REQUIRES_ACTION == shop.pay("m-1", 501).state


def test_a_ceiling_that_was_lowered_holds_for_old_choices(shop: Shop) -> None:
    """A limit chosen under a higher ceiling is cut at today's."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    shop.limit("m-1", 2_000)
    shop.engine.close()
    stricter = Settings(limits={Asset.POINTS: AssetLimits(pin_free_units=100, pin_free_ceiling_units=200)})
    with Shop(shop.folder, stricter, clock=shop.clock) as today:
        assert S.REQUIRES_ACTION == today.pay("m-1", 201, "o-1").state
        assert S.SUCCEEDED == today.pay("m-1", 200, "o-2").state
    shop.engine = Shop(shop.folder).engine


def test_an_asset_the_scheme_does_not_offer(shop: Shop) -> None:
    """Is no allowed amount."""
    with Shop(shop.folder.parent / "points-only", Settings(limits={Asset.POINTS: AssetLimits()})) as only:
        only.member("m-1", 100)
        charge = Charge(
            order_id="o-1",
            till_id=TILL,
            cashier="lin",
            code=Secret(only.code("m-1")),
            amount=Amount(Asset.WALLET, 5),
        )
        assert Refusal.AMOUNT_NOT_ALLOWED == refused(only.ask(charge)).refusal


def test_assets_are_apart(shop: Shop) -> None:
    """Points do not pay for what is asked from the wallet."""
    shop.member("m-1", 1_000)
    charge = Charge(
        order_id="o-1",
        till_id=TILL,
        cashier="lin",
        code=Secret(shop.code("m-1")),
        amount=Amount(Asset.WALLET, 5),
    )
    found = refused(shop.ask(charge))
    assert Refused(refusal=Refusal.BALANCE_TOO_LOW, available=Amount(Asset.WALLET, 0)) == found


def test_a_reversal_after_the_till_moved(shop: Shop) -> None:
    """A till that moved to another shop takes its old payment back from the shop that had it."""
    shop.member("m-1", 1_000)
    shop.pay("m-1", 300, "o-1")
    shop.till(TILL, "shop-2")
    assert S.REVERSED == payment(shop.reverse("o-1")).state


@pytest.mark.parametrize(("name", "shown"), [("王小明", "王*"), ("Ana", "A*"), ("", None), ("𠮷野", "𠮷*")])
def test_the_name_a_till_may_show(shop: Shop, name: str, shown: str | None) -> None:
    """The first character and a star, whatever the script; nothing for nobody."""
    shop.member("m-1", 10, name=name)
    assert shown == shop.pay("m-1", 1).member


def test_a_code_that_does_not_pay_tells_no_name(shop: Shop) -> None:
    """Who holds an old picture of a code up learns nothing of its owner."""
    shop.member("m-1", 10)
    code = shop.code("m-1")
    shop.clock.advance(60)
    assert None is payment(shop.charge(code, 1)).member


def test_an_answer_to_a_finished_payment(shop: Shop) -> None:
    """Whatever is typed after the end changes nothing and costs no try."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    shop.pay("m-1", 600, "o-1")
    paid = shop.answer("o-1", RIGHT_PIN)
    assert paid == shop.answer("o-1", WRONG_PIN)
    challenge = shop.pay("m-1", 600).challenge
    assert challenge is not None
    assert 3 == challenge.tries_left


def test_an_sms_code_is_not_offered(shop: Shop) -> None:
    """An answer of a kind the challenge does not ask for costs no try."""
    shop.member("m-1", 5_000, RIGHT_PIN)
    opened = shop.pay("m-1", 600, "o-1")
    answer = AnswerChallenge(
        order_id="o-1", answer_id="a-1", kind=ChallengeKind.SMS_CODE, answer=Secret(RIGHT_PIN)
    )
    assert Refusal.NOT_PERMITTED == refused(shop.ask(answer)).refusal
    assert opened == shop.query("o-1")
