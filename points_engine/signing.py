"""How a caller signs a request, so that its secret never travels: HMAC-SHA256 over all that the request says.

What is signed is seven lines: the scheme's name, the method, the target (path and query as sent), SHA-256 of the body,
the Idempotency-Key (empty without one), the id of the caller's key, and the time in whole seconds since 1970. None of
it is secret. The header reads

    Authorization: Points-HMAC-SHA256 key=<key id>, at=<seconds>, signature=<43 characters of base64url>

Used by both ends: it reads no clock and knows no rule about who may do what.
"""

import base64
import hashlib
import hmac
import re
from typing import NamedTuple

from points_engine.secrecy import Secret

SCHEME = "Points-HMAC-SHA256"
BEARER = "Bearer"
HEADER_LENGTH_MAX = 512
"""No header of ours comes near it; a longer one is not even read."""

_SIGNED = re.compile(
    r"points-hmac-sha256 +key=([A-Za-z0-9_-]{1,64}), *at=([0-9]{1,12}), *signature=([A-Za-z0-9_-]{43})",
    re.ASCII | re.IGNORECASE,
)
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,256})", re.ASCII | re.IGNORECASE)
_NO_LINE = re.compile(r"[\x00-\x1f\x7f]")


class AuthorizationInvalid(ValueError):
    """An Authorization header that cannot be one; says what it should be, never what was in it."""


class Key(NamedTuple):
    """What a caller signs with: its key's id, which is no secret, and the secret."""

    key_id: str
    secret: Secret


class Signature(NamedTuple):
    """What a signed request's Authorization header says: whose key, when (seconds since 1970), the signature."""

    key_id: str
    at: int
    signature: str


class Bearer(NamedTuple):
    """What `Authorization: Bearer …` says."""

    token: Secret


def message(method: str, target: str, body: bytes, idempotency_key: str, key_id: str, at: int) -> bytes:
    """The canonical bytes that are signed. Raises ValueError when a part holds a control character.

    `target` is the path with its query exactly as it is sent; `idempotency_key` the header as it is sent.
    """
    parts = f"{method}\n{target}\n{hashlib.sha256(body).hexdigest()}\n{idempotency_key}\n{key_id}\n{at}"
    if parts.count("\n") != 5 or _NO_LINE.search(parts.replace("\n", "")):
        raise ValueError("a request that is signed holds no control characters in its line and headers")
    return f"{SCHEME}\n{parts}".encode("utf-8", "surrogatepass")


def signature_of(secret: Secret, signed: bytes) -> str:
    """The signature of a canonical message: 43 characters of base64url."""
    digest = hmac.digest(secret.reveal().encode(), signed, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization(
    key: Key, method: str, target: str, body: bytes, *, at: int, idempotency_key: str = ""
) -> str:
    """The value of the Authorization header of a request that `key` signs; `at` is the signer's time in seconds.

    Raises ValueError when a part holds a control character.
    """
    signed = message(method, target, body, idempotency_key, key.key_id, at)
    return f"{SCHEME} key={key.key_id}, at={at}, signature={signature_of(key.secret, signed)}"


def parse_authorization(header: str) -> Signature | Bearer:
    """Read an Authorization header. Raises AuthorizationInvalid."""
    if len(header) > HEADER_LENGTH_MAX:
        raise AuthorizationInvalid(f"Authorization is longer than {HEADER_LENGTH_MAX} characters")
    text = header.strip(" \t")
    found = _SIGNED.fullmatch(text)
    if found is not None:
        key_id, at, signature = found.groups()
        return Signature(key_id, int(at), signature)
    found = _BEARER.fullmatch(text)
    if found is not None:
        return Bearer(Secret(found[1]))
    scheme = text.partition(" ")[0].lower()
    if scheme == SCHEME.lower():
        raise AuthorizationInvalid(f"Authorization must read: {SCHEME} key=…, at=<seconds>, signature=…")
    if scheme == BEARER.lower():
        raise AuthorizationInvalid("Authorization must read: Bearer <token>")
    raise AuthorizationInvalid(f"Authorization must be {SCHEME} or {BEARER}")


def is_signed_by(
    secret: Secret, given: Signature, method: str, target: str, body: bytes, idempotency_key: str = ""
) -> bool:
    """Whether a signature is the one that `secret` makes of this request; compares in constant time."""
    try:
        signed = message(method, target, body, idempotency_key, given.key_id, given.at)
    except ValueError:
        return False
    return hmac.compare_digest(signature_of(secret, signed).encode(), given.signature.encode())
