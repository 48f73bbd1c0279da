"""The demo's phone: what a member holds before the gun when nobody has a phone with the scheme's app at hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from points_engine.contract import CodeIssued, Refused, Secret
from pos_client.ports import Clock
from pos_client.screens.code_pictures import CodePicture, Symbology
from pos_client.screens.countdown import Countdown
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon, TintedIcon
from pos_client.screens.status_band import tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneMember:
    """A member of the demo: does not exist, so the PIN may be read on the screen. `points` is what is shown."""

    member_no: str
    name: str
    points: int
    pin: str | None
    frozen: bool = False


Issue = Callable[[str, Callable[[CodeIssued], None], Callable[[Refused], None]], None]
"""Asks for a code: (member number, what to do with it, what to do when refused); may answer from any thread."""


def grouped_code(code: Secret, is_uncovered: bool) -> str:
    """The digits by four; covered, only the first four can be told."""
    digits = code.reveal()
    if not is_uncovered:
        digits = digits[:4] + "•" * (len(digits) - 4)
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


class _Answers(QObject):
    """Brings answers home to the windows' thread, with the number of the asking."""

    issued = Signal(int, object)
    refused = Signal(int, object)


class PhoneWindow(QWidget):
    """Choose a member, see the one-minute code, hold it under the gun.

    A code whose time is over stays, faded, so that the till can be seen refusing it. The digits stand under the
    bars in groups of four, but covered until the owner asks to see them: what can be read aloud can be stolen by ear.
    """

    def __init__(
        self,
        members: Sequence[PhoneMember],
        wording: Wording,
        *,
        clock: Clock,
        issue: Issue,
        hold_under_gun: Callable[[Secret], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._members = {member.member_no: member for member in members}
        self._wording = wording
        self._clock = clock
        self._issue = issue
        self._hold_under_gun = hold_under_gun
        self._asking = 0
        self._code: CodeIssued | None = None
        self._refused: Refused | None = None
        self._is_uncovered = False
        self._answers = _Answers()
        self._answers.issued.connect(self._take_code, Qt.ConnectionType.QueuedConnection)
        self._answers.refused.connect(self._take_refusal, Qt.ConnectionType.QueuedConnection)
        self.setObjectName("phoneWindow")
        self.setFixedSize(400, 740)
        self.chooser = QComboBox()
        for member in members:
            self.chooser.addItem("", member.member_no)
        self.facts = FittingLabel(17, 12)
        self.qr = CodePicture(Symbology.QR)
        self.bars = CodePicture(Symbology.CODE_128)
        self.digits = TillButton(ButtonRole.QUIET, largest=20, smallest=14, least_height=44)
        self.countdown = Countdown(clock, 64)
        self.words = FittingLabel(18, 13)
        self.refresh = TillButton(ButtonRole.PLAIN, largest=18, smallest=13, least_height=52)
        self.refresh.set_icon(TintedIcon(Icon.REFRESH, PALETTE.ink))
        self.hold = TillButton(ButtonRole.PRIMARY, largest=22, smallest=14, least_height=64)
        self.hold.set_icon(TintedIcon(Icon.GUN, PALETTE.accent_ink))
        self._lay_out()
        self._tick = QTimer(self, interval=250)
        self._tick.timeout.connect(self._paint)
        self.chooser.activated.connect(self._chosen)
        self.refresh.clicked.connect(self._ask)
        self.hold.clicked.connect(self._hold)
        self.digits.clicked.connect(self._uncover)
        wording.changed.connect(self._retranslate)
        self._retranslate()

    def _lay_out(self) -> None:
        self.chooser.setMinimumHeight(48)
        self.facts.setFixedHeight(52)
        tinted(self.facts, PALETTE.ink_soft)
        card = QFrame()
        card.setObjectName("phoneCard")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(12, 12, 12, 12)
        inside.setSpacing(8)
        self.bars.setFixedHeight(84)
        inside.addWidget(self.bars)
        inside.addWidget(self.digits)
        inside.addWidget(self.qr, 1)
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self.countdown)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.refresh)
        self.refresh.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.words.setMinimumHeight(64)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(self.chooser)
        column.addWidget(self.facts)
        column.addWidget(card, 1)
        column.addLayout(foot)
        column.addWidget(self.hold)

    @property
    def code(self) -> CodeIssued | None:
        """The code on the phone, also when its time is over."""
        return self._code

    @property
    def member_no(self) -> str:
        """Whose phone it is."""
        return str(self.chooser.currentData())

    def choose(self, member_no: str) -> None:
        """Take this member's phone and ask for a fresh code. Raises KeyError for a number nobody has."""
        if member_no not in self._members:
            raise KeyError(member_no)
        self.chooser.setCurrentIndex(self.chooser.findData(member_no))
        self._chosen()

    def show_points(self, member_no: str, points: int) -> None:
        """A member's balance has changed."""
        member = self._members[member_no]
        self._members[member_no] = PhoneMember(
            member_no=member.member_no,
            name=member.name,
            points=points,
            pin=member.pin,
            frozen=member.frozen,
        )
        self._retranslate()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the first code."""
        super().showEvent(event)
        self._tick.start()
        if self._code is None and not self._asking:
            self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        self._tick.stop()
        super().hideEvent(event)

    @Slot()
    def _chosen(self) -> None:
        self._show_code(None)
        self._retranslate()
        self._ask()

    @Slot()
    def _ask(self) -> None:
        self._asking += 1
        asking = self._asking
        self._refused = None
        self._issue(
            self.member_no,
            lambda code: self._answers.issued.emit(asking, code),
            lambda refused: self._answers.refused.emit(asking, refused),
        )
        self._paint()

    @Slot()
    def _hold(self) -> None:
        if self._code is not None:
            self._hold_under_gun(self._code.code)

    @Slot(int, object)
    def _take_code(self, asking: int, code: CodeIssued) -> None:
        if asking == self._asking:
            self._show_code(code)

    @Slot(int, object)
    def _take_refusal(self, asking: int, refused: Refused) -> None:
        if asking == self._asking:
            self._refused = refused
            self._show_code(None)

    @Slot()
    def _uncover(self) -> None:
        self._is_uncovered = not self._is_uncovered
        self._paint()

    def _show_code(self, code: CodeIssued | None) -> None:
        self._code = code
        self._is_uncovered = False
        secret = None if code is None else code.code
        self.qr.show_code(secret)
        self.bars.show_code(secret)
        self.countdown.run_until(None if code is None else code.expires_at)
        self._paint()

    @Slot()
    def _paint(self) -> None:
        over = self._code is not None and self._clock.now() >= self._code.expires_at
        self.qr.set_faded(over)
        self.bars.set_faded(over)
        self.hold.setEnabled(self._code is not None)
        self.words.setText(self._words(over))
        self.digits.setEnabled(self._code is not None)
        self.digits.setText("" if self._code is None else grouped_code(self._code.code, self._is_uncovered))

    def _words(self, over: bool) -> str:
        say = self._wording.say
        if self._refused is not None:
            return self._wording.say_without_counts(f"refusal.{self._refused.refusal.code}")
        if self._code is None:
            return say("phone.asking")
        return say("phone.over") if over else say("phone.good")

    @Slot()
    def _retranslate(self) -> None:
        say = self._wording.say
        self.setWindowTitle(say("phone.title"))
        self.refresh.setText(say("phone.refresh"))
        self.hold.setText(say("phone.hold"))
        for place in range(self.chooser.count()):
            member = self._members[self.chooser.itemData(place)]
            self.chooser.setItemText(place, f"{member.name} · {member.member_no}")
        member = self._members[self.member_no]
        facts = say("phone.points", units=member.points) + "\n"
        facts += say("phone.no_pin") if member.pin is None else say("phone.pin", pin=member.pin)
        if member.frozen:
            facts += " · " + say("phone.frozen")
        self.facts.setText(facts)
        self._paint()
