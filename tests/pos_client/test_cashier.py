"""The only loop: steps, effects in order, timers, and what happens when something is broken."""

import logging
import threading
from collections.abc import Callable

import pytest

from points_engine.contract import Charge, Command, Query, Secret
from pos_client import cashier as cashier_module
from pos_client.cashier import Cashier
from pos_client.inbox import QueueInbox
from pos_client.ports import EngineClient, Inbox, JournalFault, Printer
from pos_client.till.effects import EntryKind, Record, Sound, Timer
from pos_client.till.events import DigitTyped, Event, OpenOrder, Scanned, SetAside, Started, TimerFired
from pos_client.till.session import MoveMissing
from pos_client.till.state import Charging, Entering, Refusing, Till
from pos_client.till.view import Message
from tests.fakes.clock import HandClock
from tests.fakes.engine import Member, ModelEngine
from tests.fakes.engine_client import InlineClient, StillClient
from tests.fakes.inbox import TickingInbox
from tests.fakes.journal import MemoryJournal
from tests.fakes.screen import RecordingScreen
from tests.pos_client.till.walking import CODE, RULES
from tests.waiting import PATIENCE_SECONDS


class Desk:
    """A loop with fakes all around, for one thread."""

    def __init__(
        self, client: Callable[[Inbox], EngineClient] | None = None, *, raise_bugs: bool = True
    ) -> None:
        self.clock = HandClock()
        self.inbox = TickingInbox(self.clock)
        self.journal = MemoryJournal()
        self.still = StillClient()
        self.screen = RecordingScreen()
        self.cashier = Cashier(
            self.inbox,
            self.journal,
            client(self.inbox) if client else self.still,
            self.screen,
            self.clock,
            Till(rules=RULES, run_id="run"),
            raise_bugs=raise_bugs,
        )

    def take(self, *events: Event) -> None:
        """Events, one after the other."""
        for event in events:
            self.cashier.take(event)

    def go_on(self) -> None:
        """Until nothing more happens by itself."""
        while not self.inbox.closed:
            event = self.cashier._next()
            if event is not None:
                self.take(event)

    @property
    def notice(self) -> Message | None:
        """The passing word the cashier sees."""
        return self.screen.views[-1].cashier.notice


def scan() -> Event:
    """A payment code under the gun."""
    return Scanned(Secret(CODE), "sim:")


def paying_engine(inbox: Inbox) -> EngineClient:
    """An engine that knows the code."""
    return InlineClient(ModelEngine({CODE: Member(balance=1_000)}), inbox)


def test_a_payment_from_the_first_digit_to_the_result() -> None:
    """Events in, the result on the screen, in the journal and to be heard."""
    desk = Desk(paying_engine)
    desk.inbox.events.extend([DigitTyped("3"), scan()])
    desk.cashier.run()
    assert [EntryKind.INTENT, EntryKind.SUCCEEDED] == [entry.kind for entry in desk.journal.entries]
    assert [Sound.SUCCESS] == desk.screen.sounds
    headlines = [view.cashier.headline.key for view in desk.screen.views]
    assert ["cashier.enter_amount", "cashier.enter_amount", "cashier.charging", "cashier.paid"] == headlines


def test_the_loop_begins_with_what_is_open() -> None:
    """Before anything else the journal's open orders are resolved."""
    entries = [Record(kind=EntryKind.INTENT, sale_id="s", order_id="o", units=9)]
    clock, still = HandClock(), StillClient()
    inbox = TickingInbox(clock)
    cashier = Cashier(
        inbox, MemoryJournal(entries), still, RecordingScreen(), clock, Till(rules=RULES, run_id="run")
    )
    inbox.close()
    cashier.run()
    assert [(1, Query(order_id="o"))] == still.sent


def test_a_journal_that_cannot_be_read_is_told_before_the_loop_begins() -> None:
    """A till that does not know what is open does not start."""

    class Unreadable(MemoryJournal):
        def open_orders(self) -> tuple[OpenOrder, ...]:
            raise JournalFault("corrupt", "Keep the file aside.")

    clock = HandClock()
    with pytest.raises(JournalFault):
        Cashier(
            TickingInbox(clock), Unreadable(), StillClient(), RecordingScreen(), clock,
            Till(rules=RULES, run_id="run"),
        )  # fmt: skip


