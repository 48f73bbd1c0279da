"""All words people read, in every language there is: keys and parameters in, sentences out.

The tables are resources/translations/<language>.toml; nested tables become dotted keys. The sentences of
refusals are not written there: they come from `points_engine.contract.Refusal`, their only source.
"""

import enum
import logging
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import cast

from PySide6.QtCore import QObject, Signal

from drivers.remedies import Remedy
from points_engine.contract import Refusal
from pos_client.screens.assets import resources_folder
from pos_client.till.view import Message

logger = logging.getLogger(__name__)


class Language(enum.StrEnum):
    """A language the till speaks; the value is the name of its table."""

    ZH_CN = "zh_CN"
    EN = "en"

    @property
    def other(self) -> "Language":
        """The language a switch leads to."""
        return Language.EN if self is Language.ZH_CN else Language.ZH_CN


class WordingMissing(LookupError):
    """A key without a sentence, or a sentence whose parameter was not given: a bug of ours."""


Table = Mapping[str, str]


def load_table(language: Language, translations: Path | None = None) -> Table:
    """Read one language's table and add the refusals' sentences.

    Raises ValueError when the file is not a tree of sentences or writes a refusal's sentence a second time.
    """
    folder = resources_folder() / "translations" if translations is None else translations
    text = (folder / f"{language.value}.toml").read_text(encoding="utf-8")
    table = dict(_flat(tomllib.loads(text), ""))
    for refusal in Refusal:
        key = f"refusal.{refusal.code}"
        if key in table:
            raise ValueError(f"{language}: {key} is written in the contract and must not be written again")
        table[key] = refusal.zh_cn if language is Language.ZH_CN else refusal.en
    return MappingProxyType(table)


def load_remedies(language: Language, translations: Path | None = None) -> Table:
    """What to do about a device's fault, in one language, by the drivers' English sentence; nothing for English."""
    folder = resources_folder() / "translations" if translations is None else translations
    file = folder / f"remedies.{language.value}.toml"
    if language is Language.EN or not file.exists():
        return MappingProxyType({})
    return MappingProxyType(dict(_flat(tomllib.loads(file.read_text(encoding="utf-8")), "")))


def _flat(tree: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    """Nested tables as pairs of dotted key and sentence."""
    pairs: list[tuple[str, str]] = []
    for name, value in tree.items():
        if isinstance(value, Mapping):
            pairs += _flat(cast("Mapping[str, object]", value), f"{prefix}{name}.")
        elif isinstance(value, str):
            pairs.append((prefix + name, value))
        else:
            raise ValueError(f"{prefix}{name} is no sentence")
    return pairs


@cache
def placeholders(sentence: str) -> frozenset[str]:
    """The names of the parameters a sentence wants; told once of each, there are only so many."""
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name)


def grouped(number: int) -> str:
    """A whole number with its thousands apart: 1200 -> "1,200"."""
    return f"{number:,}"


def money(minor: int) -> str:
    """Fen as yuan with two decimals: 120050 -> "¥1,200.50"."""
    sign = "-" if minor < 0 else ""
    yuan, fen = divmod(abs(minor), 100)
    return f"{sign}¥{yuan:,}.{fen:02d}"


def time_left(seconds: int) -> str:
    """Minutes and seconds until something ends: 65 -> "1:05"."""
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes}:{rest:02d}"


def _filled(name: str, value: str | int) -> str:
    """A parameter as people read it: its unit stands last in its name, all other numbers are counts."""
    if isinstance(value, str):
        return value
    return money(value) if name.endswith("_minor") else grouped(value)


_ONE = re.compile(r"(?<![\d,.])1 (points|tries|rows)\b")
_SINGULAR = {"points": "point", "tries": "try", "rows": "row"}


def singular(sentence: str) -> str:
    """English wants "1 point", not "1 points"."""
    return _ONE.sub(lambda found: f"1 {_SINGULAR[found[1]]}", sentence)


class Wording(QObject):
    """Turns messages into sentences of the current language; `changed` tells windows to speak the new one.

    `strict` raises WordingMissing (tests, development); without it a missing sentence shows its key, because
    a shop would rather read a key than lose a sale.
    """

    changed = Signal()

    def __init__(
        self,
        tables: Mapping[Language, Table],
        language: Language = Language.ZH_CN,
        *,
        remedies: Mapping[Language, Table] | None = None,
        strict: bool = False,
    ) -> None:
        super().__init__()
        self._tables = dict(tables)
        self._remedies = dict(remedies or {})
        self._language = language
        self._strict = strict

    @property
    def language(self) -> Language:
        """The language spoken now."""
        return self._language

    def set_language(self, language: Language) -> None:
        """Speak another language from now on; every window that listens to `changed` follows."""
        if language is not self._language:
            self._language = language
            self.changed.emit()

    def text(self, message: Message) -> str:
        """The sentence of a message."""
        return self.say(message.key, **dict(message.params))

    def say(self, key: str, **params: str | int) -> str:
        """The sentence of a key, filled in. Numbers are grouped, `…money_minor` is shown as money."""
        sentence = self._tables[self._language].get(key)
        if sentence is None:
            return self._missing(key, "no sentence")
        wanted = placeholders(sentence)
        if not wanted <= params.keys():
            return self._missing(key, f"no value for {', '.join(sorted(wanted - params.keys()))}")
        said = sentence.format(**{name: _filled(name, value) for name, value in params.items()})
        return singular(said) if self._language is Language.EN else said

    def remedy(self, english: str) -> str:
        """What to do about a fault: the drivers' sentence in the current language, else as it is."""
        return _in_other_words(english, self._remedies.get(self._language, {}))

    def say_without_counts(self, key: str) -> str:
        """The sentence of a key for a list, where what would be filled in is not known any more.

        Clauses that want a parameter are left out; where nothing else is said, the parameter reads "…".
        """
        sentence = self._tables[self._language].get(key)
        if sentence is None:
            return self._missing(key, "no sentence")
        certain = [clause for clause in sentence.split(", ") if not placeholders(clause)]
        if certain:
            return ", ".join(certain)
        return sentence.format(**dict.fromkeys(placeholders(sentence), "…"))

    def _missing(self, key: str, what: str) -> str:
        if self._strict:
            raise WordingMissing(f"{self._language}: {key}: {what}")
        logger.error("wording %s %s: %s", self._language, key, what)
        return key


def load_wording(
    language: Language = Language.ZH_CN, *, translations: Path | None = None, strict: bool = False
) -> Wording:
    """The wording of all languages, read from their files."""
    tables = {each: load_table(each, translations) for each in Language}
    remedies = {each: load_remedies(each, translations) for each in Language}
    return Wording(tables, language, remedies=remedies, strict=strict)


def _in_other_words(english: str, table: Table) -> str:
    """A remedy by its template; its parameters may be remedies themselves. What has no words of its own stays."""
    template, params = (english.template, english.params) if isinstance(english, Remedy) else (english, {})
    sentence = table.get(template)
    if sentence is None:
        return english
    return sentence.format(**{name: _in_other_words(value, table) for name, value in params.items()})
