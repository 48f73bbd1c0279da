"""What people see: every state has a view, with words for all it says and nothing that must not be seen."""

from dataclasses import replace

import pytest

from points_engine.contract import NextAction, PaymentState, Refusal
from pos_client.till import view as views
from pos_client.till.effects import EntryKind, Record, Timer
from pos_client.till.events import (
    ENGINE_PATH,
    Confirmed,
    CustomerCanceled,
    DeviceChanged,
    DeviceLamp,
    DigitTyped,
    Dropped,
    Hindrance,
    NotScanned,
    OpenOrder,
    OtherTenderTaken,
    PartWanted,
    PinTyping,
    SetAside,
    Started,
)
from pos_client.till.session import PHASES
from pos_client.till.showing import SHOWN, view
from pos_client.till.state import Notice, Refusing, Till
from pos_client.till.view import MESSAGE_KEYS, Action, CashierView, Message, Tone
from tests.fakes.clock import START
from tests.pos_client.till.walking import (
    CODE,
    LIFETIME,
    PIN,
    TILL,
    after,
    amount,
    answer,
    aside,
    awaiting_pin,
    charging,
    collecting,
    fired,
    journal_fails,
    lost,
    pin,
    refuse,
    refusing,
    resolving,
    scan,
)

OLD = OpenOrder(order_id="old-2", sale_id="old-1", units=120)
ASK = fired(Timer.ASK_AGAIN)
NO = None

CASHIER: dict[str, tuple[Till, str, Tone, tuple[Action, ...], Action | None]] = {
    "empty": (TILL, "cashier.enter_amount", Tone.NEUTRAL, (), NO),
    "typing": (
        after(*amount("30")), "cashier.enter_amount", Tone.NEUTRAL,
        (Action.CONFIRM, Action.PART, Action.DROP), Action.CONFIRM,
    ),
    "part": (after(*amount("30"), PartWanted()), "cashier.enter_part", Tone.NEUTRAL, (Action.DROP,), NO),
    "part typed": (
        after(*amount("30"), PartWanted(), *amount("4")), "cashier.enter_part", Tone.NEUTRAL,
        (Action.CONFIRM, Action.DROP), Action.CONFIRM,
    ),
    "ready": (
        after(*amount("30"), Confirmed()), "cashier.scan_code", Tone.NEUTRAL,
        (Action.PART, Action.OTHER_TENDER, Action.DROP), NO,
    ),
    "charging": (charging(), "cashier.charging", Tone.BUSY, (), NO),
    "pin": (awaiting_pin(), "cashier.waiting_for_pin", Tone.BUSY, (Action.DROP,), NO),
    "pin again": (
        after(pin(), refuse(Refusal.PIN_WRONG, tries_left=2), till=awaiting_pin()),
        "cashier.waiting_for_pin", Tone.WARN, (Action.DROP,), NO,
    ),
    "checking": (after(pin(), till=awaiting_pin()), "cashier.checking_pin", Tone.BUSY, (), NO),
    "canceling": (after(CustomerCanceled(), till=awaiting_pin()), "cashier.canceling", Tone.BUSY, (), NO),
    "unknown": (resolving(), "refusal.outcome_unknown", Tone.WARN, (), NO),
    "unknown still": (
        after(ASK, lost, till=resolving()), "refusal.outcome_unknown", Tone.WARN, (Action.SET_ASIDE,), NO,
    ),
    "giving up": (after(Dropped(), till=collecting()), "cashier.returning_points", Tone.WARN, (), NO),
    "opening": (after(Started((OLD,))), "cashier.resolving_at_start", Tone.WARN, (), NO),
    "recovered": (
        after(Started((OLD,)), answer(PaymentState.SUCCEEDED)), "cashier.recovered", Tone.WARN,
        (Action.CONFIRM,), Action.CONFIRM,
    ),
    "collecting": (
        collecting(), "cashier.collect_rest", Tone.GOOD,
        (Action.OTHER_TENDER, Action.DROP), Action.OTHER_TENDER,
    ),
    "set aside": (
        aside(), "cashier.collect_all", Tone.NEUTRAL,
        (Action.OTHER_TENDER, Action.DROP), Action.OTHER_TENDER,
    ),
    "paid": (after(answer(PaymentState.SUCCEEDED), till=charging()), "cashier.paid", Tone.GOOD, (), NO),
    "paid both": (after(Confirmed(), till=collecting()), "cashier.paid_with_rest", Tone.GOOD, (), NO),
    "paid elsewhere": (
        after(OtherTenderTaken(), till=refusing(Refusal.CODE_USED)), "cashier.paid_elsewhere", Tone.GOOD, (), NO,
    ),
    "refused": (
        refusing(Refusal.CODE_USED), "refusal.code_used", Tone.BAD,
        (Action.CONFIRM, Action.PART, Action.OTHER_TENDER, Action.DROP), Action.CONFIRM,
    ),
    "no journal": (
        journal_fails(after(*amount("3")), scan())[0], "refusal.journal_disk_full", Tone.BAD,
        (Action.CONFIRM, Action.PART, Action.OTHER_TENDER, Action.DROP), Action.CONFIRM,
    ),
}  # fmt: skip
"""States by name: what the cashier reads first, how it looks, what can be done, and what Enter amounts to."""

