"""The calibration page: two labels, half a minute, and the gun is read as it is set."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from points_engine.contract import Secret
from pos_client.calibrating import CALIBRATION_SECONDS, Calibrator, Progress, Stage
from pos_client.ports import Clock
from pos_client.screens.background import Background
from pos_client.screens.code_pictures import CodePicture, Symbology
from pos_client.screens.countdown import Countdown
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon
from pos_client.screens.status_band import StatusBand, tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone

_TONES = {
    Stage.FIRST: Tone.BUSY,
    Stage.SECOND: Tone.BUSY,
    Stage.LEARNT: Tone.GOOD,
    Stage.UNCLEAR: Tone.WARN,
}
CALIBRATION_WORDS = (*(stage.value for stage in Stage), "idle", "not_needed", "time_over", "failed")
"""What the page can say: the wording's "calibration.<words>", with "calibration_advice.<words>" below."""


class CalibrationPage(QWidget):
    """Lets a Calibrator learn the device at `show_device`; `on_learnt(old, new)` gets the path that reads it.

    While it runs the device is away from the sale; it is given back when it is done, when the time is over, and when
    the page is left. What may wait is done on `worker`.
    """

    _told = Signal(object)

    def __init__(
        self,
        calibrator: Calibrator,
        wording: Wording,
        *,
        clock: Clock,
        worker: Background,
        on_learnt: Callable[[str, str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._calibrator = calibrator
        self._wording = wording
        self._clock = clock
        self._worker = worker
        self._on_learnt = on_learnt
        self._path: str | None = None
        self._running: str | None = None
        self._learnt: tuple[str | None, ...] = ()
        self._words = "idle"
        self._tone = Tone.NEUTRAL
        self.band = StatusBand(icon_side=36, largest=24)
        self.button = TillButton(ButtonRole.PRIMARY, largest=18, smallest=14, least_height=48)
        self.countdown = Countdown(clock, 76)
        self.labels = [CodePicture(Symbology.CODE_128) for _ in calibrator.labels]
        self.captions = [FittingLabel(16, 12) for _ in calibrator.labels]
        self._lay_out()
        self._over = QTimer(self, singleShot=True, interval=round(CALIBRATION_SECONDS * 1000))
        self._over.timeout.connect(self._time_over)
        self._told.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self.button.clicked.connect(self._pressed)
        wording.changed.connect(self._paint)
        self._paint()

    def _lay_out(self) -> None:
        self.band.setFixedHeight(84)
        cards = QHBoxLayout()
        cards.setSpacing(16)
        for picture, caption in zip(self.labels, self.captions, strict=True):
            picture.setMinimumSize(300, 60)
            tinted(caption, PALETTE.ink_soft)
            caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
            card = QFrame()
            card.setObjectName("labelCard")
            inside = QVBoxLayout(card)
            inside.setContentsMargins(8, 8, 8, 6)
            inside.addWidget(picture, 1)
            inside.addWidget(caption)
            cards.addWidget(card, 1)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.band, 1)
        head.addWidget(self.countdown)
        self.button.setFixedWidth(220)
        head.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(cards, 1)

    @property
    def is_running(self) -> bool:
        """Whether the device is away from the sale."""
        return self._running is not None

    def show_device(self, path: str | None) -> None:
        """Offer to calibrate this device; one that is being calibrated is finished first."""
        if path != self._path:
            self._path = path
            if not self.is_running and path not in self._learnt:
                self._say("idle", Tone.NEUTRAL)
        self._paint()

    def hideEvent(self, event: QHideEvent) -> None:
        """The sale gets its gun back."""
        self._end("idle", Tone.NEUTRAL)
        super().hideEvent(event)

    @Slot()
    def _pressed(self) -> None:
        if self.is_running:
            self._end("idle", Tone.NEUTRAL)
        elif self._path is not None:
            self._begin(self._path)

    def _begin(self, path: str) -> None:
        self._running, self._learnt = path, ()
        self._over.start()
        self.countdown.run_until(self._clock.now() + timedelta(seconds=CALIBRATION_SECONDS))
        self._say(Stage.FIRST, _TONES[Stage.FIRST])
        begin = partial(self._calibrator.begin, path, self._told.emit)
        self._worker.run(begin, lambda _none: None, lambda _error: self._end("failed", Tone.BAD))

    def _end(self, words: str, tone: Tone) -> None:
        if self.is_running:
            self._running = None
            self._over.stop()
            self.countdown.run_until(None)
            self._worker.run(self._calibrator.end, lambda _none: None, lambda _error: None)
            self._say(words, tone)

    @Slot()
    def _time_over(self) -> None:
        self._end("time_over", Tone.WARN)

    @Slot(object)
    def _take(self, progress: Progress) -> None:
        path = self._running
        if path is None:
            return
        if progress.stage is Stage.LEARNT and progress.path is not None:
            self._learnt = (path, progress.path, None)  # one device, and while the table is made anew, none
            self._end(Stage.LEARNT, _TONES[Stage.LEARNT])
            self._on_learnt(path, progress.path)
        else:
            self._say(progress.stage, _TONES[progress.stage])

    def _say(self, words: str, tone: Tone) -> None:
        self._words, self._tone = words, tone
        self._paint()

    def _paint(self) -> None:
        say = self._wording.say
        can = self._path is not None and self._calibrator.can_calibrate(self._path)
        words = self._words if can or self.is_running or self._words != "idle" else "not_needed"
        self.band.show_words(
            self._tone, say(f"calibration.{words}"), say(f"calibration_advice.{words}"), calm=Icon.KEYS
        )
        self.button.setEnabled(can or self.is_running)
        self.button.set_role(ButtonRole.PLAIN if self.is_running else ButtonRole.PRIMARY)
        self.button.setText(say("calibration.stop" if self.is_running else "calibration.start"))
        self.countdown.setVisible(self.is_running)
        for place, text in enumerate(self._calibrator.labels):
            self.captions[place].setText(text)
            self.labels[place].show_code(Secret(text) if self._is_due(place) else None)

    def _is_due(self, place: int) -> bool:
        """Only the label that is next is painted: a beam crosses whatever lies in its line."""
        return not self.is_running or place == (1 if self._words == Stage.SECOND else 0)
