"""What the machine drives: a shop of several tills and shops, its model, and what must be true of both at any time."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from points_engine.amounts import Amount, Asset, Exchange
from points_engine.bootstrap import AssetLimits, PinEntry, RefundRules, Settings, SmsRules
from points_engine.contract import (
    Adjust,
    BalanceShown,
    ChallengeKind,
    ClawBackRule,
    EnrolCourier,
    EnrolTill,
    Expiring,
    Reply,
    ShowBalance,
    ShowExpiring,
    ShowStatement,
    Statement,
)
from points_engine.lots import ExpiryKind, ExpiryRule, LotRules
from points_engine.risk import RiskAnswer, RiskFacts
from tests.points_engine.engine import model_charges, plain_model
from tests.points_engine.engine.model_charges import RULES, Rules
from tests.points_engine.engine.model_ledger import Purse
from tests.points_engine.engine.model_office import EARNED_FOR_DAYS
from tests.points_engine.engine.plain_model import PlainModel
from tests.points_engine.engine.telling import Told, told
from tests.points_engine.shop import Shop

FIRST_DAY = date(2026, 3, 2)
LAST_DAY = 27
NOON_SECONDS = 12 * 3_600
MEMBERS = ("m-1", "m-2", "m-3")
PHONES = {"m-1": "+8613800000001", "m-2": "+8613800000002"}
PINS = {"m-1": "284619", "m-2": "739154"}
FORCED_EVERY = 3
"""In between, what is over is left for commands to find."""

_ACCOUNTS = """
    SELECT a.kind, coalesce(m.member_no, s.shop_id, ''), a.asset, sum(moved)
    FROM (SELECT credit AS id, units AS moved FROM transfer UNION ALL SELECT debit, -units FROM transfer) t
    JOIN account a ON a.id = t.id
    LEFT JOIN member m ON a.kind IN ('customer', 'owed') AND m.id = a.owner
    LEFT JOIN shop s ON a.kind IN ('clearing', 'settled') AND s.id = a.owner
    GROUP BY a.id, m.member_no, s.shop_id
"""
_TAKEN = """
    SELECT p.order_id, a.kind, a.asset, sum(moved)
    FROM (
        SELECT payment, credit AS id, units AS moved FROM transfer
        UNION ALL SELECT payment, debit, -units FROM transfer
    ) t
    JOIN payment p ON p.id = t.payment JOIN account a ON a.id = t.id
    WHERE a.kind IN ('held', 'clearing') GROUP BY p.id, a.kind, a.asset
