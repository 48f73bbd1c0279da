"""Walks through the session: events in, and at each step the phase and what is to be done, in short words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from points_engine.amounts import Amount, Asset, Exchange
from points_engine.contract import (
    Challenge,
    ChallengeKind,
    Payment,
    PaymentState,
    Refusal,
    Refused,
    Secret,
)
from pos_client.till.effects import Effect, Play, Record, Send, StartTimer, StopTimer, Timer
from pos_client.till.events import (
    Confirmed,
    DigitTyped,
    Event,
    JournalFailed,
    NoReply,
    OpenOrder,
    PartWanted,
    PinEntered,
    Replied,
    Scanned,
    SetAside,
    Started,
    TimerFired,
)
from pos_client.till.session import step
from pos_client.till.state import Rules, Till
from tests.fakes.clock import START

CODE = "840000000000000017"
OTHER_CODE = "849999999999999998"
LABEL = "6901234567892"
PIN = "314159"
LIFETIME = timedelta(seconds=60)


def is_payment_code(text: str) -> bool:
    """A scheme's check, as far as the session cares."""
    return len(text) == 18 and text.startswith("84")


RULES = Rules(
    till_id="T1",
    shop_name="Corner Shop",
    cashier="Lin",
    is_payment_code=is_payment_code,
    exchange=Exchange(100, 95),
    max_units=50_000,
)

TILL = Till(rules=RULES, run_id="run")

Happening = Event | Callable[[Till], Event]
"""An event, or one that needs the state to be made (an answer needs the number of its request)."""

Row = tuple[Happening, type[Any], str]
"""What happens, the phase afterwards, and what is to be done, e.g. "record:intent send:Charge start:reply_due"."""


def words(effects: tuple[Effect, ...]) -> str:
    """Effects in short: what kind, and of what."""
    return " ".join(_word(effect) for effect in effects)


def _word(effect: Effect) -> str:
    match effect:
        case Record():
            return f"record:{effect.kind}"
        case Send():
            return f"send:{type(effect.command).__name__}"
        case StartTimer():
            return f"start:{effect.timer}"
        case StopTimer():
            return f"stop:{effect.timer}"
        case Play():
            return f"play:{effect.sound}"


def happen(till: Till, happening: Happening) -> tuple[Till, tuple[Effect, ...]]:
    """One step."""
    event = happening(till) if callable(happening) else happening
    return step(till, event)


def walk(*rows: Row, till: Till = TILL) -> Till:
    """Go through rows, checking each, and return where they lead."""
    for number, (happening, phase, expected) in enumerate(rows, start=1):
        till, effects = happen(till, happening)
        assert (number, phase.__name__, expected) == (number, type(till.phase).__name__, words(effects))
    return till


def after(*happenings: Happening, till: Till = TILL) -> Till:
    """Where happenings lead."""
    for happening in happenings:
        till, _ = happen(till, happening)
    return till


def effects_of(till: Till, happening: Happening) -> tuple[Effect, ...]:
    """What one more happening wants done."""
    return happen(till, happening)[1]


def only(kind: type[Any], effects: tuple[Effect, ...]) -> Any:
    """The one effect of this kind."""
    (found,) = (effect for effect in effects if isinstance(effect, kind))
    return found


# --- what people do


def amount(digits: str) -> list[Happening]:
    """Digits, one by one."""
    return [DigitTyped(digit) for digit in digits]


def scan(text: str = CODE) -> Event:
    """A gun reads a label."""
    return Scanned(Secret(text), "sim:")


def pin(text: str = PIN) -> Event:
    """The customer has typed the whole PIN."""
    return PinEntered(Secret(text))


# --- what the engine answers


def running(till: Till) -> int:
    """The number of the running request."""
    request_id = getattr(till.phase, "request_id", None)
    assert isinstance(request_id, int), f"{type(till.phase).__name__} waits for no answer"
    return request_id


