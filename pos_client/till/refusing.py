"""After a refusal: the sale stands, and there is a way on."""

from points_engine.contract import NextAction, Refusal
from pos_client.till import collecting, orders
from pos_client.till.events import Event, Scanned
from pos_client.till.moves import Step, sale_dropped, to
from pos_client.till.state import Collecting, Entering, Ready, Refusing, Till

_BY_CODE = {refusal.code: refusal for refusal in Refusal}


def next_action(refusal_code: str) -> NextAction:
    """What the cashier does next; a fault of the till itself is the manager's."""
    refusal = _BY_CODE.get(refusal_code)
    return refusal.next_action if refusal else NextAction.CALL_THE_MANAGER


def scanned(till: Till, phase: Refusing, event: Scanned) -> Step:
    """The customer refreshed the code, or shows another: a new order for the same sale."""
    return orders.scanned(till, phase.sale, event)


def confirmed(till: Till, phase: Refusing, event: Event) -> Step:
    """The next sensible thing, as the refusal says it."""
    sale = phase.sale
    match next_action(phase.refusal_code):
        case NextAction.SMALLER_PART:
            return part_wanted(till, phase, event)
        case NextAction.CHANGE_AMOUNT:
            return to(till, Entering(text=str(sale.total_units), sale=sale, prefilled=True))
        case NextAction.OTHER_TENDER:
            return to(till, Collecting(sale=sale))
        case _ if phase.code is not None:
            return orders.charge(till, sale, phase.code)
        case _:
            return to(till, Ready(sale=sale))


def part_wanted(till: Till, phase: Refusing, _event: Event) -> Step:
    """Only a part of it for points: what is available, when the engine said so."""
    sale = phase.sale
    available_units = min(phase.available_units or 0, sale.total_units)
    return to(
        till,
        Entering(
            text=str(available_units) if available_units else "",
            sale_total=sale.total_units,
            sale=sale,
            code=phase.code,
            prefilled=available_units > 0,
        ),
    )


def other_tender(till: Till, phase: Refusing, _event: Event) -> Step:
    """The customer paid all of it in another tender."""
    return collecting.take_whole(till, phase.sale)


def dropped(till: Till, phase: Refusing, _event: Event) -> Step:
    """The sale is given up."""
    return to(till, Entering(), sale_dropped(phase.sale))
