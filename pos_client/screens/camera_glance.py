"""A camera's picture in the cashier's window: where to hold the phone, and that the code was found."""

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from pos_client.camera_view import Cameras, CameraWatch, Region
from pos_client.screens.camera_page import image_of
from pos_client.screens.camera_picture import CameraPicture
from pos_client.screens.lamps import LampState, device_kind
from pos_client.till.events import DeviceLamp

POLL_MS = 100
"""Ten frames a second: enough to aim by, and little beside a sale."""

WIDTH = 250
_CAMERA = "camera"


class CameraGlance(QWidget):
    """Shows the first camera that is ready, with what it found covered and outlined; hidden while there is none."""

    def __init__(self, cameras: Cameras, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cameras = cameras
        self._path: str | None = None
        self._watch: CameraWatch | None = None
        self._number = -1
        self.picture = CameraPicture(lambda _region: None)
        # What is looked at is drawn in the set-up window: nobody does that in passing.
        self.picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.picture.setMinimumSize(160, 60)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture)
        self.setFixedWidth(WIDTH)
        # As high as the words beside it: they share the window out, not the picture.
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        self.hide()

    def show_states(self, states: tuple[LampState, ...]) -> None:
        """Turn to the first camera among these devices that is ready."""
        ready = (path for path, lamp, _ in states if lamp is DeviceLamp.READY)
        path = next((path for path in ready if device_kind(path) == _CAMERA), None)
        if path != self._path:
            self._close()
            self._path = path
            self.picture.show_region(Region() if path is None else self._cameras.region(path))
            self.setVisible(path is not None)
            self._open()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to watch."""
        super().showEvent(event)
        self._open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: the camera only reads codes again."""
        self._close()
        super().hideEvent(event)

    def _open(self) -> None:
        if self._watch is None and self._path is not None and self.isVisible():
            self._watch = self._cameras.watch(self._path)
            if self._watch is not None:
                self._timer.start()

    def _close(self) -> None:
        self._timer.stop()
        watch, self._watch = self._watch, None
        self._number = -1
        if watch is not None:
            watch.close()
        self.picture.show_nothing()

    @Slot()
    def _poll(self) -> None:
        view = None if self._watch is None else self._watch.view()
        if view is None:
            # A frozen picture would look like a camera that sees nothing new.
            self.picture.show_nothing()
        elif view.number != self._number:
            self._number = view.number
            self.picture.show_frame(image_of(view), view.outlines)
