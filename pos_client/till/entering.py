"""How a sale begins: the amount is typed, perhaps only a part of it is for points, and a code is awaited."""

from dataclasses import replace

from pos_client.till import collecting, orders
from pos_client.till.events import DigitTyped, Event, Scanned
from pos_client.till.moves import Step, named, sale_dropped, say, stay, to
from pos_client.till.state import Entering, Ready, Sale, Till


def digit_typed(till: Till, phase: Entering, event: DigitTyped) -> Step:
    """Build the number; what would make it too large is not taken. The first digit puts the last sale away."""
    before = "" if phase.prefilled else phase.text
    text = (before + event.digits).lstrip("0")
    is_part = phase.sale_total is not None
    largest = till.rules.max_units if phase.sale_total is None else phase.sale_total
    if int(text or "0") > largest:
        return say(till, "notice.part_too_large" if is_part else "notice.too_large", max_units=largest)
    return to(till, replace(phase, text=text, prefilled=False, paid=None, recovered=()))


def erased(till: Till, phase: Entering, _event: Event) -> Step:
    """Take the last digit back."""
    return to(till, replace(phase, text=phase.text[:-1], prefilled=False, paid=None, recovered=()))


def confirmed(till: Till, phase: Entering, event: Event) -> Step:
    """Take the number: wait for the code, or charge at once with the one that was scanned for this sale."""
    if not phase.units:
        if phase.paid or phase.recovered:
            return to(till, replace(phase, recovered=()))
        return say(till, _missing(phase))
    till, sale = _sale(till, phase)
    if phase.code is not None:
        return orders.charge(till, sale, phase.code)
    return to(till, Ready(sale=sale))


def scanned(till: Till, phase: Entering, event: Scanned) -> Step:
    """The amount stands: charge at once. Nobody has to press Enter before a customer holds out a phone."""
    if not phase.units:
        return say(till, _missing(phase))
    till, sale = _sale(till, phase)
    return orders.scanned(till, sale, event)


def part_wanted(till: Till, phase: Entering, event: Event) -> Step:
    """The amount stands as the whole; now the part of it for points."""
    if phase.sale_total is not None:
        return stay(till, phase, event)
    if not phase.units:
        return say(till, _missing(phase))
    return to(till, Entering(sale_total=phase.units, sale=phase.sale))


def dropped(till: Till, phase: Entering, _event: Event) -> Step:
    """Clear what was typed; a sale that was begun is given up."""
    if phase.sale is not None:
        return to(till, Entering(), sale_dropped(phase.sale))
    return to(till, Entering())


def _missing(phase: Entering) -> str:
    return "notice.amount_first" if phase.sale_total is None else "notice.part_first"


def _sale(till: Till, phase: Entering) -> tuple[Till, Sale]:
    """The sale as it was typed; one that was begun keeps its id."""
    if phase.sale is None:
        till, sale_id = named(till)
    else:
        sale_id = phase.sale.sale_id
    total_units = phase.units if phase.sale_total is None else phase.sale_total
    return till, Sale(sale_id=sale_id, total_units=total_units, points_units=phase.units)


def part_of(till: Till, sale: Sale) -> Step:
    """Type the part of a sale for points."""
    return to(till, Entering(sale_total=sale.total_units, sale=sale))


def ready_scanned(till: Till, phase: Ready, event: Scanned) -> Step:
    """The customer showed a code."""
    return orders.scanned(till, phase.sale, event)


def ready_erased(till: Till, phase: Ready, _event: Event) -> Step:
    """Change the number that was just taken."""
    sale = phase.sale
    is_part = sale.points_units < sale.total_units
    return to(
        till,
        Entering(
            text=str(sale.points_units)[:-1], sale_total=sale.total_units if is_part else None, sale=sale
        ),
    )


def ready_part_wanted(till: Till, phase: Ready, _event: Event) -> Step:
    """Only a part of it for points."""
    return part_of(till, phase.sale)


def ready_other_tender(till: Till, phase: Ready, _event: Event) -> Step:
    """The customer paid all of it in another tender after all."""
    return collecting.take_whole(till, phase.sale)


def ready_dropped(till: Till, phase: Ready, _event: Event) -> Step:
    """The sale is given up."""
    return to(till, Entering(), sale_dropped(phase.sale))
