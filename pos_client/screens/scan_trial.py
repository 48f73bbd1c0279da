"""A gun tried out: a label to scan, and all that came of it. Meanwhile nothing scanned reaches the sale."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from drivers.scan import Scan
from points_engine.contract import Secret
from pos_client.device_setup import DeviceSetup
from pos_client.ports import Clock
from pos_client.scan_facts import TRIAL_LABEL, ScanFacts, Verdict, facts_of
from pos_client.screens.code_pictures import CodePicture, Symbology
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon
from pos_client.screens.status_band import StatusBand, tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone

FACTS = ("source", "symbology", "aim_id", "length", "time", "text", "raw")
"""What is shown of a scan, from the top; the captions are the wording's "trial.<fact>"."""

_TONES = {
    Verdict.RIGHT: Tone.GOOD,
    Verdict.CASE: Tone.WARN,
    Verdict.AFFIXES: Tone.WARN,
    Verdict.LAYOUT: Tone.WARN,
    Verdict.OTHER_LABEL: Tone.NEUTRAL,
    Verdict.HIDDEN: Tone.NEUTRAL,
}


class ScanTrial(QWidget):
    """Takes the till's scans while it can be seen and its window is the active one, and gives them back after."""

    _heard = Signal(object)

    def __init__(
        self,
        devices: DeviceSetup,
        wording: Wording,
        *,
        clock: Clock,
        zone: ZoneInfo,
        name_of: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._devices = devices
        self._wording = wording
        self._clock = clock
        self._zone = zone
        self._name_of = name_of
        self._facts: ScanFacts | None = None
        self._at: datetime | None = None
        self._is_listening = False
        self.band = StatusBand(icon_side=36, largest=24)
        self.label = CodePicture(Symbology.CODE_128)
        self.square = CodePicture(Symbology.QR)
        self.caption = FittingLabel(16, 12)
        self.captions = {fact: FittingLabel(15, 12) for fact in FACTS}
        self.values = {fact: FittingLabel(17, 12, elide=True) for fact in FACTS}
        self._lay_out()
        # From a device's thread: facts alone cross over, never what they were made of.
        self._heard.connect(self._take, Qt.ConnectionType.QueuedConnection)
        wording.changed.connect(self._paint)
        self._paint()

    def _lay_out(self) -> None:
        self.band.setFixedHeight(76)
        for picture in (self.label, self.square):
            picture.show_code(Secret(TRIAL_LABEL))
        self.label.setMinimumSize(340, 60)
        self.square.setMinimumSize(116, 116)
        self.square.setMaximumWidth(120)
        tinted(self.caption, PALETTE.ink_soft)
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        card = QFrame()
        card.setObjectName("labelCard")
        codes = QHBoxLayout()
        codes.setSpacing(8)
        codes.addWidget(self.label, 1)
        codes.addWidget(self.square)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(8, 8, 8, 6)
        inside.setSpacing(4)
        inside.addLayout(codes, 1)
        inside.addWidget(self.caption)
        left = QVBoxLayout()
        left.setSpacing(8)
        left.addWidget(self.band)
        left.addWidget(card, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 3)
        for place, fact in enumerate(FACTS):
            tinted(self.captions[fact], PALETTE.ink_soft)
            grid.addWidget(self.captions[fact], place, 0)
            grid.addWidget(self.values[fact], place, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(16)
        row.addLayout(left, 5)
        row.addLayout(grid, 4)

    @property
    def facts(self) -> ScanFacts | None:
        """The last scan, as it is shown."""
        return self._facts

    @property
    def is_listening(self) -> bool:
        """Whether scans come here instead of to the sale."""
        return self._is_listening

    def follow_window(self, *, is_active: bool) -> None:
        """The window has become the active one, or is no longer: whoever turns to the sale scans into the sale."""
        if is_active and self.isVisible():
            self._listen()
        elif not is_active:
            self._stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to listen, with nothing heard yet."""
        super().showEvent(event)
        self._facts = None
        if self.window().isActiveWindow():
            self._listen()
        self._paint()

    def hideEvent(self, event: QHideEvent) -> None:
        """Scans reach the sale again."""
        self._stop()
        super().hideEvent(event)

    def _listen(self) -> None:
        if not self._is_listening:
            self._is_listening = True
            self._devices.listen(self._scanned)
            self._paint()

    def _stop(self) -> None:
        if self._is_listening:
            self._is_listening = False
            self._devices.stop_listening()
            self._paint()

    def _scanned(self, scan: Scan) -> None:
        """On the device's thread."""
        self._heard.emit(facts_of(scan))

    @Slot(object)
    def _take(self, facts: ScanFacts) -> None:
        self._facts = facts
        self._at = self._clock.now().astimezone(self._zone)
        self._paint()

    def _paint(self) -> None:
        say, facts = self._wording.say, self._facts
        self.caption.setText(say("trial.label", label=TRIAL_LABEL))
        for fact in FACTS:
            self.captions[fact].setText(say(f"trial.{fact}"))
        for fact, text in self._values().items():
            self.values[fact].setText(text)
        if not self._is_listening:
            self.band.show_words(Tone.NEUTRAL, say("trial.paused"))
        elif facts is None:
            self.band.show_words(Tone.NEUTRAL, say("trial.scan"), say("trial.not_sold"))
        else:
            self.band.show_words(
                _TONES[facts.verdict],
                say(f"verdict.{facts.verdict.value}"),
                say(f"advice.{facts.verdict.value}"),
                calm=Icon.LOCK if facts.verdict is Verdict.HIDDEN else Icon.SCAN,
            )

    def _values(self) -> dict[str, str]:
        facts = self._facts
        if facts is None:
            return dict.fromkeys(FACTS, "")
        at = "" if self._at is None else f"{self._at:%H:%M:%S}.{self._at.microsecond // 1000:03d}"
        return {
            "source": self._name_of(facts.source),
            "symbology": facts.symbology or "–",
            "aim_id": facts.aim_id or "–",
            "length": self._wording.say("trial.characters", count=facts.length),
            "time": at,
            "text": facts.text,
            "raw": facts.raw,
        }
