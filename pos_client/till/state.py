"""What the till knows at any moment: a phase (where the sale stands) and what lives beside it.

Frozen values, checked where they are made. Amounts are whole points.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from points_engine.amounts import Exchange
from points_engine.contract import Secret
from pos_client.till.effects import Record
from pos_client.till.events import DeviceLamp, OpenOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the shop set up, handed in at the start; the session is pure and knows nothing else of the world.

    `is_payment_code` is the scheme's own check of length, prefix and check digit: a misread is refused here
    without asking anyone. `ask_again_seconds` are the growing waits while an outcome is unknown; the last repeats.
    """

    till_id: str
    shop_name: str
    cashier: str
    is_payment_code: Callable[[str], bool]
    exchange: Exchange
    max_units: int = 1_000_000
    reply_due_seconds: float = 5.0
    ask_again_seconds: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0, 10.0)
    resends: int = 2
    queries: int = 3
    notice_seconds: float = 4.0
    challenge_grace_seconds: float = 2.0
    journal_again_seconds: float = 5.0

    def wait_seconds(self, failed: int) -> float:
        """How long to wait before asking again when `failed` attempts in a row had no answer (0: the first wait)."""
        return self.ask_again_seconds[min(failed, len(self.ask_again_seconds) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What a customer owes, in points: the whole, the part to be taken in points, and what was taken so far."""

    sale_id: str
    total_units: int
    points_units: int
    paid_units: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.points_units <= self.total_units:
            raise ValueError("the part in points is more than nothing and not more than the whole")
        if not 0 <= self.paid_units <= self.total_units:
            raise ValueError("no more is paid than is owed")

    @property
    def rest_units(self) -> int:
        """What is left for another tender."""
        return self.total_units - self.paid_units

    def rest_money_minor(self, exchange: Exchange) -> int:
        """The rest in money: the worth of the whole less the worth of what was paid, so that both add up."""
        return exchange.to_money_minor(self.total_units) - exchange.to_money_minor(self.paid_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt at a charge. `code` lives in memory only, so that the same order can be sent again."""

    order_id: str
    sale_id: str
    units: int
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A passing word to the cashier, e.g. that a scan was not taken. A key of the wording tables."""

    key: str
    params: tuple[tuple[str, str | int], ...] = ()


class Stage(enum.StrEnum):
    """How far the till is in learning an unknown outcome."""

    RESEND = "resend"
    QUERY = "query"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """The cashier types: the amount, or (with `sale_total`) the part of it to take in points.

    With `sale` set it changes a sale that was begun; `code` may still be good for it. While `prefilled`, the
    text is the till's proposal, which the first digit replaces.
    """

    text: str = ""
    sale_total: int | None = None
    sale: Sale | None = None
    code: Secret | None = None
    prefilled: bool = False
    paid: "PaidSummary | None" = None
    """What the last sale came to, shown until the next key."""
    recovered: tuple[OpenOrder, ...] = ()
    """Orders of before the start that turned out to be paid, shown until the next key."""

    @property
    def units(self) -> int:
        """What the text says."""
        return int(self.text or "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The amount stands; the customer shows the code."""

    sale: Sale


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """The charge was sent."""

    sale: Sale
    order: Order
    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitingPin:
    """The engine holds the amount; the customer types the PIN on their own side.

    `asking` is another number at each asking, so that a keypad starts empty.
    """

    sale: Sale
    order: Order
    tries_left: int
    expires_at: datetime
    asking: int = 0
    dots: int = 0
    wrong_before: bool = False
    member: str | None = None

    @property
    def pin_for(self) -> str:
        """The name of this asking, for the keypads (`CustomerView.pin_for`)."""
        return f"{self.order.order_id}/{self.asking}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckingPin:
    """The PIN was sent, or its time is over and the engine was asked; a PIN is not kept.

    If no answer comes, the outcome is learnt by asking.
    """

    waiting: AwaitingPin
    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceling:
    """The end of the order was sent."""

    sale: Sale
    order: Order
    request_id: int
    by_customer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolving:
    """No reply is not a refusal: the till asks until it knows. The cashier must not charge again.

    `order` holds the code while the charge may be sent again; after a restart (`sale` is None) only
    `open_order` is known and it is queried, then reversed. `later` waits its turn after a restart, `recovered`
    was found paid. `attempt` counts what was sent in this stage, `failed` the attempts without an answer in all.
    `given_up` is set while the points of a sale that the cashier gave up are given back. `refusal_code` is what
    the engine answered instead of an outcome.
    """

    open_order: OpenOrder
    stage: Stage
    attempt: int
    request_id: int | None
    sale: Sale | None = None
    order: Order | None = None
    later: tuple[OpenOrder, ...] = ()
    recovered: tuple[OpenOrder, ...] = ()
    failed: int = 0
    given_up: "Collecting | None" = None
    refusal_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """The part in points is done (or given up); the rest is to be taken in another tender.

    `order_id` is the order that took the points, None when none were taken.
    """

    sale: Sale
    order_id: str | None = None
    member: str | None = None
    balance_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidSummary:
    """A finished sale: points taken, money taken in another tender (minor units), whose points, what is left."""

    sale: Sale
    money_minor: int
    member: str | None = None
    balance_units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusing:
    """A refusal is shown with its reason and what to do next. `code` may serve a smaller part or another attempt.

    `refusal_code` is Refusal.code, or "journal_<fault>" for an environment fault of the till itself.
    """

    sale: Sale
    refusal_code: str
    tries_left: int | None = None
    available_units: int | None = None
    wait_seconds: int | None = None
    code: Secret | None = None


Phase = (
    Entering | Ready | Charging | AwaitingPin | CheckingPin | Canceling | Resolving | Collecting | Refusing
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An order set aside: reversed in the background until the engine has answered."""

    open_order: OpenOrder
    attempt: int = 0
    request_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """The whole state. `run_id` makes the numbers of this run unique; `serial` counts what was numbered.

    `unwritten` are entries the journal would not take: the till goes on showing what happened and writes them
    as soon as it can.
    """

    rules: Rules
    run_id: str
    phase: Phase = Entering()
    parked: tuple[Parked, ...] = ()
    lamps: tuple[tuple[str, DeviceLamp, str | None], ...] = ()
    notice: Notice | None = None
    unwritten: tuple[Record, ...] = ()
    serial: int = 0
