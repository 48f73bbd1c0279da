"""Every refusal, by precedence: each line is wrong in its own way and in all later ways that go with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from points_engine.amounts import MAX_UNITS, Asset
from points_engine.bootstrap import AssetLimits, RiskAnswer, RiskFacts, Settings
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    Command,
    Credit,
    EnrolMember,
    IssueCode,
    Payment,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reverse,
    Secret,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
)
from tests.points_engine.engine.test_money_back_refusals import REFUSALS as MONEY_BACK_REFUSALS
from tests.points_engine.engine.test_proof_refusals import REFUSALS as PROOF_REFUSALS
from tests.points_engine.engine.test_recovery_refusals import REFUSALS as RECOVERY_REFUSALS
from tests.points_engine.shop import RIGHT_PIN, TILL, WRONG_PIN, Shop, payment, points, refused

R = Refusal
CAP = 2_000
DAILY_COUNT = 4
RISKY = 801


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop where one payment is at most 2,000 points, a day has four, and one amount is too risky."""
    limits = AssetLimits(cap_units=CAP, daily_count=DAILY_COUNT)
    settings = Settings(shows_balance=True, limits={Asset.POINTS: limits})

    def risk(facts: RiskFacts) -> RiskAnswer:
        return RiskAnswer.REFUSE if facts.units == RISKY else RiskAnswer.ALLOW

    with Shop(tmp_path, settings, risk=risk) as open_shop:
        yield open_shop
        assert [] == open_shop.engine.verify()


# --- charge

# In order of precedence: a line is wrong in its own way and in all those below it.
CHARGE_REFUSALS = [
    R.TILL_NOT_ENROLLED,
    R.ORDER_MISMATCH,
    R.AMOUNT_NOT_ALLOWED,
    R.ORDER_SHARE_TOO_LARGE,
    R.NOT_A_PAYMENT_CODE,
    R.CODE_UNKNOWN,
    R.CODE_EXPIRED,
    R.CODE_USED,
    R.ACCOUNT_FROZEN,
    R.DAILY_LIMIT_REACHED,
    R.BALANCE_TOO_LOW,
    R.RISK_TOO_HIGH,
    R.PIN_LOCKED,
]

# A code that is unknown has no age and was not used; what has no PIN cannot have locked it.
CANNOT_GO_WITH = {R.CODE_UNKNOWN: {R.CODE_EXPIRED, R.CODE_USED}}


def wrong_charge(shop: Shop, ways: set[Refusal], *, has_pin: bool = True) -> Charge:
    """A charge that is wrong in exactly these ways, and otherwise needs a PIN and would open a challenge."""
    member = shop.member("m-1", 1_000, RIGHT_PIN if has_pin else None)
    if R.PIN_LOCKED in ways:
        shop.lock_pin(member)
    order_id = shop.fresh("order")
    if R.ORDER_MISMATCH in ways:
        shop.pay(member, 7, order_id)
    if R.DAILY_LIMIT_REACHED in ways:
        for _ in range(DAILY_COUNT - len(ways & {R.ORDER_MISMATCH, R.CODE_USED})):
            shop.pay(member, 1)
    code = shop.code(member)
    if R.CODE_USED in ways:
        assert PaymentState.SUCCEEDED == payment(shop.charge(code, 1)).state
    if R.CODE_UNKNOWN in ways:
        shop.code(member)
    if R.CODE_EXPIRED in ways:
        shop.clock.advance(60)
    if R.ACCOUNT_FROZEN in ways:
        shop.freeze(member)
    if R.NOT_A_PAYMENT_CODE in ways:
        code = code[:-1] + str((int(code[-1]) + 1) % 10)
    return Charge(
        order_id=order_id,
        till_id="till-nobody-knows" if R.TILL_NOT_ENROLLED in ways else TILL,
        cashier="lin",
        code=Secret(code),
        amount=points(wrong_units(ways)),
        order_total=points(700) if R.ORDER_SHARE_TOO_LARGE in ways else None,
    )


