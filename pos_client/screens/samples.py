"""Sample data for every window: states of every phase with short, long and extreme values.

The views come from the till's own `showing.view`, so the pictures and the fit tests show what a till shows.
The people and the shop do not exist.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from points_engine.amounts import Exchange
from points_engine.contract import Refusal, Secret
from pos_client.ports import JournalRow
from pos_client.screens.phone_window import PhoneMember
from pos_client.till.effects import EntryKind
from pos_client.till.events import DeviceLamp, OpenOrder
from pos_client.till.showing import view
from pos_client.till.state import (
    AwaitingPin,
    Canceling,
    Charging,
    CheckingPin,
    Collecting,
    Entering,
    Notice,
    Order,
    PaidSummary,
    Parked,
    Phase,
    Ready,
    Refusing,
    Resolving,
    Rules,
    Sale,
    Stage,
    Till,
)
from pos_client.till.view import JOURNAL_FAULTS, MESSAGE_KEYS, View

SHOP_NAME = "和平路便利店"
LONG_SHOP_NAME = "北京市朝阳区建国门外大街国贸商城购物中心地下一层旗舰体验店 Flagship Store"
LONG_MEMBER = "Александра-Константиновна 欧阳娜娜阿不都热合曼·买买提江*"
READY_LAMPS = (("serial:/dev/ttyACM0", DeviceLamp.READY, None), ("wedge:", DeviceLamp.READY, None))
WORST_LAMPS = (
    ("serial:/dev/ttyACM0?baud=9600", DeviceLamp.SEARCHING, None),
    (
        "serial:/dev/ttyACM1",
        DeviceLamp.FAULT,
        "Permission denied on /dev/ttyACM1: add this user to the group dialout and sign in again",
    ),
    ("wedge:", DeviceLamp.READY, None),
    ("sound:", DeviceLamp.FAULT, "No loudspeaker could be opened"),
    ("sim:", DeviceLamp.READY, None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A view with a name that fits a file name."""

    name: str
    view: View


def _till(phase: Phase, shop_name: str = SHOP_NAME) -> Till:
    rules = Rules(
        till_id="demo-till-1",
        shop_name=shop_name,
        cashier="小林",
        is_payment_code=str.isdigit,
        exchange=Exchange(100, 100),
    )
    return Till(rules=rules, run_id="r1", phase=phase, lamps=READY_LAMPS)


def _sale(total_units: int, points_units: int | None = None, paid_units: int = 0) -> Sale:
    return Sale(
        sale_id="s1",
        total_units=total_units,
        points_units=total_units if points_units is None else points_units,
        paid_units=paid_units,
    )


def _order(units: int) -> Order:
    return Order(order_id="o1", sale_id="s1", units=units, code=Secret(""))


def _open(units: int) -> OpenOrder:
    return OpenOrder(order_id="o1", sale_id="s1", units=units)


def _entering() -> dict[str, Phase]:
    whole, part = _sale(2000), _sale(2000, 1200, 1200)
    return {
        "empty": Entering(),
        "typing": Entering(text="1200"),
        "typing-large": Entering(text="1000000"),
        "typing-part": Entering(text="1200", sale_total=2000),
        "paid": Entering(
            paid=PaidSummary(
                sale=replace(whole, paid_units=2000), money_minor=0, member="王*明", balance_units=1200
            )
        ),
        "paid-with-rest": Entering(
            paid=PaidSummary(sale=part, money_minor=800, member="李*", balance_units=0)
        ),
        "paid-elsewhere": Entering(paid=PaidSummary(sale=whole, money_minor=2000)),
        "recovered": Entering(recovered=(_open(1_000_000), _open(999_999))),
    }


def _waiting(now: datetime) -> dict[str, Phase]:
    sale, part = _sale(1200), _sale(2000, 1200)
    awaiting = AwaitingPin(
        sale=part,
        order=_order(1200),
        tries_left=3,
        expires_at=now + timedelta(seconds=58),
        dots=3,
        member="王*明",
    )
    large = _sale(1_000_000, 999_999)
    return {
        "ready": Ready(sale=sale),
        "ready-part": Ready(sale=part),
        "charging": Charging(sale=sale, order=_order(1200), request_id=1),
        "pin": awaiting,
        "pin-wrong": replace(awaiting, tries_left=2, wrong_before=True, dots=0, asking=1),
        "pin-last-try": replace(awaiting, tries_left=1, dots=5),
        "pin-large": replace(
            awaiting, sale=large, order=_order(999_999), member=LONG_MEMBER, wrong_before=True, tries_left=1
        ),
        "checking-pin": CheckingPin(waiting=awaiting, request_id=2),
        "canceling": Canceling(sale=sale, order=_order(1200), request_id=3, by_customer=True),
    }


