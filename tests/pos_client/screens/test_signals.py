"""Guards the pin on PySide6: some versions lose a reference to True at every signal and abort after some hundred."""

import sys

from PySide6.QtCore import QObject, Qt, Signal


class _Bell(QObject):
    rung = Signal(int, bool)


def test_twenty_thousand_signals(qapp: object) -> None:
    """20,000 emits, direct, with a bool, all arrive, and True has as many owners as before."""
    assert qapp is not None
    bell = _Bell()
    heard: list[int] = []
    bell.rung.connect(lambda number, _loud: heard.append(number), Qt.ConnectionType.DirectConnection)
    before = sys.getrefcount(True)
    for number in range(20_000):
        bell.rung.emit(number, True)

    assert len(heard) == 20_000
    assert abs(sys.getrefcount(True) - before) < 1_000
