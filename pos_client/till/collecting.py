"""The rest of a sale, or all of it, in another tender."""

from pos_client.till import orders, resolving
from pos_client.till.effects import EntryKind, Record
from pos_client.till.events import Event, OpenOrder, Scanned
from pos_client.till.moves import Step, sale_dropped, say, to
from pos_client.till.state import Collecting, Entering, PaidSummary, Sale, Till


def taken(till: Till, phase: Collecting, _event: Event) -> Step:
    """The cashier has the money: the sale is finished."""
    return take_rest(till, phase)


def take_whole(till: Till, sale: Sale) -> Step:
    """The cashier has the money for a sale that took no points."""
    return take_rest(till, Collecting(sale=sale))


def take_rest(till: Till, phase: Collecting) -> Step:
    """Write down what was taken in another tender, and show what the sale came to."""
    sale = phase.sale
    money_minor = sale.rest_money_minor(till.rules.exchange)
    paid = PaidSummary(
        sale=sale, money_minor=money_minor, member=phase.member, balance_units=phase.balance_units
    )
    record = Record(
        kind=EntryKind.OTHER_TENDER, sale_id=sale.sale_id, money_minor=money_minor, member=phase.member
    )
    return to(till, Entering(paid=paid), record)


def dropped(till: Till, phase: Collecting, _event: Event) -> Step:
    """The sale is given up: points that were taken for it go back first."""
    if phase.order_id is None:
        return to(till, Entering(), sale_dropped(phase.sale))
    order = OpenOrder(order_id=phase.order_id, sale_id=phase.sale.sale_id, units=phase.sale.paid_units)
    return resolving.give_back(till, phase.sale, order, given_up=phase)


def scanned(till: Till, phase: Collecting, event: Scanned) -> Step:
    """A code may still pay a sale for which nothing was taken, and nothing may yet be."""
    set_aside = any(parked.open_order.sale_id == phase.sale.sale_id for parked in till.parked)
    if phase.order_id is not None or set_aside:
        return say(till, "notice.collect_first")
    return orders.scanned(till, phase.sale, event)
