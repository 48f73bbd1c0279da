"""Standard Webhooks signatures (standardwebhooks.com, version 1): HMAC-SHA256 over id, time and body."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from points_engine.contract import Secret

ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "webhook-id", "webhook-timestamp", "webhook-signature"

_PREFIX = "whsec_"


def secret_text(key: bytes) -> Secret:
    """A signing key as merchants' libraries take it."""
    return Secret(_PREFIX + base64.b64encode(key).decode())


def signed_headers(
    secrets: Sequence[Secret], message_id: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """The three headers of a message; a signature for each secret, so that one may be replaced without a gap."""
    seconds = int(at.timestamp())
    signed = f"{message_id}.{seconds}.".encode() + body
    signatures = (
        base64.b64encode(hmac.digest(_key_of(secret), signed, "sha256")).decode() for secret in secrets
    )
    return {
        ID_HEADER: message_id,
        TIME_HEADER: str(seconds),
        SIGNATURE_HEADER: " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key_of(secret: Secret) -> bytes:
    return base64.b64decode(secret.reveal().removeprefix(_PREFIX))
