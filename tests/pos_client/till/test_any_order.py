"""Anything in any order: people, a lossy way to the engine, a journal that fails, and crashes.

The real loop runs over a model of the engine. Requests and answers may be late, lost or doubled, in any
order; entries may fail; the till may die at any moment and is started again from its journal.
"""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from points_engine.contract import Charge, Command, PaymentState, Reply, Reverse, Secret
from pos_client.cashier import Cashier
from pos_client.till.effects import EntryKind, Record
from pos_client.till.events import (
    Confirmed,
    CustomerCanceled,
    DigitTyped,
    Dropped,
    Erased,
    Event,
    NoReply,
    OtherTenderTaken,
    PartWanted,
    PinEntered,
    PinTyping,
    Replied,
    Scanned,
    SetAside,
    Started,
)
from pos_client.till.showing import view
from pos_client.till.state import Resolving, Till
from pos_client.till.view import MESSAGE_KEYS, Message
from tests.fakes.clock import HandClock
from tests.fakes.engine import Member, ModelEngine
from tests.fakes.engine_client import StillClient
from tests.fakes.inbox import TickingInbox
from tests.fakes.journal import CLOSING, OPENING, Killed, MemoryJournal
from tests.fakes.screen import RecordingScreen
from tests.pos_client.till.walking import RULES

PINS = ("123456", "000000")
CODES = tuple(f"84{number:016d}" for number in range(12))
LABEL = "6901234567892"
KEYS: tuple[Event, ...] = (
    *(DigitTyped(digits) for digits in ("0", "5", "00")),
    Erased(), Confirmed(), Confirmed(), PartWanted(), Dropped(), OtherTenderTaken(), SetAside(),
    PinTyping(1), CustomerCanceled(),
)  # fmt: skip


class CheckedClient(StillClient):
    """Looks into the journal before it takes a command: what is sent has been announced."""

    def __init__(self, journal: MemoryJournal) -> None:
        super().__init__()
        self._journal = journal

    def send(self, request_id: int, command: Command) -> None:
        announced = {Charge: EntryKind.INTENT, Reverse: EntryKind.REVERSAL_INTENT}.get(type(command))
        if isinstance(command, Charge | Reverse):
            written = {entry.kind for entry in self._journal.entries if entry.order_id == command.order_id}
            assert announced in written, f"{type(command).__name__} was sent before it was written"
        super().send(request_id, command)


