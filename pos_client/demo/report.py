"""What the self-playing demo prints: a line per scenario and the shift log as a table."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from pos_client.demo.player import Outcome
from pos_client.ports import JournalRow

ZONE = ZoneInfo("Asia/Shanghai")


def outcome_line(number: int, outcome: Outcome) -> Text:
    """One scenario: its name, and what was wrong with it."""
    line = Text(f"{number:2d}. {outcome.scenario.title:<50} ")
    if not outcome.faults:
        line.append("ok", style="bold green")
        return line
    line.append("not as expected", style="bold red")
    for fault in outcome.faults:
        line.append(f"\n      {fault}")
    return line


def shift_log_table(rows: Sequence[JournalRow]) -> Table:
    """The shift log, times in the shop's zone, points and money as they were booked."""
    table = Table(title="交班记录 / Shift log")
    for heading, justify in (
        ("时间 time", "left"),
        ("事件 entry", "left"),
        ("积分 points", "right"),
        ("其他收款 other tender", "right"),
        ("原因 reason", "left"),
        ("会员 member", "left"),
        ("订单 order", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left", no_wrap=True)
    for row in rows:
        table.add_row(
            f"{row.at.astimezone(ZONE):%H:%M:%S}",
            row.kind.value,
            f"{row.units:,}",
            "" if row.money_minor is None else f"¥{row.money_minor / 100:,.2f}",
            row.refusal or "",
            row.member or "",
            (row.order_id or row.sale_id)[-6:],
        )
    return table
