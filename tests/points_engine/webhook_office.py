"""A merchant's systems for tests: an engine with webhooks, and a carrier that does as it is told."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_hasher import Argon2PinHasher
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.adapters.webhook_secrets import DerivedWebhookSecrets
from points_engine.bootstrap import Engine, Settings
from points_engine.engine.webhooks import Webhooks
from points_engine.ports import Store
from points_engine.webhook import WebhookRules
from points_engine.webhook_ports import Told, WebhookSender
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import CHEAP, Shop

TAKEN = Told(200, None)
DOWN = Told(None, "it cannot be reached, or does not speak HTTP")
KEY = MasterKey(b"k" * 32)


class ToldSender(WebhookSender):
    """Answers as it is told, and keeps what it carried."""

    def __init__(self) -> None:
        self.carried: list[tuple[str, Mapping[str, str], bytes]] = []
        self.answer: Callable[[str, str], Told] = lambda _url, _event_id: TAKEN

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        self.carried.append((url, headers, body))
        return self.answer(url, headers["webhook-id"])

    def bodies(self) -> list[dict[str, Any]]:
        """What was carried since the last call, as JSON."""
        carried, self.carried = self.carried, []
        return [json.loads(body) for _, _, body in carried]

    def ids(self) -> list[str]:
        """The ids of what was carried since the last call."""
        carried, self.carried = self.carried, []
        return [headers["webhook-id"] for _, headers, _ in carried]


class WebhookShop(Shop):
    """A shop whose engine tells a `ToldSender`."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: ManualClock | None = None,
        sender: ToldSender | None = None,
        key: MasterKey = KEY,
        store: Store | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.sender = sender or ToldSender()
        now = clock or ManualClock()
        self.store = store or SqliteStore(folder / "points.sqlite", key.fingerprint)
        ids, secrets = KeyedIds(key), DerivedWebhookSecrets(key)
        self.webhooks = Webhooks(self.store, now, ids, self.sender, secrets, WebhookRules())
        engine = Engine(
            self.store, now, ids, Argon2PinHasher(key, CHEAP), Settings(shows_balance=True).scheme()
        )
        engine.webhooks = self.webhooks
        super().__init__(folder, clock=now, engine=engine)


def verified(secret: str, headers: Mapping[str, str], body: bytes) -> Any:
    """The message as the merchant's library takes it. Raises when the signature is wrong or too old."""
    return Webhook(secret).verify(body, dict(headers))