def test_timers_are_deadlines() -> None:
    """No answer: the till waits as long as its rules say, by the clock and without a thread."""
    desk = Desk()
    desk.take(DigitTyped("3"), scan())
    assert desk.cashier._next() is None
    assert RULES.reply_due_seconds == desk.clock.monotonic()
    assert TimerFired(Timer.REPLY_DUE) == desk.cashier._next()


def test_a_timer_that_is_due_goes_before_what_waits() -> None:
    """A till flooded with events still looks at its clock."""
    desk = Desk()
    desk.take(DigitTyped("3"), scan())
    desk.inbox.put(DigitTyped("4"))
    desk.clock.advance(60)
    assert [TimerFired(Timer.REPLY_DUE), DigitTyped("4")] == [desk.cashier._next(), desk.cashier._next()]


def test_the_earliest_timer_is_the_next() -> None:
    """Of several deadlines the first one counts, whichever was set last."""
    desk = Desk()
    desk.take(DigitTyped("3"), scan(), SetAside())
    assert desk.cashier._next() is None
    assert TimerFired(Timer.NOTICE_OVER) == desk.cashier._next()


def test_a_stopped_timer_does_not_fire() -> None:
    """The answer came: nobody waits any more, and without a deadline the loop waits for an event alone."""
    desk = Desk(paying_engine)
    desk.take(DigitTyped("3"), scan())
    event = desk.cashier._next()
    assert event is not None
    desk.take(event)
    assert desk.cashier._next() is None
    assert desk.inbox.closed


def test_a_charge_whose_intent_fails_is_not_sent() -> None:
    """What follows the failing entry in its step is not done, and the cashier reads why."""
    desk = Desk()
    desk.journal.fault = "read_only"
    desk.take(DigitTyped("3"), scan())
    assert [] == desk.still.sent
    assert [] == desk.journal.entries
    assert "refusal.journal_read_only" == desk.screen.views[-1].cashier.headline.key
    assert [Sound.FAILURE] == desk.screen.sounds
    assert isinstance(desk.cashier.till.phase, Refusing)


def test_a_result_that_cannot_be_written_is_written_later() -> None:
    """The result is shown with a warning, and the entry follows as soon as the journal takes it."""
    desk = Desk(paying_engine)
    desk.take(DigitTyped("3"), scan())
    desk.journal.failures = 2
    desk.go_on()
    assert "cashier.paid" == desk.screen.views[-1].cashier.headline.key
    assert [EntryKind.INTENT, EntryKind.SUCCEEDED] == [entry.kind for entry in desk.journal.entries]
    assert desk.notice is None


def test_a_view_is_shown_when_it_changes() -> None:
    """Nothing new, nothing to paint."""
    desk = Desk()
    desk.take(DigitTyped("0"), DigitTyped("0"), DigitTyped("5"))
    assert [0, 5] == [view.cashier.amount_units for view in desk.screen.views]


def test_a_missing_move_is_loud_in_tests() -> None:
    """A bug is raised where somebody looks."""
    desk = Desk()
    desk.take(DigitTyped("3"), scan())
    with pytest.raises(MoveMissing):
        desk.take(Started(()))


def test_a_bug_never_loses_the_sale(caplog: pytest.LogCaptureFixture) -> None:
    """In a shop the state stays what it was, people see that something is wrong, and the till goes on."""
    desk = Desk(raise_bugs=False)
    desk.take(DigitTyped("3"), scan())
    before = desk.cashier.till.phase
    desk.take(Started(()))
    assert isinstance(before, Charging)
    assert before == desk.cashier.till.phase
    assert "bug at Started: MoveMissing" in caplog.text
    desk.take(TimerFired(Timer.NOTICE_OVER))
    notices = [view.cashier.notice for view in desk.screen.views]
    assert [None, Message("notice.internal_fault"), None] == notices[-3:]


def test_a_bug_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception's text may hold what it tripped over: only its type and place are written."""

    def trip(_till: Till, event: Event) -> None:
        assert isinstance(event, Scanned)
        raise ValueError(event.text.reveal())

    desk = Desk(raise_bugs=False)
    monkeypatch.setattr(cashier_module, "step", trip)
    with caplog.at_level(logging.DEBUG):
        desk.take(scan())
    assert "ValueError at" in caplog.text
    assert "test_cashier.py" in caplog.text
    assert CODE not in caplog.text


