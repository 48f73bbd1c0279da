"""Webhooks' signing secrets: derived from the key outside the database, so that the database holds none."""

import hmac
import secrets

from points_engine.adapters.keys import MasterKey
from points_engine.contract import Secret
from points_engine.ports import KeyUnavailable
from points_engine.webhook_ports import WebhookSecrets
from points_engine.webhook_signing import secret_text


class DerivedWebhookSecrets(WebhookSecrets):
    """Names in each reference the key it was derived from: after a change of the key merchants keep their secrets."""

    def __init__(self, key: MasterKey) -> None:
        self._key = key

    def fresh_ref(self) -> str:
        return f"{self._key.fingerprint}:{secrets.token_hex(16)}"

    def secret(self, endpoint_id: str, ref: str) -> Secret:
        fingerprint, nonce = ref.split(":")
        key = self._key.with_fingerprint(fingerprint)
        if key is None:
            raise KeyUnavailable(
                "The key file does not hold the key that a webhook's secret was made with",
                "Put the key file with all its lines back, or rotate the endpoint's secret.",
            )
        text = f"{endpoint_id}\x1f{nonce}"
        return secret_text(hmac.digest(key.derive("webhook secrets"), text.encode(), "sha256"))
