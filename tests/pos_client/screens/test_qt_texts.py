"""Qt's own words follow the till's language."""

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from pos_client.screens.qt_texts import QtTexts
from pos_client.screens.wording import Language, Wording


def test_qt_speaks_the_tills_language(styled: QApplication, wording: Wording) -> None:
    """The file dialog's column is Chinese in Chinese and English in English, back and forth."""
    texts = QtTexts(styled, wording)
    said = []
    for language in (Language.ZH_CN, Language.EN, Language.ZH_CN):
        wording.set_language(language)
        said.append(QCoreApplication.translate("QFileSystemModel", "Name"))
    texts.close()

    assert said == ["名称", "Name", "名称"]
