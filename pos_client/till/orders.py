"""How an order begins: a payment code was scanned for a sale."""

from points_engine.amounts import Amount, Asset
from points_engine.contract import Charge, Refusal, Secret
from pos_client.till.effects import EntryKind, Play, Record, Send, Sound
from pos_client.till.events import OpenOrder, Scanned
from pos_client.till.moves import Step, entry, named, numbered, reply_due, to
from pos_client.till.state import Charging, Order, Refusing, Sale, Till


def scanned(till: Till, sale: Sale, event: Scanned) -> Step:
    """Charge at once when it is a payment code; a misread or a product label is refused without asking anyone."""
    if till.rules.is_payment_code(event.text.reveal()):
        return charge(till, sale, event.text)
    refusal = Refusal.NOT_A_PAYMENT_CODE.code
    record = Record(
        kind=EntryKind.SCAN_REFUSED, sale_id=sale.sale_id, units=sale.points_units, refusal=refusal
    )
    return to(till, Refusing(sale=sale, refusal_code=refusal), Play(Sound.FAILURE), record)


def charge(till: Till, sale: Sale, code: Secret) -> Step:
    """Open an order for the part in points: the intent first, then the charge."""
    till, order_id = named(till)
    till, request_id = numbered(till)
    order = Order(order_id=order_id, sale_id=sale.sale_id, units=sale.points_units, code=code)
    return to(
        till,
        Charging(sale=sale, order=order, request_id=request_id),
        entry(EntryKind.INTENT, opened(order)),
        Send(request_id, command(till, order)),
        reply_due(till),
    )


def command(till: Till, order: Order) -> Charge:
    """The charge of an order: the same each time it is sent."""
    return Charge(
        order_id=order.order_id,
        till_id=till.rules.till_id,
        cashier=till.rules.cashier,
        code=order.code,
        amount=Amount(Asset.POINTS, order.units),
    )


def opened(order: Order) -> OpenOrder:
    """What the journal knows of an order."""
    return OpenOrder(order_id=order.order_id, sale_id=order.sale_id, units=order.units)