def _resolving() -> dict[str, Phase]:
    sale = _sale(1200)
    asking = Resolving(
        open_order=_open(1200), stage=Stage.QUERY, attempt=2, request_id=1, sale=sale, failed=9
    )
    return {
        "unknown": asking,
        "giving-back": replace(asking, stage=Stage.REVERSE, attempt=12),
        "at-start": replace(asking, sale=None, later=(_open(1), _open(2))),
        "returning": replace(
            asking,
            stage=Stage.REVERSE,
            given_up=Collecting(sale=_sale(2000, 1200, 1200), order_id="o1"),
        ),
    }


def _collecting() -> dict[str, Phase]:
    return {
        "collect-rest": Collecting(
            sale=_sale(2000, 1200, 1200), order_id="o1", member="王*明", balance_units=0
        ),
        "collect-rest-large": Collecting(
            sale=_sale(1_000_000, 999_999, 1), order_id="o1", member=LONG_MEMBER
        ),
        "collect-all": Collecting(sale=_sale(2000)),
    }


def _refusing() -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for code in (*(refusal.code for refusal in Refusal), *(f"journal_{fault}" for fault in JOURNAL_FAULTS)):
        phases[f"refused-{code.replace('_', '-')}"] = Refusing(
            sale=_sale(2000, 1200),
            refusal_code=code,
            tries_left=1,
            wait_seconds=59,
            available_units=880 if code == Refusal.BALANCE_TOO_LOW.code else None,
        )
    return phases


def _extremes(now: datetime) -> dict[str, Till]:
    awaiting = _waiting(now)["pin-large"]
    tills = {
        "worst": replace(
            _till(awaiting, LONG_SHOP_NAME),
            lamps=WORST_LAMPS,
            parked=tuple(Parked(open_order=_open(1)) for _ in range(12)),
        )
    }
    for key in MESSAGE_KEYS:
        if key.startswith("notice."):
            notice = Notice(key=key, params=tuple((name, 1_000_000) for name in MESSAGE_KEYS[key]))
            tills[f"notice-{key[7:].replace('_', '-')}"] = replace(
                _till(Ready(sale=_sale(1200))), notice=notice
            )
    return tills


def sample_views(now: datetime) -> tuple[Sample, ...]:
    """Every phase in its variants, every refusal, every notice, and the worst that can come together."""
    phases = _entering() | _waiting(now) | _resolving() | _collecting() | _refusing()
    tills = {name: _till(phase) for name, phase in phases.items()} | _extremes(now)
    return tuple(Sample(name=name, view=view(till)) for name, till in tills.items())


SAMPLE_MEMBERS = (
    PhoneMember(member_no="M1001", name="王小明", points=3200, pin="135790"),
    PhoneMember(member_no="M1002", name="李芳", points=880, pin=None),
    PhoneMember(member_no="M1003", name="欧阳静怡", points=1_250_000, pin="864209", frozen=True),
)


def _row(seq: int, at: datetime, kind: EntryKind, units: int, refusal: str | None = None) -> JournalRow:
    sale = seq // 3
    rest = kind is EntryKind.OTHER_TENDER
    return JournalRow(
        seq=seq,
        at=at,
        shift_id="2026-11-23-1",
        cashier="小林",
        kind=kind,
        sale_id=f"r1-{sale:06d}",
        order_id=None if rest else f"r1-{sale:06d}-1",
        units=0 if rest else units,
        money_minor=units if rest else None,
        refusal=refusal,
        member="王*明" if kind is EntryKind.SUCCEEDED else None,
    )


_STORY = (
    (EntryKind.INTENT, None),
    (EntryKind.SUCCEEDED, None),
    (EntryKind.INTENT, None),
    (EntryKind.WAITING_FOR_PIN, None),
    (EntryKind.PIN_REFUSED, Refusal.PIN_WRONG.code),
    (EntryKind.SUCCEEDED, None),
    (EntryKind.OTHER_TENDER, None),
    (EntryKind.SCAN_REFUSED, Refusal.NOT_A_PAYMENT_CODE.code),
    (EntryKind.INTENT, None),
    (EntryKind.FAILED, Refusal.BALANCE_TOO_LOW.code),
    (EntryKind.SALE_DROPPED, None),
    (EntryKind.INTENT, None),
    (EntryKind.OUTCOME_UNKNOWN, Refusal.OUTCOME_UNKNOWN.code),
    (EntryKind.REVERSAL_INTENT, None),
    (EntryKind.REVERSED, None),
    (EntryKind.INTENT, None),
    (EntryKind.WAITING_FOR_PIN, None),
    (EntryKind.CANCELED, Refusal.PAYMENT_CANCELED.code),
)


def sample_rows(now: datetime, count: int = 60) -> tuple[JournalRow, ...]:
    """The journal of a busy hour, oldest first."""
    rows = []
    for seq in range(1, count + 1):
        kind, refusal = _STORY[(seq - 1) % len(_STORY)]
        at = now - timedelta(seconds=47 * (count - seq))
        rows.append(_row(seq, at, kind, 100 * (1 + seq * 7 % 40), refusal))
    return tuple(rows)
