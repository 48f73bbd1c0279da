"""A text field without an input method."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit


class TypedField(QLineEdit):
    """Takes keys as they are, for text in which nobody types words: paths, numbers.

    An input method, a Chinese one above all, takes keys before any window sees them: a gun's label would become words,
    or pick from the words offered.
    """

    def inputMethodQuery(self, query: Qt.InputMethodQuery, *arguments: Any) -> Any:
        """As Qt's own, but no input method is wanted; the widget's attribute alone does not keep it away."""
        if query is Qt.InputMethodQuery.ImEnabled:
            return False
        return super().inputMethodQuery(query, *arguments)
