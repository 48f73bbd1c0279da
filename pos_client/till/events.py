"""Everything that can reach the till, from whichever side: one queue holds them all (`pos_client.inbox`).

Frozen values. What a person, a device, the engine or a timer did; never what should follow from it.
"""

import enum
from dataclasses import dataclass

from points_engine.contract import Reply, Secret
from pos_client.till.effects import Effect, Timer

DIGITS = (*"0123456789", "00")
"""What one key of the amount pad types."""


class DeviceLamp(enum.StrEnum):
    """What a lamp can show of a device."""

    READY = "ready"
    SEARCHING = "searching"
    FAULT = "fault"


ENGINE_PATH = "engine:"
"""Where the lamp of an engine far away stands, among those of the devices."""

CLOCK_PATH = "clock:"
"""Where a lamp stands while this computer's clock is off."""

KEY_PATH = "key:"
"""Where a lamp stands while the till's key for an engine far away could not be renewed, or comes to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order whose end the till has not learnt: the work a till opens with after a crash.

    `reversing` is set once the till decided to give it back: from then on it only reverses.
    """

    order_id: str
    sale_id: str
    units: int
    reversing: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """The first event: the orders the journal holds as open."""

    open_orders: tuple[OpenOrder, ...]


@dataclass(frozen=True, slots=True)
class DigitTyped:
    """The cashier typed one digit ("0" to "9") or "00" on the amount, by key or touch.

    Raises ValueError for anything else: what is typed is checked where it is typed.
    """

    digits: str

    def __post_init__(self) -> None:
        if self.digits not in DIGITS:
            raise ValueError("one digit, or 00")


@dataclass(frozen=True, slots=True)
class Erased:
    """The cashier took back the last digit."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Enter: take the amount, or the next thing the screen offers first."""


@dataclass(frozen=True, slots=True)
class PartWanted:
    """The cashier wants to take only a part in points."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The cashier's cancel (Esc)."""


@dataclass(frozen=True, slots=True)
class OtherTenderTaken:
    """The cashier took the rest in another tender (cash, card)."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """The cashier will not wait for an unknown outcome: give it back when the engine answers, pay otherwise."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """A gun read a label. The text may be a payment code, so it is a Secret."""

    text: Secret
    source: str


class Hindrance(enum.StrEnum):
    """Why a label that a device saw is no scan."""

    TWO_CODES = "two_codes"
    """Two different payment codes were in view at once."""
    SAME_AGAIN = "same_again"
    """It was the label that was scanned a moment ago."""
    UNREADABLE = "unreadable"
    """What came was damaged, cut, or came in the moment after the gun was plugged in, when old labels may come."""


@dataclass(frozen=True, slots=True)
class NotScanned:
    """A device saw a label and made no scan of it."""

    why: Hindrance
    source: str


@dataclass(frozen=True, slots=True)
class PinTyping:
    """The customer has typed so many digits of the PIN; the digits themselves stay in the keypad."""

    count: int


@dataclass(frozen=True, slots=True)
class PinEntered:
    """The customer's PIN is complete. `pin_for` names the asking it was typed for (`CustomerView.pin_for`).

    A customer may have two keypads, the screen's and a device: what the slower one still brings for an asking that
    is over must not be a try of the next one. None: whatever is asked now.
    """

    pin: Secret
    pin_for: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerCanceled:
    """The customer pressed cancel on their own screen."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The engine's answer to the request with this number."""

    request_id: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class NoReply:
    """The request failed on its way or back: nobody knows whether the engine carried it out."""

    request_id: int


@dataclass(frozen=True, slots=True)
class TimerFired:
    """One of the till's timers ran out."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class JournalFailed:
    """An entry could not be made durable. `fault` is an environment fault's word, e.g. "disk_full".

    `undone` are the effects of the step that were not carried out: the entry itself and all that followed it.
    """

    fault: str
    undone: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device's lamp changed. `remedy` names what to do about a fault, in one English sentence."""

    path: str
    lamp: DeviceLamp
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRemoved:
    """A device is no longer one of the till's."""

    path: str


Event = (
    Started | DigitTyped | Erased | Confirmed | PartWanted | Dropped | OtherTenderTaken | SetAside
    | Scanned | NotScanned | PinTyping | PinEntered | CustomerCanceled
    | Replied | NoReply | TimerFired | JournalFailed | DeviceChanged
    | DeviceRemoved
)  # fmt: skip
