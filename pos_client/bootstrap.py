"""Where the till is put together: the one place that chooses adapters and starts threads.

Three threads besides the devices' own: the windows' (Qt), the loop's (journal and session), and the engine
client's. Opening the engine and the journal touches the disk, so the loop's thread does it, while the windows
are already there.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import structs
from PySide6.QtCore import SignalInstance
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from drivers.receipt_printer import ReceiptPrinter
from drivers.wedge import WedgeGun
from points_engine.amounts import Exchange
from points_engine.bootstrap import CodeLayout, Engine, open_engine
from points_engine.bootstrap import Settings as EngineSettings
from points_engine.contract import EngineFault, EnrolTill, Refused
from pos_client.cashier import Cashier
from pos_client.clock import SystemClock
from pos_client.engine_client.embedded import EmbeddedEngine
from pos_client.gun_calibrator import GunCalibrator
from pos_client.hardware import Hardware
from pos_client.inbox import QueueInbox
from pos_client.journal import JournalReader, SqliteJournal
from pos_client.keypads import Keypads
from pos_client.ports import Clock, EngineClient, Inbox, JournalFault, NotEnrolled
from pos_client.receipts import Head, Receipts
from pos_client.screens.cashier_window import CashierWindow
from pos_client.screens.customer_window import CustomerWindow
from pos_client.screens.device_setup_window import DeviceSetupWindow
from pos_client.screens.key_filter import KeyFilter
from pos_client.screens.qt_screen import QtScreen
from pos_client.screens.qt_texts import QtTexts
from pos_client.screens.shift_log_window import ShiftLogWindow
from pos_client.screens.sounds import Sounds
from pos_client.screens.style import apply_style
from pos_client.screens.top_bar import Place
from pos_client.screens.wording import Language, Wording, load_wording
from pos_client.settings import Settings, SettingsInvalid, load_settings, settings_path
from pos_client.staff import Cashier as CashierPerson
from pos_client.staff import Shift, open_shift
from pos_client.till.events import ENGINE_PATH, DeviceLamp
from pos_client.till.state import Till
from pos_client.till.view import CashierView, CustomerView, Message, Tone, View
from pos_client.till_cameras import TillCameras
from pos_client.till_devices import TillDevices

logger = logging.getLogger(__name__)

ENGINE_FOLDER = "engine"
JOURNAL_NAME = "journal.sqlite"
SHOP_ID = "shop"
"""An embedded engine serves one shop."""

JOIN_SECONDS = 10.0


def open_shop_engine(settings: Settings, engine_settings: EngineSettings) -> Engine:
    """The embedded engine of a till, which knows its own till. Raises EngineFault."""
    engine = open_engine(settings.data_path / ENGINE_FOLDER, engine_settings)
    reply = engine.execute(
        EnrolTill(command_id=f"enrol-{settings.till_id}", till_id=settings.till_id, shop_id=SHOP_ID)
    )
    if isinstance(reply, Refused):
        engine.close()
        raise EngineFault(
            f"The engine refuses this till ({reply.refusal.code})",
            "Use the till id this folder was set up with, or another data folder.",
        )
    return engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a shop's till and a demo choose differently.

    `open_client` is called on the loop's thread, makes the way to the engine and raises EngineFault when there can be
    none. `code_prefix` and `zone` are the scheme's. `on_durable_step` hears the names of the journal's durable steps.
    With `raise_bugs` a bug stops the loop. Devices that are set up at the till are written into `settings_file`;
    without one they last until it ends.
    """

    open_client: Callable[[Inbox], EngineClient]
    clock: Clock
    code_prefix: str
    zone: str
    on_durable_step: Callable[[str], None] | None = None
    raise_bugs: bool = False
    settings_file: Path | None = None


def shop_choices(settings: Settings, settings_file: Path | None = None) -> Choices:
    """What a shop's till chooses: the engine in its own process, or the service that its settings name."""
    if settings.engine.urls:
        return Choices(
            open_client=partial(open_remote, settings),
            clock=SystemClock(),
            code_prefix=settings.engine.code_prefix,
            zone=settings.engine.zone,
            settings_file=settings_file,
        )
    engine_settings = EngineSettings()

    def open_embedded(inbox: Inbox) -> EngineClient:
        engine = open_shop_engine(settings, engine_settings)
        return EmbeddedEngine(engine, inbox, on_closed=engine.close)

    return Choices(
        open_client=open_embedded,
        clock=SystemClock(),
        code_prefix=engine_settings.code_prefix,
        zone=engine_settings.zone,
        settings_file=settings_file,
    )


