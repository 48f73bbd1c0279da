"""What the demo plays: a table of scenarios, each a short script for the hands at the desk.

A scenario yields what it waits for; whoever plays it (the self-playing demo, the flow tests) waits in their own
way and takes a picture when it has come. `expected` are the journal's rows it must leave behind, as (kind,
refusal code), `change` what it does to the balances.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from points_engine.contract import Charge, Refusal
from pos_client.demo.desk import Desk, Until
from pos_client.till.effects import EntryKind

Steps = Iterator[Until]
Row = tuple[EntryKind, str | None]

INTENT: Row = (EntryKind.INTENT, None)
WAITING: Row = (EntryKind.WAITING_FOR_PIN, None)
SUCCEEDED: Row = (EntryKind.SUCCEEDED, None)
DROPPED: Row = (EntryKind.SALE_DROPPED, None)
PIN_WRONG: Row = (EntryKind.PIN_REFUSED, Refusal.PIN_WRONG.code)
UNKNOWN: Row = (EntryKind.OUTCOME_UNKNOWN, None)

WANG, LI, OUYANG, CHEN, ZHAO = "M1001", "M1002", "M1003", "M1004", "M1005"
PRODUCT_LABEL = "6901234567892"
WRONG_PIN = "000111"


def failed(refusal: Refusal) -> Row:
    """The row of a charge that was refused."""
    return (EntryKind.FAILED, refusal.code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that happens at a till, how it is done and what must have come of it."""

    name: str
    title: str
    play: Callable[[Desk], Steps]
    expected: tuple[Row, ...]
    change: Mapping[str, int] = field(default_factory=dict)


def within_limit(desk: Desk) -> Steps:
    """The customer shows the code, and that is all they do."""
    desk.key_in("300")
    yield desk.entered(300)
    yield desk.phone_shows(WANG)
    desk.hold_phone()
    yield desk.paid(300)


def over_limit_right_pin(desk: Desk) -> Steps:
    """Over the PIN-free limit the customer proves themselves on their own screen."""
    desk.key_in("800")
    desk.enter()
    yield desk.ready()
    yield desk.phone_shows(WANG)
    desk.hold_phone()
    yield desk.pin_asked()
    desk.tap_pin(desk.pin_of(WANG))
    yield desk.paid(800)


def wrong_pin_then_right(desk: Desk) -> Steps:
    """A slip of the finger costs one try and nothing else."""
    desk.key_in("2000")
    yield desk.phone_shows(OUYANG)
    desk.hold_phone()
    yield desk.pin_asked()
    desk.tap_pin(WRONG_PIN)
    yield desk.pin_asked()
    desk.tap_pin(desk.pin_of(OUYANG))
    yield desk.paid(2000)


def balance_too_low(desk: Desk) -> Steps:
    """The refusal names what is there; the customer pays otherwise."""
    desk.key_in("900")
    yield desk.phone_shows(LI)
    desk.hold_phone()
    yield desk.refused(Refusal.BALANCE_TOO_LOW)
    desk.escape()
    yield desk.empty()


def three_wrong_pins(desk: Desk) -> Steps:
    """Three wrong PINs end the payment and lock the PIN, on the next payment too."""
    desk.key_in("600")
    yield desk.phone_shows(LI)
    desk.hold_phone()
    for _ in range(3):
        yield desk.pin_asked()
        desk.tap_pin(WRONG_PIN)
    yield desk.refused(Refusal.PIN_LOCKED)
    desk.escape()
    yield desk.empty()
    desk.key_in("600")
    yield desk.phone_shows(LI)
    desk.hold_phone()
    yield desk.refused(Refusal.PIN_LOCKED)
    desk.escape()
    yield desk.empty()


def expired_code(desk: Desk) -> Steps:
    """A picture of an old code is worth nothing; the fresh one on the phone is taken at once."""
    yield desk.phone_shows(WANG)
    desk.photograph()
    desk.let_a_minute_pass()
    desk.key_in("100")
    yield desk.entered(100)
    desk.hold_photograph()
    yield desk.refused(Refusal.CODE_EXPIRED)
    yield desk.phone_shows(WANG)
    desk.hold_phone()
    yield desk.paid(100)


def code_used_twice(desk: Desk) -> Steps:
    """A code works once."""
    desk.key_in("100")
    yield desk.phone_shows(WANG)
    desk.photograph()
    desk.hold_phone()
    yield desk.paid(100)
    desk.key_in("150")
    yield desk.entered(150)
    yield desk.repeat_window_over()
    desk.hold_photograph()
    yield desk.refused(Refusal.CODE_USED)
    desk.escape()
    yield desk.empty()


def not_a_payment_code(desk: Desk) -> Steps:
    """A product's label is refused by the till itself."""
    desk.key_in("50")
    yield desk.entered(50)
    desk.scan_label(PRODUCT_LABEL)
    yield desk.refused(Refusal.NOT_A_PAYMENT_CODE)
    desk.escape()
    yield desk.empty()


