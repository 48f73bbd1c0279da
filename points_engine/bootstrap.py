"""Where the engine is put together: the one place that chooses adapters. Nothing happens at import."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from points_engine.adapters.apprise_sms import AppriseSmsSender
from points_engine.adapters.http_sms import HttpSmsSender
from points_engine.adapters.http_webhooks import HttpWebhookSender
from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.pin_hasher import Argon2Cost, Argon2PinHasher
from points_engine.adapters.pin_opener import HpkePinOpener
from points_engine.adapters.system_clock import SystemClock
from points_engine.adapters.webhook_secrets import DerivedWebhookSecrets
from points_engine.change_ports import Changes
from points_engine.configuration.reading import FILE_NAME, Loaded, load_settings
from points_engine.contract import EngineFault
from points_engine.databases import DATABASE_NAME, KEY_NAME, database_of, key_in_use
from points_engine.engine.front_door import Engine
from points_engine.engine.scheme import Scheme
from points_engine.engine.webhook_run import WebhookRun
from points_engine.engine.webhooks import Webhooks
from points_engine.gateway import AppriseGateway, HttpGateway, Taken
from points_engine.limits import AssetLimits
from points_engine.payment_code import CodeLayout
from points_engine.ports import Clock, Ids, PinHasher, Store
from points_engine.proof_ports import PinOpener, SmsSender
from points_engine.refunding import RefundRules
from points_engine.risk import RiskAnswer, RiskFacts, RiskHook
from points_engine.settings import PinEntry, Settings, SettingsInvalid
from points_engine.sms_code import SmsRules

__all__ = [
    "DATABASE_NAME", "FILE_NAME", "KEY_NAME", "AppriseGateway", "Argon2Cost", "AssetLimits", "Clock",
    "CodeLayout", "Engine", "HttpGateway", "Loaded", "PinEntry", "RefundRules", "RiskAnswer", "RiskFacts",
    "RiskHook", "Settings", "SettingsInvalid", "SmsRules", "Taken", "load_settings", "open_engine",
]  # fmt: skip

_LOG = logging.getLogger(__name__)

RETRY_LOOK_SECONDS = 2.0
"""How often the outbox is looked at for messages to try again."""
SEAL_SECONDS = 0.5
"""How often transfers are chained where that is not part of their own transaction."""


class _SweptEngine(Engine):
    """An engine that sweeps itself, and hands over short messages, on threads of its own until it is closed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: Ids,
        hasher: PinHasher,
        scheme: Scheme,
        every_seconds: float,
        *,
        sender: SmsSender | None,
        opener: PinOpener | None,
        risk: RiskHook | None,
        webhooks: Webhooks,
        seals: bool,
    ) -> None:
        super().__init__(store, clock, ids, hasher, scheme, sender=sender, opener=opener, risk=risk)
        self.webhooks = webhooks
        self._every_seconds = every_seconds
        self._closing = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_on, name="engine sweeper", daemon=True)
        self._sweeper.start()
        self._message_came = threading.Event()
        self._outbox.on_message = self._message_came.set
        self._deliverer = threading.Thread(target=self._deliver_on, name="engine SMS", daemon=True)
        if sender is not None:
            self._deliverer.start()
        self._sealer = threading.Thread(target=self._seal_on, name="engine sealer", daemon=True)
        if seals:
            self._sealer.start()
        self._webhook_run = WebhookRun(webhooks)
        self._webhook_run.start()

    def _sweep_on(self) -> None:
        while not self._closing.wait(self._every_seconds):
            try:
                if self.clock_is_right():
                    self.sweep()
                else:
                    _LOG.error("this machine's clock is off: nothing is swept by it until it is set right")
            except EngineFault:
                # Whoever looks at a payment ends it too; the next round tries again.
                _LOG.warning("the engine could not sweep", exc_info=True)

    def _seal_on(self) -> None:
        while not self._closing.wait(SEAL_SECONDS):
            try:
                self.seal()
            except EngineFault:
                # Nothing is left out by it: the next round finds all that was not sealed.
                _LOG.warning("the engine could not seal its transfers", exc_info=True)

    def _deliver_on(self) -> None:
        while not self._closing.is_set():
            try:
                self.deliver()
            except EngineFault:
                _LOG.warning("the engine could not hand over short messages", exc_info=True)
            # Also without a fresh one: what failed is tried again, and an engine that ended may have left some.
            self._message_came.wait(RETRY_LOOK_SECONDS)
            self._message_came.clear()

    def close(self) -> None:
        self._closing.set()
        self._message_came.set()
        self._webhook_run.close()
        self._sweeper.join()
        for thread in (self._deliverer, self._sealer):
            if thread.is_alive():
                thread.join()
        super().close()


def open_engine(
    folder: Path,
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    pin_cost: Argon2Cost | None = None,
    on_durable_step: Callable[[str], None] | None = None,
    sweep_every_seconds: float | None = 5.0,
    risk: RiskHook | None = None,
    changes: Changes | None = None,
) -> Engine:
    """The engine in `folder`: `points.key`, and `points.sqlite` or the database that `settings.database` names.

    Both are made when neither is there yet. `clock` and `pin_cost` are for tests and demos; `on_durable_step` is told
    the names of the store's durable steps;
    `risk` looks at payments before they go through (`points_engine.risk`); `changes` hears what became durable;
    with `sweep_every_seconds` None nobody sweeps, or hands over short messages (`Engine.deliver`), but the caller.
    Close the engine when done (it is a context manager). Raises StoreUnavailable, KeyUnavailable or SmsUnavailable, all
    EngineFaults, with the remedy.
    """
    settings = settings or Settings()
    sender = _sender_of(settings)
    database = database_of(folder, settings)
    key = key_in_use(folder, database)
    store = database.open(key.fingerprint, on_durable_step, changes)
    parts = (store, clock or SystemClock(), KeyedIds(key), Argon2PinHasher(key, pin_cost), settings.scheme())
    opener = None if settings.pin_entry is PinEntry.PLAIN else HpkePinOpener(key)
    webhooks = Webhooks(
        *parts[:3], HttpWebhookSender(settings.webhooks), DerivedWebhookSecrets(key), settings.webhooks
    )
    if sweep_every_seconds is None:
        engine = Engine(*parts, sender=sender, opener=opener, risk=risk)
        engine.webhooks = webhooks
        return engine
    return _SweptEngine(
        *parts, sweep_every_seconds, sender=sender, opener=opener, risk=risk, webhooks=webhooks,
        seals=database.seals_apart,
    )  # fmt: skip


def _sender_of(settings: Settings) -> SmsSender | None:
    gateway = settings.sms_gateway
    if isinstance(gateway, HttpGateway):
        return HttpSmsSender(gateway)
    return AppriseSmsSender(gateway) if gateway is not None else None
