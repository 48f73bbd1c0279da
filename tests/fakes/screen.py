"""A screen that remembers."""

from pos_client.ports import Screen
from pos_client.till.effects import Sound
from pos_client.till.view import View


class RecordingScreen(Screen):
    """Keeps every view and sound, in order."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.sounds: list[Sound] = []

    def show(self, view: View) -> None:
        self.views.append(view)

    def play(self, sound: Sound) -> None:
        self.sounds.append(sound)
