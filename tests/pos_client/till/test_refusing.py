"""After a refusal: the reason stands, and there is a way on."""

import pytest

from points_engine.contract import NextAction, Refusal
from pos_client.till.effects import Send
from pos_client.till.events import Confirmed, DigitTyped, Dropped, OtherTenderTaken, PartWanted
from pos_client.till.refusing import next_action
from pos_client.till.state import Charging, Collecting, Entering, Ready, Refusing, Sale
from tests.pos_client.till.walking import (
    CODE,
    LABEL,
    OTHER_CODE,
    after,
    amount,
    effects_of,
    journal_fails,
    only,
    refuse,
    refusing,
    scan,
    walk,
)

CHARGED = "record:intent send:Charge start:reply_due"
WITH_CODE = {Refusal.BALANCE_TOO_LOW, Refusal.ENGINE_UNAVAILABLE}


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_has_all_ways_out(refusal: Refusal) -> None:
    """Scan again, a part, another tender, give up: from any refusal."""
    till = refusing(refusal)
    walk((scan(OTHER_CODE), Charging, CHARGED), till=till)
    walk((PartWanted(), Entering, ""), till=till)
    walk((OtherTenderTaken(), Entering, "record:other_tender"), till=till)
    walk((Dropped(), Entering, "record:sale_dropped"), till=till)


def test_a_refreshed_code_is_a_new_order_for_the_same_sale() -> None:
    """The id of the refused order is never used again."""
    till = refusing(Refusal.CODE_EXPIRED)
    sent = only(Send, effects_of(till, scan(OTHER_CODE)))
    assert "run-000002" != sent.command.order_id
    charged = after(scan(OTHER_CODE), till=till)
    assert isinstance(till.phase, Refusing)
    assert isinstance(charged.phase, Charging)
    assert till.phase.sale == charged.phase.sale


@pytest.mark.parametrize("refusal", Refusal)
def test_a_code_is_kept_only_while_it_may_be_of_use(refusal: Refusal) -> None:
    """After a refusal of the code itself it is forgotten."""
    till = refusing(refusal)
    assert isinstance(till.phase, Refusing)
    assert (refusal in WITH_CODE) == (till.phase.code is not None)
    assert CODE not in repr(till)


@pytest.mark.parametrize("refusal", Refusal)
def test_enter_does_the_next_sensible_thing(refusal: Refusal) -> None:
    """It leads where the refusal points, and never writes money down by itself."""
    leads = {
        NextAction.SMALLER_PART: Entering,
        NextAction.CHANGE_AMOUNT: Entering,
        NextAction.OTHER_TENDER: Collecting,
    }
    expected = Charging if refusal is Refusal.ENGINE_UNAVAILABLE else leads.get(refusal.next_action, Ready)
    effects = CHARGED if expected is Charging else ""
    walk((Confirmed(), expected, effects), till=refusing(refusal))


def test_a_balance_too_low_leads_to_the_part_there_is() -> None:
    """Enter, Enter: what is available is charged with the code that was scanned."""
    till = refusing(Refusal.BALANCE_TOO_LOW, "900", available=250)
    sent = only(Send, effects_of(after(Confirmed(), till=till), Confirmed()))
    assert (250, CODE) == (sent.command.amount.units, sent.command.code.reveal())


@pytest.mark.parametrize(("available", "text"), [(None, ""), (0, ""), (250, "250"), (5_000, "900")])
def test_the_proposed_part_is_what_is_available(available: int | None, text: str) -> None:
    """Nothing is proposed when nothing is known or there, and never more than the whole."""
    till = after(Confirmed(), till=refusing(Refusal.BALANCE_TOO_LOW, "900", available=available))
    assert isinstance(till.phase, Entering)
    assert (text, 900) == (till.phase.text, till.phase.sale_total)


def test_a_part_may_be_charged_with_a_fresh_code() -> None:
    """A scan goes before the code that was kept."""
    till = after(Confirmed(), till=refusing(Refusal.BALANCE_TOO_LOW, "900", available=250))
    assert OTHER_CODE == only(Send, effects_of(till, scan(OTHER_CODE))).command.code.reveal()


def test_a_kept_code_that_expired_is_refused_by_the_engine() -> None:
    """The till does not judge a code's age: it asks, and says what it is told."""
    till = after(Confirmed(), Confirmed(), till=refusing(Refusal.BALANCE_TOO_LOW, "900", available=250))
    till = after(refuse(Refusal.CODE_EXPIRED), till=till)
    assert isinstance(till.phase, Refusing)
    assert (Refusal.CODE_EXPIRED.code, 250) == (till.phase.refusal_code, till.phase.sale.points_units)


def test_an_amount_that_is_not_allowed_can_be_changed() -> None:
    """The amount is typed anew for the same sale, and the code shown anew: it may be a larger one."""
    till = after(Confirmed(), till=refusing(Refusal.AMOUNT_NOT_ALLOWED, "900"))
    assert isinstance(till.phase, Entering)
    assert ("900", True, None) == (till.phase.text, till.phase.prefilled, till.phase.sale_total)
    till = walk((Confirmed(), Ready, ""), till=after(*amount("80"), till=till))
    assert Ready(sale=Sale(sale_id="run-000001", total_units=80, points_units=80)) == till.phase


def test_a_fault_of_the_journal_is_tried_again_by_enter() -> None:
    """The code is still in hand and nothing was sent: Enter is enough."""
    till, _ = journal_fails(after(*amount("300")), scan())
    walk((Confirmed(), Charging, CHARGED), till=till)


def test_faults_of_the_till_are_the_managers() -> None:
    """What no cashier can mend leads to the manager."""
    assert NextAction.CALL_THE_MANAGER is next_action("journal_disk_full")
    assert NextAction.CUSTOMER_REFRESHES is next_action(Refusal.CODE_USED.code)


def test_digits_do_not_replace_a_refusal_unseen() -> None:
    """A typed digit is answered; the sale is not lost by it."""
    till = refusing(Refusal.CODE_USED)
    walk((DigitTyped("5"), Refusing, "start:notice_over play:notice"), till=till)
    walk((scan(LABEL), Refusing, "play:failure record:scan_refused"), till=till)


def test_a_refused_part_keeps_its_whole() -> None:
    """The rest is not forgotten when the part is refused."""
    till = after(*amount("900"), PartWanted(), *amount("300"), scan(), refuse(Refusal.CODE_USED))
    assert isinstance(till.phase, Refusing)
    assert (900, 300) == (till.phase.sale.total_units, till.phase.sale.points_units)
