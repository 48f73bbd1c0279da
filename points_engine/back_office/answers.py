"""What a command says when it is done: data for programs, and something to read for people."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from points_engine.contract import PhoneNumber, Refusal, Refused, Secret

DONE, FAILED, WRONG_USE, FAULT = 0, 1, 2, 3
"""Exit codes: done; refused, or something was found wrong; the command or a setting is wrong; the surroundings fail."""


class Failed(Exception):
    """The command could not be carried out. `problem` and `remedy` are a sentence together."""

    def __init__(self, problem: str, remedy: str, *, code: int = FAILED, word: str = "failed") -> None:
        super().__init__(f"{problem}. {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.code = code
        self.word = word


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is what --json writes; `shown` what a person reads; `code` the exit code."""

    data: Any
    shown: RenderableType
    code: int = DONE


@dataclass(frozen=True, slots=True)
class Listing:
    """A table: `columns` are the keys of the rows, which JSON has as they are."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def answer(self, *, code: int = DONE, note: str = "") -> Answer:
        """As an answer; an empty table says so in words."""
        if not self.rows:
            return Answer([], Text(note or f"{self.title}: none"), code)
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for column in self.columns:
            is_number = all(isinstance(row.get(column), int | None) for row in self.rows)
            table.add_column(
                column.replace("_", " "), justify="right" if is_number else "left", overflow="fold"
            )
        for row in self.rows:
            table.add_row(*(Text(worded(row.get(column))) for column in self.columns))
        return Answer([plain(row) for row in self.rows], Group(table, Text(note)) if note else table, code)


def worded(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, list | tuple):
        return ", ".join(worded(each) for each in value)
    return str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it: times and days in ISO 8601, enums by their word, secrets as dots, phones masked."""
    if isinstance(value, Refusal):
        return value.code
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Secret):
        return "•••"
    if isinstance(value, PhoneNumber):
        return value.masked
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(each) for key, each in value._asdict().items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return value


def refused(reply: Refused, about: str) -> Failed:
    """A refusal as what went wrong, with what to do next."""
    refusal = reply.refusal
    return Failed(f"{about}: {refusal.en}", REMEDIES.get(refusal, "Nothing was changed."), word=refusal.code)


REMEDIES: Mapping[Refusal, str] = {
    Refusal.MEMBER_UNKNOWN: "Check the number with `points-engine show member NUMBER`.",
    Refusal.MEMBER_EXISTS: "Choose another number, or look with `points-engine show member NUMBER`.",
    Refusal.ORDER_MISMATCH: "This --id was used for something else; leave it away, or choose a fresh one.",
    Refusal.ORDER_UNKNOWN: "Check the order number on the receipt.",
    Refusal.AMOUNT_NOT_ALLOWED: "Give an amount the scheme's limits allow; `points-engine settings` shows them.",
    Refusal.PHONE_NOT_ALLOWED: 'Write the number as +8613812345678: "+", then 8 to 15 digits.',
    Refusal.BALANCE_TOO_LOW: "Look at the balance with `points-engine show member NUMBER`.",
    Refusal.TILL_NOT_ENROLLED: "Enrol the till with `points-engine tills add`.",
    Refusal.NOT_PERMITTED: "Ask somebody who may.",
    Refusal.SHOP_UNKNOWN: "`points-engine shops` lists those there are.",
    Refusal.DAY_NOT_OVER: "Settle it when the day is over, or name an earlier --day.",
    Refusal.DAY_NOT_SETTLED: "Close it first with `points-engine settle`.",
    Refusal.REFUND_TOO_LARGE: "Give back less: refunds together are never more than the payment.",
    Refusal.NOT_REFUNDABLE: "Only a payment that succeeded can be given back.",
}
"""What whoever sits at the terminal does about a refusal."""


def in_zone(at: datetime | None, zone: tzinfo) -> str:
    """A time as the shop's clock shows it."""
    return "-" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
