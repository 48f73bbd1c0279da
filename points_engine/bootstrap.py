"""Where the engine is put together: the one place that chooses adapters. Nothing happens at import."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey, create_key, read_key
from points_engine.adapters.pin_hasher import Argon2Cost, Argon2PinHasher
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.adapters.system_clock import SystemClock
from points_engine.contract import EngineFault
from points_engine.engine.front_door import Engine
from points_engine.engine.scheme import Scheme
from points_engine.limits import AssetLimits
from points_engine.payment_code import CodeLayout
from points_engine.ports import Clock, Ids, KeyUnavailable, PinHasher, Store, StoreUnavailable
from points_engine.settings import Settings

__all__ = ["Argon2Cost", "AssetLimits", "Clock", "CodeLayout", "Engine", "Settings", "open_engine"]

_LOG = logging.getLogger(__name__)

DATABASE_NAME = "points.sqlite"
KEY_NAME = "points.key"
"""Keep a copy of it apart from the database's copies: the one without the other opens nothing."""


class _SweptEngine(Engine):
    """An engine that sweeps itself on a thread of its own until it is closed."""

    def __init__(
        self, store: Store, clock: Clock, ids: Ids, hasher: PinHasher, scheme: Scheme, every_seconds: float
    ) -> None:
        super().__init__(store, clock, ids, hasher, scheme)
        self._every_seconds = every_seconds
        self._closing = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep_on, name="engine sweeper", daemon=True)
        self._sweeper.start()

    def _sweep_on(self) -> None:
        while not self._closing.wait(self._every_seconds):
            try:
                self.sweep()
            except EngineFault:
                # Whoever looks at a payment ends it too; the next round tries again.
                _LOG.warning("the engine could not sweep", exc_info=True)

    def close(self) -> None:
        self._closing.set()
        self._sweeper.join()
        super().close()


def open_engine(
    folder: Path,
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    pin_cost: Argon2Cost | None = None,
    on_durable_step: Callable[[str], None] | None = None,
    sweep_every_seconds: float | None = 5.0,
) -> Engine:
    """The embedded engine in `folder`: `points.sqlite` and `points.key`, made when neither is there yet.

    `clock` and `pin_cost` are for tests and demos; `on_durable_step` is told the names of SqliteStore's durable steps;
    with `sweep_every_seconds` None nobody sweeps but the caller. Close the engine when done (it is a context manager).
    Raises StoreUnavailable or KeyUnavailable, both EngineFaults, with the remedy.
    """
    settings = settings or Settings()
    key = _key_of(folder)
    store = SqliteStore(folder / DATABASE_NAME, key.fingerprint, on_durable_step=on_durable_step)
    parts = (store, clock or SystemClock(), KeyedIds(key), Argon2PinHasher(key, pin_cost), settings.scheme())
    return Engine(*parts) if sweep_every_seconds is None else _SweptEngine(*parts, sweep_every_seconds)


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