def wrong_units(ways: set[Refusal]) -> int:
    """An amount that is wrong in the first of these ways."""
    if R.AMOUNT_NOT_ALLOWED in ways:
        return CAP + 1
    if R.BALANCE_TOO_LOW in ways:
        return 1_500
    return RISKY if R.RISK_TOO_HIGH in ways else 800


@pytest.mark.parametrize("refusal", CHARGE_REFUSALS)
def test_a_charge_is_refused_for_the_first_reason(shop: Shop, refusal: Refusal) -> None:
    """Of all that is wrong with a charge, the first by precedence is given, and nothing moves."""
    later = set(CHARGE_REFUSALS[CHARGE_REFUSALS.index(refusal) :])
    command = wrong_charge(shop, later - CANNOT_GO_WITH.get(refusal, set()))
    reply = shop.ask(command)
    assert refusal == refused(reply).refusal
    assert isinstance(reply, Refused) == (refusal in {R.TILL_NOT_ENROLLED, R.ORDER_MISMATCH})
    if isinstance(reply, Payment):
        assert PaymentState.FAILED == reply.state
        assert reply == shop.ask(command) == shop.query(command.order_id)


@pytest.mark.parametrize("refusal", CHARGE_REFUSALS)
def test_each_reason_is_enough(shop: Shop, refusal: Refusal) -> None:
    """Wrong in this one way alone a charge is refused too."""
    assert refusal == refused(shop.ask(wrong_charge(shop, {refusal}))).refusal


def test_a_charge_that_is_right_in_every_way(shop: Shop) -> None:
    """Without any of the faults it opens a challenge: the table's faults are what refuses."""
    assert PaymentState.REQUIRES_ACTION == payment(shop.ask(wrong_charge(shop, set()))).state


def test_no_pin_set_comes_after_the_balance(shop: Shop) -> None:
    """Over the limit without a PIN is refused, but a balance too low is told first."""
    poor = wrong_charge(shop, {R.BALANCE_TOO_LOW}, has_pin=False)
    assert R.BALANCE_TOO_LOW == refused(shop.ask(poor)).refusal
    assert R.PIN_NOT_SET == refused(shop.pay("m-1", 800)).refusal


def test_the_table_follows_the_enum() -> None:
    """The lines stand in the order of Refusal."""
    assert sorted(CHARGE_REFUSALS, key=lambda refusal: refusal.precedence) == CHARGE_REFUSALS


# --- the other commands: a set-up that makes the command wrong in its own and all later ways, then the command


def _answer(
    order_id: str, answer_id: str = "a-1", kind: ChallengeKind = ChallengeKind.PIN
) -> AnswerChallenge:
    return AnswerChallenge(order_id=order_id, answer_id=answer_id, kind=kind, answer=Secret(WRONG_PIN))


def _answered_elsewhere(shop: Shop) -> None:
    """The answer a-1 was given to another order."""
    shop.member("m-0", 1_000, RIGHT_PIN)
    shop.answer(shop.pay("m-0", 800).order_id, WRONG_PIN, "a-1")


def answer_with_a_kind_not_offered(shop: Shop) -> Command:
    """An SMS code for a challenge that asks for a PIN; the answer's id is taken, the order unknown."""
    _answered_elsewhere(shop)
    return _answer("order-none", kind=ChallengeKind.SMS_CODE)


def answer_id_taken(shop: Shop) -> Command:
    """An answer's id used for another order; this one is unknown."""
    _answered_elsewhere(shop)
    return _answer("order-none")


def answer_to_no_order(shop: Shop) -> Command:
    """An answer to nothing."""
    return _answer("order-none")


def answer_after_cancel(shop: Shop) -> Command:
    """Canceled, then the time ran out, the PIN locked and the member frozen."""
    order_id = shop.pay(shop.member("m-1", 2_000, RIGHT_PIN), 800).order_id
    shop.cancel(order_id)
    shop.lock_pin("m-1")
    shop.freeze("m-1")
    shop.clock.advance(120)
    return _answer(order_id)


