"""The demo shop on its feet: a till over a seeded engine, and a phone beside it.

Two ways of playing share it: by hand (a person at the windows, the simulated gun) and by itself (`selfplay`,
with a serial gun made of a pseudo-terminal). Nothing is cut short for the demo: the phone's code goes through
the gun's driver, and the engine is the one a shop runs.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication

from points_engine.amounts import Asset
from points_engine.bootstrap import Engine, open_engine
from points_engine.bootstrap import Settings as EngineSettings
from points_engine.contract import (
    BalanceShown,
    CodeIssued,
    Command,
    IssueCode,
    Refusal,
    Refused,
    Reply,
    Secret,
    ShowBalance,
)
from pos_client.bootstrap import ENGINE_FOLDER, Choices, TillApplication
from pos_client.demo.clock import DemoClock
from pos_client.demo.lossy_engine import LossyEngine
from pos_client.demo.shop import DemoShop, seed
from pos_client.ports import EngineClient, Inbox
from pos_client.screens.background import Background
from pos_client.screens.phone_window import PhoneMember, PhoneWindow
from pos_client.settings import ExchangeSettings, Settings
from pos_client.till.view import Tone, View

ENGINE_SETTINGS = EngineSettings(shows_balance=True)
SWEEP_EVERY_SECONDS = 5.0
"""How often the engine ends what has run out."""


class Stage:
    """The demo's till and phone. Make, start and close it in the windows' thread.

    `gun_path` is the device the till reads, `hold_under_gun` makes that gun read a code. `on_durable_step` hears
    the names of what becomes durable in journal and ledger; without `sweeps` that is only what people do.
    """

    def __init__(
        self,
        app: QApplication,
        shop: DemoShop,
        folder: Path,
        *,
        gun_path: str,
        hold_under_gun: Callable[[TillApplication, Secret], None],
        language: str = "zh_CN",
        reply_due_seconds: float = 5.0,
        on_durable_step: Callable[[str], None] | None = None,
        sweeps: bool = True,
    ) -> None:
        self.shop = shop
        self.clock = DemoClock()
        self.engine: Future[Engine] = Future()
        """The engine once it is open: for the phone, and for whoever looks at its books."""
        self.lossy: LossyEngine | None = None
        self._folder = folder
        self._on_durable_step = on_durable_step
        self._sweep_every_seconds = SWEEP_EVERY_SECONDS if sweeps else None
        self._numbers = 0
        self._run = secrets.token_hex(4)
        self._phone_line = Background("phone")
        settings = Settings(
            till_id=shop.till_id,
            shop_name=shop.shop_name,
            cashier=shop.cashier,
            devices=(gun_path, "wedge:"),
            language="en" if language == "en" else "zh_CN",
            data_folder=str(folder),
            exchange=ExchangeSettings(
                points=shop.points_for_money.asset_units, money_minor=shop.points_for_money.money_minor
            ),
            reply_due_seconds=reply_due_seconds,
        )
        self.till = TillApplication(
            app,
            settings,
            Choices(
                open_client=self._open_client,
                clock=self.clock,
                code_prefix=ENGINE_SETTINGS.code_prefix,
                zone=ENGINE_SETTINGS.zone,
                on_durable_step=on_durable_step,
            ),
        )
        self.phone = PhoneWindow(
            _phone_members(shop),
            self.till.wording,
            clock=self.clock,
            issue=self._issue,
            hold_under_gun=partial(hold_under_gun, self.till),
        )
        self.till.shown.connect(self._seen)

    def start(self, *, fills_screen: bool) -> None:
        """Open everything. Returns at once."""
        self.till.start(fills_screen=fills_screen)
        self.phone.show()
        self._refresh_points()

    def close(self) -> None:
        """Close everything; what was begun is finished first."""
        self._phone_line.close()
        self.till.close()
        self.phone.close()

    def balances(self) -> dict[str, int]:
        """What each member has, in points, as the engine says. Waits for the engine."""
        engine = self.engine.result()
        found: dict[str, int] = {}
        for member in self.shop.members:
            reply = engine.execute(ShowBalance(member_no=member.member_no, asset=Asset.POINTS))
            if isinstance(reply, BalanceShown):
                found[member.member_no] = reply.balance.units
        return found

    def _open_engine(self) -> Engine:
        engine = open_engine(
            self._folder / ENGINE_FOLDER,
            ENGINE_SETTINGS,
            clock=self.clock,
            on_durable_step=self._on_durable_step,
            sweep_every_seconds=self._sweep_every_seconds,
        )
        seed(engine, self.shop)
        return engine

    def _open_client(self, inbox: Inbox) -> EngineClient:
        try:
            engine = self._open_engine()
        except BaseException as error:
            self.engine.set_exception(error)
            raise
        self.engine.set_result(engine)
        self.lossy = LossyEngine(engine, inbox)
        return self.lossy

    def lose_next(self, kind: type[Command]) -> None:
        """The answer to the next command of this kind will not be heard."""
        if self.lossy is not None:
            self.lossy.lose(kind)

    def _issue(
        self,
        member_no: str,
        on_code: Callable[[CodeIssued], None],
        on_refused: Callable[[Refused], None],
    ) -> None:
        """Ask the engine for a member's code, on the phone's own line."""
        self._numbers += 1
        command = IssueCode(command_id=f"phone-{self._run}-{self._numbers}", member_no=member_no)

        def take(reply: Reply) -> None:
            if isinstance(reply, CodeIssued):
                on_code(reply)
            elif isinstance(reply, Refused):
                on_refused(reply)

        def give_up(_error: Exception) -> None:
            on_refused(Refused(refusal=Refusal.ENGINE_UNAVAILABLE))

        self._phone_line.run(lambda: self.engine.result().execute(command), take, give_up)

    def _refresh_points(self) -> None:
        """Bring what the phone says of balances up to date."""
        self._phone_line.run(self.balances, self._show_points, lambda _error: None)

    def _show_points(self, balances: dict[str, int]) -> None:
        for member_no, points in balances.items():
            self.phone.show_points(member_no, points)

    def _seen(self, view: View) -> None:
        if view.cashier.tone is Tone.GOOD:
            self._refresh_points()


def _phone_members(shop: DemoShop) -> list[PhoneMember]:
    """The members as the phone shows them."""
    return [
        PhoneMember(
            member_no=member.member_no,
            name=member.name,
            points=member.points,
            pin=member.pin,
            frozen=member.frozen,
        )
        for member in shop.members
    ]