CUSTOMER: dict[str, tuple[str, str | None, int | None]] = {
    "empty": ("customer.welcome", None, None),
    "typing": ("customer.to_pay", None, 30),
    "part": ("customer.to_pay", None, 30),
    "part typed": ("customer.to_pay", None, 4),
    "ready": ("customer.show_code", None, 30),
    "charging": ("customer.one_moment", None, 300),
    "pin": ("customer.enter_pin", None, 800),
    "pin again": ("customer.pin_wrong", None, 800),
    "checking": ("customer.checking_pin", None, 800),
    "canceling": ("customer.canceling", None, 800),
    "unknown": ("customer.one_moment", None, 300),
    "unknown still": ("customer.one_moment", None, 300),
    "giving up": ("customer.one_moment", None, 400),
    "opening": ("customer.one_moment", None, None),
    "recovered": ("customer.welcome", None, None),
    "collecting": ("customer.rest_due", "customer.paid", 600),
    "set aside": ("customer.rest_due", None, 300),
    "paid": ("customer.paid", None, 300),
    "paid both": ("customer.paid", None, 400),
    "paid elsewhere": ("customer.thank_you", None, None),
    "refused": ("refusal.code_used", "customer.refresh_code", 300),
    "no journal": ("customer.ask_cashier", None, 3),
}
"""The same states: what the customer reads, and the points they see."""

STATES = {name: till for name, (till, *_) in CASHIER.items()}


@pytest.mark.parametrize("name", CASHIER)
def test_what_the_cashier_sees(name: str) -> None:
    """The headline, its weight, and what can be done now."""
    till, *expected = CASHIER[name]
    seen = view(till).cashier
    assert expected == [seen.headline.key, seen.tone, seen.actions, seen.enter]


@pytest.mark.parametrize("name", CUSTOMER)
def test_what_the_customer_sees(name: str) -> None:
    """The shop and the amount, then what to do; nothing of the cashier's matters."""
    seen = view(STATES[name]).customer
    detail = seen.detail.key if seen.detail else None
    assert CUSTOMER[name] == (seen.headline.key, detail, seen.amount_units)
    assert "Corner Shop" == seen.shop_name


def test_every_phase_is_shown() -> None:
    """The table of views has every phase, and the states here show each."""
    assert set(PHASES) == set(SHOWN) == {type(till.phase) for till in STATES.values()}
    assert set(CASHIER) == set(CUSTOMER)


def messages(till: Till) -> list[Message]:
    """All that is said on both screens."""
    seen = view(till)
    cashier, customer = seen.cashier, seen.customer
    said = (
        cashier.headline, cashier.detail, cashier.next_step, cashier.notice, customer.headline, customer.detail
    )  # fmt: skip
    return [message for message in said if message is not None]


