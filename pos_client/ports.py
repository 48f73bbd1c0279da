"""The till's ports: what the loop needs of the world, as abstract classes. Fakes subclass them."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from points_engine.contract import Command, EngineFault
from pos_client.till.effects import EntryKind, Record, Sound
from pos_client.till.events import Event, OpenOrder
from pos_client.till.shift import Totals
from pos_client.till.view import View


class Clock(ABC):
    """Two clocks: the wall (for stamps) and the monotonic one (for waits)."""

    @abstractmethod
    def now(self) -> datetime:
        """The wall time, aware, in UTC."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds that only go forward."""


class Inbox(ABC):
    """The one entrance: any thread puts, only the cashier loop takes."""

    @abstractmethod
    def put(self, event: Event) -> None:
        """Add an event; never blocks."""

    @abstractmethod
    def get(self, timeout_seconds: float | None) -> Event | None:
        """The oldest event, waiting at most so long (None: for ever); None when there was none or it was closed."""

    @abstractmethod
    def close(self) -> None:
        """Wake the loop up for good."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Closed and empty."""


class EngineClient(ABC):
    """How commands reach an engine, embedded or far away."""

    @abstractmethod
    def send(self, request_id: int, command: Command) -> None:
        """Give a command away and return at once; Replied or NoReply comes through the inbox, once, or never."""

    @abstractmethod
    def close(self) -> None:
        """Stop; what was taken is finished first."""


class NotEnrolled(EngineFault):
    """An engine far away does not know this till, because it was never enrolled or its credential is not here."""


class JournalFault(Exception):
    """An entry could not be made durable. `fault` is one word of the wording tables, `remedy` a sentence."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(remedy)
        self.fault = fault
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One line of the shift log. `at` is aware UTC; `refusal` is a Refusal.code."""

    seq: int
    at: datetime
    shift_id: str
    cashier: str
    kind: EntryKind
    sale_id: str
    order_id: str | None
    units: int
    money_minor: int | None
    refusal: str | None
    member: str | None


class Journal(ABC):
    """The till's append-only record: what it meant to do and what came of it."""

    @abstractmethod
    def append(self, entry: Record) -> None:
        """Make an entry durable before returning. Raises JournalFault; then nothing was written."""

    @abstractmethod
    def open_orders(self) -> tuple[OpenOrder, ...]:
        """Orders with an intent and no outcome, oldest first."""

    @abstractmethod
    def rows(self, shift_id: str | None = None) -> Iterable[JournalRow]:
        """All entries, of one shift or of all, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which rows of the journal: every part that is set must match.

    `text` is looked for in sale, order, member, refusal and cashier, without regard to case. `since` is
    included, `until` is not; both are aware.
    """

    shift_id: str | None = None
    kinds: tuple[EntryKind, ...] = ()
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


class ShiftLog(ABC):
    """The journal for reading. Any thread may ask, and the loop's writing is not held up; may take a while."""

    @abstractmethod
    def count(self, which: LogFilter) -> int:
        """How many rows match."""

    @abstractmethod
    def page(
        self, which: LogFilter, *, offset: int, limit: int, newest_first: bool = True
    ) -> tuple[JournalRow, ...]:
        """At most `limit` matching rows, from the `offset`-th on."""

    @abstractmethod
    def rows(self, which: LogFilter) -> Iterable[JournalRow]:
        """All matching rows in the journal's order, a few at a time, for an export."""

    @abstractmethod
    def totals(self, which: LogFilter) -> Totals:
        """What the matching rows come to."""

    @abstractmethod
    def shift_ids(self) -> tuple[str, ...]:
        """The shifts the journal knows, the newest first."""


class Screen(ABC):
    """What people see and hear. Called from the loop's thread; must return at once."""

    @abstractmethod
    def show(self, view: View) -> None:
        """Show this from now on; an older view not painted yet may be skipped."""

    @abstractmethod
    def play(self, sound: Sound) -> None:
        """Let a sound be heard."""


class Printer(ABC):
    """What a customer takes home. Called from the loop's thread; must return at once."""

    @abstractmethod
    def take(self, entry: Record) -> None:
        """An entry that is in the journal now: print what a customer gets of it, if anything."""


class NoPrinter(Printer):
    """A till without receipts."""

    def take(self, entry: Record) -> None:
        pass
