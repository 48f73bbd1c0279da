"""How a sale begins: digits, Enter, a part of it, a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.contract import PaymentState, Refusal
from pos_client.till.effects import EntryKind, Record, Send
from pos_client.till.events import (
    DIGITS,
    Confirmed,
    DigitTyped,
    Dropped,
    Erased,
    OtherTenderTaken,
    PartWanted,
    Started,
)
from pos_client.till.state import Charging, Collecting, Entering, Notice, PaidSummary, Ready, Refusing, Sale
from tests.pos_client.till.walking import (
    CODE,
    LABEL,
    RULES,
    TILL,
    Happening,
    after,
    amount,
    answer,
    charging,
    effects_of,
    only,
    refusing,
    scan,
    walk,
)

NOTICE = "start:notice_over play:notice"


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (["3", "00"], "300"),
        (["0", "00", "5"], "5"),
        (["00"], ""),
        (["1", "2", "back"], "1"),
        (["1", "back", "back"], ""),
        (["back", "7"], "7"),
        (["5", "0", "0", "0", "0"], "50000"),
        (["4", "9", "9", "9", "9"], "49999"),
        (["9", "9", "9", "9", "9"], "9999"),
        (["5", "00", "00", "0"], "50000"),
    ],
)
def test_digits_build_the_amount(keys: list[str], text: str) -> None:
    """Leading zeros are dropped, Backspace takes one digit, and no digit makes it larger than allowed."""
    till = after(*(Erased() if key == "back" else DigitTyped(key) for key in keys))
    assert Entering(text=text) == till.phase


@given(keys=st.lists(st.sampled_from([*DIGITS, "back"]), max_size=12))
def test_no_typing_gets_past_the_limit(keys: list[str]) -> None:
    """Whatever is typed, the amount is a plain number within the shop's limit."""
    till = after(*(Erased() if key == "back" else DigitTyped(key) for key in keys))
    assert isinstance(till.phase, Entering)
    assert 0 <= till.phase.units <= RULES.max_units
    assert till.phase.text == (str(till.phase.units) if till.phase.units else "")


@pytest.mark.parametrize("digits", ["", "000", "12", "a", "-", "٣", " "])
def test_only_digits_can_be_typed(digits: str) -> None:
    """A key that is no digit is a mistake of the window and cannot be made into an event."""
    with pytest.raises(ValueError, match="one digit, or 00"):
        DigitTyped(digits)


def test_a_digit_too_many_is_said() -> None:
    """What would make the amount too large is not taken, and the limit is named."""
    till = walk(
        *((event, Entering, "") for event in amount("9999")),
        (DigitTyped("9"), Entering, NOTICE),
    )
    assert Notice(key="notice.too_large", params=(("max_units", 50_000),)) == till.notice
    assert Entering(text="9999") == till.phase


def test_enter_takes_the_amount_then_a_scan_charges_it() -> None:
    """The slow way: Enter shows the customer what to do, the scan charges."""
    till = walk(
        (Started(()), Entering, ""),
        (DigitTyped("3"), Entering, ""),
        (DigitTyped("00"), Entering, ""),
        (Confirmed(), Ready, ""),
        (scan(), Charging, "record:intent send:Charge start:reply_due"),
    )
    sent = only(Send, effects_of(after(*amount("300"), Confirmed()), scan()))
    assert isinstance(till.phase, Charging)
    assert till.phase.request_id == sent.request_id
    assert ("T1", "Lin", 300, CODE) == (
        sent.command.till_id, sent.command.cashier, sent.command.amount.units, sent.command.code.reveal()
    )  # fmt: skip


def test_a_scan_charges_without_enter() -> None:
    """The fast way: type, scan. No key in between."""
    walk(
        (DigitTyped("3"), Entering, ""),
        (scan(), Charging, "record:intent send:Charge start:reply_due"),
    )


def test_the_intent_is_recorded_with_the_charge() -> None:
    """The entry before the charge names the same order, sale and points, and nothing of the code."""
    effects = effects_of(after(*amount("300")), scan())
    record, sent = only(Record, effects), only(Send, effects)
    expected = Record(kind=EntryKind.INTENT, sale_id="run-000001", order_id=sent.command.order_id, units=300)
    assert expected == record
    assert CODE not in repr(effects)


@pytest.mark.parametrize(
    ("before", "key"),
    [
        ([], "notice.amount_first"),
        ([*amount("00")], "notice.amount_first"),
        ([*amount("900"), PartWanted()], "notice.part_first"),
    ],
    ids=["nothing", "zero", "no part"],
)
@pytest.mark.parametrize("event", [scan(), Confirmed()], ids=["scan", "enter"])
def test_without_a_number_nothing_begins(before: list[DigitTyped], key: str, event: Happening) -> None:
    """A scan or Enter without an amount says what is missing and changes nothing else."""
    start = after(*before)
    till = walk((event, Entering, NOTICE), till=start)
    assert Notice(key=key) == till.notice
    assert start.phase == till.phase


def test_a_product_label_is_refused_without_the_engine() -> None:
    """What is no payment code never reaches the engine; the next scan is tried at once."""
    till = walk(
        (DigitTyped("5"), Entering, ""),
        (scan(LABEL), Refusing, "play:failure record:scan_refused"),
        (scan(LABEL), Refusing, "play:failure record:scan_refused"),
        (scan(), Charging, "record:intent send:Charge start:reply_due"),
    )
    assert isinstance(till.phase, Charging)
    assert till.phase.sale.sale_id == "run-000001"
    refused = only(Record, effects_of(after(*amount("5")), scan(LABEL)))
    assert Record(
        kind=EntryKind.SCAN_REFUSED, sale_id="run-000001", units=5, refusal="not_a_payment_code"
    ) == refused  # fmt: skip


