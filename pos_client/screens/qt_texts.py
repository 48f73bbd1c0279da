"""Qt's own words (file dialog, context menus) in the till's language."""

import logging

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QObject, QTranslator, Slot

from pos_client.screens.wording import Language, Wording

logger = logging.getLogger(__name__)

_TABLES = {Language.ZH_CN: "qtbase_zh_CN"}
"""Qt's tables; what it says without one is English."""


class QtTexts(QObject):
    """Follows the wording's language from its making on. A table that is missing leaves Qt's English, and is logged."""

    def __init__(self, app: QCoreApplication, wording: Wording) -> None:
        super().__init__(app)
        self._app = app
        self._wording = wording
        self._translators: dict[Language, QTranslator] = {}
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for language, name in _TABLES.items():
            translator = QTranslator(self)
            if translator.load(name, folder):
                self._translators[language] = translator
            else:
                logger.warning("Qt's texts %s are not in %s", name, folder)
        wording.changed.connect(self._follow)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        for language, translator in self._translators.items():
            if language is self._wording.language:
                self._app.installTranslator(translator)
            else:
                self._app.removeTranslator(translator)

    def close(self) -> None:
        """Take the words back: another till in this process may speak another language."""
        self._wording.changed.disconnect(self._follow)
        for translator in self._translators.values():
            self._app.removeTranslator(translator)
