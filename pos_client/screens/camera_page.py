"""The camera's page: what it sees, what makes it hard to read, and the region it looks at."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pos_client.camera_view import Cameras, CameraView, CameraWatch, Hint, Region
from pos_client.screens.camera_picture import CameraPicture
from pos_client.screens.fitting_label import FittingLabel
from pos_client.screens.icons import Icon
from pos_client.screens.status_band import StatusBand, tinted
from pos_client.screens.style import PALETTE
from pos_client.screens.till_button import ButtonRole, TillButton
from pos_client.screens.wording import Wording
from pos_client.till.view import Tone

POLL_MS = 67
"""Fifteen frames a second at most: smooth enough to aim by."""


class CameraPage(QWidget):
    """Watches one of the cameras while it can be seen, and asks it for nothing that waits.

    `on_region(path, region)` gets a region that was drawn, or the whole picture.
    """

    def __init__(
        self,
        cameras: Cameras,
        wording: Wording,
        *,
        on_region: Callable[[str, Region], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._wording = wording
        self._cameras = cameras
        self._on_region = on_region
        self._path: str | None = None
        self._watch: CameraWatch | None = None
        self._shown: CameraView | None = None
        self.picture = CameraPicture(self._drawn)
        self.band = StatusBand(icon_side=36, largest=24)
        self.help = FittingLabel(17, 12)
        self.whole = TillButton(ButtonRole.PLAIN, largest=18, smallest=14, least_height=48)
        self._lay_out()
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        self.whole.clicked.connect(lambda: self._drawn(Region()))
        wording.changed.connect(self._paint)
        self._paint()

    def _lay_out(self) -> None:
        tinted(self.help, PALETTE.ink_soft)
        self.help.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.band.setFixedHeight(84)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(self.band)
        right.addWidget(self.help, 1)
        right.addWidget(self.whole)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(16)
        row.addWidget(self.picture, 4)
        row.addLayout(right, 5)

    @property
    def shown(self) -> CameraView | None:
        """The frame that is shown."""
        return self._shown

    def show_camera(self, path: str | None) -> None:
        """Turn to this camera, or to none."""
        if path != self._path:
            self.picture.show_region(Region() if path is None else self._cameras.region(path))
            self._close_watch()
            self._path = path
            if self.isVisible():
                self._open()
        self._paint()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to watch."""
        super().showEvent(event)
        self._open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the camera only reads codes again."""
        self._close_watch()
        super().hideEvent(event)

    def _open(self) -> None:
        if self._watch is None and self._path is not None:
            self._watch = self._cameras.watch(self._path)
            if self._watch is not None:
                self._timer.start()
        self._paint()

    def _close_watch(self) -> None:
        self._timer.stop()
        watch, self._watch = self._watch, None
        self._shown = None
        if watch is not None:
            watch.close()
        self.picture.show_nothing()

    @Slot()
    def _poll(self) -> None:
        view = None if self._watch is None else self._watch.view()
        if view is None:
            if self._shown is not None:
                self._shown = None
                self.picture.show_nothing()
                self._paint()
        elif self._shown is None or view.number != self._shown.number:
            before, self._shown = self._shown, view
            self.picture.show_frame(image_of(view), view.outlines)
            if before is None or (before.hint, bool(before.outlines)) != (view.hint, bool(view.outlines)):
                self._paint()

    def _drawn(self, region: Region) -> None:
        self.picture.show_region(region)
        self.whole.setEnabled(not region.is_whole)
        if self._path is not None:
            self._on_region(self._path, region)

    def _paint(self) -> None:
        say, shown = self._wording.say, self._shown
        self.help.setText(say("camera.help"))
        self.whole.setText(say("camera.whole"))
        self.whole.setEnabled(self._path is not None and not self.picture.region.is_whole)
        if self._path is None:
            self.band.show_words(Tone.NEUTRAL, say("camera.none"), calm=Icon.SCAN)
        elif shown is None:
            self.band.show_words(Tone.BUSY, say("camera.waiting"))
        elif shown.hint is not Hint.NOTHING:
            self.band.show_words(
                Tone.WARN, say(f"hint.{shown.hint.value}"), say(f"hint_advice.{shown.hint.value}")
            )
        elif shown.outlines:
            self.band.show_words(Tone.GOOD, say("camera.found"))
        else:
            self.band.show_words(Tone.NEUTRAL, say("camera.looking"))


def image_of(view: CameraView) -> QImage:
    """The frame as a picture of Qt's with pixels of its own."""
    rows = view.image.tobytes()
    height, width = view.image.shape[:2]
    is_grey = view.image.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if is_grey else QImage.Format.Format_BGR888
    return QImage(rows, width, height, width * (1 if is_grey else 3), kind).copy()