def order_of(till: Till) -> OpenOrder:
    """The order the phase is about."""
    phase: Any = till.phase
    if hasattr(phase, "open_order"):
        return OpenOrder(order_id=phase.open_order.order_id, sale_id="", units=phase.open_order.units)
    order = phase.waiting.order if hasattr(phase, "waiting") else phase.order
    return OpenOrder(order_id=order.order_id, sale_id="", units=order.units)


def payment(
    order: OpenOrder,
    state: PaymentState,
    *,
    refusal: Refusal | None = None,
    available: int | None = None,
    balance: int | None = None,
    tries_left: int = 3,
) -> Payment:
    """The engine's word on an order."""
    challenge = None
    if state is PaymentState.REQUIRES_ACTION:
        challenge = Challenge(kinds=(ChallengeKind.PIN,), tries_left=tries_left, expires_at=START + LIFETIME)
    refused = None
    if refusal is not None:
        refused = Refused(refusal=refusal, available=_points(available))
    return Payment(
        order_id=order.order_id,
        state=state,
        amount=Amount(Asset.POINTS, order.units),
        at=START,
        member="王*",
        challenge=challenge,
        refused=refused,
        balance=_points(balance),
    )


def _points(units: int | None) -> Amount | None:
    return None if units is None else Amount(Asset.POINTS, units)


def answer(state: PaymentState, **particulars: Any) -> Callable[[Till], Event]:
    """The answer to the running request: the order stands like this."""
    return lambda till: Replied(running(till), payment(order_of(till), state, **particulars))


def refuse(refusal: Refusal, **particulars: Any) -> Callable[[Till], Event]:
    """The answer to the running request: refused."""
    return lambda till: Replied(running(till), Refused(refusal=refusal, **particulars))


def lost(till: Till) -> Event:
    """The running request failed on its way or back."""
    return NoReply(running(till))


def late_answer(state: PaymentState, request_id: int = 0) -> Callable[[Till], Event]:
    """An answer to an earlier request about the same order."""
    return lambda till: Replied(request_id, payment(order_of(till), state))


def fired(timer: Timer) -> Event:
    """A timer ran out."""
    return TimerFired(timer)


def journal_fails(till: Till, happening: Happening, *, at: int = 0) -> tuple[Till, tuple[Effect, ...]]:
    """A step whose entry number `at` cannot be written: the loop tells the session at once."""
    till, effects = happen(till, happening)
    places = [place for place, effect in enumerate(effects) if isinstance(effect, Record)]
    return step(till, JournalFailed("disk_full", effects[places[at] :]))


# --- often needed states


def charging(digits: str = "300") -> Till:
    """A code was scanned."""
    return after(Started(()), *amount(digits), scan())


def awaiting_pin(digits: str = "800") -> Till:
    """The engine wants the PIN."""
    return after(answer(PaymentState.REQUIRES_ACTION), till=charging(digits))


def refusing(refusal: Refusal, digits: str = "300", **particulars: Any) -> Till:
    """The engine refused the charge."""
    return after(answer(PaymentState.FAILED, refusal=refusal, **particulars), till=charging(digits))


def collecting(whole: str = "1000", part: str = "400") -> Till:
    """A part was taken in points."""
    return after(
        *amount(whole), PartWanted(), *amount(part), Confirmed(), scan(), answer(PaymentState.SUCCEEDED)
    )


def resolving(digits: str = "300") -> Till:
    """No answer came to a charge."""
    return after(lost, till=charging(digits))


def with_rules(till: Till, **rules: Any) -> Till:
    """The same with other rules."""
    return replace(till, rules=replace(till.rules, **rules))


def parked_answer(state: PaymentState, place: int = 0) -> Callable[[Till], Event]:
    """The answer to the running reversal of an order set aside."""

    def happening(till: Till) -> Event:
        parked = till.parked[place]
        assert parked.request_id is not None, "no answer is due"
        return Replied(parked.request_id, payment(parked.open_order, state))

    return happening


def aside(digits: str = "300") -> Till:
    """An order was set aside, its sale is being collected."""
    return after(TimerFired(Timer.ASK_AGAIN), lost, SetAside(), till=resolving(digits))