"""


def _limits(rules: Rules) -> AssetLimits:
    return AssetLimits(
        minimum_units=rules.minimum,
        cap_units=rules.cap,
        pin_free_units=rules.pin_free,
        pin_free_ceiling_units=rules.ceiling,
        pin_free_daily_count=rules.pin_free_times,
        pin_free_daily_units=rules.pin_free_sum,
        daily_count=rules.day_times,
        daily_units=rules.day_sum,
        order_share_percent=rules.share_percent,
    )


def _hook(facts: RiskFacts) -> RiskAnswer:
    if facts.units == model_charges.RISKY_UNITS:
        return RiskAnswer.REFUSE
    return RiskAnswer.ASK if facts.units == model_charges.DOUBTFUL_UNITS else RiskAnswer.ALLOW


def scheme(kinds: tuple[ChallengeKind, ...], grace_days: int, claw_back: ClawBackRule) -> Settings:
    """The scheme that the model knows."""
    return Settings(
        shows_balance=True,
        challenge_kinds=kinds,
        pin_entry=PinEntry.PLAIN_OR_SEALED,
        sms=SmsRules(
            code_lifetime_seconds=plain_model.SMS_SECONDS,
            resend_seconds=plain_model.RESEND_SECONDS,
            daily_per_member=plain_model.SMS_A_DAY,
        ),
        limits={Asset(name): _limits(rules) for name, rules in RULES.items()},
        exchange={
            Asset(name): Exchange(rules.worth.denominator, rules.worth.numerator)
            for name, rules in RULES.items()
        },
        refunds={Asset(name): RefundRules(cashier_units=rules.cashier) for name, rules in RULES.items()},
        lots=LotRules(expiry={Asset.POINTS: ExpiryRule(ExpiryKind.MONTHS, 1)}, grace_days=grace_days),
        claw_back=claw_back,
    )


class Books:
    """An engine in a folder, or on a database, of its own; and its model."""

    def __init__(
        self, kinds: tuple[ChallengeKind, ...], grace_days: int, claw_back: ClawBackRule, database: str = ""
    ) -> None:
        # In memory where there is such a folder: what a disk does is shown elsewhere, and here are thousands of steps.
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=memory if memory.is_dir() else None))
        self.shop = Shop(self.folder, scheme(kinds, grace_days, claw_back), risk=_hook, database=database)
        self.reader: sqlite3.Connection | psycopg.Connection[Any]
        if database:
            self.reader = psycopg.connect(database, autocommit=True)
        else:
            self.reader = sqlite3.connect(self.folder / "points.sqlite")
        self.model = PlainModel(
            NOON_SECONDS, grace_days, tuple(map(str, kinds)), is_owed=claw_back is ClawBackRule.OWED
        )
        self.looks = 0
        self._enrol()

    def _enrol(self) -> None:
        for till_id, shop_id in (("till-1", "shop-1"), ("till-2", "shop-1"), ("till-3", "shop-2")):
            self.shop.ask(EnrolTill(command_id=f"enrol {till_id}", till_id=till_id, shop_id=shop_id))
            self.model.shops["till", till_id] = self.model.shops["online", shop_id] = shop_id
        self.shop.ask(EnrolCourier(command_id="enrol courier", courier_id="courier-1", shop_id="shop-2"))
        self.model.shops["delivery", "courier-1"] = "shop-2"
        for name in MEMBERS:
            self.shop.member(name, pin=PINS.get(name))
            self.model.members[name] = model_charges.Member(PINS.get(name), PHONES.get(name))
            if name in PHONES:
                self.shop.bind(name, PHONES[name])
            self.shop.credit(name, 3_000)
            self.model.credit("credit", name, "points", 3_000, EARNED_FOR_DAYS)
            for asset, units in ((Asset.WALLET, 2_000), (Asset.STORED_VALUE, 700)):
                self.shop.ask(
                    Adjust(
                        command_id=f"first {asset} {name}", member_no=name, asset=asset, units=units,
                        reason="moved here", actor="chen",
                    )
                )  # fmt: skip
                self.model.adjust(name, asset, units)

    def close(self) -> None:
        """Let go of the folder."""
        self.reader.close()
        self.shop.engine.close()
        shutil.rmtree(self.folder)

    def same(self, expected: Told, ask: Callable[[], Reply]) -> None:
        """The engine's reply is the model's, also when it is asked twice."""
        assert expected == told(ask())
        assert expected == told(ask())

    # --- always

    def check(self) -> None:
        """The engine finds its books true, and they are the model's."""
        self.looks += 1
        if self.looks % FORCED_EVERY == 0:
            for purse in self.model.purses.values():
                self._check_purse(purse)
        assert [] == self.shop.engine.verify()
        self._check_accounts()
        self._check_payments()

    def _check_accounts(self) -> None:
        """Every account holds what the model's does, and all of them together nothing."""
        with closing(self.reader.execute(_ACCOUNTS)) as rows:
            found = Counter({tuple(key): int(units) for *key, units in rows})
        assert 0 == sum(found.values())
        known = self.model.accounts
        for place in set(found) | set(known):
            if place[0] in {"customer", "expired"}:
                continue
            assert (place, known[place]) == (place, found[place])
        late: Counter[str] = Counter()
        for (member, asset), purse in self.model.purses.items():
            over = found["customer", member, asset] - self.model.raw(purse)
            assert 0 <= over
            late[asset] += over
        for asset in RULES:
            assert known["expired", "", asset] == found["expired", "", asset] + late[asset]
            if self.looks % FORCED_EVERY == 0:
                assert 0 == late[asset]

    def _check_payments(self) -> None:
        """What is on hold and with the shops is what the payments' states say, to the unit."""
        with closing(self.reader.execute(_TAKEN)) as rows:
            found = {tuple(key): int(units) for *key, units in rows if units}
        expected = {}
        for order in self.model.orders.values():
            for part in order.parts:
                if order.state == "requires_action":
                    expected[order.order_id, "held", part.purse.asset] = part.units
                elif order.state == "succeeded" and part.units > part.back:
                    expected[order.order_id, "clearing", part.purse.asset] = part.units - part.back
        assert expected == found

    def _check_purse(self, purse: Purse) -> None:
        asset, member, owed = Asset(purse.asset), purse.member, self.model.owed(purse)
        balance = BalanceShown(
            balance=Amount(asset, self.model.balance(purse)), owed=Amount(asset, owed) if owed else None
        )
        assert balance == self.shop.ask(ShowBalance(member_no=member, asset=asset))
        reply = self.shop.ask(ShowExpiring(member_no=member, asset=asset, most=500))
        assert isinstance(reply, Expiring)
        shown = {(day.last_day - FIRST_DAY).days: day.units for day in reply.days}
        assert self.model.expiring(purse) == shown

    def check_statements(self) -> None:
        """Every member reads what the model wrote down; what was over may be told at once."""
        for purse in self.model.purses.values():
            page = self.shop.ask(
                ShowStatement(member_no=purse.member, asset=Asset(purse.asset), newest_first=False, most=500)
            )
            assert isinstance(page, Statement)
            lines = [(line.kind, line.units) for line in page.lines]
            assert _merged(purse.lines) == _merged(lines)
            assert self.model.raw(purse) == page.closing_units

    def day(self, number: int) -> date:
        """A day by the model's number."""
        return FIRST_DAY + timedelta(days=number)


def _merged(lines: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """What expired on several days before anybody looked is one line."""
    merged: list[tuple[str, int]] = []
    for kind, units in lines:
        if merged and kind == "expire" == merged[-1][0]:
            merged[-1] = (kind, merged[-1][1] + units)
        else:
            merged.append((str(kind), units))
    return merged