def answer_too_late(shop: Shop) -> Command:
    """The time ran out; the PIN was locked and the member frozen meanwhile."""
    order_id = shop.pay(shop.member("m-1", 2_000, RIGHT_PIN), 800).order_id
    shop.lock_pin("m-1")
    shop.freeze("m-1")
    shop.clock.advance(120)
    return _answer(order_id)


def answer_when_frozen(shop: Shop) -> Command:
    """The PIN was locked and the member frozen while the customer was typing."""
    order_id = shop.pay(shop.member("m-1", 2_000, RIGHT_PIN), 800).order_id
    shop.lock_pin("m-1")
    shop.freeze("m-1")
    return _answer(order_id)


def answer_when_locked(shop: Shop) -> Command:
    """Another payment used the tries up meanwhile."""
    order_id = shop.pay(shop.member("m-1", 2_000, RIGHT_PIN), 800).order_id
    shop.lock_pin("m-1")
    return _answer(order_id)


def wrong_answer(shop: Shop) -> Command:
    """Just a wrong PIN."""
    return _answer(shop.pay(shop.member("m-1", 2_000, RIGHT_PIN), 800).order_id)


def reverse_by_an_unknown_till(shop: Shop) -> Command:
    """A till nobody enrolled reverses another till's order."""
    return Reverse(order_id=shop.pay(shop.member("m-1", 10), 5).order_id, till_id="till-nobody-knows")


def reverse_by_another_till(shop: Shop) -> Command:
    """An enrolled till reverses another till's order."""
    shop.till("till-2")
    return Reverse(order_id=shop.pay(shop.member("m-1", 10), 5).order_id, till_id="till-2")


def query_of_nothing(shop: Shop) -> Command:
    """An order nobody has seen."""
    return Query(order_id="order-none")


def _credit(units: int, member_no: str = "m-none", asset: Asset = Asset.POINTS) -> Credit:
    return Credit(command_id="c-1", member_no=member_no, amount=points(units), reason="gift")


def credit_under_a_taken_id(shop: Shop) -> Command:
    """The command's id was used; the amount is nothing and the member unknown."""
    shop.member("m-1")
    shop.ask(_credit(5, "m-1"))
    return _credit(0)


def credit_of_nothing(shop: Shop) -> Command:
    """Nothing, to nobody."""
    return _credit(0)


def credit_above_what_a_balance_holds(shop: Shop) -> Command:
    """One unit more than there can be."""
    shop.member("m-1", 1)
    return _credit(MAX_UNITS, "m-1")


def credit_to_nobody(shop: Shop) -> Command:
    """A member nobody enrolled."""
    return _credit(5)


def enrol_twice(shop: Shop) -> Command:
    """A member number that is taken."""
    shop.member("m-1")
    return EnrolMember(command_id="c-1", member_no="m-1", name="somebody else")


def freeze_nobody(shop: Shop) -> Command:
    """A member nobody enrolled."""
    return SetFrozen(command_id="c-1", member_no="m-none", frozen=True)


def code_for_nobody(shop: Shop) -> Command:
    """A member nobody enrolled."""
    return IssueCode(command_id="c-1", member_no="m-none")


def limit_above_the_ceiling(shop: Shop) -> Command:
    """More than the scheme's ceiling, for nobody."""
    return SetPinFreeLimit(command_id="c-1", member_no="m-none", asset=Asset.POINTS, units=2_001)


def limit_of_an_asset_not_offered(shop: Shop) -> Command:
    """The scheme has no wallet."""
    shop.member("m-1")
    return SetPinFreeLimit(command_id="c-1", member_no="m-1", asset=Asset.WALLET, units=1)


def limit_of_nobody(shop: Shop) -> Command:
    """A member nobody enrolled."""
    return SetPinFreeLimit(command_id="c-1", member_no="m-none", asset=Asset.POINTS, units=2_000)