class TillAmongFaults(RuleBasedStateMachine):
    """One till, one engine, and everything between them that can go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.members = [Member(balance=700), Member(balance=5_000), Member(balance=90_000, tries=1)]
        self.engine = ModelEngine(
            {code: self.members[place % len(self.members)] for place, code in enumerate(CODES)}
        )
        self.whole = sum(member.balance for member in self.members)
        self.journal = MemoryJournal()
        self.clock = HandClock()
        self.on_the_way: list[tuple[int | None, Command]] = []
        self.coming_back: list[tuple[int, Reply]] = []
        self.runs = 0
        self.start()

    def start(self) -> None:
        """Switch the till on."""
        self.runs += 1
        self.client = CheckedClient(self.journal)
        self.inbox = TickingInbox(self.clock)
        self.screen = RecordingScreen()
        self.cashier = Cashier(
            self.inbox,
            self.journal,
            self.client,
            self.screen,
            self.clock,
            Till(rules=replace(RULES, max_units=9_999), run_id=f"run{self.runs}"),
            raise_bugs=True,
        )
        self.take(Started(self.journal.open_orders()))

    def take(self, event: Event) -> None:
        """One event, and what it sends goes on its way. A till killed in the middle of it starts again."""
        try:
            self.cashier.take(event)
        except Killed:
            self.crash()
        else:
            self._pass_on()

    def _pass_on(self) -> None:
        self.on_the_way += self.client.sent
        self.client.sent = []

    @property
    def till(self) -> Till:
        """The state now."""
        return self.cashier.till

    # --- people

    @rule(key=st.sampled_from(KEYS))
    def press(self, key: Event) -> None:
        """The cashier or the customer presses a key."""
        self.take(key)

    @rule(code=st.sampled_from((*CODES, LABEL)))
    def scan(self, code: str) -> None:
        """A gun reads something."""
        self.take(Scanned(Secret(code), "sim:"))

    @rule(units=st.sampled_from(("300", "600", "2000")), code=st.sampled_from(CODES))
    def ring_up(self, units: str, code: str) -> None:
        """The common case in one go."""
        for digit in units:
            self.take(DigitTyped(digit))
        self.take(Scanned(Secret(code), "sim:"))

    @rule(
        whole=st.sampled_from(("900", "4000")),
        part=st.sampled_from(("300", "700")),
        code=st.sampled_from(CODES),
        written=st.booleans(),
    )
    def ring_up_a_part(self, whole: str, part: str, code: str, written: bool) -> None:
        """A part in points, in one go, up to what the engine makes of it."""
        self.take(Dropped())
        for digit in whole:
            self.take(DigitTyped(digit))
        self.take(PartWanted())
        for digit in part:
            self.take(DigitTyped(digit))
        self.take(Scanned(Secret(code), "sim:"))
        if self.on_the_way:
            self.journal.failures = 0 if written else 1
            self.all_goes_well(newest=True)

    @rule(pin=st.sampled_from(PINS))
    def enter_pin(self, pin: str) -> None:
        """The customer's PIN is complete."""
        self.take(PinEntered(Secret(pin)))

    # --- the way to the engine and back

    @precondition(lambda self: self.on_the_way)
    @rule(place=st.integers(0, 20), heard=st.booleans(), again=st.booleans())
    def carry_out(self, place: int, heard: bool, again: bool) -> None:
        """The engine gets a request; the answer may be lost, and the request may come once more."""
        place %= len(self.on_the_way)
        request_id, command = self.on_the_way[place]
        if not again:
            del self.on_the_way[place]
        reply = self.engine.execute(command)
        if heard and request_id is not None:
            self.coming_back.append((request_id, reply))

    @precondition(lambda self: self.on_the_way)
    @rule(newest=st.booleans())
    def all_goes_well(self, newest: bool) -> None:
        """The oldest or the newest request is carried out and answered at once."""
        request_id, command = self.on_the_way.pop(-1 if newest else 0)
        reply = self.engine.execute(command)
        if request_id is not None:
            self.take(Replied(request_id, reply))

    @precondition(lambda self: self.on_the_way)
    @rule(place=st.integers(0, 20), told=st.booleans())
    def lose(self, place: int, told: bool) -> None:
        """A request is lost; the client may notice."""
        request_id, _ = self.on_the_way.pop(place % len(self.on_the_way))
        if told and request_id is not None:
            self.take(NoReply(request_id))

    @precondition(lambda self: self.coming_back)
    @rule(place=st.integers(0, 20), again=st.booleans())
    def answer(self, place: int, again: bool) -> None:
        """An answer arrives, perhaps for the second time."""
        place %= len(self.coming_back)
        request_id, reply = self.coming_back[place]
        if not again:
            del self.coming_back[place]
        self.take(Replied(request_id, reply))

    @rule(
        times=st.integers(1, 16),
        fate=st.sampled_from(("stands still", "is unheard", "is late")),
        then=st.sampled_from(KEYS),
    )
    def nobody_answers(self, times: int, fate: str, then: Event) -> None:
        """Silence for a while: timers run out, whatever becomes of the requests; then somebody presses a key."""
        for _ in range(times):
            if fate != "stands still":
                replies = [(number, self.engine.execute(command)) for number, command in self.on_the_way]
                self.on_the_way = []
                if fate == "is late":
                    self.coming_back += [(number, reply) for number, reply in replies if number is not None]
            self.next_timer()
        self.take(then)

    # --- time and faults

    @rule()
    def next_timer(self) -> None:
        """Nothing happens until a timer runs out."""
        event = self.cashier._next() or self.cashier._next()
        if event is not None:
            self.take(event)

    @rule()
    def challenges_end(self) -> None:
        """The engine's time for PINs is over."""
        self.engine.sweep()

    @rule(failures=st.integers(1, 3))
    def journal_will_fail(self, failures: int) -> None:
        """The next entries cannot be written."""
        self.journal.failures = failures

    @rule(when=st.sampled_from(("before", "after")))
    def crash_at_the_next_entry(self, when: str) -> None:
        """The till dies around what it writes next, between one effect and another."""
        self.journal.dies = when

    @rule()
    def crash(self) -> None:
        """The till dies; what is on its way to the engine may still arrive, no answer does."""
        self._pass_on()
        self.coming_back = []
        self.on_the_way = [(None, command) for _, command in self.on_the_way]
        self.start()

    # --- what always holds

    @invariant()
    def no_points_appear_or_vanish(self) -> None:
        """Balances and what is taken or held add up."""
        held = sum(
            payment.amount.units
            for payment in self.engine.payments.values()
            if payment.state in {PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION}
        )
        assert self.whole == held + sum(member.balance for member in self.members)

    @invariant()
    def never_two_charges_live_for_one_sale(self) -> None:
        """Of all orders of a sale, the engine takes or holds at most one."""
        sale_of = {entry.order_id: entry.sale_id for entry in self.journal.entries if entry.order_id}
        live = [
            sale_of[order_id]
            for order_id, payment in self.engine.payments.items()
            if payment.state in {PaymentState.SUCCEEDED, PaymentState.REQUIRES_ACTION}
        ]
        assert len(live) == len(set(live))

    @invariant()
    def orders_close_once(self) -> None:
        """In the journal an order is open or closed, and closed only once for each time it was opened."""
        is_open: dict[str, bool] = {}
        for entry in self.journal.entries:
            if entry.order_id is None:
                continue
            if entry.kind in OPENING:
                is_open[entry.order_id] = True
            elif entry.kind in CLOSING:
                assert is_open[entry.order_id], f"{entry.kind} of an order that was closed"
                is_open[entry.order_id] = False

    @invariant()
    def screens_say_what_they_can(self) -> None:
        """Every message has words for its key and the parameters they want; no secret is shown or kept in sight."""
        shown = view(self.till)
        cashier, customer = shown.cashier, shown.customer
        said = (
            cashier.headline, cashier.detail, cashier.next_step, cashier.notice, customer.headline, customer.detail
        )  # fmt: skip
        for message in said:
            if isinstance(message, Message):
                assert set(MESSAGE_KEYS[message.key]) == {name for name, _ in message.params}
        seen = repr((shown, self.till, self.journal.entries))
        assert not [secret for secret in (*CODES, *PINS) if secret in seen]

    def teardown(self) -> None:
        """Once everything works again, everything is resolved, and the books agree."""
        self.journal.failures, self.journal.dies = 0, None
        for _ in range(300):
            if self._is_at_rest():
                break
            if self.on_the_way:
                self.all_goes_well(newest=True)
            else:
                self.challenges_end()
                self.next_timer()
        assert self._is_at_rest(), f"{self.till.phase} {self.till.parked} {self.till.unwritten}"
        self.screens_say_what_they_can()
        self.orders_close_once()
        self.never_two_charges_live_for_one_sale()
        self._books_agree(self.journal.entries)

    def _is_at_rest(self) -> bool:
        till = self.till
        busy = (
            isinstance(till.phase, Resolving)
            or hasattr(till.phase, "request_id")
            or hasattr(till.phase, "dots")
        )
        return not (busy or till.parked or till.unwritten or self.on_the_way)

    def _books_agree(self, entries: list[Record]) -> None:
        assert () == self.journal.open_orders()
        last = {entry.order_id: entry.kind for entry in entries if entry.kind in CLOSING}
        taken = {order_id for order_id, kind in last.items() if kind is EntryKind.SUCCEEDED}
        assert taken == {
            order_id
            for order_id, payment in self.engine.payments.items()
            if payment.state is PaymentState.SUCCEEDED
        }
        sales = {entry.sale_id for entry in entries if entry.order_id in taken}
        dropped = {entry.sale_id for entry in entries if entry.kind is EntryKind.SALE_DROPPED}
        assert set() == sales & dropped


TestTillAmongFaults = pytest.mark.timeout(600)(TillAmongFaults.TestCase)
TestTillAmongFaults.settings = settings(max_examples=250, stateful_step_count=50)
