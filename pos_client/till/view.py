"""What the two screens show, as plain values: `view(state)` computes it, `screens` paints it.

No text in any language here: a Message is a key of the wording tables and its parameters. Keys of refusals are
"refusal.<code>" and "next.<next action>"; all others are listed in resources/translations.
"""

import enum
from dataclasses import dataclass
from datetime import datetime

from pos_client.till.events import DeviceLamp


class Tone(enum.StrEnum):
    """The colour and weight of what is said."""

    NEUTRAL = "neutral"
    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Action(enum.StrEnum):
    """What the cashier can do now; the first of a view's actions is what Enter does."""

    CONFIRM = "confirm"
    PART = "part"
    OTHER_TENDER = "other_tender"
    SET_ASIDE = "set_aside"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Message:
    """A key of the wording tables with what to fill in."""

    key: str
    params: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CashierView:
    """The cashier's window. `amount_units` is what the big number shows, in points; `entry` while typing.

    `rest_units` / `rest_money_minor` are set when another tender has to cover something; `dots` are the
    digits the customer has typed (None: no PIN asked); `actions` are enabled, in order, labels by their value.
    """

    tone: Tone
    headline: Message
    detail: Message | None = None
    next_step: Message | None = None
    amount_units: int = 0
    amount_money_minor: int = 0
    entering: bool = False
    part_of_units: int | None = None
    rest_units: int | None = None
    rest_money_minor: int | None = None
    member: str | None = None
    dots: int | None = None
    expires_at: datetime | None = None
    actions: tuple[Action, ...] = ()
    notice: Message | None = None
    parked_count: int = 0
    lamps: tuple[tuple[str, DeviceLamp, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """The customer's screen: shop and amount first, then the keypad, then the result.

    `pin_for` is set while a PIN is asked: it names the asking (order and try), so that a new asking
    clears what was typed before. The digits never leave the keypad but as one PinEntered.
    """

    tone: Tone
    headline: Message
    detail: Message | None = None
    shop_name: str = ""
    amount_units: int | None = None
    amount_money_minor: int | None = None
    pin_for: str | None = None
    tries_left: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Both screens, always in step."""

    cashier: CashierView
    customer: CustomerView
