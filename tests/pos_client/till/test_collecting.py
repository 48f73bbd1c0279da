"""The rest of a sale, or all of it, in another tender."""

import pytest

from points_engine.amounts import Exchange
from points_engine.contract import PaymentState, Refusal
from pos_client.till.effects import EntryKind, Record, Timer
from pos_client.till.events import Confirmed, DigitTyped, Dropped, Event, OtherTenderTaken, SetAside
from pos_client.till.state import Charging, Collecting, Entering, Notice, PaidSummary, Sale
from tests.pos_client.till.walking import (
    OTHER_CODE,
    after,
    collecting,
    effects_of,
    fired,
    lost,
    only,
    parked_answer,
    refusing,
    resolving,
    scan,
    walk,
    with_rules,
)

NOTICE = "start:notice_over play:notice"


@pytest.mark.parametrize("event", [Confirmed(), OtherTenderTaken()])
def test_the_rest_is_taken_with_one_key(event: Event) -> None:
    """The money is written down in minor units, and the sale is finished."""
    till = walk((event, Entering, "record:other_tender"), till=collecting("1000", "400"))
    record = only(Record, effects_of(collecting("1000", "400"), event))
    # 1000 points are worth 9.50 and 400 of them 3.80, at 0.95 for 100.
    expected = Record(kind=EntryKind.OTHER_TENDER, sale_id="run-000001", money_minor=570, member="王*")
    assert expected == record
    sale = Sale(sale_id="run-000001", total_units=1000, points_units=400, paid_units=400)
    assert Entering(paid=PaidSummary(sale=sale, money_minor=570, member="王*")) == till.phase


@pytest.mark.parametrize(("whole", "part"), [("333", "111"), ("1", "1"), ("999", "1"), ("50000", "49999")])
def test_part_and_rest_add_up(whole: str, part: str) -> None:
    """However the worth of a part is rounded, part and rest together are the worth of the whole."""
    exchange = Exchange(7, 3)
    sale = Sale(sale_id="s", total_units=int(whole), points_units=int(part), paid_units=int(part))
    assert exchange.to_money_minor(int(whole)) == exchange.to_money_minor(int(part)) + sale.rest_money_minor(
        exchange
    )


def test_while_the_rest_is_due_nothing_else_begins() -> None:
    """Digits and scans are answered: first the rest."""
    till = collecting()
    for event in (DigitTyped("5"), scan()):
        after_it = walk((event, Collecting, NOTICE), till=till)
        assert Notice(key="notice.collect_first") == after_it.notice


def test_a_refused_sale_that_took_nothing_is_dropped_in_writing() -> None:
    """Nothing to give back."""
    till = after(Confirmed(), till=refusing(Refusal.ACCOUNT_FROZEN))
    walk((Dropped(), Entering, "record:sale_dropped"), till=till)


def test_a_code_may_still_pay_what_took_nothing() -> None:
    """Another phone after a frozen account: no need to give the sale up and type it again."""
    till = after(Confirmed(), till=refusing(Refusal.ACCOUNT_FROZEN))
    walk((scan(OTHER_CODE), Charging, "record:intent send:Charge start:reply_due"), till=till)


def test_what_was_set_aside_is_not_charged_again_until_it_is_back() -> None:
    """While the first order may still have taken points there is no second one for the sale."""
    aside = after(fired(Timer.ASK_AGAIN), lost, SetAside(), till=resolving())
    walk((scan(OTHER_CODE), Collecting, NOTICE), till=aside)
    reversal = aside.parked[0]
    assert reversal.request_id is not None
    back = after(parked_answer(PaymentState.REVERSED), till=aside)
    walk((scan(OTHER_CODE), Charging, "record:intent send:Charge start:reply_due"), till=back)


def test_an_exchange_of_nothing_is_no_sale_of_money() -> None:
    """Points worth less than half a cent leave a rest of no money, and it is still written."""
    till = with_rules(collecting("3", "2"), exchange=Exchange(1000, 1))
    record = only(Record, effects_of(till, Confirmed()))
    assert 0 == record.money_minor
