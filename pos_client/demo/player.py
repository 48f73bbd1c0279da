"""Plays scenarios one after the other in the running event loop, takes pictures, and checks what came of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, QPoint, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from pos_client.demo.desk import Desk, Until
from pos_client.demo.scenarios import Row, Scenario

LOOK_EVERY_MS = 10
PATIENCE_MS = 15_000
_GAP = 16
_BACKDROP = "#20242b"


class Books:
    """What the player checks against: the journal's rows and the members' balances, as they are now."""

    def __init__(self, rows: Callable[[], Sequence[Row]], balances: Callable[[], dict[str, int]]) -> None:
        self.rows = rows
        self.balances = balances


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a scenario went: what was wrong with it, if anything, and the pictures taken."""

    scenario: Scenario
    faults: tuple[str, ...]
    pictures: tuple[Path, ...]


class Player(QObject):
    """Plays; `on_outcome` after each scenario, `on_end` after the last. Looks every few milliseconds, waits nowhere.

    A scenario that gets stuck is a fault, and the till is brought back to an empty screen for the next.
    """

    def __init__(
        self,
        desk: Desk,
        books: Books,
        scenarios: Sequence[Scenario],
        pictures: Path,
        *,
        on_outcome: Callable[[Outcome], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__()
        self._desk = desk
        self._books = books
        self._left = list(scenarios)
        self._number = 0
        self._pictures = pictures
        self._on_outcome = on_outcome
        self._on_end = on_end
        self._taken: list[Path] = []
        self._scenario: Scenario | None = None
        self._steps: Iterator[Until] = iter(())
        self._until: Until | None = None
        self._waiting = QElapsedTimer()
        self._rows_before = 0
        self._balances_before: dict[str, int] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin with the first scenario."""
        self._next_scenario()
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        if self._until is None:
            self._next_step()
        elif self._until.has_come():
            self._take_picture()
            self._next_step()
        elif self._waiting.hasExpired(PATIENCE_MS):
            self._take_picture()
            self._end_scenario((f"waited in vain for: {self._until.what}",))

    def _next_step(self) -> None:
        self._until = next(self._steps, None)
        self._waiting.start()
        if self._until is None:
            self._end_scenario(tuple(self._faults()))

    def _next_scenario(self) -> None:
        if not self._left:
            self._timer.stop()
            self._on_end()
            return
        self._scenario = self._left.pop(0)
        self._number += 1
        self._taken = []
        self._rows_before = len(self._books.rows())
        self._balances_before = self._books.balances()
        self._steps = self._scenario.play(self._desk)
        self._until = None
        self._waiting.start()

    def _end_scenario(self, faults: tuple[str, ...]) -> None:
        if self._scenario is not None:
            self._on_outcome(Outcome(scenario=self._scenario, faults=faults, pictures=tuple(self._taken)))
        if faults:
            self._desk.escape()
        self._next_scenario()

    def _faults(self) -> Iterator[str]:
        if self._scenario is None:
            return
        rows = tuple(self._books.rows()[self._rows_before :])
        if rows != self._scenario.expected:
            yield f"journal: expected {_words(self._scenario.expected)}, found {_words(rows)}"
        after = self._books.balances()
        change = {
            member: after[member] - before
            for member, before in self._balances_before.items()
            if after[member] != before
        }
        if change != dict(self._scenario.change):
            yield f"balances: expected {dict(self._scenario.change)}, found {change}"

    def _take_picture(self) -> None:
        if self._scenario is None or self._until is None:
            return
        name = f"{self._number:02d}-{self._scenario.name}-{len(self._taken) + 1}.png"
        path = self._pictures / name
        side_by_side(self._desk.cashier, self._desk.customer, self._desk.phone).save(str(path))
        self._taken.append(path)


def side_by_side(cashier: QWidget, *beside: QWidget) -> QPixmap:
    """One picture of the windows as they would stand: the cashier's, and the others in a column beside it."""
    main, others = cashier.grab(), [widget.grab() for widget in beside]
    column = max((picture.width() for picture in others), default=0)
    height = max(main.height(), sum(picture.height() + _GAP for picture in others) - _GAP)
    canvas = QPixmap(main.width() + column + 3 * _GAP, height + 2 * _GAP)
    canvas.fill(QColor(_BACKDROP))
    painter = QPainter(canvas)
    painter.drawPixmap(QPoint(_GAP, _GAP), main)
    place = QPoint(main.width() + 2 * _GAP, _GAP)
    for picture in others:
        painter.drawPixmap(place, picture)
        place += QPoint(0, picture.height() + _GAP)
    painter.end()
    return canvas


def _words(rows: Sequence[Row]) -> str:
    return ", ".join(kind.value if refusal is None else f"{kind.value} ({refusal})" for kind, refusal in rows)