def short_pin_of_nobody(shop: Shop) -> Command:
    """Five digits, for nobody."""
    return SetPin(command_id="c-1", member_no="m-none", pin=Secret("12345"))


def short_pin(shop: Shop) -> Command:
    """Five digits."""
    shop.member("m-1")
    return SetPin(command_id="c-1", member_no="m-1", pin=Secret("12345"))


def short_pin_under_a_taken_id(shop: Shop) -> Command:
    """Five digits under the id of a SetPin that was carried out."""
    shop.member("m-1")
    shop.ask(SetPin(command_id="c-1", member_no="m-1", pin=Secret(RIGHT_PIN)))
    return SetPin(command_id="c-1", member_no="m-1", pin=Secret("12345"))


OTHER_REFUSALS: list[tuple[Refusal, Callable[[Shop], Command]]] = [
    (R.TILL_NOT_ENROLLED, reverse_by_an_unknown_till),
    (R.NOT_PERMITTED, reverse_by_another_till),
    (R.NOT_PERMITTED, answer_with_a_kind_not_offered),
    (R.ORDER_MISMATCH, answer_id_taken),
    (R.ORDER_MISMATCH, credit_under_a_taken_id),
    (R.ORDER_MISMATCH, short_pin_under_a_taken_id),
    (R.ORDER_UNKNOWN, answer_to_no_order),
    (R.ORDER_UNKNOWN, query_of_nothing),
    (R.AMOUNT_NOT_ALLOWED, credit_of_nothing),
    (R.AMOUNT_NOT_ALLOWED, credit_above_what_a_balance_holds),
    (R.AMOUNT_NOT_ALLOWED, limit_above_the_ceiling),
    (R.AMOUNT_NOT_ALLOWED, limit_of_an_asset_not_offered),
    (R.MEMBER_UNKNOWN, credit_to_nobody),
    (R.MEMBER_UNKNOWN, freeze_nobody),
    (R.MEMBER_UNKNOWN, code_for_nobody),
    (R.MEMBER_UNKNOWN, limit_of_nobody),
    (R.MEMBER_UNKNOWN, short_pin_of_nobody),
    (R.MEMBER_EXISTS, enrol_twice),
    (R.ACCOUNT_FROZEN, answer_when_frozen),
    (R.PAYMENT_CANCELED, answer_after_cancel),
    (R.PAYMENT_EXPIRED, answer_too_late),
    (R.PIN_NOT_ALLOWED, short_pin),
    (R.PIN_LOCKED, answer_when_locked),
    (R.PIN_WRONG, wrong_answer),
]


@pytest.mark.parametrize(
    ("refusal", "wrong"), OTHER_REFUSALS, ids=[wrong.__name__ for _, wrong in OTHER_REFUSALS]
)
def test_the_other_commands_are_refused_for_the_first_reason(
    shop: Shop, refusal: Refusal, wrong: Callable[[Shop], Command]
) -> None:
    """Each is refused for the first reason, and asked again, for the same."""
    command = wrong(shop)
    reply = shop.ask(command)
    assert refusal == refused(reply).refusal
    assert reply == shop.ask(command)


NOT_FROM_THIS_ENGINE = {
    R.ENGINE_UNAVAILABLE: "said by the till when the engine raises EngineFault",
    R.OUTCOME_UNKNOWN: "said by the till when no reply came",
}


def test_every_refusal_has_its_line() -> None:
    """Each is in one of the tables, or in the list of those this engine never gives, with the reason."""
    shown = {
        *CHARGE_REFUSALS,
        *(
            refusal
            for refusal, _ in OTHER_REFUSALS + PROOF_REFUSALS + RECOVERY_REFUSALS + MONEY_BACK_REFUSALS
        ),
        R.PIN_NOT_SET,
        R.ENROLMENT_CODE_INVALID,  # in test_enrolments: what enrols a till is no command of the front door's
    }
    assert set(Refusal) == shown | set(NOT_FROM_THIS_ENGINE)
    assert set() == shown & set(NOT_FROM_THIS_ENGINE)