REFUSED = [refusing(refusal, available=5) for refusal in Refusal]
SAID_ELSEWHERE = [
    *REFUSED,
    after(answer(PaymentState.SUCCEEDED, balance=7), till=charging()),
    after(*[ASK, lost] * 5, ASK, till=resolving()),
    after(SetAside(), till=charging()),
    after(scan(), till=charging()),
    after(SetAside()),
    after(scan()),
    after(*amount("3"), Confirmed(), NotScanned(Hindrance.SAME_AGAIN, "sim:")),
    after(NotScanned(Hindrance.TWO_CODES, "camera:0")),
    after(*amount("3"), Confirmed(), NotScanned(Hindrance.UNREADABLE, "sim:")),
    after(DeviceChanged("sim:", DeviceLamp.READY), DeviceChanged("sim:", DeviceLamp.SEARCHING)),
    after(DeviceChanged(ENGINE_PATH, DeviceLamp.READY), DeviceChanged(ENGINE_PATH, DeviceLamp.FAULT)),
    after(PartWanted(), *amount("3"), PartWanted(), scan()),
    after(*amount("99999")),
    after(*amount("3"), PartWanted(), *amount("4")),
    after(*amount("3"), Confirmed(), DigitTyped("4")),
    after(DigitTyped("4"), till=collecting()),
    after(Dropped(), answer(PaymentState.REVERSED), till=collecting()),
    replace(TILL, unwritten=(Record(kind=EntryKind.SALE_DROPPED, sale_id="s"),)),
    replace(TILL, notice=Notice(key="notice.internal_fault")),
]


@pytest.mark.parametrize("till", [*STATES.values(), *SAID_ELSEWHERE])
def test_every_message_has_its_key_and_parameters(till: Till) -> None:
    """What is said is listed, with exactly the parameters its words may use."""
    for message in messages(till):
        assert MESSAGE_KEYS[message.key] == tuple(name for name, _ in message.params)


def test_every_listed_key_is_said() -> None:
    """There are no words for what the till never says."""
    said = {message.key for till in (*STATES.values(), *SAID_ELSEWHERE) for message in messages(till)}
    # Faults of the journal have one way in, and the loop alone says that it met a bug.
    journal = {f"refusal.journal_{fault}" for fault in views.JOURNAL_FAULTS}
    assert set(MESSAGE_KEYS) - journal == said - journal


@pytest.mark.parametrize("fault", views.JOURNAL_FAULTS)
def test_every_fault_of_the_journal_has_words(fault: str) -> None:
    """A fault of the till's own is for the manager; the customer is sent to the cashier."""
    till = replace(TILL, phase=replace(_refusing(), refusal_code=f"journal_{fault}"))
    seen = view(till)
    assert f"refusal.journal_{fault}" == seen.cashier.headline.key
    assert f"refusal.journal_{fault}" in MESSAGE_KEYS
    assert Message(f"next.{NextAction.CALL_THE_MANAGER}") == seen.cashier.next_step
    assert "customer.ask_cashier" == seen.customer.headline.key


def _refusing() -> Refusing:
    phase = refusing(Refusal.CODE_USED).phase
    assert isinstance(phase, Refusing)
    return phase


@pytest.mark.parametrize(
    "refusal",
    [Refusal.TILL_NOT_ENROLLED, Refusal.NOT_PERMITTED, Refusal.ORDER_MISMATCH, Refusal.ENGINE_UNAVAILABLE],
)
def test_a_customer_never_reads_what_is_the_shops_matter(refusal: Refusal) -> None:
    """What only staff can mend sends the customer to the cashier."""
    seen = view(refusing(refusal)).customer
    assert ("customer.ask_cashier", None) == (seen.headline.key, seen.detail)


@pytest.mark.parametrize("till", [*STATES.values(), *SAID_ELSEWHERE])
def test_no_secret_is_seen(till: Till) -> None:
    """Neither in what is shown nor in the text of the state itself."""
    assert CODE not in repr((till, view(till)))
    assert PIN not in repr((till, view(till)))


