"""Where the engine is put together: the one place that chooses adapters. Nothing happens at import."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from points_engine.adapters.apprise_sms import AppriseSmsSender
from points_engine.adapters.http_sms import HttpSmsSender
from points_engine.adapters.http_webhooks import HttpWebhookSender
from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey, create_key, read_key
from points_engine.adapters.pin_hasher import Argon2Cost, Argon2PinHasher
from points_engine.adapters.pin_opener import HpkePinOpener
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.adapters.system_clock import SystemClock
from points_engine.adapters.webhook_secrets import DerivedWebhookSecrets
from points_engine.change_ports import Changes
from points_engine.configuration.reading import FILE_NAME, Loaded, load_settings
from points_engine.contract import EngineFault
from points_engine.engine.front_door import Engine
from points_engine.engine.scheme import Scheme
from points_engine.engine.webhook_run import WebhookRun
from points_engine.engine.webhooks import Webhooks
from points_engine.gateway import AppriseGateway, HttpGateway, Taken
from points_engine.limits import AssetLimits
from points_engine.payment_code import CodeLayout
from points_engine.ports import Clock, Ids, KeyUnavailable, PinHasher, Store, StoreUnavailable
from points_engine.proof_ports import PinOpener, SmsSender
from points_engine.refunding import RefundRules
from points_engine.risk import RiskAnswer, RiskFacts, RiskHook
from points_engine.settings import PinEntry, Settings, SettingsInvalid
from points_engine.sms_code import SmsRules

__all__ = [
    "FILE_NAME", "AppriseGateway", "Argon2Cost", "AssetLimits", "Clock", "CodeLayout", "Engine", "HttpGateway",
    "Loaded", "PinEntry", "RefundRules", "RiskAnswer", "RiskFacts", "RiskHook", "Settings", "SettingsInvalid",
    "SmsRules", "Taken", "load_settings", "open_engine",
]  # fmt: skip

_LOG = logging.getLogger(__name__)

DATABASE_NAME = "points.sqlite"
RETRY_LOOK_SECONDS = 2.0
"""How often the outbox is looked at for messages to try again."""
KEY_NAME = "points.key"
"""Keep a copy of it apart from the database's copies: the one without the other opens nothing."""


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
        self._webhook_run = WebhookRun(webhooks)
        self._webhook_run.start()

    def _sweep_on(self) -> None:
        while not self._closing.wait(self._every_seconds):
            try:
                self.sweep()
            except EngineFault:
                # Whoever looks at a payment ends it too; the next round tries again.
                _LOG.warning("the engine could not sweep", exc_info=True)

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
        if self._deliverer.is_alive():
            self._deliverer.join()
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
    """The embedded engine in `folder`: `points.sqlite` and `points.key`, made when neither is there yet.

    `clock` and `pin_cost` are for tests and demos; `on_durable_step` is told the names of SqliteStore's durable steps;
    `risk` looks at payments before they go through (`points_engine.risk`); `changes` hears what became durable;
    with `sweep_every_seconds` None nobody sweeps, or hands over short messages (`Engine.deliver`), but the caller.
    Close the engine when done (it is a context manager). Raises StoreUnavailable, KeyUnavailable or SmsUnavailable, all
    EngineFaults, with the remedy.
    """
    settings = settings or Settings()
    sender = _sender_of(settings)
    key = _key_in_use(_key_of(folder), folder / DATABASE_NAME)
    store = SqliteStore(
        folder / DATABASE_NAME, key.fingerprint, on_durable_step=on_durable_step, changes=changes
    )
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
        *parts, sweep_every_seconds, sender=sender, opener=opener, risk=risk, webhooks=webhooks
    )


def _sender_of(settings: Settings) -> SmsSender | None:
    gateway = settings.sms_gateway
    if isinstance(gateway, HttpGateway):
        return HttpSmsSender(gateway)
    return AppriseSmsSender(gateway) if gateway is not None else None


def _key_in_use(key: MasterKey, database: Path) -> MasterKey:
    """Of the keys in the file the one the database was bound to last; SqliteStore looks whether it is any of them."""
    if not key.has_earlier or not database.exists():
        return key
    from points_engine.adapters.sqlite_copies import bound_fingerprint  # noqa: PLC0415 -- after a change of the key alone

    fingerprint = bound_fingerprint(database)
    return (fingerprint and key.with_fingerprint(fingerprint)) or key


def _key_of(folder: Path) -> MasterKey:
    key_path = folder / KEY_NAME
    if key_path.exists():
        return read_key(key_path)
    from filelock import FileLock  # noqa: PLC0415 -- for a fresh folder alone: a till starts faster without it

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "points.lock"):
            # Somebody else may have been first.
            if key_path.exists():
                return read_key(key_path)
            if (folder / DATABASE_NAME).exists():
                raise KeyUnavailable(
                    f"The key file {key_path} is missing, though its database is there",
                    "Put it back from where you keep its copy: without it this database's codes and PINs mean nothing.",
                )
            return create_key(key_path)
    except OSError as error:
        raise StoreUnavailable(
            f"The engine's folder {folder} cannot be used ({error.strerror})",
            "Give the engine a folder it may write to.",
        ) from error
