"""What the two screens show, as plain values: `showing.view(state)` computes it, `screens` paints it.

No text in any language here: a Message is a key of the wording tables and its parameters. MESSAGE_KEYS lists
every key there is with the parameters it carries, so that a translation can be checked for completeness.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from points_engine.contract import NextAction, Refusal
from pos_client.till.events import DeviceLamp

JOURNAL_FAULTS = ("disk_full", "read_only", "corrupt", "newer_schema", "already_open", "not_writable")
"""What may be wrong with the till's own journal; as refusals they read "refusal.journal_<fault>"."""

_REFUSAL_PARAMS: Mapping[Refusal, tuple[str, ...]] = {
    Refusal.PIN_WRONG: ("tries_left",),
    Refusal.SMS_CODE_WRONG: ("tries_left",),
    Refusal.SMS_TOO_SOON: ("wait_seconds",),
}

MESSAGE_KEYS: Mapping[str, tuple[str, ...]] = {
    **{f"refusal.{refusal.code}": _REFUSAL_PARAMS.get(refusal, ()) for refusal in Refusal},
    **{f"refusal.journal_{fault}": () for fault in JOURNAL_FAULTS},
    **{f"next.{action.value}": () for action in NextAction},
    # The cashier's window: headlines and details.
    "cashier.enter_amount": (),
    "cashier.enter_part": ("total_units",),
    "cashier.scan_code": (),
    "cashier.charging": (),
    "cashier.waiting_for_pin": (),
    "cashier.checking_pin": (),
    "cashier.canceling": (),
    "cashier.asking_again": ("attempt",),
    "cashier.giving_back": ("attempt",),
    "cashier.resolving_at_start": ("count",),
    "cashier.returning_points": ("units",),
    "cashier.collect_rest": ("units",),
    "cashier.collect_all": (),
    "cashier.paid": ("units",),
    "cashier.paid_with_rest": ("units", "money_minor"),
    "cashier.paid_elsewhere": ("money_minor",),
    "cashier.balance_left": ("balance_units",),
    "cashier.available": ("available_units",),
    "cashier.recovered": ("count", "units"),
    # The customer's screen.
    "customer.welcome": (),
    "customer.to_pay": (),
    "customer.show_code": (),
    "customer.one_moment": (),
    "customer.enter_pin": (),
    "customer.pin_wrong": ("tries_left",),
    "customer.checking_pin": (),
    "customer.canceling": (),
    "customer.paid": ("units",),
    "customer.thank_you": (),
    "customer.balance_left": ("balance_units",),
    "customer.rest_due": ("money_minor",),
    "customer.refresh_code": (),
    "customer.show_payment_code": (),
    "customer.set_pin": (),
    "customer.reset_pin": (),
    "customer.ask_cashier": (),
    # Passing words to the cashier.
    "notice.busy": (),
    "notice.scan_not_taken": (),
    "notice.two_codes": (),
    "notice.device_away": (),
    "notice.engine_away": (),
    "notice.same_again": (),
    "notice.unreadable": (),
    "notice.amount_first": (),
    "notice.part_first": (),
    "notice.amount_stands": (),
    "notice.too_large": ("max_units",),
    "notice.part_too_large": ("max_units",),
    "notice.collect_first": (),
    "notice.not_now": (),
    "notice.points_returned": ("units",),
    "notice.not_recorded": (),
    "notice.internal_fault": (),
}
"""Every key a Message can have -> the names of its parameters. A parameter ending in `_minor` is money in minor
units, one ending in `units` is points; screens group and place the digits as their language does."""


class Tone(enum.StrEnum):
    """The colour and weight of what is said."""

    NEUTRAL = "neutral"
    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Action(enum.StrEnum):
    """What the cashier can do now. CONFIRM is Enter (the event Confirmed)."""

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
    Enter always raises Confirmed; `enter` names the action it amounts to now (None: it does nothing, e.g. while
    the customer types the PIN, so that a stray Enter of a gun gives nothing up).
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
    enter: Action | None = None
    notice: Message | None = None
    parked_count: int = 0
    lamps: tuple[tuple[str, DeviceLamp, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """The customer's screen: shop and amount first, then the keypad, then the result.

    `pin_for` is set while a PIN is asked: it names the asking (order and try), so that a new asking
    clears what was typed before. The digits never leave the keypad but as one PinEntered; `dots` are how many
    there are, on whichever keypad.
    """

    tone: Tone
    headline: Message
    detail: Message | None = None
    shop_name: str = ""
    amount_units: int | None = None
    amount_money_minor: int | None = None
    pin_for: str | None = None
    dots: int = 0
    tries_left: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Both screens, always in step.

    `is_passing` while the engine's answer is due any moment: a screen may wait a blink before it shows this, so that
    nobody sees words come and go too fast to read.
    """

    cashier: CashierView
    customer: CustomerView
    is_passing: bool = False