def customer_cancels(desk: Desk) -> Steps:
    """The customer thinks better of it; nothing is taken."""
    desk.key_in("900")
    yield desk.phone_shows(WANG)
    desk.hold_phone()
    yield desk.pin_asked()
    desk.tap_cancel()
    yield desk.refused(Refusal.PAYMENT_CANCELED)
    desk.escape()
    yield desk.empty()


def part_in_points(desk: Desk) -> Steps:
    """Points pay a part, cash pays the rest."""
    desk.key_in("1200")
    yield desk.entered(1200)
    desk.part()
    desk.key_in("400")
    desk.enter()
    yield desk.ready()
    yield desk.phone_shows(OUYANG)
    desk.hold_phone()
    yield desk.collecting(800)
    desk.enter()
    yield desk.paid(400)


def engine_silent(desk: Desk) -> Steps:
    """The engine charges and its answer is lost: the till asks again, and nothing is taken twice."""
    desk.lose_next_answer(Charge)
    desk.key_in("200")
    yield desk.phone_shows(WANG)
    desk.hold_phone()
    yield desk.outcome_unknown()
    yield desk.paid(200)


def no_pin_set(desk: Desk) -> Steps:
    """A member without a PIN pays within the limit only."""
    desk.key_in("700")
    yield desk.phone_shows(CHEN)
    desk.hold_phone()
    yield desk.refused(Refusal.PIN_NOT_SET)
    desk.escape()
    yield desk.empty()


def account_frozen(desk: Desk) -> Steps:
    """A frozen account pays nothing."""
    desk.key_in("20")
    yield desk.phone_shows(ZHAO)
    desk.hold_phone()
    yield desk.refused(Refusal.ACCOUNT_FROZEN)
    desk.escape()
    yield desk.empty()


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="within-limit",
        title="免密限额内, 直接支付 / Within the limit",
        play=within_limit,
        expected=(INTENT, SUCCEEDED),
        change={WANG: -300},
    ),
    Scenario(
        name="over-limit-right-pin",
        title="超过限额, 密码正确 / Over the limit, right PIN",
        play=over_limit_right_pin,
        expected=(INTENT, WAITING, SUCCEEDED),
        change={WANG: -800},
    ),
    Scenario(
        name="wrong-pin-then-right",
        title="密码先错后对 / Wrong PIN, then right",
        play=wrong_pin_then_right,
        expected=(INTENT, WAITING, PIN_WRONG, SUCCEEDED),
        change={OUYANG: -2000},
    ),
    Scenario(
        name="balance-too-low",
        title="余额不足 / Balance too low",
        play=balance_too_low,
        expected=(INTENT, failed(Refusal.BALANCE_TOO_LOW), DROPPED),
    ),
    Scenario(
        name="three-wrong-pins",
        title="密码错三次, 锁定 / Three wrong PINs and the lock",
        play=three_wrong_pins,
        expected=(
            INTENT, WAITING, PIN_WRONG, PIN_WRONG, failed(Refusal.PIN_LOCKED), DROPPED,
            INTENT, failed(Refusal.PIN_LOCKED), DROPPED,
        ),
    ),
    Scenario(
        name="expired-code",
        title="付款码过期 / Expired code",
        play=expired_code,
        expected=(INTENT, failed(Refusal.CODE_EXPIRED), INTENT, SUCCEEDED),
        change={WANG: -100},
    ),
    Scenario(
        name="code-used-twice",
        title="付款码重复使用 / Code used twice",
        play=code_used_twice,
        expected=(INTENT, SUCCEEDED, INTENT, failed(Refusal.CODE_USED), DROPPED),
        change={WANG: -100},
    ),
    Scenario(
        name="not-a-payment-code",
        title="不是付款码 / Not a payment code",
        play=not_a_payment_code,
        expected=((EntryKind.SCAN_REFUSED, Refusal.NOT_A_PAYMENT_CODE.code), DROPPED),
    ),
    Scenario(
        name="customer-cancels",
        title="顾客取消 / Customer cancels",
        play=customer_cancels,
        expected=(INTENT, WAITING, (EntryKind.CANCELED, Refusal.PAYMENT_CANCELED.code), DROPPED),
    ),
    Scenario(
        name="part-in-points",
        title="部分积分, 其余现金 / A part in points, the rest in cash",
        play=part_in_points,
        expected=(INTENT, SUCCEEDED, (EntryKind.OTHER_TENDER, None)),
        change={OUYANG: -400},
    ),
    Scenario(
        name="engine-silent",
        title="系统未应答, 再次查询 / Engine silent, asked again",
        play=engine_silent,
        expected=(INTENT, UNKNOWN, SUCCEEDED),
        change={WANG: -200},
    ),
    Scenario(
        name="no-pin-set",
        title="未设置支付密码 / No PIN set",
        play=no_pin_set,
        expected=(INTENT, failed(Refusal.PIN_NOT_SET), DROPPED),
    ),
    Scenario(
        name="account-frozen",
        title="账户已冻结 / Account frozen",
        play=account_frozen,
        expected=(INTENT, failed(Refusal.ACCOUNT_FROZEN), DROPPED),
    ),
)  # fmt: skip