def test_a_part_in_points() -> None:
    """The whole is typed first, then the part; the sale knows both."""
    till = walk(
        *((event, Entering, "") for event in amount("1200")),
        (PartWanted(), Entering, ""),
        *((event, Entering, "") for event in amount("400")),
        (Confirmed(), Ready, ""),
    )
    assert Ready(sale=Sale(sale_id="run-000001", total_units=1200, points_units=400)) == till.phase


def test_a_part_is_scanned_without_enter() -> None:
    """The part needs no Enter either."""
    walk(
        (scan(), Charging, "record:intent send:Charge start:reply_due"),
        till=after(*amount("9"), PartWanted(), *amount("4")),
    )


def test_a_part_is_no_more_than_the_whole() -> None:
    """A part larger than the whole is not taken."""
    till = after(*amount("120"), PartWanted(), *amount("121"))
    assert Entering(text="12", sale_total=120) == till.phase
    assert Notice(key="notice.part_too_large", params=(("max_units", 120),)) == till.notice


def test_a_part_of_nothing_is_not_begun() -> None:
    """There is no part of an amount that was not typed, nor of a part."""
    walk((PartWanted(), Entering, NOTICE))
    part = after(*amount("120"), PartWanted())
    assert part == after(PartWanted(), till=part)


def test_the_whole_as_a_part_leaves_no_rest() -> None:
    """A part that is the whole ends the sale at once."""
    till = after(*amount("120"), PartWanted(), *amount("120"), scan(), answer(PaymentState.SUCCEEDED))
    assert isinstance(till.phase, Entering)


def test_esc_clears_what_was_typed() -> None:
    """Before a sale was begun there is nothing to write down."""
    walk(
        *((event, Entering, "") for event in amount("120")),
        (Dropped(), Entering, ""),
    )
    assert Entering() == after(*amount("120"), PartWanted(), *amount("4"), Dropped()).phase


def test_the_amount_can_be_changed_after_enter() -> None:
    """Backspace after Enter goes back to typing, for the same sale; digits are not taken for a new one."""
    till = walk(
        *((event, Entering, "") for event in amount("120")),
        (Confirmed(), Ready, ""),
        (DigitTyped("5"), Ready, NOTICE),
        (Confirmed(), Ready, ""),
        (Erased(), Entering, ""),
        (DigitTyped("5"), Entering, ""),
        (Confirmed(), Ready, ""),
    )
    assert Ready(sale=Sale(sale_id="run-000001", total_units=125, points_units=125)) == till.phase


def test_a_part_can_be_changed_after_enter() -> None:
    """Backspace after a part goes back to the part."""
    till = after(*amount("120"), PartWanted(), *amount("45"), Confirmed(), Erased())
    assert isinstance(till.phase, Entering)
    assert ("4", 120) == (till.phase.text, till.phase.sale_total)


def test_before_the_scan_there_are_all_ways_out() -> None:
    """While the code is awaited the cashier may still take a part, another tender, or give up."""
    ready = after(*amount("120"), Confirmed())
    walk((PartWanted(), Entering, ""), till=ready)
    walk((OtherTenderTaken(), Entering, "record:other_tender"), till=ready)
    walk((Dropped(), Entering, "record:sale_dropped"), till=ready)
    walk((scan(LABEL), Refusing, "play:failure record:scan_refused"), till=ready)


def test_a_begun_sale_is_given_up_in_writing() -> None:
    """Esc while a sale that was begun is being changed writes that it was given up."""
    begun = after(*amount("120"), Confirmed(), Erased())
    walk((Dropped(), Entering, "record:sale_dropped"), till=begun)


def test_the_next_digit_begins_the_next_sale() -> None:
    """What the last sale came to stays until a key is pressed, and there is nothing to dismiss."""
    paid = after(answer(PaymentState.SUCCEEDED, balance=700), till=charging())
    sale = Sale(sale_id="run-000001", total_units=300, points_units=300, paid_units=300)
    summary = PaidSummary(sale=sale, money_minor=0, member="王*", balance_units=700)
    assert Entering(paid=summary) == paid.phase
    walk((Confirmed(), Entering, ""), till=paid)
    assert paid.phase == after(Confirmed(), till=paid).phase
    assert Entering(text="4") == after(DigitTyped("4"), till=paid).phase
    assert Entering() == after(Erased(), till=paid).phase
    assert Entering() == after(Dropped(), till=paid).phase
    assert Notice(key="notice.amount_first") == after(scan(), till=paid).notice


def test_a_proposed_part_is_replaced_by_the_first_digit() -> None:
    """What is available is proposed as the part: Enter takes it, a digit replaces it, Backspace edits it."""
    proposed = after(Confirmed(), till=refusing(Refusal.BALANCE_TOO_LOW, available=250))
    assert isinstance(proposed.phase, Entering)
    assert ("250", True) == (proposed.phase.text, proposed.phase.prefilled)
    for key, text in ((DigitTyped("9"), "9"), (Erased(), "25")):
        changed = after(key, till=proposed).phase
        assert isinstance(changed, Entering)
        assert (text, False) == (changed.text, changed.prefilled)
    walk((Confirmed(), Charging, "record:intent send:Charge start:reply_due"), till=proposed)


def test_a_part_that_was_paid_leaves_a_rest() -> None:
    """After the part the rest is collected."""
    till = after(*amount("1000"), PartWanted(), *amount("400"), scan(), answer(PaymentState.SUCCEEDED))
    assert isinstance(till.phase, Collecting)
    assert 600 == till.phase.sale.rest_units


def test_the_session_starts_from_its_rules_alone() -> None:
    """A till that nothing has happened to waits for an amount."""
    assert Entering() == TILL.phase
