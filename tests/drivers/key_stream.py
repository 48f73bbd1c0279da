"""Keys in time, by a person and by guns, and a window that does what the parser says."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from drivers.keystrokes import Key, KeystrokeParser, Verdict
from drivers.scan import Scan

GUN_CODES, PERSON_CODES = 1000, 100_000


@dataclass(frozen=True)
class Stroke:
    """One key that goes down at `at` and up `dwell` later."""

    at: float
    dwell: float
    key: Key

    @property
    def is_persons(self) -> bool:
        """Whether a person hit it."""
        return self.key.code >= PERSON_CODES


@dataclass(frozen=True)
class Burst:
    """What a gun sends for one label."""

    text: str
    strokes: tuple[Stroke, ...]

    @property
    def start(self) -> float:
        """When its first key goes down."""
        return self.strokes[0].at

    @property
    def end(self) -> float:
        """When its last key goes up."""
        return self.strokes[-1].at + self.strokes[-1].dwell


def burst(
    text: str, at: float, *, interval: float = 0.005, dwell: float = 0.002, suffix: str = "enter"
) -> Burst:
    """A gun's burst: the keys of `text`, then Enter, Tab or nothing."""
    keys = [Key(GUN_CODES + ord(char), char) for char in text]
    if suffix == "enter":
        keys.append(Key(GUN_CODES, "\r", is_enter=True))
    elif suffix == "tab":
        keys.append(Key(GUN_CODES + 1, "\t", is_tab=True))
    return Burst(text, tuple(Stroke(at + interval * place, dwell, key) for place, key in enumerate(keys)))


def person_key(number: int, char: str) -> Key:
    """A person's key; `number` tells it from all others, a line feed stands for Enter."""
    return Key(PERSON_CODES + number, char, is_enter=char == "\n")


def typing(text: str, at: float, *, interval: float = 0.15, dwell: float = 0.08) -> list[Stroke]:
    """A person's keys, evenly spaced."""
    return [
        Stroke(at + interval * number, dwell, person_key(number, char)) for number, char in enumerate(text)
    ]


@dataclass
class Focus:
    """A window that feeds the parser in time and notes what reaches its focus."""

    parser: KeystrokeParser = field(default_factory=KeystrokeParser)
    feeds_releases: bool = True
    arrived: list[Key] = field(default_factory=list)
    arrived_at: list[float] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was typed into the focus."""
        return "".join(key.char or "" for key in self.arrived)

    def play(self, strokes: Iterable[Stroke]) -> "Focus":
        """Feed the strokes in the order of time, and `idle` whenever it is due, until nothing is held."""
        for at, is_press, key in _events(strokes):
            self.idle_until(at)
            if is_press:
                self._apply(self.parser.press(key, at), at, key)
            elif self.feeds_releases:
                self._apply(self.parser.release(key, at), at, None)
        self.idle_until(float("inf"))
        return self

    def idle_until(self, at: float) -> None:
        """Call `idle` at each deadline up to `at`."""
        while (deadline := self.parser.next_deadline) is not None and deadline <= at:
            self._apply(self.parser.idle(deadline), deadline, None)

    def _apply(self, verdict: Verdict, at: float, pressed: Key | None) -> None:
        arriving = [*verdict.release]
        if pressed is not None and not verdict.swallow:
            arriving.append(pressed)
        self.arrived += arriving
        self.arrived_at += [at] * len(arriving)
        if verdict.scan is not None:
            self.scans.append(verdict.scan)


def _events(strokes: Iterable[Stroke]) -> list[tuple[float, bool, Key]]:
    events = [
        event
        for stroke in strokes
        for event in ((stroke.at, True, stroke.key), (stroke.at + stroke.dwell, False, stroke.key))
    ]
    return sorted(events, key=lambda event: event[0])
