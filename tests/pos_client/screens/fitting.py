"""Walks a window and names every text that is cut and everything that does not lie inside it."""

from itertools import combinations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLabel, QLineEdit, QWidget

from pos_client.screens.fitting_label import FittingLabel, text_extent
from pos_client.screens.keypad import PinKeypad
from pos_client.screens.till_button import TillButton

_ARROW_AND_PADDING = 32 + 20
_CURSOR_AND_PADDING = 26


def misfits(window: QWidget) -> list[str]:
    """What is wrong with the window as it is shown now; nothing when all can be read."""
    widgets = [
        each for each in window.findChildren(QWidget) if each.isVisibleTo(window) and _matters(each, window)
    ]
    faults = [f"{_name(each)}: {fault}" for each in widgets if (fault := _fault(each, window))]
    for one, other in combinations([each for each in widgets if _has_words(each)], 2):
        if not one.isAncestorOf(other) and not other.isAncestorOf(one):
            shared = _place(one, window).intersected(_place(other, window))
            if shared.width() > 1 and shared.height() > 1:
                faults.append(f"{_name(one)} lies over {_name(other)}")
    return faults


def _matters(widget: QWidget, window: QWidget) -> bool:
    """Scroll areas' and combo boxes' own parts look after themselves."""
    return widget.window() is window and not widget.objectName().startswith("qt_")


def _has_words(widget: QWidget) -> bool:
    return bool(_text(widget)) or isinstance(widget, PinKeypad)


def _text(widget: QWidget) -> str:
    if isinstance(widget, FittingLabel):
        return widget.whole_text()
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QLineEdit):
        return widget.text() or widget.placeholderText()
    return ""


def _name(widget: QWidget) -> str:
    return f"{type(widget).__name__} {_text(widget)!r}"


def _place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _fault(widget: QWidget, window: QWidget) -> str:
    place = _place(widget, window)
    if not window.rect().contains(place) and not place.isEmpty():
        return f"{place} is not inside {window.rect()}"
    if not _has_words(widget):
        return ""
    need, room = _need_and_room(widget)
    if need.width() > room.width() or need.height() > room.height():
        return f"needs {need.width()} x {need.height()}, has {room.width()} x {room.height()}"
    return ""


def _need_and_room(widget: QWidget) -> tuple[QSize, QSize]:
    text, font, room = _text(widget), widget.font(), widget.contentsRect().size()
    if isinstance(widget, PinKeypad):
        font = QFont(font)
        font.setPixelSize(round(widget._digit_pixels() * 0.6))
        return text_extent(widget._words, font, 0, wrap=False), widget.key_rect("clear").size().toSize()
    if isinstance(widget, TillButton):
        return (QSize(1, 1), QSize(0, 0)) if widget.text_overflows() else (QSize(), QSize())
    if isinstance(widget, QLabel):
        if isinstance(widget, FittingLabel) and widget._elide:
            return QSize(0, QFontMetrics(font).height()), room
        return text_extent(text, font, room.width(), wrap=widget.wordWrap()), room
    if isinstance(widget, QLineEdit) and widget.placeholderText():
        text = widget.placeholderText()  # what is typed scrolls
    extent = text_extent(text, font, 0, wrap=False)
    if isinstance(widget, QComboBox):
        widest = max(QFontMetrics(font).horizontalAdvance(widget.itemText(i)) for i in range(widget.count()))
        return QSize(widest + _ARROW_AND_PADDING, extent.height()), widget.size()
    if isinstance(widget, QLineEdit):
        return QSize(extent.width() + _CURSOR_AND_PADDING, extent.height()), widget.size()
    if isinstance(widget, QCheckBox):
        return widget.sizeHint(), widget.size()
    return extent, room


def small_targets(window: QWidget, least: int) -> list[str]:
    """Enabled, visible buttons a finger would miss, below `least` pixels either way."""
    buttons = [
        each for each in window.findChildren(QAbstractButton) if each.isVisibleTo(window) and each.isEnabled()
    ]
    return [
        f"{_name(each)} {each.width()} x {each.height()}"
        for each in buttons
        if each.focusPolicy() == Qt.FocusPolicy.NoFocus and min(each.width(), each.height()) < least
    ]