def open_remote(settings: Settings, inbox: Inbox) -> EngineClient:
    """The way to the service that a till's settings name, which need not be there yet.

    Raises NotEnrolled, or EngineFault when the till's own files cannot be read.
    """
    # The HTTP library takes longer to load than the rest of a till, and a till with its engine inside needs none.
    from pos_client import remote_till  # noqa: PLC0415  # as above

    return remote_till.open_client(settings, inbox)


class TillApplication:
    """One till: its windows, its devices and its loop. Make, start and close it in the windows' thread."""

    def __init__(self, app: QApplication, settings: Settings, choices: Choices) -> None:
        self._app = app
        self._settings = settings
        self._choices = choices
        zone = ZoneInfo(choices.zone)
        self.shift: Shift = open_shift(
            settings.till_id, CashierPerson(name=settings.cashier), choices.clock.now(), zone
        )
        self.inbox = QueueInbox()
        self.wording: Wording = load_wording(Language(settings.language), strict=choices.raise_bugs)
        self._sounds = Sounds()
        self._screen = QtScreen(self._sounds.play)
        self.hardware = Hardware(
            (*settings.devices, *settings.keypads),
            self.inbox,
            is_payment_code=CodeLayout(choices.code_prefix).recognises,
        )
        self._calibrator = GunCalibrator(self.hardware)
        self.receipts = Receipts(
            Head(
                shop_name=settings.shop_name, till_id=settings.till_id, cashier=settings.cashier, zone=zone,
                exchange=Exchange(settings.exchange.points, settings.exchange.money_minor),
            ),
            self._printers, self.wording.say, choices.clock,
        )  # fmt: skip
        self.keypads = Keypads(self.inbox, self.hardware.devices, on_key=self._sounds.click)
        apply_style(app)
        self._qt_texts: QtTexts | None = QtTexts(app, self.wording)
        self.cashier = CashierWindow(
            self.inbox,
            self.wording,
            clock=choices.clock,
            place=Place(
                shop_name=settings.shop_name, till_id=settings.till_id, cashier=settings.cashier, zone=zone
            ),
            open_shift_log=self.open_shift_log,
            open_device_setup=self.open_device_setup,
            cameras=TillCameras(self.hardware),
        )
        self.customer = CustomerWindow(
            self.inbox, self.wording, clock=choices.clock, on_key=self._sounds.click
        )
        self.shift_log: ShiftLogWindow | None = None
        self.device_setup: DeviceSetupWindow | None = None
        self._zone = zone
        self.reader: JournalReader | None = None
        """The journal for reading, once it is open."""
        for window in (self.cashier, self.customer):
            self._screen.shown.connect(window.show_view)
        self._screen.shown.connect(self.keypads.show_view)
        self._filters: dict[WedgeGun, KeyFilter] = {}
        self._follow_wedges()
        self._loop = threading.Thread(target=self._run_loop, name="cashier", daemon=True)

    @property
    def shown(self) -> SignalInstance:
        """Emitted in the windows' thread with each View that is painted."""
        return self._screen.shown

    @property
    def journal_path(self) -> Path:
        """Where this till's journal is."""
        return self._settings.data_path / JOURNAL_NAME

    def start(self, *, fills_screen: bool = True) -> None:
        """Open the windows, let the devices be looked for and the loop begin. Returns at once.

        The cashier's window fills its screen unless it has to share it with others.
        """
        if fills_screen:
            self.cashier.showMaximized()
        else:
            self.cashier.show()
        self.cashier.activateWindow()
        self.cashier.closed.connect(self._app.quit)
        others = [screen for screen in QGuiApplication.screens() if screen is not self.cashier.screen()]
        self.customer.place_on(others[0] if others else None, self.cashier)
        self._loop.start()
        self.hardware.start()

    def close(self) -> None:
        """Stop everything; what was begun is finished first. Safe to call again."""
        for key_filter in self._filters.values():
            key_filter.close()
        self._filters.clear()
        if self.device_setup is not None:
            self.device_setup.close_workers()
            self.device_setup.close()
        self._calibrator.end()
        self.keypads.stop_asking()
        self.hardware.stop()
        self.inbox.close()
        if self._loop.ident is not None:
            self._loop.join(JOIN_SECONDS)
            if self._loop.is_alive():
                logger.warning("the till's loop does not end; what it was doing is in the journal")
        self._sounds.close()
        self._close_texts()
        if self.shift_log is not None:
            self.shift_log.close_reader()
            self.shift_log.close()
        if self.reader is not None:
            self.reader.close()
        self.customer.close()
        self.cashier.close()

    def _close_texts(self) -> None:
        if self._qt_texts is not None:
            self._qt_texts.close()
            self._qt_texts = None

    def open_shift_log(self) -> None:
        """Show the shift log, which is made when it is first wanted; nothing while there is no journal."""
        if self.reader is None:
            return
        if self.shift_log is None:
            self.shift_log = ShiftLogWindow(
                self.reader,
                self.wording,
                clock=self._choices.clock,
                zone=self._zone,
                export_folder=Path.home(),
                receipts=self.receipts,
            )
        self.shift_log.show()
        self.shift_log.raise_()
        self.shift_log.activateWindow()

    def open_device_setup(self) -> None:
        """Show the device set-up, which is made when it is first wanted."""
        if self.device_setup is None:
            self.device_setup = DeviceSetupWindow(
                TillDevices(self.hardware, self._choices.settings_file),
                self.wording,
                clock=self._choices.clock,
                zone=self._zone,
                on_used=self._follow_wedges,
                calibrator=self._calibrator,
                cameras=TillCameras(self.hardware),
            )
        self.device_setup.show()
        self.device_setup.raise_()
        self.device_setup.activateWindow()

    def _printers(self) -> list[ReceiptPrinter]:
        return [device for device in self.hardware.devices() if isinstance(device, ReceiptPrinter)]

    def _follow_wedges(self) -> None:
        """Feed the keyboard guns there are now with keys, and no others."""
        guns = [device for device in self.hardware.devices() if isinstance(device, WedgeGun)]
        for gone in [gun for gun in self._filters if gun not in guns]:
            self._filters.pop(gone).close()
        for gun in guns:
            if gun not in self._filters:
                self._filters[gun] = KeyFilter(self._app, gun)

    # --- the loop's thread

    def _run_loop(self) -> None:
        try:
            client = self._choices.open_client(self.inbox)
        except EngineFault as fault:
            logger.error("engine: %s", fault)  # noqa: TRY400  # an environment fault, no bug
            is_enrolled = not isinstance(fault, NotEnrolled)
            key = "refusal.engine_unavailable" if is_enrolled else "refusal.till_not_enrolled"
            self._show_fault(key, ENGINE_PATH, fault.remedy)
            return
        try:
            self._run_with(client)
        finally:
            client.close()

    def _run_with(self, client: EngineClient) -> None:
        try:
            journal = self._open_journal()
            self.reader = JournalReader(self.journal_path)
        except JournalFault as fault:
            logger.error("journal: %s", fault.remedy)  # noqa: TRY400  # an environment fault, no bug
            self._show_fault(f"refusal.journal_{fault.fault}", "journal", fault.remedy)
            return
        try:
            self._run_cashier(client, journal)
        finally:
            journal.close()

    def _open_journal(self) -> SqliteJournal:
        return SqliteJournal(
            self.journal_path,
            till_id=self._settings.till_id,
            cashier=self._settings.cashier,
            shift_id=self.shift.shift_id,
            clock=self._choices.clock,
            on_durable_step=self._choices.on_durable_step,
        )

    def _run_cashier(self, client: EngineClient, journal: SqliteJournal) -> None:
        layout = CodeLayout(self._choices.code_prefix)
        till = Till(rules=self._settings.rules(layout.recognises), run_id=self._run_id())
        Cashier(
            self.inbox,
            journal,
            client,
            self._screen,
            self._choices.clock,
            till,
            printer=self.receipts,
            raise_bugs=self._choices.raise_bugs,
        ).run()

    def _run_id(self) -> str:
        """Numbers of this run: later runs sort after it, and no two tills or runs share one."""
        now = self._choices.clock.now()
        return f"{self._settings.till_id}-{now:%Y%m%d%H%M%S}{secrets.token_hex(3)}"

    def _show_fault(self, key: str, path: str, remedy: str) -> None:
        """The till cannot open: say why and what to do, and sell nothing."""
        self._screen.show(
            View(
                cashier=CashierView(
                    tone=Tone.BAD, headline=Message(key), lamps=((path, DeviceLamp.FAULT, remedy),)
                ),
                customer=CustomerView(
                    tone=Tone.NEUTRAL,
                    headline=Message("customer.ask_cashier"),
                    shop_name=self._settings.shop_name,
                ),
            )
        )


def run_till(settings_file: Path | None, language: str | None = None) -> int:
    """Run a shop's till until its window is closed; returns the exit code.

    Says on the log what is wrong with the settings, if something is, and returns 2.
    """
    try:
        settings = load_settings(settings_file)
    except SettingsInvalid as error:
        logger.error("settings: %s", error)  # noqa: TRY400  # no bug, no trace
        return 2
    if language is not None:
        settings = structs.replace(settings, language=language)
    app = QApplication(["points-till"])
    till = TillApplication(app, settings, shop_choices(settings, settings_file or settings_path()))
    till.start()
    code = app.exec()
    till.close()
    return code
