"""Who stands at the till, and the shift they work."""

from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    """A signed-in cashier, by the name or number the journal shows. Raises ValueError without one."""

    name: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a cashier has a name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A cashier's work at one till on one day of the shop."""

    shift_id: str
    till_id: str
    cashier: Cashier


def open_shift(till_id: str, cashier: Cashier, now: datetime, zone: tzinfo | None = None) -> Shift:
    """The shift of this cashier at this till on this day.

    Its id is made of the three, so a till that starts again during the day goes on in the same shift and
    its log is whole. `now` is aware; the day is that of `zone` (None: the system's).
    """
    day = now.astimezone(zone)
    return Shift(shift_id=f"{till_id}/{day:%Y-%m-%d}/{cashier.name}", till_id=till_id, cashier=cashier)
