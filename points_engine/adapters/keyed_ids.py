"""Nonces from the operating system, code digits and lookup numbers from the key outside the database."""

import base64
import hashlib
import hmac
import secrets

from points_engine.adapters.keys import MasterKey
from points_engine.contract import Secret
from points_engine.ports import Ids

_NONCE_BYTES = 16
_63_BITS = (1 << 63) - 1


class KeyedIds(Ids):
    """Keyed hashes under keys derived from the master key."""

    def __init__(self, key: MasterKey) -> None:
        self._digits_key = key.derive("payment code digits")
        # Of the first key there was: a charge sent again after a change of the key has to find its code's number.
        self._lookup_key = key.first.derive("payment code lookup")
        self._token_key = key.derive("tokens")
        self._key = key
        self._pepper = key.fingerprint

    def nonce(self) -> bytes:
        return secrets.token_bytes(_NONCE_BYTES)

    def digits(self, nonce: bytes, count: int) -> str:
        # 256 bits modulo 10^15: no digit is likelier than another by more than one in 10^60.
        number = int.from_bytes(hmac.digest(self._digits_key, nonce, "sha256"))
        return f"{number % 10**count:0{count}d}"

    def lookup_key(self, text: str) -> int:
        # "surrogatepass": whatever a gun may read has a number, even what is no Unicode text.
        data = text.encode("utf-8", "surrogatepass")
        # BLAKE2b is a MAC when it has a key (RFC 7693), and takes a third of HMAC's time: every charge passes here.
        return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._lookup_key).digest()) & _63_BITS

    def token(self, text: str) -> bytes:
        data = text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._token_key, data, "sha256")[:_NONCE_BYTES]

    @property
    def pepper(self) -> str:
        return self._pepper

    def secret(self, pepper: str, about: str, nonce: bytes) -> Secret | None:
        key = self._key.with_fingerprint(pepper)
        if key is None:
            return None
        digest = hmac.digest(key.derive("credentials"), about.encode() + b"\x1f" + nonce, "sha256")
        return Secret(base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