def test_a_client_that_breaks_is_one_that_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    """The intent is written and nobody knows what was sent: the outcome is unknown, not failed."""

    class Broken(StillClient):
        def send(self, request_id: int, command: Command) -> None:
            raise RuntimeError(str(request_id))

    desk = Desk(lambda _: Broken(), raise_bugs=False)
    desk.take(DigitTyped("3"), scan())
    event = desk.cashier._next()
    assert event is not None
    desk.take(event)
    assert "refusal.outcome_unknown" == desk.screen.views[-1].cashier.headline.key
    assert "bug at the engine client: RuntimeError" in caplog.text


def test_a_broken_journal_is_a_journal_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    """Even a bug of the journal keeps a charge from being sent."""

    class Buggy(MemoryJournal):
        def append(self, entry: Record) -> None:
            raise TypeError("a bug")

    desk = Desk(raise_bugs=False)
    desk.cashier._journal = Buggy()
    desk.take(DigitTyped("3"), scan())
    assert [] == desk.still.sent
    assert "refusal.journal_not_writable" == desk.screen.views[-1].cashier.headline.key
    assert "bug at the journal: TypeError" in caplog.text


def test_a_mute_screen_holds_nothing_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sound that cannot be played is logged; the result is written and shown."""

    def fail(_sound: Sound) -> None:
        raise OSError("no loudspeaker")

    desk = Desk(paying_engine, raise_bugs=False)
    monkeypatch.setattr(desk.screen, "play", fail)
    desk.take(DigitTyped("3"), scan())
    desk.go_on()
    assert EntryKind.SUCCEEDED is desk.journal.entries[-1].kind
    assert "cashier.paid" == desk.screen.views[-1].cashier.headline.key
    assert "bug at a sound: OSError" in caplog.text


def test_a_screen_that_breaks_does_not_end_the_loop(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when nothing can be shown the till goes on and says so in its log."""

    def fail(_view: object) -> None:
        raise RuntimeError("no window")

    desk = Desk(raise_bugs=False)
    monkeypatch.setattr(desk.screen, "show", fail)
    desk.take(DigitTyped("3"))
    assert Entering(text="3") == desk.cashier.till.phase
    assert "bug at DigitTyped: RuntimeError" in caplog.text
    assert "bug at the screen: RuntimeError" in caplog.text


def test_the_loop_runs_in_a_thread_and_ends_with_its_inbox() -> None:
    """A real inbox, a real thread: closing the inbox ends it after what was put before."""
    inbox, screen, still = QueueInbox(), RecordingScreen(), StillClient()
    cashier = Cashier(
        inbox, MemoryJournal(), still, screen, HandClock(), Till(rules=RULES, run_id="run"), raise_bugs=True
    )
    loop = threading.Thread(target=cashier.run)
    loop.start()
    for event in (DigitTyped("3"), scan()):
        inbox.put(event)
    inbox.close()
    loop.join(PATIENCE_SECONDS)
    assert not loop.is_alive()
    assert [Charge] == [type(command) for _, command in still.sent]


class Paper(Printer):
    """A printer that writes down what it was told, and what was in the journal then; with `is_broken` it has a bug."""

    def __init__(self, desk: Desk, *, is_broken: bool = False) -> None:
        self._desk = desk
        self._is_broken = is_broken
        self.told: list[tuple[EntryKind, bool]] = []

    def take(self, entry: Record) -> None:
        self.told.append((entry.kind, entry in self._desk.journal.entries))
        if self._is_broken:
            raise RuntimeError("paper jam")


@pytest.mark.parametrize("is_broken", [False, True])
def test_the_printer_hears_of_what_is_in_the_journal(*, is_broken: bool) -> None:
    """After the entry is durable; and a printer with a bug of its own fails no payment."""
    desk = Desk(paying_engine, raise_bugs=False)
    paper = desk.cashier._printer = Paper(desk, is_broken=is_broken)
    desk.inbox.events.extend([DigitTyped("3"), scan()])
    desk.cashier.run()
    assert [(EntryKind.INTENT, True), (EntryKind.SUCCEEDED, True)] == paper.told
    assert "cashier.paid" == desk.screen.views[-1].cashier.headline.key


def test_what_is_not_in_the_journal_is_not_printed() -> None:
    """A receipt of a payment the till does not know of helps nobody."""
    desk = Desk(raise_bugs=False)
    paper = desk.cashier._printer = Paper(desk)
    desk.journal.fault = "disk_full"
    desk.take(DigitTyped("3"), scan())
    assert [] == paper.told