def test_a_pin_is_asked_with_shop_amount_and_time() -> None:
    """Whoever types a PIN sees for what; the cashier sees dots and waits."""
    till = after(PinTyping(4), till=awaiting_pin())
    seen = view(till)
    customer = seen.customer
    assert ("run-000002/4", 3, START + LIFETIME, 800, 760) == (
        customer.pin_for, customer.tries_left, customer.expires_at,
        customer.amount_units, customer.amount_money_minor,
    )  # fmt: skip
    assert 4 == customer.dots  # whichever of two keypads was used
    assert (4, START + LIFETIME, "王*") == (seen.cashier.dots, seen.cashier.expires_at, seen.cashier.member)


def test_each_asking_starts_with_an_empty_keypad() -> None:
    """Another try is another asking; while a PIN is checked there is no keypad at all."""
    first = view(awaiting_pin()).customer.pin_for
    checking = after(pin(), till=awaiting_pin())
    assert view(checking).customer.pin_for is None
    assert view(checking).cashier.dots is None
    second = view(after(refuse(Refusal.PIN_WRONG, tries_left=2), till=checking)).customer.pin_for
    assert None is not second != first


def test_a_refusal_names_reason_next_step_and_what_is_available() -> None:
    """The cashier reads all three."""
    seen = view(refusing(Refusal.BALANCE_TOO_LOW, "900", available=250)).cashier
    assert (
        Message("refusal.balance_too_low"),
        Message("cashier.available", (("available_units", 250),)),
        Message("next.smaller_part"),
    ) == (seen.headline, seen.detail, seen.next_step)
    assert (None, None) == (seen.rest_units, seen.rest_money_minor)


def test_a_refused_part_shows_what_another_tender_would_cover() -> None:
    """All of the sale, since nothing was taken."""
    till = after(*amount("900"), PartWanted(), *amount("300"), scan(), refuse(Refusal.CODE_USED))
    seen = view(till).cashier
    assert (300, 900, 900, 855) == (
        seen.amount_units, seen.part_of_units, seen.rest_units, seen.rest_money_minor
    )  # fmt: skip


def test_the_rest_is_named_in_points_and_money() -> None:
    """1000 points less 400: the cashier collects 5.70."""
    seen = view(collecting()).cashier
    assert (400, 380, 600, 570) == (
        seen.amount_units, seen.amount_money_minor, seen.rest_units, seen.rest_money_minor
    )  # fmt: skip


def test_an_unknown_outcome_tells_what_the_till_is_doing() -> None:
    """Sending again, asking, giving back; and what the engine said instead of an answer."""
    asked = view(after(ASK, till=resolving())).cashier.detail
    assert Message("cashier.asking_again", (("attempt", 1),)) == asked
    refused = after(ASK, refuse(Refusal.ENGINE_UNAVAILABLE), till=resolving())
    assert Message("refusal.engine_unavailable") == view(refused).cashier.detail


def test_what_is_beside_the_phase_is_always_shown() -> None:
    """Lamps, orders set aside, and a passing word, whatever the phase."""
    till = after(DeviceChanged("sim:", DeviceLamp.READY), SetAside(), till=aside())
    seen: CashierView = view(till).cashier
    assert ((("sim:", DeviceLamp.READY, None),), 1, Message("notice.not_now")) == (
        seen.lamps, seen.parked_count, seen.notice
    )  # fmt: skip


def test_entries_that_are_not_written_yet_are_told_until_they_are() -> None:
    """The warning stays when the passing word has gone."""
    failed, _ = journal_fails(charging(), answer(PaymentState.SUCCEEDED))
    assert Message("refusal.journal_disk_full") == view(failed).cashier.notice
    later = after(fired(Timer.NOTICE_OVER), till=failed)
    assert Message("notice.not_recorded") == view(later).cashier.notice
    written = after(fired(Timer.JOURNAL_AGAIN), till=later)
    assert view(written).cashier.notice is None


def test_a_view_that_waits_for_the_engine_passes_unless_something_is_said() -> None:
    """Sending a charge may be over before anybody reads of it; a word beside it is to be read."""
    running = charging()
    busy = replace(running, notice=Notice(key="notice.busy"))

    assert (True, False) == (view(running).is_passing, view(busy).is_passing)
